"""The places of a document as a schema describes them, in words."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from contracts.governance.reading import Part, parts

_WORDS = {
    "string": "text", "integer": "whole number", "number": "number", "boolean": "true or false",
    "null": "null", "object": "object", "array": "list",
}  # fmt: skip
_RULES = (
    ("format", "format {}"), ("pattern", "matches {}"), ("minLength", "at least {} characters"),
    ("maxLength", "at most {} characters"), ("minimum", "{} or more"), ("maximum", "{} or less"),
    ("exclusiveMinimum", "more than {}"), ("exclusiveMaximum", "less than {}"),
    ("minItems", "at least {} items"), ("maxItems", "at most {} items"), ("default", "without it {}"),
)  # fmt: skip


class Field(Struct, frozen=True, kw_only=True):
    """One place. `values` are those that are listed; `open_values`: readers must expect others."""

    place: str
    types: str
    presence: str
    meaning: str
    unit: str
    rules: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    open_values: bool = False


def fields(schema: Any) -> list[Field]:
    """Return every place below the whole document, in the order of the schema."""
    found: dict[str, list[Part]] = {}
    for part in parts(schema):
        found.setdefault(part.place, []).append(part)
    return [_field(place, found) for place in found if place]


def _field(place: str, found: dict[str, list[Part]]) -> Field:
    schemas = [part.schema for part in found[place] if isinstance(part.schema, dict)]
    described = _distinct(schema["description"] for schema in schemas if schema.get("description"))
    return Field(
        place=place,
        types=" or ".join(_distinct(word for schema in schemas for word in _types(schema))),
        presence=_presence(place, found),
        # the first one is the member's own, before what it refers to and its forms
        meaning=described[0] if described else "",
        unit=" or ".join(_distinct(str(schema["x-unit"]) for schema in schemas if "x-unit" in schema)),
        rules=_distinct(rule for schema in schemas for rule in _rules(schema)),
        values=_distinct(value for schema in schemas for value in _values(schema)),
        open_values=any("x-extensible-enum" in schema for schema in schemas),
    )


def _presence(place: str, found: dict[str, list[Part]]) -> str:
    above, _, name = place.rpartition("/")
    if name == "*":
        return "each item"
    name = name.replace("~1", "/").replace("~0", "~")
    around = [part.schema for part in found.get(above, ()) if isinstance(part.schema, dict)]
    forms = [schema for schema in around if "properties" in schema]
    having = [schema for schema in forms if name in schema["properties"]]
    if not all(name in schema.get("required", ()) for schema in having):
        return "optional"
    return "always" if len(having) == len(forms) else "in some forms"


def _types(schema: dict[str, Any]) -> Iterator[str]:
    named = schema.get("type", [])
    for name in named if isinstance(named, list) else [named]:
        yield _WORDS.get(name, str(name))
    if "const" in schema and not named:
        yield "constant"


def _rules(schema: dict[str, Any]) -> Iterator[str]:
    for keyword, words in _RULES:
        if keyword in schema:
            yield words.format(_plain(schema[keyword]))


def _values(schema: dict[str, Any]) -> Iterator[str]:
    listed = schema.get("enum", schema.get("x-extensible-enum", []))
    for value in [schema["const"]] if "const" in schema else listed:
        yield _plain(value)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _distinct(words: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))
