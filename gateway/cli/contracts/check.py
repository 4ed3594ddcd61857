"""`contracts check`: whether a folder of contracts is sound."""

from pathlib import Path

import rich_click as click

from contracts.lock import verify
from contracts.registry import Registry
from gateway.bootstrap import PUBLISHED
from gateway.cli.common import CHECK_FAILED, fail


@click.command("check")
@click.argument("folder", type=click.Path(path_type=Path, exists=True), default=PUBLISHED)
def check_contracts(folder: Path) -> None:
    """Load and lint a folder of contracts and hold it against its lock."""
    registry = Registry.load(folder)
    problems = verify(folder)
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        fail(f"{len(problems)} problems in {folder}", CHECK_FAILED)
    click.echo(f"{len(registry.names)} contracts are sound")
