"""`contracts compare`: whether one schema can take another's place."""

import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import rich_click as click

from contracts.compat import Comparison, Floor, Verdict, as_json, compare
from gateway.cli.common import USAGE, fail, print_json

COMPATIBLE, BREAKING, UNDECIDED = 0, 1, 4
_PROCESSES = 2
_CASES_A_PROCESS = 40


@click.command("compare")
@click.argument("old", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=False)
@click.argument("new", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=False)
@click.option(
    "--cases", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A list of {id, old, new}."
)
@click.option("--json", "as_json_", is_flag=True, help="Print JSON.")
def compare_schemas(old: Path | None, new: Path | None, cases: Path | None, as_json_: bool) -> None:
    """Say whether NEW can take the place of OLD, in each direction, and why not.

    OLD and NEW are files of any two JSON Schemas. The exit status is 0 where the next version may be a patch
    or a minor, 1 where it must be a major because something breaks, 4 where that isn't decided.
    """
    if cases is not None and old is None:
        _compare_cases(cases)
        return
    if cases is not None or old is None or new is None:
        fail("name two schemas, or --cases with a list of them", USAGE)
    comparison = compare(_schema(_read(old), str(old)), _schema(_read(new), str(new)))
    if as_json_:
        print_json(as_json(comparison))
    else:
        _print(comparison)
    sys.exit(exit_status(comparison))


def exit_status(comparison: Comparison) -> int:
    """Return 0 unless the next version must be a major; then 4 if that is so for want of a decision only."""
    if comparison.floor is not Floor.MAJOR:
        return COMPATIBLE
    two_view = {comparison.two_view.backward, comparison.two_view.forward}
    policy = any(
        finding.kind == "policy" and finding.raises is Floor.MAJOR for finding in comparison.findings
    )
    return (
        UNDECIDED
        if Verdict.UNDECIDED in two_view and Verdict.BREAKING not in two_view and not policy
        else BREAKING
    )


def _compare_cases(path: Path) -> None:
    cases = _read(path)
    if not isinstance(cases, list) or not all(
        isinstance(case, dict) and {"id", "old", "new"} <= case.keys() for case in cases
    ):
        fail(f"{path}: expected a list of objects with id, old and new", USAGE)
    pairs = [
        (_schema(case["old"], f"{case['id']} old"), _schema(case["new"], f"{case['id']} new"))
        for case in cases
    ]
    if len(pairs) > _CASES_A_PROCESS:
        with ProcessPoolExecutor(_PROCESSES) as pool:
            compared = list(pool.map(_compare_pair, pairs, chunksize=8))
    else:
        compared = [_compare_pair(pair) for pair in pairs]
    print_json([{"id": case["id"], **each} for case, (each, _) in zip(cases, compared, strict=True)])
    statuses = {status for _, status in compared}
    sys.exit(BREAKING if BREAKING in statuses else UNDECIDED if UNDECIDED in statuses else COMPATIBLE)


def _compare_pair(pair: tuple[Any, Any]) -> tuple[dict[str, Any], int]:
    comparison = compare(*pair)
    return as_json(comparison), exit_status(comparison)


def _read(path: Path) -> Any:
    try:
        return msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError) as error:
        fail(f"{path}: {error}", USAGE)


def _schema(value: Any, where: str) -> Any:
    if not isinstance(value, dict | bool):
        fail(f"{where}: a schema is an object, true or false", USAGE)
    return value


def _print(comparison: Comparison) -> None:
    click.echo(f"backward            {comparison.backward}")
    click.echo(f"forward             {comparison.forward}")
    click.echo(f"two views backward  {comparison.two_view.backward}")
    click.echo(f"two views forward   {comparison.two_view.forward}")
    click.echo(f"floor               {comparison.floor}")
    for finding in comparison.findings:
        place = finding.new_pointer if finding.new_pointer is not None else finding.old_pointer
        click.echo(f"\n{finding.rule} ({finding.kind}, {finding.direction}) at {place or '/'}")
        click.echo(f"  {finding.detail}")
        if finding.witness is not msgspec.UNSET:
            click.echo(f"  witness: {msgspec.json.encode(finding.witness).decode()}")
