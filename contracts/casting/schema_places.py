"""Where a pointer leads in a schema, and which places a schema declares."""

from collections.abc import Iterator
from typing import Any

from contracts.casting.pointers import EVERY, Parts

Schema = dict[str, Any]

_REFERENCE = "#/$defs/"


class SchemaPlaces:
    """One schema of the profile, by pointers into its documents."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._definitions: dict[str, Any] = root.get("$defs", {})

    def has(self, parts: Parts) -> bool:
        """Say whether a document may have something there."""
        return bool(self.at(parts))

    def at(self, parts: Parts) -> list[Schema]:
        """Return the schemas of what is at `parts`: several for branches, none where nothing may be.

        Below an object or a list that is open, everything may be: an empty schema.
        """
        found = self._branches(self._root)
        for part in parts:
            found = [inner for schema in found for inner in self._step(schema, part)]
        return found

    def declared(self) -> Iterator[Parts]:
        """Yield every place that the schema names, those above before those below; `*` for elements."""
        yield from self._declared(self._root, ())

    def is_constant(self, parts: Parts) -> bool:
        """Say whether only one value can be there."""
        found = self.at(parts)
        values = [schema["const"] for schema in found if "const" in schema]
        return bool(found) and len(values) == len(found) and all(value == values[0] for value in values)

    def _step(self, schema: Schema, part: str) -> list[Schema]:
        if part == EVERY and "items" in schema:
            return self._branches(schema["items"])
        declared = schema.get("properties", {})
        if part in declared:
            return self._branches(declared[part])
        types = schema.get("type", "object")
        if "object" not in types and part != EVERY:
            return []
        if "array" in types and part == EVERY:
            return [{}]  # a list of anything
        others = schema.get("additionalProperties", True)
        if others is False or (part == EVERY and "object" not in types):
            return []
        return [{}] if others is True else self._branches(others)

    def _declared(self, schema: Any, above: Parts) -> Iterator[Parts]:
        seen: set[str] = set()
        for branch in self._branches(schema):
            for name, child in branch.get("properties", {}).items():
                if name not in seen:
                    seen.add(name)
                    yield (*above, name)
                yield from self._declared(child, (*above, name))
            for keyword in ("items", "additionalProperties"):
                if isinstance(branch.get(keyword), dict):
                    yield from self._declared(branch[keyword], (*above, EVERY))

    def _branches(self, schema: Any) -> list[Schema]:
        """Return a schema without references and choices: one, or each of its branches."""
        if not isinstance(schema, dict):
            return [{}] if schema is True else []
        if "$ref" in schema:
            return self._branches(self._definitions.get(schema["$ref"].removeprefix(_REFERENCE), True))
        if "oneOf" in schema:
            return [branch for each in schema["oneOf"] for branch in self._branches(each)]
        return [schema]
