"""Validation of a document: a fast yes, or every place where it breaks its contract."""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

import jsonschema_rs

from contracts.errors import Violation
from contracts.explanation import explain, explain_branch, explain_extra, explain_missing
from contracts.manifest import ContractsError
from contracts.places import PersonalPlaces, Place, path, pointer

VIOLATIONS_LIMIT = 20

Schema = dict[str, Any]
Engine = jsonschema_rs.Draft202012Validator

_Finding = tuple[Place, str, str]  # where, the keyword, the sentence

_FORMAT_SAMPLES = {
    "date": ("2026-02-28", "2026-02-30"),
    "date-time": ("2026-02-28T10:00:00+01:00", "2026-02-28T10:00:00"),
    "time": ("10:00:00Z", "10:00:00"),
    "uri": ("https://shop.example/a", "not a uri"),
    "email": ("desk@shop.example", "desk"),
    "uuid": ("2f1c3a52-0000-4000-8000-000000000000", "2f1c"),
}
FORMATS = frozenset(_FORMAT_SAMPLES)


class Validator:
    """One schema, ready to judge. `pii` are the JSON Pointers whose values no violation may show."""

    def __init__(self, schema: Schema, pii: Mapping[str, str]) -> None:
        """Raises: ContractsError for what is not a JSON Schema 2020-12."""
        self._root = schema
        self._definitions: dict[str, Schema] = schema.get("$defs", {})
        self._personal = PersonalPlaces(pii)
        self._compiled: dict[int, Engine] = {}
        self.is_valid = self._validator(schema).is_valid

    def violations(self, tree: Any, root: str) -> tuple[Violation, ...]:
        """Return the first 20 places, in the order of their pointers, at which `tree` breaks the schema.

        `root` is the document's (the XML element that the tree was made from, or empty). It looks for no more
        than it returns: a wrong document of 4 MiB can have 100,000 violations, and nobody reads them.
        """
        return tuple(
            Violation(pointer=pointer(place), path=path(place, root), keyword=keyword, detail=detail)
            for place, keyword, detail in islice(self._find(self._root, tree, ()), VIOLATIONS_LIMIT)
        )

    def _find(self, schema: Schema, value: Any, place: Place) -> Iterator[_Finding]:
        """Go down where the engine says no; it judges each part, so that there is one meaning of valid."""
        schema = self._resolved(schema)
        validator = self._validator(schema)
        if validator.is_valid(value):
            return
        if "oneOf" in schema and isinstance(value, dict):
            yield from self._find_branch(schema["oneOf"], value, place)
        elif isinstance(value, dict) and _admits(schema, "object"):
            yield from self._find_members(schema, value, place)
        elif isinstance(value, list) and _admits(schema, "array"):
            yield from self._find_items(schema, value, place)
        else:
            personal = self._personal.touch(place)
            for error in validator.iter_errors(value):
                keyword = error.kind.name
                yield place, keyword, explain(keyword, schema, value, personal=personal)

    def _find_members(self, schema: Schema, members: dict[str, Any], place: Place) -> Iterator[_Finding]:
        declared, required = schema.get("properties", {}), schema.get("required", [])
        others = schema.get("additionalProperties", True)
        personal = self._personal.hold(place)
        for name in sorted({*members, *required}):
            here = (*place, name)
            if name not in members:
                yield here, "required", explain_missing(members, personal=personal)
            elif isinstance(declared.get(name, others), dict):
                yield from self._find(declared.get(name, others), members[name], here)
            elif declared.get(name, others) is False:
                yield here, "additionalProperties", explain_extra(declared)

    def _find_items(self, schema: Schema, items: list[Any], place: Place) -> Iterator[_Finding]:
        for keyword, broken in (
            ("minItems", len(items) < schema.get("minItems", 0)),
            ("maxItems", len(items) > schema.get("maxItems", len(items))),
        ):
            if broken:
                yield place, keyword, explain(keyword, schema, items, personal=False)
        if isinstance(schema.get("items"), dict):
            for index, item in enumerate(items):
                yield from self._find(schema["items"], item, (*place, index))

    def _find_branch(
        self, branches: list[Schema], members: dict[str, Any], place: Place
    ) -> Iterator[_Finding]:
        """Report what is wrong in the branch that the document chose by its discriminator."""
        resolved = [self._resolved(branch) for branch in branches]
        name = discriminator(resolved) or ""  # the profile has no oneOf without one
        if name not in members:
            personal = self._personal.hold(place)
            yield (*place, name), "required", explain_missing(members, personal=personal)
            return
        value, personal = members[name], self._personal.touch((*place, name))
        chosen = [b for b in resolved if self._validator(b["properties"][name]).is_valid(value)]
        if not chosen:
            values = [branch["properties"][name]["const"] for branch in resolved]
            yield (*place, name), "oneOf", explain_branch(values, value, personal=personal)
        for branch in chosen:
            yield from self._find(branch, members, place)

    def _resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            schema = self._definitions[schema["$ref"].removeprefix("#/$defs/")]
        return schema

    def _validator(self, schema: Schema) -> Engine:
        """Return the engine for a part of the schema, made when it is first needed."""
        validator = self._compiled.get(id(schema))
        if validator is None:
            validator = self._compiled[id(schema)] = compile_schema({**schema, "$defs": self._definitions})
        return validator


def discriminator(branches: list[Schema]) -> str | None:
    """Return the member whose constant tells the branches of a `oneOf` apart, or None where there is none."""
    constants = [_required_constants(branch) for branch in branches]
    for name in constants[0] if constants else ():
        values = {(type(each[name]), each[name]) for each in constants if name in each}
        if len(values) == len(branches):
            return name
    return None


def _required_constants(branch: Schema) -> dict[str, Any]:
    properties = branch.get("properties", {})
    required = ((name, properties.get(name)) for name in branch.get("required", []))
    return {name: part["const"] for name, part in required if isinstance(part, dict) and "const" in part}


def compile_schema(schema: Schema) -> Engine:
    """Return the engine for one schema. Raises: ContractsError for what is not a JSON Schema 2020-12."""
    try:
        return jsonschema_rs.Draft202012Validator(
            schema,
            validate_formats=True,
            ignore_unknown_formats=False,
            offline=True,
            # a regular expression without backtracking: its time is linear in the text
            pattern_options=jsonschema_rs.RegexOptions(),
        )
    except (jsonschema_rs.ValidationError, ValueError) as error:
        message = getattr(error, "message", str(error))
        raise ContractsError([f"this is not a JSON Schema 2020-12: {message}"]) from None


def prove_formats(compiled: Callable[[Schema], Engine] = compile_schema) -> None:
    """Try each format that a contract may use on a right and a wrong text.

    Raises: ContractsError where the engine lets a wrong text pass: then every contract would be weaker than
    it reads, and nobody would notice.
    """
    unchecked = []
    for name, (right, wrong) in _FORMAT_SAMPLES.items():
        validator = compiled({"type": "string", "format": name})
        if not validator.is_valid(right) or validator.is_valid(wrong):
            unchecked.append(f"format {name!r} is not checked by the validator")
    if unchecked:
        raise ContractsError(unchecked)


def _admits(schema: Schema, kind: str) -> bool:
    if schema.keys() & {"const", "enum", "oneOf"}:
        return False
    types = schema.get("type", kind)
    return kind in types if isinstance(types, list) else kind == types
