"""`contracts list|show|check`: what is published, and whether a folder of contracts is sound."""

from pathlib import Path

import rich_click as click

from contracts.errors import ContractUnknown
from contracts.lock import verify
from contracts.registry import Registry
from gateway.bootstrap import PUBLISHED
from gateway.cli.common import CHECK_FAILED, fail, json_option, print_json, show


@click.group()
def contracts() -> None:
    """Published contracts."""


@contracts.command("list")
@json_option
def list_contracts(as_json: bool) -> None:
    """List every version of every contract."""
    registry = Registry.load(PUBLISHED)
    rows = [
        {
            "contract": name,
            "version": version.version,
            "state": str(version.state),
            "kind": str(version.kind),
            "title": registry.contract(name).manifest.title,
        }
        for name in registry.names
        for version in registry.contract(name).versions.values()
    ]
    show(rows, ("contract", "version", "state", "kind", "title"), as_json=as_json)


@contracts.command("show")
@click.argument("name")
@click.option("--version", default=None, help="x.y.z; without it the newest published.")
def show_contract(name: str, version: str | None) -> None:
    """Print a contract's schema."""
    try:
        found = Registry.load(PUBLISHED).resolve(name, version)
    except ContractUnknown as error:
        fail(error.detail, CHECK_FAILED)
    print_json(found.schema)


@contracts.command("check")
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
