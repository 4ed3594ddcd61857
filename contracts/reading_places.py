"""Where a pointer leads in a schema: each schema that a value found there may have to keep."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct

from contracts.profile_keywords import types_of
from contracts.validation import Engine, Schema, compile_schema, discriminator
from contracts.views import EXTENSIBLE_ENUM

_EVERY_TYPE = frozenset({"string", "number", "boolean", "null", "object", "array"})
_NAMES = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}


class Leaf(Struct, frozen=True, kw_only=True):
    """A schema at a place. `is_always`: it is required on the whole way, counted from the last list item."""

    schema: Schema
    definitions: dict[str, Schema]
    is_always: bool


def leaves(schema: Schema, pointer: str, branch: str = "") -> list[Leaf | None]:
    """Return what stands at `pointer` (`*`: each item of a list), one for each way there.

    None stands for a branch of a choice that has no such place. `branch` is the constant of the only branch
    that counts in the choices on the way. The schema is one of the profile.
    """
    definitions: dict[str, Schema] = schema.get("$defs", {})
    parts = tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])
    return list(_Way(definitions, branch).follow(schema, parts, True))


def possible(leaf: Leaf, value: Any) -> bool:
    """Say whether a sender may write `value` there."""
    return _engine(msgspec.json.encode({**leaf.schema, "$defs": leaf.definitions})).is_valid(value)


def values_of(schema: Schema) -> list[Any] | None:
    """Return the values that a schema lists, or None where it lists none."""
    if "const" in schema:
        return [schema["const"]]
    listed: list[Any] | None = schema.get("enum", schema.get(EXTENSIBLE_ENUM))
    return listed


def types_of_leaf(schema: Schema) -> frozenset[str]:
    """Return the JSON types that a value may have."""
    named = types_of(schema)
    values = values_of(schema)
    if values is not None:
        return frozenset(_NAMES[type(value)] for value in values)
    return frozenset(named) if named else _EVERY_TYPE


class _Way:
    def __init__(self, definitions: dict[str, Schema], branch: str) -> None:
        self._definitions = definitions
        self._branch = branch

    def follow(self, schema: Any, parts: tuple[str, ...], is_always: bool) -> Iterator[Leaf | None]:
        if not isinstance(schema, dict):  # `true`: anything may stand there
            schema = {}
        while "$ref" in schema:
            schema = self._definitions[schema["$ref"].removeprefix("#/$defs/")]
        if "oneOf" in schema and parts:
            for branch in self._branches(schema["oneOf"]):
                yield from self.follow(branch, parts, is_always)
        elif not parts:
            yield Leaf(schema=schema, definitions=self._definitions, is_always=is_always)
        elif parts[0] == "*" and "items" in schema:
            yield from self.follow(schema["items"], parts[1:], True)
        elif parts[0] in schema.get("properties", {}):
            required = parts[0] in schema.get("required", ())
            yield from self.follow(schema["properties"][parts[0]], parts[1:], is_always and required)
        elif isinstance(schema.get("additionalProperties"), dict):
            yield from self.follow(schema["additionalProperties"], parts[1:], parts[0] == "*")
        else:
            yield None

    def _branches(self, branches: list[Schema]) -> list[Schema]:
        resolved = [self._resolved(branch) for branch in branches]
        name = discriminator(resolved)
        if not self._branch or name is None:
            return resolved
        return [each for each in resolved if str(each["properties"][name]["const"]) == self._branch]

    def _resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            schema = self._definitions[schema["$ref"].removeprefix("#/$defs/")]
        return schema


@lru_cache(256)
def _engine(schema: bytes) -> Engine:
    return compile_schema(msgspec.json.decode(schema))
