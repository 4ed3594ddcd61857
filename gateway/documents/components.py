"""Schemas as a document's `components/schemas` hold them: each once, and none inside another."""

from collections.abc import Iterable
from typing import Any

import msgspec

PREFIX = "#/components/schemas/"
_OF_A_FILE = frozenset({"$schema", "$id", "$defs"})

Schema = dict[str, Any]


class Components:
    """Collects schemas. They keep to what JSON Schema draft-07 and 2020-12 read alike."""

    def __init__(self) -> None:
        self._schemas: dict[str, Schema] = {}

    @property
    def schemas(self) -> dict[str, Schema]:
        """All schemas so far, by name, sorted."""
        return dict(sorted(self._schemas.items()))

    def add(self, name: str, schema: Schema) -> Schema:
        """Take a contract's schema and the definitions in it; return a reference to it.

        A definition keeps its own name where all contracts mean the same by it, else it has the contract's
        name before its own.
        """
        definitions: dict[str, Schema] = schema.get("$defs", {})
        names: dict[str, str] = {}
        for definition in _inner_first(definitions):
            lifted = _lifted(definitions[definition], names)
            same = self._schemas.setdefault(definition, lifted) == lifted
            names[definition] = definition if same else f"{name}_{definition}"
            self._schemas[names[definition]] = lifted
        return self.put(name, _lifted(schema, names))

    def put(self, name: str, schema: Schema) -> Schema:
        """Take a schema that holds no definitions of its own; return a reference to it."""
        self._schemas[name] = schema
        return reference(name)

    def add_structs(self, structs: Iterable[type]) -> None:
        """Take the schemas of structs and of what they hold, by their own names."""
        _, found = msgspec.json.schema_components(structs, ref_template=PREFIX + "{name}")
        for name, schema in found.items():
            described = " ".join(schema.get("description", "").split())
            self._schemas[name] = {**schema, "description": described}


def reference(name: str) -> Schema:
    """Return a reference to the schema called `name`."""
    return {"$ref": PREFIX + name}


def _lifted(schema: Any, names: dict[str, str]) -> Any:
    """Return a schema whose references lead to components; draft-07 overlooks what stands beside one."""
    if isinstance(schema, list):
        return [_lifted(each, names) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if isinstance(schema.get("$ref"), str):
        target = reference(names[schema["$ref"].removeprefix("#/$defs/")])
        beside = {name: value for name, value in schema.items() if name != "$ref"}
        return {**beside, "allOf": [target]} if beside else target
    return {name: _lifted(value, names) for name, value in schema.items() if name not in _OF_A_FILE}


def _inner_first(definitions: dict[str, Schema]) -> list[str]:
    """Return the names of definitions so that each comes after those that it refers to."""
    ordered: list[str] = []

    def visit(name: str) -> None:
        if name in ordered:
            return
        for target in sorted(_targets(definitions[name])):
            visit(target)
        ordered.append(name)

    for name in sorted(definitions):
        visit(name)
    return ordered


def _targets(schema: Any) -> set[str]:
    if isinstance(schema, list):
        return {target for each in schema for target in _targets(each)}
    if not isinstance(schema, dict):
        return set()
    if isinstance(schema.get("$ref"), str):
        return {schema["$ref"].removeprefix("#/$defs/")}
    return {target for each in schema.values() for target in _targets(each)}
