"""JSON values: their types, equality as JSON has it, and the term that only one value is in."""

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

from contracts.compat.terms import Term, Terms, Type


def type_of(value: Any) -> Type:
    """Return the type of a JSON value."""
    if value is None:
        return Type.NULL
    if isinstance(value, bool):
        return Type.BOOLEAN
    if isinstance(value, int | float | Decimal):
        return Type.NUMBER
    if isinstance(value, str):
        return Type.STRING
    return Type.ARRAY if isinstance(value, list) else Type.OBJECT


def is_number(value: Any) -> bool:
    """Say whether a value is a number that has an exact value: not a boolean, not endless."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return False
    return math.isfinite(value)


def exactly(value: float | Decimal) -> Fraction:
    """Return the number that was written: 0.1 is a tenth, not the nearest binary fraction."""
    return Fraction(value) if isinstance(value, int | Decimal) else Fraction(repr(value))


def frozen(value: Any) -> Any:
    """Return a hashable form that is equal exactly where JSON values are: 1 is 1.0 and not true."""
    if isinstance(value, dict):
        return "object", frozenset((name, frozen(member)) for name, member in value.items())
    if isinstance(value, list):
        return "array", tuple(frozen(item) for item in value)
    if is_number(value):
        return "number", exactly(value)
    return type_of(value).value, value


def constant(terms: Terms, value: Any) -> Term:
    """Return the term that only this value is in."""
    kind = type_of(value)
    if kind is Type.NULL:
        return terms.types([kind])
    return terms.about(kind, _constant(terms, value), others=False)


def _constant(terms: Terms, value: Any) -> Term:
    if isinstance(value, bool):
        return terms.boolean(value)
    if isinstance(value, str):
        return terms.texts([value])
    if isinstance(value, list):
        items = [terms.item(index, constant(terms, item)) for index, item in enumerate(value)]
        return terms.all_of([*items, terms.fewer_items(len(value)), terms.more_items(len(value))])
    if isinstance(value, dict):
        names = [terms.texts([name]) for name in value]
        members = [
            terms.some_member(n, constant(terms, v)) for n, v in zip(names, value.values(), strict=True)
        ]
        others = terms.negate(terms.texts(value)) if value else terms.true
        return terms.all_of([*members, terms.every_member(others, terms.false)])
    return terms.numbers([exactly(value)]) if is_number(value) else terms.opaque(("number", repr(value)))


def constants(terms: Terms, values: list[Any]) -> Term:
    """Return the term that only these values are in; strings and numbers as one atom each."""
    texts = [value for value in values if isinstance(value, str)]
    numbers = [exactly(value) for value in values if is_number(value)]
    others = [value for value in values if not isinstance(value, str) and not is_number(value)]
    return terms.any_of(
        [
            terms.about(Type.STRING, terms.texts(texts), others=False),
            terms.about(Type.NUMBER, terms.numbers(numbers), others=False),
            *(constant(terms, value) for value in others),
        ]
    )
