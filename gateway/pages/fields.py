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
    """One place, in words. `values` are those that are listed; `open_values`: readers must expect others.

    Where an object has several forms, what counts in some of them begins with the constants that tell these.
    """

    place: str
    types: str
    presence: str
    meaning: str
    unit: str
    rules: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    open_values: bool = False


class _Told(Struct, frozen=True, kw_only=True):
    """One schema of a place, and the constant of the form that it belongs to, empty where there is one."""

    form: str
    schema: dict[str, Any]


def fields(schema: Any) -> list[Field]:
    """Return every place below the whole document, in the order of the schema."""
    walked = [part for part in parts(schema) if isinstance(part.schema, dict)]
    by_location = {part.location: part.schema for part in walked}
    found: dict[str, list[_Told]] = {}
    for part in walked:
        told = found.setdefault(part.place, [])
        form = _form(part, by_location)
        if form is None:  # what a member refers to belongs to the member's own form
            form = told[-1].form if told else ""
        told.append(_Told(form=form, schema=part.schema))
    return [_field(place, found) for place in found if place]


def _form(part: Part, by_location: dict[str, dict[str, Any]]) -> str | None:
    """Return the constant beside a member, empty where there is none; None for what is no member."""
    above, properties, name = part.location.rpartition("/properties/")
    if not properties or "/" in name:
        return None
    beside = by_location.get(above, {})
    members = beside.get("properties", {})
    constants = (members[each].get("const") for each in beside.get("required", ()) if each in members)
    return next((_plain(constant) for constant in constants if constant is not None), "")


def _field(place: str, found: dict[str, list[_Told]]) -> Field:
    told = found[place]
    every = {each.form for each in told}
    schemas = [each.schema for each in told]
    return Field(
        place=place,
        types=" or ".join(_distinct(word for schema in schemas for word in _types(schema))),
        presence=_presence(place, found),
        meaning=" ".join(_by_form(_meanings(told), every)),
        unit=" or ".join(_distinct(str(schema["x-unit"]) for schema in schemas if "x-unit" in schema)),
        rules=_by_form([(each.form, rule) for each in told for rule in _rules(each.schema)], every),
        values=_distinct(value for schema in schemas for value in _values(schema)),
        open_values=any("x-extensible-enum" in schema for schema in schemas),
    )


def _meanings(told: list[_Told]) -> list[tuple[str, str]]:
    """Return the first description of each form: a member's own stands before what it refers to."""
    first: dict[str, str] = {}
    for each in told:
        if each.schema.get("description"):
            first.setdefault(each.form, each.schema["description"])
    return list(first.items())


def _by_form(told: list[tuple[str, str]], every: set[str]) -> tuple[str, ...]:
    """Return each text once, after the forms that it counts in unless it counts in all."""
    forms: dict[str, list[str]] = {}
    for form, text in told:
        if form not in forms.setdefault(text, []):
            forms[text].append(form)
    return tuple(
        text if set(in_forms) == every or "" in in_forms else f"{', '.join(in_forms)}: {text}"
        for text, in_forms in forms.items()
    )


def _presence(place: str, found: dict[str, list[_Told]]) -> str:
    above, _, name = place.rpartition("/")
    if name == "*":
        return "each item"
    name = name.replace("~1", "/").replace("~0", "~")
    forms = [each.schema for each in found.get(above, ()) if "properties" in each.schema]
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
