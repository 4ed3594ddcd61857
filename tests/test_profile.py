"""The restricted profile: what a schema of a contract may say, and what it may not."""

import copy
import random
from typing import Any

import pytest

from contracts.folder import PUBLISHED, contract_folders, read_json
from contracts.manifest import Kind
from contracts.patterns import pattern_findings
from contracts.profile import DIALECT, lint

STRING = {"description": "Words.", "type": "string", "maxLength": 10}


def schema(**changes: Any) -> dict[str, Any]:
    return {
        "$schema": DIALECT,
        "title": "A thing",
        "description": "What it is.",
        "type": "object",
        "properties": {"name": STRING},
        "additionalProperties": False,
    } | changes


def member(**keywords: Any) -> dict[str, Any]:
    return schema(properties={"name": {"description": "A member."} | keywords})


def findings(value: dict[str, Any], kind: Kind = Kind.CANONICAL) -> list[tuple[str, str]]:
    return [(finding.pointer, finding.sentence) for finding in lint(value, kind)]


def branch(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["kind"],
        "properties": {name: {"description": "A member."} | part for name, part in properties.items()},
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    "keywords",
    [
        {
            "type": "string",
            "maxLength": 10,
            "minLength": 1,
            "x-unit": "EA",
            "examples": ["a"],
            "default": "a",
        },
        {"type": "string", "pattern": "^(a|bc)[0-9A-F]{2,4}[.][^,]?$"},
        {"type": "string", "format": "date-time", "deprecated": True, "examples": ["a"]},
        {"type": "string", "x-extensible-enum": ["a", "b"]},
        {"type": ["string", "null"], "enum": ["a", None]},
        {"type": "integer", "minimum": 0, "exclusiveMaximum": 1},
        {"const": "sale"},
        {"type": "array", "items": {"type": "integer"}, "maxItems": 3},
        {"type": "object", "additionalProperties": {"type": "string", "maxLength": 3}},
        {"oneOf": [branch(kind={"const": "a"}), branch(kind={"const": "b"})]},
    ],
)
def test_what_the_profile_names_is_let_through(keywords: dict[str, Any]) -> None:
    assert findings(member(**keywords)) == []


@pytest.mark.parametrize(
    "keyword",
    [
        "not", "if", "then", "anyOf", "allOf", "patternProperties", "contains", "propertyNames",
        "dependentRequired", "unevaluatedProperties", "prefixItems", "multipleOf", "uniqueItems", "nullable",
        "$comment", "maxlength",
    ],
)  # fmt: skip
def test_keyword_that_the_profile_does_not_name_is_refused(keyword: str) -> None:
    value = member(type="string", maxLength=3)
    value["properties"]["name"][keyword] = {}
    assert findings(value) == [(f"/properties/name/{keyword}", f"{keyword} is outside the profile")]


