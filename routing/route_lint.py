"""What is wrong with a route table before any exception meets it."""

from collections import Counter
from collections.abc import Collection, Iterator
from itertools import product
from typing import NamedTuple, get_args

from msgspec import Struct

from routing.routes_file import Match, RoutesFile, Row, names
from routing.triage.taxonomy import Taxonomy
from routing.triage.taxonomy_file import Severity

SEVERITIES: tuple[str, ...] = get_args(Severity)
PLACE_KINDS = ("store", "dc", "company")


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that is wrong; `row` is empty where it is the table as a whole."""

    row: str
    problem: str

    def __str__(self) -> str:
        return f"row {self.row!r}: {self.problem}" if self.row else self.problem


def findings(file: RoutesFile, owners: Collection[str], taxonomy: Taxonomy) -> list[Finding]:
    """Return unknown names, repeated names, the gap at the end, and rows that can never match."""
    found = [*_names(file), *_last(file)]
    for row in file.routes:
        problems = [*_owners(row, owners), *_vocabulary(row.match, taxonomy)]
        found += [Finding(row=row.name, problem=problem) for problem in problems]
    # what a row covers can only be reckoned in known names
    return found or list(_reach(file, taxonomy))


def _names(file: RoutesFile) -> Iterator[Finding]:
    counts = Counter(row.name for row in file.routes)
    for name, count in counts.items():
        if count > 1:
            yield Finding(row=name, problem=f"the name stands on {count} rows")
        if not name.strip():
            yield Finding(row="", problem="a row has no name")


def _last(file: RoutesFile) -> Iterator[Finding]:
    if not file.routes:
        yield Finding(row="", problem="gap: no rows; expected at least one with match = {}")
    elif file.routes[-1].match != Match():
        yield Finding(row=file.routes[-1].name, problem="gap: the last row must match everything: match = {}")


def _owners(row: Row, owners: Collection[str]) -> Iterator[str]:
    if not row.owners:
        yield "no owners"
    for owner, count in Counter(row.owners).items():
        if owner not in owners:
            yield f"unknown owner {owner!r}"
        if count > 1:
            yield f"owner {owner!r} stands {count} times"


def _vocabulary(match: Match, taxonomy: Taxonomy) -> Iterator[str]:
    closed = {
        "category": {category.value for category in taxonomy.categories},
        "root_cause": set(taxonomy.leaves),
        "level": set(taxonomy.file.levels),
        "severity": set(SEVERITIES),
        "place_kind": set(PLACE_KINDS),
    }
    for trait in (*closed, "source", "system", "place_prefix"):
        wanted = names(getattr(match, trait))
        if wanted is None:
            continue
        if not wanted or "" in wanted:
            yield f"{trait}: expected a name or a list of names"
        for name in sorted(wanted - closed.get(trait, wanted) - {""}):
            yield f"unknown {trait} {name!r}"


class _Reach(NamedTuple):
    """What a row can match: points of the closed traits, and its sets of the open ones (None is any)."""

    points: frozenset[tuple[str, str, bool]]
    source: frozenset[str] | None
    system: frozenset[str] | None
    place_kind: frozenset[str] | None
    place_prefix: frozenset[str] | None


def _reach(file: RoutesFile, taxonomy: Taxonomy) -> Iterator[Finding]:
    """Find rows that nothing can reach: no root cause fits, or the rows before take all that would."""
    before: list[tuple[str, _Reach]] = []
    for row in file.routes:
        reach = _reach_of(row.match, taxonomy)
        if not reach.points:
            yield Finding(row=row.name, problem="unreachable: no root cause has this category and level")
            continue
        wider = [(name, other) for name, other in before if _covers(other, reach)]
        left = reach.points
        taken_by: list[str] = []
        for name, other in wider:
            if left & other.points:
                taken_by.append(name)
                left -= other.points
        if not left:
            rows = ", ".join(repr(name) for name in taken_by)
            yield Finding(row=row.name, problem=f"unreachable: all that it matches is taken before by {rows}")
        before.append((row.name, reach))


def _reach_of(match: Match, taxonomy: Taxonomy) -> _Reach:
    categories, causes, levels = names(match.category), names(match.root_cause), names(match.level)
    leaves = [
        leaf.id
        for leaf in taxonomy.leaves.values()
        if (categories is None or leaf.category.value in categories)
        and (causes is None or leaf.id in causes)
        and (levels is None or leaf.level in levels)
    ]
    severities = names(match.severity) or frozenset(SEVERITIES)
    reviews = (True, False) if match.review is None else (match.review,)
    return _Reach(
        points=frozenset(product(leaves, severities, reviews)),
        source=names(match.source),
        system=names(match.system),
        place_kind=names(match.place_kind),
        place_prefix=names(match.place_prefix),
    )


def _covers(wide: _Reach, narrow: _Reach) -> bool:
    """Say that `wide` takes every source, system and place that `narrow` takes."""
    pairs = (
        (wide.source, narrow.source),
        (wide.system, narrow.system),
        (wide.place_kind, narrow.place_kind),
    )
    if not all(one is None or (other is not None and other <= one) for one, other in pairs):
        return False
    if wide.place_prefix is None:
        return True
    return narrow.place_prefix is not None and all(
        prefix.startswith(tuple(wide.place_prefix)) for prefix in narrow.place_prefix
    )
