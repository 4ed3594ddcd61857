"""`unevaluatedProperties` and `unevaluatedItems`: what the other keywords of a schema have looked at.

What is looked at may depend on the value: a branch counts where the value is valid under it. So the term is a
choice over sets of branches: these hold, and all that they and the plain keywords leave over satisfies the
schema. Where more branches hold than the set names, less would be left over, so the choice is exact.
"""

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any, Protocol

from msgspec import Struct

from contracts.compat.dialects import Dialect
from contracts.compat.resources import Resources
from contracts.compat.terms import Term, Terms, Type

BRANCHES_LIMIT = 6


class Reads(Protocol):
    """What is needed of the reader."""

    terms: Terms
    dialect: Dialect
    resources: Resources

    def term(self, schema: Any, outer: str) -> Term:
        """Return the term of a schema."""

    def below(self, schema: Any, outer: str) -> Term:
        """Return the term of a schema that speaks of a part of the value."""

    def target(self, schema: dict[str, Any], keyword: str, base: str) -> tuple[Any, str] | None:
        """Return what a reference leads to."""

    def declared_names(self, schema: dict[str, Any]) -> Term:
        """Return the names that a schema's own keywords speak of."""


class Seen(Struct, frozen=True):
    """What is looked at under a condition: names of members; items up to `start`, and those in `items`."""

    condition: Term
    names: Term
    start: int
    items: Term


class _Unknown(Exception):
    """It can't be told what is looked at."""


def members(reader: Reads, schema: dict[str, Any], base: str) -> Term | None:
    """Return the term of a schema's `unevaluatedProperties`, None where it can't be told."""
    values = reader.below(schema["unevaluatedProperties"], base)
    terms = reader.terms

    def rule(seen: list[Seen]) -> Term:
        others = terms.negate(terms.any_of(each.names for each in seen))
        return terms.about(Type.OBJECT, terms.every_member(others, values))

    return _choice(reader, schema, base, "unevaluatedProperties", rule)


def items(reader: Reads, schema: dict[str, Any], base: str) -> Term | None:
    """Return the term of a schema's `unevaluatedItems`, None where it can't be told."""
    if reader.dialect is not Dialect.DRAFT_2020:
        return None
    values = reader.below(schema["unevaluatedItems"], base)
    terms = reader.terms

    def rule(seen: list[Seen]) -> Term:
        start = max((each.start for each in seen), default=0)
        allowed = terms.any_of([values, *(each.items for each in seen)])
        return terms.about(Type.ARRAY, terms.every_item(start, allowed))

    return _choice(reader, schema, base, "unevaluatedItems", rule)


def _choice(
    reader: Reads, schema: dict[str, Any], base: str, keyword: str, rule: Callable[[list[Seen]], Term]
) -> Term | None:
    try:
        seen = list(_seen(reader, schema, base, keyword, ()))
    except _Unknown:
        return None
    always = [each for each in seen if each.condition is reader.terms.true]
    conditions: dict[int, list[Seen]] = {}
    for each in seen:
        if each.condition is not reader.terms.true:
            conditions.setdefault(each.condition.id, []).append(each)
    groups = list(conditions.values())
    if len(groups) > BRANCHES_LIMIT:
        return None
    alternatives = []
    for size in range(len(groups) + 1):
        for chosen in combinations(groups, size):
            hold = [group[0].condition for group in chosen]
            looked_at = [*always, *(each for group in chosen for each in group)]
            alternatives.append(reader.terms.all_of([*hold, rule(looked_at)]))
    return reader.terms.any_of(alternatives)


def _seen(reader: Reads, schema: Any, base: str, without: str, through: tuple[int, ...]) -> Iterator[Seen]:
    """Yield what a schema looks at, by its own keywords and by those that it applies in place."""
    if not isinstance(schema, dict):
        return
    if id(schema) in through:
        raise _Unknown
    base = reader.resources.base(schema, base)
    yield from _own(reader, schema, base, without)
    for condition, child, child_base in _in_place(reader, schema, base):
        for each in _seen(reader, child, child_base, "", (*through, id(schema))):
            both = reader.terms.all_of([condition, each.condition])
            yield Seen(both, each.names, each.start, each.items)


def _own(reader: Reads, schema: dict[str, Any], base: str, without: str) -> Iterator[Seen]:
    terms = reader.terms
    nothing = terms.false
    yield Seen(terms.true, reader.declared_names(schema), 0, nothing)
    if (schema.keys() & {"additionalProperties", "unevaluatedProperties"}) - {without}:
        yield Seen(terms.true, terms.true, 0, nothing)
    if reader.dialect is Dialect.DRAFT_2020:
        yield from _own_items(reader, schema, base, without)


def _own_items(reader: Reads, schema: dict[str, Any], base: str, without: str) -> Iterator[Seen]:
    terms = reader.terms
    prefix = schema.get("prefixItems", [])
    yield Seen(terms.true, terms.false, len(prefix) if isinstance(prefix, list) else 0, terms.false)
    if (schema.keys() & {"items", "unevaluatedItems"}) - {without}:
        yield Seen(terms.true, terms.false, 0, terms.true)
    if "contains" in schema:
        yield Seen(terms.true, terms.false, 0, reader.below(schema["contains"], base))


def _in_place(reader: Reads, schema: dict[str, Any], base: str) -> Iterator[tuple[Term, Any, str]]:
    """Yield the schemas that are applied to the same value, each with when what it looks at counts."""
    terms = reader.terms
    for keyword in schema.keys() & {"$ref", "$dynamicRef"}:
        target = reader.target(schema, keyword, base)
        if target is None:
            raise _Unknown
        yield terms.true, *target
    for keyword in schema.keys() & {"allOf", "anyOf", "oneOf"}:
        for branch in schema[keyword] if isinstance(schema[keyword], list) else ():
            yield terms.true if keyword == "allOf" else reader.term(branch, base), branch, base
    if "if" in schema:
        condition = reader.term(schema["if"], base)
        yield condition, schema["if"], base
        yield condition, schema.get("then", True), base
        yield terms.negate(condition), schema.get("else", True), base
    for name, child in _maps(schema.get("dependentSchemas")):
        present = terms.some_member(terms.texts([name]), terms.true)
        yield terms.about(Type.OBJECT, present, others=False), child, base
    if "$recursiveRef" in schema:
        raise _Unknown


def _maps(value: Any) -> Iterator[tuple[str, Any]]:
    yield from value.items() if isinstance(value, dict) else ()