@pytest.mark.parametrize(
    ("keywords", "where", "sentence"),
    [
        ({"type": "string", "maxLength": -1}, "/maxLength", "expected a whole number"),
        ({"type": "strin"}, "/type", "expected one or more of array"),
        ({"type": "string", "enum": []}, "/enum", "not empty"),
        ({"type": "integer", "enum": [1, 1]}, "/enum", "expected a list of different"),
        ({"type": "string", "enum": ["a", 1]}, "", "1 is never valid: it is not of the type"),
        ({"type": "string", "const": 5}, "", "5 is never valid"),
        ({"type": "string", "minLength": 3, "maxLength": 2}, "/minLength", "nothing is valid"),
        ({"type": "integer", "minimum": 2, "maximum": 1}, "/minimum", "nothing is valid"),
        ({"type": "integer", "minimum": 1, "exclusiveMaximum": 1}, "/minimum", "nothing is valid"),
        ({"type": "integer", "minLength": 3}, "/minLength", "says nothing here: the type must name string"),
        ({"type": "string", "maxLength": 3, "format": "ipv4"}, "/format", "expected one of date"),
        ({"type": "string", "pattern": "[0-9]"}, "/pattern", "a pattern is anchored"),
        ({"$ref": "#/$defs/nowhere"}, "/$ref", "is not a definition of this file"),
        ({"$ref": "https://elsewhere.example/x"}, "/$ref", "is not a definition of this file"),
        ({"$ref": "#/$defs/nowhere", "maxLength": 3}, "/$ref", "beside $ref nothing else decides: maxLength"),
        ({"type": "string", "maxLength": 3, "$id": "x"}, "/$id", "stands at the root only"),
        ({"oneOf": [branch(kind={"const": "a"})]}, "/oneOf", "expected two schemas or more"),
        (
            {"oneOf": [branch(kind={"const": "a"}), branch(kind={"const": "a"})]},
            "/oneOf",
            "each branch is an object with its own constant",
        ),
        (
            {"oneOf": [branch(kind={"const": "a"}), {"type": "string", "maxLength": 3}]},
            "/oneOf",
            "each branch is an object with its own constant",
        ),
        (
            {"type": "object", "required": ["x"], "additionalProperties": False},
            "/required",
            "nothing is valid: 'x' is required and not declared",
        ),
        (
            {"type": "string", "enum": ["a"], "x-extensible-enum": ["a"]},
            "",
            "one list of values is enough",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", Kind)
def test_contradiction_is_refused_in_every_contract(
    kind: Kind, keywords: dict[str, Any], where: str, sentence: str
) -> None:
    found = findings(member(**keywords), kind)
    assert [text for pointer, text in found if pointer == f"/properties/name{where}" and sentence in text], (
        found
    )


@pytest.mark.parametrize(
    ("keywords", "sentence"),
    [
        ({"type": "string"}, "a string of ours needs one of"),
        ({"type": "number"}, "money and quantities are decimal strings"),
        ({"type": "object", "properties": {}}, "a contract of ours is closed"),
        ({"type": "object", "additionalProperties": True}, "a contract of ours is closed"),
        ({"type": "array", "items": {"type": "integer"}}, "an array of ours needs items and maxItems"),
        ({}, "a member of ours needs a type"),
        ({"type": "integer", "description": ""}, "a member of ours needs a description"),
    ],
)
def test_canonical_contract_is_closed_bounded_and_described(keywords: dict[str, Any], sentence: str) -> None:
    assert [text for _, text in findings(member(**keywords)) if sentence in text]
    native = member(**keywords)
    del native["additionalProperties"]
    assert findings(native, Kind.NATIVE) == []


@pytest.mark.parametrize("others", [False, {"type": "string"}])
def test_native_contract_is_open(others: Any) -> None:
    found = findings(schema(additionalProperties=others), Kind.NATIVE)
    assert [pointer for pointer, _ in found] == ["/additionalProperties"]


def test_native_contract_may_have_a_map_of_any_names() -> None:
    value = schema(properties={}, additionalProperties={"type": "string"})
    assert findings(value, Kind.NATIVE) == []


@pytest.mark.parametrize(
    "definitions",
    [
        {"a": {"$ref": "#/$defs/a"}},
        {"a": branch(b={"$ref": "#/$defs/b"}), "b": {"type": "array", "items": {"$ref": "#/$defs/a"}}},
    ],
)
def test_definition_that_leads_back_to_itself_is_refused(definitions: dict[str, Any]) -> None:
    found = findings(schema(**{"$defs": definitions}))
    assert ("/$defs/a", "a definition must not lead back to itself") in found


def test_contract_says_what_it_is() -> None:
    bare = {"type": "object", "additionalProperties": False}
    assert {pointer for pointer, _ in findings(bare)} == {"/$schema", ""}


@pytest.mark.parametrize(
    "pattern",
    [
        "^$",
        "^[0-9]{4}$",
        "^-?[0-9]+([.][0-9]{2})?$",
        "^(?:a|b)*$",
        r"^a\.b\/c$",
        "^[^,;]{1,80}$",
        "^[A-Za-z_-]+$",
    ],
)
def test_pattern_within_the_subset(pattern: str) -> None:
    assert pattern_findings(pattern) == []


@pytest.mark.parametrize(
    "pattern",
    [
        "", "[0-9]", "^a", "a$", r"^a\$", r"^\d$", r"^\w+$", r"^\s$", r"^\bA$", "^.$", "^(?=a)b$", "^(?!a)b$",
        "^(?<n>a)$", r"^(a)\1$", "^a|b$", "^(a$", "^a)$", "^*$", "^a**$", "^a+?$", "^a{2}{3}$", "^a{2000}$",
        "^[a$", "^[]$", "^[[:alpha:]]$", r"^\p{L}$", "^a^b$", "^a$b$", r"^[\d]$", "^(|)*+$",
    ],
)  # fmt: skip
def test_pattern_outside_the_subset_is_refused(pattern: str) -> None:
    assert pattern_findings(pattern)


def test_lint_finds_a_sentence_for_any_json_and_never_raises() -> None:
    chance = random.Random(7)
    junk: list[Any] = [None, True, -1, 1.5, "x", [], {}, [[]], [{}], {"type": []}, {"$ref": 5}, ["a", "a"]]
    published = read_json(contract_folders(PUBLISHED)[0] / "1.0.0" / "schema.json")
    for _ in range(300):
        value = copy.deepcopy(published)
        for _ in range(3):
            damage(value, chance, junk)
        for kind in Kind:
            assert all(finding.sentence for finding in lint(value, kind))


def damage(value: Any, chance: random.Random, junk: list[Any]) -> None:
    nodes: list[Any] = [value]
    for node in nodes:
        children = node.values() if isinstance(node, dict) else node
        nodes += [child for child in children if isinstance(child, dict | list) and child]
    node = chance.choice(nodes)
    place = chance.choice(sorted(node) if isinstance(node, dict) else range(len(node)))
    node[place] = copy.deepcopy(chance.choice(junk))
