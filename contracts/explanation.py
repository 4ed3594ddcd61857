"""One sentence for each way to break a contract: what was expected and what was found."""

from collections.abc import Iterable
from typing import Any

import msgspec

FOUND_MAX_CHARACTERS = 60
EXPECTED_MAX_CHARACTERS = 200

_SENTENCES = {
    "minimum": "{found} is less than {expected}",
    "maximum": "{found} is more than {expected}",
    "exclusiveMinimum": "{found} is not more than {expected}",
    "exclusiveMaximum": "{found} is not less than {expected}",
    "minLength": "{found} has {size} characters, fewer than {expected}",
    "maxLength": "{found} has {size} characters, more than {expected}",
    "minItems": "{size} items are fewer than {expected}",
    "maxItems": "{size} items are more than {expected}",
    "pattern": "{found} does not match {expected}",
    "enum": "{found} is none of {expected}",
    "const": "{found} is not {expected}",
    "type": "{found} is not {expected}",
    "format": "{found} is not {expected}",
    "oneOf": "{found} is not an object",
}
_NAMES = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "a boolean",
    "null": "null",
    "object": "an object",
    "array": "an array",
    "date": "a date such as 2026-11-23",
    "date-time": "a time with an offset, such as 2026-11-23T10:00:00+01:00",
    "time": "a time of day with an offset, such as 10:00:00Z",
    "uri": "an absolute URI",
    "email": "an email address",
    "uuid": "a UUID",
}


def explain(keyword: str, schema: dict[str, Any], value: Any, *, personal: bool) -> str:
    """Return why `value` breaks `keyword` of `schema`; a `personal` value is not shown."""
    sentence = _SENTENCES.get(keyword, "{found} breaks the rule " + keyword)
    return sentence.format(
        found="the value" if personal and not isinstance(value, dict | list) else _found(value),
        expected=_expected(keyword, schema.get(keyword)),
        size=len(value) if isinstance(value, str | list) else 0,
    )


def explain_missing(members: Iterable[str], *, personal: bool) -> str:
    """Return why an object breaks `required`; the names of a `personal` object's members are not shown."""
    found = _cut(", ".join(sorted(members)) or "nothing", FOUND_MAX_CHARACTERS)
    return "it is required and missing" if personal else f"it is required and missing; found {found}"


def explain_extra(declared: Iterable[str]) -> str:
    """Return why a member breaks a closed object."""
    return f"it is not a member here; expected {_choice(sorted(declared)) or 'none'}"


def explain_branch(values: list[Any], value: Any, *, personal: bool) -> str:
    """Return why a discriminator's value chooses none of the branches with these `values`."""
    return explain("enum", {"enum": values}, value, personal=personal)


def _found(value: Any) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return f"an array of {len(value)}"
    if isinstance(value, str) and len(value) > FOUND_MAX_CHARACTERS:
        return _literal(value[: FOUND_MAX_CHARACTERS - 1] + "…")
    return _cut(_literal(value), FOUND_MAX_CHARACTERS + 2)


def _expected(keyword: str, expected: Any) -> str:
    if keyword in {"type", "format"}:
        names = expected if isinstance(expected, list) else [expected]
        return " or ".join(_NAMES.get(name, str(name)) for name in names)
    if keyword == "enum":
        return _choice(_literal(value) for value in expected)
    return _cut(str(expected) if keyword == "pattern" else _literal(expected), EXPECTED_MAX_CHARACTERS)


def _choice(values: Iterable[str]) -> str:
    return _cut(", ".join(values), EXPECTED_MAX_CHARACTERS)


def _literal(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
