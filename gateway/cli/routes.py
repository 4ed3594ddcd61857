"""`routes list|test|explain`: who gets what, and why."""

from pathlib import Path

import msgspec
import rich_click as click

from gateway.cli.common import CHECK_FAILED, config_option, data_option, fail, installation, json_option, show
from routing.routes_file import Given, Match


@click.group()
def routes() -> None:
    """The route table."""


@routes.command("list")
@data_option
@config_option
@json_option
def list_routes(data: Path, config: Path | None, as_json: bool) -> None:
    """List the rows in the order in which they are tried."""
    found = installation(data, config)
    rows = [
        {"row": row.name, "match": _matchers(row.match), "owners": row.owners} for row in found.routes.rows
    ]
    show(rows, ("row", "match", "owners"), as_json=as_json)


@routes.command("test")
@data_option
@config_option
def test_routes(data: Path, config: Path | None) -> None:
    """Lint the table and run the tests that stand in its file."""
    found = installation(data, config)  # a table with lint errors or failing tests is not loaded
    click.echo(f"{len(found.routes.rows)} rows are sound, {len(found.routes.tests)} tests pass")


@routes.command("explain")
@click.argument("traits", nargs=-1, metavar="TRAIT=VALUE …")
@data_option
@config_option
@json_option
def explain_route(traits: tuple[str, ...], data: Path, config: Path | None, as_json: bool) -> None:
    """Say which row takes an exception and why the others don't.

    For example: category=invoice-mismatch severity=P2 review=true place_kind=store place_id=9
    """
    pairs = dict(trait.partition("=")[::2] for trait in traits)
    try:
        given = msgspec.convert(pairs, Given, strict=False)
        table = installation(data, config).routes
        trials = table.explain_traits(table.traits(given))
    except (msgspec.ValidationError, ValueError) as error:
        fail(str(error), 2)
    show(trials, ("row", "chosen", "fits", "owners", "misfits"), as_json=as_json)
    if not any(trial.chosen for trial in trials):
        fail("no row takes this", CHECK_FAILED)


def _matchers(match: Match) -> str:
    wanted = msgspec.structs.asdict(match)
    return ", ".join(f"{name}={value}" for name, value in wanted.items() if value is not None) or "everything"
