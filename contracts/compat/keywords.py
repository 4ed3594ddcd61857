"""The keywords whose value says everything: what each asserts, as a term; None for a value that isn't one."""

from collections.abc import Callable
from typing import Any

from contracts.compat import formats
from contracts.compat.dialects import Dialect
from contracts.compat.terms import Term, Terms, Type
from contracts.compat.values import constant, constants, exactly, is_number

Read = Callable[[Terms, dict[str, Any], str, Dialect], Term | None]


def is_count(value: Any) -> bool:
    """Say whether a value is a whole number from 0 on."""
    return is_number(value) and value >= 0 and exactly(value).denominator == 1


def _type(terms: Terms, schema: dict[str, Any], keyword: str, dialect: Dialect) -> Term | None:
    names = schema[keyword] if isinstance(schema[keyword], list) else [schema[keyword]]
    if not all(isinstance(name, str) and name in {*Type, "integer"} for name in names):
        return None
    if "integer" not in names or "number" in names:
        return terms.types(Type(name) for name in names if name != "integer")
    whole = [terms.multiple_of(exactly(1))]
    if dialect is Dialect.DRAFT_4:
        whole.append(terms.opaque("written as an integer"))  # 1.0 wasn't one then
    types = terms.types([Type.NUMBER, *(Type(name) for name in names if name != "integer")])
    return terms.all_of([types, terms.about(Type.NUMBER, terms.all_of(whole))])


def _enum(terms: Terms, schema: dict[str, Any], keyword: str, dialect: Dialect) -> Term | None:
    return constants(terms, schema[keyword]) if isinstance(schema[keyword], list) else None


def _const(terms: Terms, schema: dict[str, Any], keyword: str, dialect: Dialect) -> Term | None:
    return None if dialect is Dialect.DRAFT_4 else constant(terms, schema[keyword])


def _minimum(terms: Terms, schema: dict[str, Any], keyword: str, dialect: Dialect) -> Term | None:
    if not is_number(schema[keyword]):
        return None
    exclusive = dialect is Dialect.DRAFT_4 and schema.get("exclusiveMinimum") is True
    bound = exactly(schema[keyword])
    return terms.about(Type.NUMBER, terms.more_than(bound) if exclusive else terms.at_least(bound))


def _maximum(terms: Terms, schema: dict[str, Any], keyword: str, dialect: Dialect) -> Term | None:
    if not is_number(schema[keyword]):
        return None
    exclusive = dialect is Dialect.DRAFT_4 and schema.get("exclusiveMaximum") is True
    bound = exactly(schema[keyword])
    above = terms.at_least(bound) if exclusive else terms.more_than(bound)
    return terms.about(Type.NUMBER, terms.negate(above))


def _exclusive(terms: Terms, schema: dict[str, Any], keyword: str, dialect: Dialect) -> Term | None:
    if dialect is Dialect.DRAFT_4:
        return terms.true if isinstance(schema[keyword], bool) else None
    if not is_number(schema[keyword]):
        return None
    bound = exactly(schema[keyword])
    inside = terms.more_than(bound) if keyword == "exclusiveMinimum" else terms.negate(terms.at_least(bound))
    return terms.about(Type.NUMBER, inside)


def _multiple(terms: Terms, schema: dict[str, Any], keyword: str, dialect: Dialect) -> Term | None:
    if not is_number(schema[keyword]) or schema[keyword] <= 0:
        return None
    return terms.about(Type.NUMBER, terms.multiple_of(exactly(schema[keyword])))


def _counting(kind: Type, least: Callable[[Terms, int], Term], *, upper: bool) -> Read:
    """Return how a keyword is read that bounds a length: `least` makes the term of that many or more."""

    def read(terms: Terms, schema: dict[str, Any], keyword: str, dialect: Dialect) -> Term | None:
        if not is_count(schema[keyword]):
            return None
        count = int(schema[keyword])
        term = terms.negate(least(terms, count + 1)) if upper else least(terms, count)
        return terms.about(kind, term)

    return read


def _pattern(terms: Terms, schema: dict[str, Any], keyword: str, dialect: Dialect) -> Term | None:
    text = schema[keyword]
    return terms.about(Type.STRING, terms.pattern(text)) if isinstance(text, str) else None


def _format(terms: Terms, schema: dict[str, Any], keyword: str, dialect: Dialect) -> Term | None:
    name = schema[keyword]
    if not isinstance(name, str):
        return None
    return terms.about(Type.STRING, terms.format(name)) if name in formats.ASSERTED else terms.true


def _unique(terms: Terms, schema: dict[str, Any], keyword: str, dialect: Dialect) -> Term | None:
    if not isinstance(schema[keyword], bool):
        return None
    return terms.about(Type.ARRAY, terms.unique()) if schema[keyword] else terms.true


def _required(terms: Terms, schema: dict[str, Any], keyword: str, dialect: Dialect) -> Term | None:
    names = schema[keyword]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return None
    members = [terms.some_member(terms.texts([name]), terms.true) for name in names]
    return terms.all_of(terms.about(Type.OBJECT, member) for member in members)


VALUE_KEYWORDS: dict[str, Read] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "minimum": _minimum,
    "maximum": _maximum,
    "exclusiveMinimum": _exclusive,
    "exclusiveMaximum": _exclusive,
    "multipleOf": _multiple,
    "minLength": _counting(Type.STRING, Terms.longer, upper=False),
    "maxLength": _counting(Type.STRING, Terms.longer, upper=True),
    "pattern": _pattern,
    "format": _format,
    "minItems": _counting(Type.ARRAY, Terms.more_items, upper=False),
    "maxItems": _counting(Type.ARRAY, Terms.more_items, upper=True),
    "uniqueItems": _unique,
    "minProperties": _counting(Type.OBJECT, Terms.more_members, upper=False),
    "maxProperties": _counting(Type.OBJECT, Terms.more_members, upper=True),
    "required": _required,
}
