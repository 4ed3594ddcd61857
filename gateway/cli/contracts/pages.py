"""`contracts pages`: a static page for each contract."""

from pathlib import Path

import rich_click as click

from contracts.expectations import read_expectations
from contracts.registry import Registry
from gateway.bootstrap import PUBLISHED
from gateway.pages.site import write_pages


@click.command("pages")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False), default=PUBLISHED)
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="The folder to write into."
)
@click.option(
    "--consumers", type=click.Path(path_type=Path, exists=True, file_okay=False), default=None,
    help="Files in which owners say what they read, such as contract-tests/consumers.",
)  # fmt: skip
def write_contract_pages(folder: Path, out: Path, consumers: Path | None) -> None:
    """Write an index and a page for each contract of a folder: they need no server and no network."""
    expectations = read_expectations(consumers) if consumers else ()
    written = write_pages(Registry.load(folder), folder, out, expectations)
    click.echo(f"{written} files in {out}; begin with {out / 'index.html'}")
