"""The part of JSON Schema 2020-12 that contracts may use, and what each kind of contract must keep."""

from collections.abc import Iterator
from typing import Any

from contracts.manifest import Kind
from contracts.patterns import pattern_findings
from contracts.profile_keywords import (
    ANNOTATIONS,
    KEYWORDS,
    ROOT_KEYWORDS,
    Finding,
    contradictions,
    keyword_findings,
    types_of,
)
from contracts.validation import Schema, discriminator

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_REFERENCE = "#/$defs/"


def lint(schema: Schema, kind: Kind) -> list[Finding]:
    """Return everything in `schema` that the profile doesn't allow; empty where it is in order.

    What the profile doesn't name is refused: a keyword that an engine or the comparison of two versions
    overlooks would make a contract weaker than it reads.
    """
    return list(_Lint(schema, kind).findings())


def member_names(schema: Schema) -> set[str]:
    """Return the name of every member that the schema declares, at any depth."""
    parts = (part for _, part in _parts(schema, "") if isinstance(part, dict))
    return {name for part in parts for name in part.get("properties", {})}


def _parts(schema: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    """Walk the schema and every schema in it, each with its pointer."""
    yield pointer, schema
    if not isinstance(schema, dict):
        return
    for keyword in ("$defs", "properties"):
        children = schema.get(keyword)
        for name, child in children.items() if isinstance(children, dict) else ():
            yield from _parts(child, f"{pointer}/{keyword}/{name.replace('~', '~0').replace('/', '~1')}")
    for keyword in ("items", "additionalProperties"):
        if keyword in schema:
            yield from _parts(schema[keyword], f"{pointer}/{keyword}")
    branches = schema.get("oneOf")
    for index, child in enumerate(branches if isinstance(branches, list) else ()):
        yield from _parts(child, f"{pointer}/oneOf/{index}")


class _Lint:
    def __init__(self, schema: Schema, kind: Kind) -> None:
        self._root = schema
        self._canonical = kind is Kind.CANONICAL
        definitions = schema.get("$defs")
        self._definitions: dict[str, Any] = definitions if isinstance(definitions, dict) else {}

    def findings(self) -> Iterator[Finding]:
        if self._root.get("$schema") != DIALECT:
            yield Finding(pointer="/$schema", sentence=f"expected {DIALECT}")
        for keyword in ("title", "description"):
            if not self._root.get(keyword):
                yield Finding(pointer="", sentence=f"the contract needs a {keyword}")
        for pointer, part in _parts(self._root, ""):
            for where, sentence in self._part(part, pointer):
                yield Finding(pointer=pointer + where, sentence=sentence)
        for name in self._definitions:
            if name in self._reached(name):
                yield Finding(pointer=f"/$defs/{name}", sentence="a definition must not lead back to itself")

    def _part(self, part: Any, pointer: str) -> Iterator[tuple[str, str]]:
        if isinstance(part, bool) and pointer.endswith("/additionalProperties"):
            return
        if not isinstance(part, dict):
            if part is not True or self._canonical:
                yield "", "expected a schema that says something: an object with a type, a $ref or a oneOf"
            return
        yield from self._keywords(part, pointer)
        broken = list(keyword_findings(part))
        yield from broken
        if broken:  # what follows trusts the shapes
            return
        yield from contradictions(part)
        for sentence in pattern_findings(part["pattern"]) if "pattern" in part else ():
            yield "/pattern", sentence
        if "$ref" in part:
            yield from self._reference(part)
        if "oneOf" in part:
            yield from self._choice(part)
        yield from self._canonical_part(part, pointer) if self._canonical else _native_part(part)

    def _keywords(self, part: Schema, pointer: str) -> Iterator[tuple[str, str]]:
        for keyword in part:
            if keyword in ROOT_KEYWORDS and pointer:
                yield f"/{keyword}", f"{keyword} stands at the root only"
            elif keyword not in KEYWORDS and not keyword.startswith("x-"):
                yield f"/{keyword}", f"{keyword} is outside the profile"
        for exclusive in ("$ref", "oneOf"):
            beside = _assertions(part) - {exclusive, "type"}
            if exclusive in part and beside:
                yield (
                    f"/{exclusive}",
                    f"beside {exclusive} nothing else decides: {', '.join(sorted(beside))}",
                )

    def _reference(self, part: Schema) -> Iterator[tuple[str, str]]:
        if part["$ref"].removeprefix(_REFERENCE) not in self._definitions:
            yield "/$ref", f"{part['$ref']} is not a definition of this file ({_REFERENCE}<name>)"

    def _choice(self, part: Schema) -> Iterator[tuple[str, str]]:
        branches = [self._resolved(branch) for branch in part["oneOf"]]
        if any(True for branch in branches for _ in keyword_findings(branch)):
            return
        if any(types_of(branch) != {"object"} for branch in branches) or discriminator(branches) is None:
            yield (
                "/oneOf",
                "each branch is an object with its own constant in a required member of one name",
            )

    def _resolved(self, schema: Any) -> Schema:
        for _ in range(len(self._definitions) + 1):
            if not isinstance(schema, dict) or "$ref" not in schema:
                break
            schema = self._definitions.get(str(schema["$ref"]).removeprefix(_REFERENCE))
        return schema if isinstance(schema, dict) else {}

    def _reached(self, name: str) -> set[str]:
        """Return the definitions that `name` leads to, over any number of steps."""
        reached: set[str] = set()
        waiting = [name]
        while waiting:
            for _, part in _parts(self._definitions.get(waiting.pop()), ""):
                reference = part.get("$ref") if isinstance(part, dict) else None
                target = str(reference).removeprefix(_REFERENCE)
                if reference is not None and target not in reached:
                    reached.add(target)
                    waiting.append(target)
        return reached

    def _canonical_part(self, part: Schema, pointer: str) -> Iterator[tuple[str, str]]:
        types = types_of(part)
        is_member = pointer.rpartition("/")[0].endswith("/properties")
        if is_member and not (part.get("description") or self._resolved(part).get("description")):
            yield "", "a member of ours needs a description"
        if not types and not part.keys() & {"$ref", "oneOf", "const", "enum"}:
            yield "", "a member of ours needs a type"
        if "number" in types:
            yield "/type", "money and quantities are decimal strings, or integers in their smallest unit"
        if "object" in types and "oneOf" not in part and part.get("additionalProperties", True) is True:
            yield "", "a contract of ours is closed: additionalProperties is false or a schema"
        if "array" in types and not {"items", "maxItems"} <= part.keys():
            yield "", "an array of ours needs items and maxItems"
        bounds = {"maxLength", "pattern", "format", "enum", "const", "x-extensible-enum"}
        if "string" in types and not part.keys() & bounds:
            yield "", f"a string of ours needs one of {', '.join(sorted(bounds))}"


def _native_part(part: Schema) -> Iterator[tuple[str, str]]:
    others = part.get("additionalProperties", True)
    if others is False:
        yield (
            "/additionalProperties",
            "a vendor's document stays open: a new field must break nothing",
        )
    elif isinstance(others, dict) and part.get("properties"):
        yield "/additionalProperties", "beside named members a vendor may add one of any shape"


def _assertions(part: Schema) -> set[str]:
    return {name for name in part if not name.startswith("x-")} - ANNOTATIONS - ROOT_KEYWORDS
