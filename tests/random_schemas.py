"""Pairs of small random schemas over every keyword of 2020-12: one, and the same with some edits."""

import copy
import random
from typing import Any

NAMES = ("sku", "qty", "a", "b", "x_1")
VALUES: tuple[Any, ...] = (0, 1, 2, 1.5, -1, "", "A", "AB", "x_1", True, False, None, [], {}, ["A"], {"a": 1})
PATTERNS = (
    "^x_",
    "^[A-Z]+$",
    "^[A-Z]{2,3}$",
    "[0-9]",
    "^a|b$",
    "^.$",
    "^(?:ab)*$",
    "^\\d{2}$",
    "^\\w+$",
    "a.b",
    "",
)
FORMATS = ("date", "uuid", "ipv4", "email", "no-such-format")
TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")


class Schemas:
    """Draws schemas; the same `chance`, the same schemas."""

    def __init__(self, chance: random.Random, *, recursive: bool = False) -> None:
        self.chance = chance
        self.recursive = recursive

    def pair(self) -> tuple[Any, Any]:
        """Return a schema and an edited one, or two that have nothing to do with each other."""
        one = self.root()
        other = self.root() if self.chance.random() < 0.15 else self.edited(one)
        return one, other

    def root(self) -> Any:
        schema = self.schema(self.chance.choice((1, 2, 2, 3)))
        if self.recursive and isinstance(schema, dict):
            schema["$defs"] = {"n": self.schema(2), "m": self.schema(1)}
        return schema

    def edited(self, schema: Any) -> Any:
        """Return a copy of a schema with one to three places changed."""
        root = copy.deepcopy(schema)
        for _ in range(self.chance.choice((1, 1, 1, 2, 3))):
            places = [place for place in _places(root) if isinstance(place, dict)]
            if not places:
                return self.schema(1)
            place = self.chance.choice(places)
            keywords = [keyword for keyword in place if keyword != "$defs"]
            if keywords and self.chance.random() < 0.4:
                del place[self.chance.choice(keywords)]
            elif keywords and self.chance.random() < 0.5:
                self.nudge(place, self.chance.choice(keywords))
            else:
                place.update(self.keyword(1))
        return root

    def nudge(self, place: dict[str, Any], keyword: str) -> None:
        value = place[keyword]
        if isinstance(value, bool) or value is None:
            place[keyword] = not value if keyword not in {"const"} else self.chance.choice(VALUES)
        elif isinstance(value, int | float):
            place[keyword] = max(value + self.chance.choice((1, -1)), 1 if keyword == "multipleOf" else 0)
        elif keyword in {"enum", "required"} and isinstance(value, list):
            if value and self.chance.random() < 0.5:
                value.pop(self.chance.randrange(len(value)))
            else:
                value.append(self.chance.choice(NAMES if keyword == "required" else VALUES))
            place[keyword] = _distinct(value) or ["A"]
        elif isinstance(value, list) and len(value) > 1 and keyword != "type":
            value.pop(self.chance.randrange(len(value)))
        elif isinstance(value, dict) and keyword in {"properties", "patternProperties"} and value:
            value.pop(self.chance.choice(sorted(value)))
        else:
            place.update(self.keyword(1))

    def schema(self, depth: int) -> Any:
        if depth <= 0 or self.chance.random() < 0.06:
            return self.leaf()
        found: dict[str, Any] = {}
        if self.chance.random() < 0.6:
            found["type"] = self.types()
        for _ in range(self.chance.choice((0, 1, 1, 2, 2, 3))):
            found.update(self.keyword(depth))
        return found

    def leaf(self) -> Any:
        return self.chance.choice(
            (
                True,
                False,
                {},
                {"type": self.types()},
                {"const": self.chance.choice(VALUES)},
                self.text(),
                self.number(),
            )
        )

    def types(self) -> Any:
        if self.chance.random() < 0.75:
            return self.chance.choice(TYPES)
        return sorted(self.chance.sample(TYPES, 2))

    def text(self) -> dict[str, Any]:
        return {"type": "string", self.chance.choice(("minLength", "maxLength")): self.chance.randrange(4)}

    def number(self) -> dict[str, Any]:
        return {
            "type": self.chance.choice(("integer", "number")),
            self.chance.choice(("minimum", "maximum", "exclusiveMinimum")): self.chance.choice(
                (0, 1, 1.5, 3)
            ),
        }

    def keyword(self, depth: int) -> dict[str, Any]:  # noqa: C901 - one branch a keyword
        chance, below = self.chance, depth - 1
        name = chance.choice(KEYWORDS)
        if name in {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}:
            return {name: chance.choice((-1, 0, 1, 1.5, 2, 5))}
        if name == "multipleOf":
            return {name: chance.choice((1, 2, 3, 0.5, 1.5))}
        if name in {"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"}:
            return {name: chance.randrange(4)}
        if name == "pattern":
            return {name: chance.choice(PATTERNS)}
        if name == "format":
            return {name: chance.choice(FORMATS)}
        if name == "enum":
            return {name: _distinct(chance.sample(VALUES, chance.choice((1, 2, 3))))}
        if name == "const":
            return {name: chance.choice(VALUES)}
        if name == "uniqueItems":
            return {name: chance.random() < 0.9}
        if name == "required":
            return {name: chance.sample(NAMES, chance.choice((1, 1, 2)))}
        if name == "dependentRequired":
            return {name: {chance.choice(NAMES): chance.sample(NAMES, 1)}}
        if name in {"properties", "dependentSchemas"}:
            return {name: {each: self.schema(below) for each in chance.sample(NAMES, chance.choice((1, 2)))}}
        if name == "patternProperties":
            return {name: {chance.choice(PATTERNS): self.schema(below)}}
        if name in {"allOf", "anyOf", "oneOf", "prefixItems"}:
            return {name: [self.schema(below) for _ in range(chance.choice((1, 2, 2, 3)))]}
        if name == "if":
            return {
                key: self.schema(below)
                for key in ("if", *chance.choice((("then",), ("else",), ("then", "else"))))
            }
        if name == "contains":
            found = {name: self.schema(below)}
            if chance.random() < 0.3:
                found["minContains"] = chance.randrange(3)
            if chance.random() < 0.3:
                found["maxContains"] = chance.randrange(3)
            return found
        if name == "propertyNames":
            return {
                name: chance.choice(
                    ({"pattern": chance.choice(PATTERNS)}, {"maxLength": 2}, {"enum": ["a", "b"]})
                )
            }
        if name == "$ref":
            return {name: chance.choice(("#/$defs/n", "#/$defs/m", "#"))} if self.recursive else {}
        return {name: self.schema(below)}


KEYWORDS = (
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength"),
    *("minItems", "maxItems", "minProperties", "maxProperties", "pattern", "format", "enum", "const"),
    *("uniqueItems", "required", "dependentRequired", "properties", "properties", "dependentSchemas"),
    *("patternProperties", "additionalProperties", "allOf", "anyOf", "oneOf", "prefixItems", "items", "if"),
    *(
        "contains",
        "propertyNames",
        "not",
        "unevaluatedProperties",
        "unevaluatedItems",
        "$ref",
        "$ref",
        "required",
    ),
)


def _places(schema: Any) -> list[Any]:
    found, waiting = [], [schema]
    while waiting:
        place = waiting.pop()
        if not isinstance(place, dict):
            continue
        found.append(place)
        for keyword, value in place.items():
            if keyword in {"properties", "patternProperties", "dependentSchemas", "$defs"}:
                waiting += value.values()
            elif isinstance(value, list) and keyword in {"allOf", "anyOf", "oneOf", "prefixItems"}:
                waiting += value
            elif keyword not in {"const", "enum", "dependentRequired"}:
                waiting.append(value)
    return found


def _distinct(values: list[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if not any(value == each and type(value) is type(each) for each in found):
            found.append(value)
    return found
