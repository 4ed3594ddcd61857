"""What is wrong with a route table before any exception meets it."""

from collections import Counter
from collections.abc import Collection, Iterator
from itertools import product
from typing import NamedTuple

from msgspec import Struct

from routing.routes_file import PLACE_KINDS, SEVERITIES, Match, RoutesFile, Row, names
from routing.triage.taxonomy import Leaf, Taxonomy


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
    """Find rows, or names in them, that nothing can reach. The mandatory last row may have nothing left."""
    before: list[tuple[Row, _Reach]] = []
    for row in file.routes:
        leaves = _leaves_of(row.match, taxonomy)
        for problem in _contradictions(row.match, leaves):
            yield Finding(row=row.name, problem=problem)
        reach = _reach_of(row.match, leaves)
        takers = [name for name, match in _takers(before, reach) if row.match != Match() or match == Match()]
        if leaves and takers:
            rows = ", ".join(repr(name) for name in takers)
            yield Finding(row=row.name, problem=f"unreachable: all that it matches is taken before by {rows}")
        before.append((row, reach))


def _takers(before: list[tuple[Row, _Reach]], reach: _Reach) -> list[tuple[str, Match]]:
    """Return the rows that together take all of `reach`; none where something of it is left."""
    left = reach.points
    takers = []
    for row, other in before:
        if left & other.points and _covers(other, reach):
            takers.append((row.name, row.match))
            left -= other.points
    return [] if left else takers


def _leaves_of(match: Match, taxonomy: Taxonomy) -> list[Leaf]:
    categories, causes, levels = names(match.category), names(match.root_cause), names(match.level)
    return [
        leaf
        for leaf in taxonomy.leaves.values()
        if (categories is None or leaf.category.value in categories)
        and (causes is None or leaf.id in causes)
        and (levels is None or leaf.level in levels)
    ]


def _contradictions(match: Match, leaves: list[Leaf]) -> Iterator[str]:
    """Find names that never occur together with the row's others."""
    for name in sorted((names(match.category) or frozenset()) - {leaf.category.value for leaf in leaves}):
        yield f"unreachable: category {name!r} never occurs with the row's root causes and levels"
    for name in sorted((names(match.root_cause) or frozenset()) - {leaf.id for leaf in leaves}):
        yield f"unreachable: root cause {name!r} never occurs with the row's categories and levels"
    for name in sorted((names(match.level) or frozenset()) - {leaf.level for leaf in leaves}):
        yield f"unreachable: level {name!r} never occurs with the row's categories and root causes"


def _reach_of(match: Match, leaves: list[Leaf]) -> _Reach:
    severities = names(match.severity) or frozenset(SEVERITIES)
    reviews = (True, False) if match.review is None else (match.review,)
    return _Reach(
        points=frozenset(product((leaf.id for leaf in leaves), severities, reviews)),
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
