"""`contracts impact`: which samples, adapters, rules, routes and readers an edit touches."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import rich_click as click

from contracts.canonical import RetailException
from contracts.expectations import breaches
from contracts.folder import read_json
from contracts.governance.changes import changes
from contracts.governance.reading import readers
from contracts.governance.review import Proposal, bases
from contracts.governance.versions import major_of
from contracts.registry import Registry
from contracts.validation import Validator
from contracts.views import writer_view
from gateway.bootstrap import Installation, catalogue
from gateway.cli.common import USAGE, config_option, data_option, fail, installation, json_option, print_json
from gateway.cli.contracts.targets import (
    Target,
    consumers_option,
    folder_option,
    path_argument,
    read_target,
    with_expected_consumers,
)
from gateway.impact import Impact, carried, sample_impacts
from gateway.impact_router import ROUTER, PartImpact, Router, part_impacts
from routing.triage.rules import RuleTriage

SHOWN = 12


@click.command("impact")
@path_argument
@click.option(
    "--against", default=None, help="The version to compare with; the newest that lives without it."
)
@folder_option
@consumers_option
@data_option
@config_option
@json_option
def show_impact(
    path: Path,
    against: str | None,
    folder: Path,
    consumers: Path | None,
    data: Path,
    config: Path | None,
    as_json: bool,
) -> None:
    """Show who and what reads what an edit touches: each sample, adapter, rule, route and declared reader.

    Found out by trying: each document that carries a touched member goes through the production code with it
    and without it.
    """
    target = with_expected_consumers(read_target(path, folder), consumers)
    if not target.proposals:
        fail(f"nothing is under work in {path}: name a version, or a schema", USAGE)
    installed = installation(data, config)
    found = [_impact(target, proposal, against, installed) for proposal in target.proposals]
    if as_json:
        print_json(found)
        return
    for impact in found:
        for line in _lines(impact):
            click.echo(line)


def _impact(target: Target, proposal: Proposal, against: str | None, installed: Installation) -> Impact:
    contract, name = target.contract, target.contract.manifest.name
    base = against or next(iter(bases(contract, proposal)), None)
    if base is None or base not in contract.schemas:
        fail(f"{name} has no version {base or 'that lives'} to compare {proposal.version} with", USAGE)
    kind, pii = contract.manifest.kind, contract.manifest.pii
    places = tuple(dict.fromkeys(each.place for each in changes(contract.schemas[base], proposal.schema)))
    documents = list(carried(name, Registry.load(), catalogue()))
    examples = sorted((target.published / name / base / "examples" / "valid").glob("*.json"))
    trees = [*(each.tree for each in documents), *(read_json(file) for file in examples)]
    return Impact(
        contract=name,
        version=proposal.version,
        against=base,
        places=places,
        consumers=readers(contract.manifest.consumers, major_of(base), set(places)) if places else (),
        breaches=breaches(target.expectations, name, proposal.version, proposal.schema, kind),
        samples=tuple(sample_impacts(documents, places, Validator(writer_view(proposal.schema, kind), pii))),
        parts=_parts(trees, places, installed) if name.startswith("exception-") else (),
    )


def _parts(trees: list[Any], places: tuple[str, ...], installed: Installation) -> tuple[PartImpact, ...]:
    known = [msgspec.convert(tree, RetailException) for tree in trees]
    triage = RuleTriage(installed.taxonomy, installed.settings.triage)
    return tuple(part_impacts(trees, places, Router(triage, installed.routes, known).answers))


def _lines(impact: Impact) -> Iterator[str]:
    yield f"{impact.contract} {impact.version} against {impact.against} touches {len(impact.places)} places"
    yield from (f"  {place or 'the whole document'}" for place in impact.places)
    for reader in impact.consumers:
        yield f"reader {reader.name} ({reader.contact}): {', '.join(reader.pointers) or 'everything'}"
    yield from (f"breaks {breach.sentence}" for breach in impact.breaches)
    for part in impact.parts:
        outcome = "nothing" if part.part == ROUTER else "another result"
        share = f"in {part.documents} of {part.of} documents"
        yield f"{part.part} reads {part.place}: {outcome} without it {share}"
    read: dict[str, set[str]] = {}
    for sample in impact.samples:
        read.setdefault(sample.sample.rpartition("/")[0], set()).update(sample.read)
    for adapter in sorted(adapter for adapter, places in read.items() if places):
        yield f"adapter {adapter} reads {', '.join(sorted(read[adapter]))}"
    broken = [each for each in impact.samples if each.broken]
    yield f"samples: {len(impact.samples)} are touched, {len(broken)} would be refused"
    lines = list(dict.fromkeys(f"  {each.sample}: {each.broken[0]}" for each in broken))
    yield from lines[:SHOWN]
    if len(lines) > SHOWN:
        yield f"  and {len(lines) - SHOWN} more; --json has all"
