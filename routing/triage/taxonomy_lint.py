"""What is wrong with a taxonomy: each finding names the place and what was expected."""

import math
from collections.abc import Container, Iterable, Iterator

from contracts.canonical import Category
from routing.triage.taxonomy_file import CategoryRow, TaxonomyFile


def findings(file: TaxonomyFile) -> list[str]:
    """Return every reference that doesn't resolve and every sum that doesn't hold; empty when all is well."""
    return [*_categories(file), *_teams(file), *_work(file), *_clocks(file), *_severity(file), *_facts(file)]


def _categories(file: TaxonomyFile) -> Iterator[str]:
    codes = set(file.categories)
    if sorted(file.label_order) != sorted(codes):
        yield f"label_order: expected each of {sorted(codes)} once"
    expected = {category.value for category in Category}
    names = [row.name for row in file.categories.values()]
    if sorted(names) != sorted(expected):
        yield f"categories: expected one each for {sorted(expected)}, found {sorted(names)}"
    for code, row in file.categories.items():
        yield from _category(file, code, row)
    for rule in file.correlation:
        yield from _unknown(f"correlation.{rule.id}.for", rule.categories, codes)
    for section, found in (("sla", file.sla), ("exposure", file.exposure)):
        if set(found) != codes:
            yield f"{section}: expected exactly the categories {sorted(codes)}"


def _category(file: TaxonomyFile, code: str, row: CategoryRow) -> Iterator[str]:
    place = f"categories.{code}"
    yield from _unknown(f"{place}.human_if_missing", row.human_if_missing, file.evidence)
    total = math.fsum(leaf.prior for leaf in row.root_causes.values())
    if not math.isclose(total, 1.0, abs_tol=1e-9):
        yield f"{place}: the priors sum to {total:g}, expected 1"
    for name, leaf in row.root_causes.items():
        where = f"{place}.root_causes.{name}"
        yield from _unknown(f"{where}.level", [leaf.level], file.levels)
        yield from _unknown(f"{where}.owner", [leaf.owner], file.teams)
        yield from _unknown(f"{where}.ev", leaf.ev, file.evidence)
        yield from _unknown(f"{where}.tasks", [leaf.confirm, *leaf.tasks], file.tasks)
        yield from _unknown(f"{where}.wb", leaf.wb, file.writebacks)
        yield from _unknown(f"{where}.conf_with", leaf.conf_with, row.root_causes)
        if not 0.0 < leaf.prior <= 1.0:
            yield f"{where}.prior: {leaf.prior:g} is outside 0..1"


def _teams(file: TaxonomyFile) -> Iterator[str]:
    for name, team in file.teams.items():
        yield from _unknown(f"teams.{name}.level", [team.level], file.levels)
        yield from _unknown(f"teams.{name}.calendar", [team.calendar], file.calendars)
        yield from _unknown(f"teams.{name}.escalates_to", [team.escalates_to], file.teams)


def _work(file: TaxonomyFile) -> Iterator[str]:
    for name, task in file.tasks.items():
        yield from _unknown(f"tasks.{name}.team", [task.team], file.teams)
    for name, verb in file.writebacks.items():
        yield from _unknown(f"writebacks.{name}.approval", [verb.approval], file.approvals)
        if verb.undo is not None:
            yield from _unknown(f"writebacks.{name}.undo", [verb.undo], file.writebacks)
    for name, ladder in file.approvals.items():
        yield from _unknown(f"approvals.{name}.by", (step.by for step in ladder), _approvers(file))
        limits = [step.max for step in ladder]
        if limits != sorted(set(limits)) or limits[-1:] != [math.inf]:
            yield f"approvals.{name}: expected rising limits that end in .inf"


def _approvers(file: TaxonomyFile) -> set[str]:
    return {"auto", *file.teams}


def _clocks(file: TaxonomyFile) -> Iterator[str]:
    for code, level in file.sla.items():
        yield from _unknown(f"sla.{code}.clock", [level.clock], file.calendars)


def _severity(file: TaxonomyFile) -> Iterator[str]:
    if not file.severity or file.severity[-1].when != "true":
        yield "severity: expected a last row with when: 'true'"


def _facts(file: TaxonomyFile) -> Iterator[str]:
    names = [name for members in file.facts.values() for name in members] + list(file.params)
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"facts: {name!r} is declared twice"


def _unknown(place: str, names: Iterable[str], known: Container[str]) -> Iterator[str]:
    for name in names:
        if name not in known:
            yield f"{place}: unknown {name!r}"
