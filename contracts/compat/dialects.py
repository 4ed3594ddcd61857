"""Which draft of JSON Schema a schema is written in, and what each draft's keywords are."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

Schema = dict[str, Any] | bool


class Dialect(StrEnum):
    """The drafts that are read; `unknown` is anything else that `$schema` names."""

    DRAFT_4 = "draft-04"
    DRAFT_6 = "draft-06"
    DRAFT_7 = "draft-07"
    DRAFT_2019 = "2019-09"
    DRAFT_2020 = "2020-12"
    UNKNOWN = "unknown"


_BY_URI = {
    "json-schema.org/draft-04/schema": Dialect.DRAFT_4,
    "json-schema.org/draft-06/schema": Dialect.DRAFT_6,
    "json-schema.org/draft-07/schema": Dialect.DRAFT_7,
    "json-schema.org/draft/2019-09/schema": Dialect.DRAFT_2019,
    "json-schema.org/draft/2020-12/schema": Dialect.DRAFT_2020,
}
OLD = frozenset({Dialect.DRAFT_4, Dialect.DRAFT_6, Dialect.DRAFT_7})

SCHEMA_KEYWORDS = frozenset(
    {"additionalItems", "additionalProperties", "contains", "contentSchema", "else", "if", "items", "not"}
    | {"propertyNames", "then", "unevaluatedItems", "unevaluatedProperties"}
)
LIST_KEYWORDS = frozenset({"allOf", "anyOf", "items", "oneOf", "prefixItems"})
MAP_KEYWORDS = frozenset(
    {"$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"}
)
ANNOTATIONS = frozenset(
    {"$comment", "$id", "$schema", "$anchor", "$dynamicAnchor", "$vocabulary", "$defs", "definitions", "id"}
    | {"title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"}
    | {"contentEncoding", "contentMediaType", "contentSchema"}
    # of OpenAPI 3.0: none of them asserts anything in JSON Schema
    | {"nullable", "discriminator", "xml", "externalDocs", "example"}
)
MODERN = frozenset(
    {"$dynamicRef", "dependentRequired", "dependentSchemas", "maxContains", "minContains", "prefixItems"}
    | {"unevaluatedItems", "unevaluatedProperties", "$anchor", "$dynamicAnchor"}
)
LEGACY = frozenset({"additionalItems", "dependencies"})


def declared(schema: Schema) -> Dialect | None:
    """Return the draft that `$schema` names, None where it names none."""
    uri = schema.get("$schema") if isinstance(schema, dict) else None
    if uri is None:
        return None
    if not isinstance(uri, str):
        return Dialect.UNKNOWN
    return _BY_URI.get(uri.strip().rstrip("#").partition("://")[2], Dialect.UNKNOWN)


def of_pair(old: Schema, new: Schema) -> tuple[Dialect, Dialect]:
    """Return the draft of each schema: what it says, else what its keywords show, else 2020-12.

    Two versions of which neither says are of one draft: the one whose keywords stand in either of them.
    """
    shown = _shown([schema for schema in (old, new) if declared(schema) is None])
    return declared(old) or shown, declared(new) or shown


def _shown(schemas: list[Schema]) -> Dialect:
    parts = [part for schema in schemas for part in subschemas(schema) if isinstance(part, dict)]
    if any(part.keys() & MODERN for part in parts):
        return Dialect.DRAFT_2020
    if any(
        isinstance(part.get(key), bool) for part in parts for key in ("exclusiveMinimum", "exclusiveMaximum")
    ):
        return Dialect.DRAFT_4
    if any(part.keys() & LEGACY or isinstance(part.get("items"), list) for part in parts):
        return Dialect.DRAFT_7
    return Dialect.DRAFT_2020


def children(schema: Schema) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield each schema directly inside this one, with its place as parts of a JSON Pointer."""
    if not isinstance(schema, dict):
        return
    for keyword, value in schema.items():
        if keyword in SCHEMA_KEYWORDS and isinstance(value, dict | bool):
            yield (keyword,), value
        elif keyword in LIST_KEYWORDS and isinstance(value, list):
            yield from (((keyword, str(index)), each) for index, each in enumerate(value))
        elif keyword in MAP_KEYWORDS and isinstance(value, dict):
            yield from (
                ((keyword, name), each) for name, each in value.items() if isinstance(each, dict | bool)
            )


def subschemas(schema: Any) -> Iterator[Any]:
    """Yield the schema and every schema in it."""
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        yield part
        waiting += [child for _, child in children(part)]
