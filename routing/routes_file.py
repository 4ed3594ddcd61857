"""The shape of `routes.toml`: rows that are tried in order, and tests that the table must pass."""

from typing import get_args

from msgspec import Struct

from routing.items import TriagedException
from routing.triage.taxonomy import Leaf, Taxonomy
from routing.triage.taxonomy_file import Severity

SEVERITIES: tuple[str, ...] = get_args(Severity)
PLACE_KINDS = ("store", "dc", "company")
Names = str | tuple[str, ...]


class Traits(Struct, frozen=True, kw_only=True):
    """All that a route can look at. `place_kind` and `place_id` are empty where an exception has no place."""

    category: str
    root_cause: str
    level: str
    severity: str
    review: bool
    source: str = ""
    system: str = ""
    place_kind: str = ""
    place_id: str = ""


class Match(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a row wants: each member is a name or a list of names, and all that are set must fit.

    `place_prefix` fits an id that begins with it; the others must be equal. `match = {}` fits everything.
    """

    category: Names | None = None
    root_cause: Names | None = None
    level: Names | None = None
    severity: Names | None = None
    review: bool | None = None
    source: Names | None = None
    system: Names | None = None
    place_kind: Names | None = None
    place_prefix: Names | None = None


class Row(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row: exceptions that fit `match`, and no row before it, go to all of `owners`."""

    name: str
    match: Match
    owners: tuple[str, ...]


class Given(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The exception of a test; unsaid are its category's likeliest root cause, that one's level, and P4."""

    category: str | None = None
    root_cause: str | None = None
    level: str | None = None
    severity: str = "P4"
    review: bool = False
    source: str = ""
    system: str = ""
    place_kind: str = ""
    place_id: str = ""


class Expect(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The row that must take the exception, and its owners in the row's order."""

    row: str
    owners: tuple[str, ...]


class RouteTest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A claim about the table; a table whose tests fail is refused."""

    given: Given
    expect: Expect


class RoutesFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    routes: tuple[Row, ...] = ()
    tests: tuple[RouteTest, ...] = ()


def names(value: Names | None) -> frozenset[str] | None:
    """Return a matcher's names as a set; None where the row doesn't look at this trait."""
    if value is None:
        return None
    return frozenset([value]) if isinstance(value, str) else frozenset(value)


def traits_of(triaged: TriagedException) -> Traits:
    """Return what routes can see of a triaged exception."""
    found, decision = triaged.found, triaged.decision
    place = found.exception.place
    return Traits(
        category=decision.category.value,
        root_cause=decision.root_cause,
        level=decision.level,
        severity=decision.severity,
        review=decision.review,
        source=found.source,
        system=found.system,
        place_kind=place.kind if place else "",
        place_id=place.id if place else "",
    )


def traits_given(given: Given, taxonomy: Taxonomy) -> Traits:
    """Return the traits of a made-up exception. Raises: ValueError for a name that nobody knows or fits."""
    leaf = _leaf_given(given, taxonomy)
    level = given.level or leaf.level
    for trait, value, known in (
        ("level", level, taxonomy.file.levels),
        ("severity", given.severity, SEVERITIES),
        ("place_kind", given.place_kind, ("", *PLACE_KINDS)),
    ):
        if value not in known:
            raise ValueError(f"unknown {trait} {value!r}")
    return Traits(
        category=leaf.category.value,
        root_cause=leaf.id,
        level=level,
        severity=given.severity,
        review=given.review,
        source=given.source,
        system=given.system,
        place_kind=given.place_kind,
        place_id=given.place_id,
    )


def _leaf_given(given: Given, taxonomy: Taxonomy) -> Leaf:
    entries = {category.value: entry for category, entry in taxonomy.categories.items()}
    if given.category is not None and given.category not in entries:
        raise ValueError(f"unknown category {given.category!r}")
    if given.root_cause is None:
        if given.category is None:
            raise ValueError("expected a category or a root cause")
        return entries[given.category].likeliest
    leaf = taxonomy.leaves.get(given.root_cause)
    if leaf is None:
        raise ValueError(f"unknown root cause {given.root_cause!r}")
    if given.category not in {None, leaf.category.value}:
        raise ValueError(f"root cause {leaf.id!r} is not one of category {given.category!r}")
    return leaf
