"""Each keyword of the profile by itself: its shape, the types that it speaks about, and contradictions."""

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from contracts.validation import FORMATS

ROOT_KEYWORDS = frozenset({"$schema", "$id", "$defs"})
ANNOTATIONS = frozenset({"title", "description", "examples", "default", "deprecated"})

_TYPES = frozenset({"string", "integer", "number", "boolean", "null", "object", "array"})
_SPEAKS_OF = {
    "properties": {"object"},
    "required": {"object"},
    "additionalProperties": {"object"},
    "items": {"array"},
    "minItems": {"array"},
    "maxItems": {"array"},
    "minimum": {"integer", "number"},
    "maximum": {"integer", "number"},
    "exclusiveMinimum": {"integer", "number"},
    "exclusiveMaximum": {"integer", "number"},
    "minLength": {"string"},
    "maxLength": {"string"},
    "pattern": {"string"},
    "format": {"string"},
    "x-extensible-enum": {"string"},
}
_BOUNDS = (
    ("minItems", "maxItems"),
    ("minLength", "maxLength"),
    ("minimum", "maximum"),
    ("minimum", "exclusiveMaximum"),
    ("exclusiveMinimum", "maximum"),
    ("exclusiveMinimum", "exclusiveMaximum"),
)
KEYWORDS = ROOT_KEYWORDS | ANNOTATIONS | _SPEAKS_OF.keys() | {"$ref", "type", "enum", "const", "oneOf"}


class Finding(Struct, frozen=True, kw_only=True):
    """One place of a schema that the profile doesn't allow: a JSON Pointer into the schema, and why."""

    pointer: str
    sentence: str


def types_of(part: dict[str, Any]) -> set[str]:
    """Return the types that a schema names; empty where it names none."""
    types = part.get("type", [])
    return set(types) if isinstance(types, list) else {types}


def keyword_findings(part: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Say which keywords don't have the shape that the profile wants, each with its pointer below `part`."""
    for keyword, value in part.items():
        expected, has_shape = _SHAPES.get(keyword, ("", lambda _value: True))
        if not has_shape(value):
            yield f"/{keyword}", f"expected {expected}"


def contradictions(part: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Say which keywords of a well-shaped schema say nothing because of the type, or leave nothing valid."""
    types = types_of(part)
    for keyword in sorted(part.keys() & _SPEAKS_OF.keys()):
        if not _SPEAKS_OF[keyword] & types:
            wanted = " or ".join(sorted(_SPEAKS_OF[keyword]))
            yield f"/{keyword}", f"{keyword} says nothing here: the type must name {wanted}"
    for low, high in _BOUNDS:
        if low in part and high in part and _leaves_nothing(low, high, part):
            yield f"/{low}", f"nothing is valid: {low} {part[low]} and {high} {part[high]}"
    for value in [*part.get("enum", []), *([part["const"]] if "const" in part else [])]:
        if types and not _types_of_value(value) & types:
            yield "", f"{value!r} is never valid: it is not of the type"
    if part.get("additionalProperties") is False:
        for name in set(part.get("required", [])) - part.get("properties", {}).keys():
            yield "/required", f"nothing is valid: {name!r} is required and not declared"
    if len(part.keys() & {"enum", "const", "x-extensible-enum"}) > 1:
        yield "", "one list of values is enough: enum, const or x-extensible-enum"


def _leaves_nothing(low: str, high: str, part: dict[str, Any]) -> bool:
    if "exclusive" in low + high:
        return bool(part[low] >= part[high])
    return bool(part[low] > part[high])


def _types_of_value(value: Any) -> set[str]:
    if isinstance(value, bool):
        return {"boolean"}
    if isinstance(value, int):
        return {"integer", "number"}
    return {{float: "number", str: "string", type(None): "null"}.get(type(value), "")}


def _is_names(value: Any) -> bool:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        return False
    return len(set(value)) == len(value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool)


def _is_enumeration(value: Any) -> bool:
    if not isinstance(value, list) or not value or not all(_is_scalar(each) for each in value):
        return False
    return len({(type(each), each) for each in value}) == len(value)


def _is_types(value: Any) -> bool:
    names = value if isinstance(value, list) else [value]
    return bool(names) and _is_names(names) and set(names) <= _TYPES


_Shape = tuple[str, Callable[[Any], bool]]
_TEXT: _Shape = ("a string", lambda value: isinstance(value, str))
_COUNT: _Shape = ("a whole number, 0 or more", _is_count)
_NUMBER: _Shape = ("a number", _is_number)
_SCHEMAS: _Shape = ("an object of schemas", lambda value: isinstance(value, dict))
_SCHEMA: _Shape = ("a schema", lambda value: isinstance(value, dict | bool))

_SHAPES: dict[str, _Shape] = {
    "$ref": _TEXT,
    "title": _TEXT,
    "description": _TEXT,
    "pattern": _TEXT,
    "$defs": _SCHEMAS,
    "properties": _SCHEMAS,
    "items": _SCHEMA,
    "additionalProperties": _SCHEMA,
    "minItems": _COUNT,
    "maxItems": _COUNT,
    "minLength": _COUNT,
    "maxLength": _COUNT,
    "minimum": _NUMBER,
    "maximum": _NUMBER,
    "exclusiveMinimum": _NUMBER,
    "exclusiveMaximum": _NUMBER,
    "examples": ("a list", lambda value: isinstance(value, list)),
    "deprecated": ("true or false", lambda value: isinstance(value, bool)),
    "required": ("a list of different names", _is_names),
    "type": ("one or more of " + ", ".join(sorted(_TYPES)), _is_types),
    "enum": ("a list of different strings, numbers, booleans or null, not empty", _is_enumeration),
    "const": ("a string, a number, a boolean or null", _is_scalar),
    "x-extensible-enum": ("a list of different strings, not empty", lambda v: bool(v) and _is_names(v)),
    "format": ("one of " + ", ".join(sorted(FORMATS)), lambda value: value in sorted(FORMATS)),
    "oneOf": ("two schemas or more", lambda value: isinstance(value, list) and len(value) > 1),
}
