"""Random values near the boundaries of two schemas: for a witness, and as a second opinion on a proof."""

import random
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import UNSET

from contracts.compat import formats
from contracts.compat.automata import Automaton, reading
from contracts.compat.dialects import Dialect, Schema, subschemas
from contracts.compat.judges import Judge
from contracts.compat.resources import Resources
from contracts.compat.values import is_number

TRIES = 1500
DEPTH_LIMIT = 4

_Keywords = dict[str, list[tuple[Any, Resources, str]]]

_IN_PLACE_LISTS = ("allOf", "anyOf", "oneOf")
_IN_PLACE = ("not", "if", "then", "else")
_MAPS_IN_PLACE = ("dependentSchemas", "dependencies")
_SPEAK_OF = {
    "object": frozenset(
        {"properties", "required", "additionalProperties", "patternProperties", "minProperties"}
        | {"maxProperties", "propertyNames", "dependentRequired", "dependentSchemas", "dependencies"}
        | {"unevaluatedProperties"}
    ),
    "array": frozenset(
        {"items", "prefixItems", "minItems", "maxItems", "contains", "uniqueItems", "additionalItems"}
        | {"unevaluatedItems"}
    ),
    "number": frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}),
    "string": frozenset({"minLength", "maxLength", "pattern", "format"}),
}
_TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")
_SOME: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 1.5, 5, "", "a", "Z0", "2026-02-28", "10.0.0.1"),
    *([], {}, ["a"], [1], {"a": 1}),
)
_LETTERS = "aZ0-b"


def search(
    schemas: list[tuple[Schema, Dialect]], judges: tuple[Judge, Judge], breaks: Callable[[Any], bool]
) -> Any:
    """Return a value that is valid under the first and not under the second, UNSET where none came up."""
    source, target = judges
    values = Values(schemas, seed=1)
    for _ in range(TRIES):
        value = values.value()
        if source.quick(value) and target.quick(value) is False and breaks(value):
            return value
    return UNSET


class Values:
    """Draws values from the boundaries of all the schemas at once; the same `seed`, the same values."""

    def __init__(self, schemas: list[tuple[Schema, Dialect]], seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a search, nothing secret
        self._roots: list[tuple[Any, Resources, str]] = []
        self._names = {"zz", "a", "b", "Z"}
        self._listed: list[Any] = []
        self._by_name: dict[str, list[tuple[Any, Resources, str]]] = {}
        for schema, dialect in schemas:
            resources = Resources(schema, dialect)
            self._roots.append((schema, resources, resources.root[1]))
            for part in subschemas(schema):
                if isinstance(part, dict):
                    self._scan(part, resources)

    def _scan(self, part: dict[str, Any], resources: Resources) -> None:
        for keyword in ("properties", "dependentRequired", "dependentSchemas", "dependencies"):
            if isinstance(part.get(keyword), dict):
                self._names |= set(part[keyword])
        for name, child in _items_of(part.get("properties")):
            self._by_name.setdefault(name, []).append((child, resources, resources.base(child, "")))
        if isinstance(part.get("required"), list):
            self._names |= {name for name in part["required"] if isinstance(name, str)}
        names = part.get("propertyNames")
        patterns = [*dict(_items_of(part.get("patternProperties")))]
        if isinstance(names, dict):
            patterns += [names["pattern"]] if isinstance(names.get("pattern"), str) else []
            self._names |= {name for name in names.get("enum", []) if isinstance(name, str)}
        self._names |= {self._match(pattern) for pattern in patterns for _ in range(3)}
        self._listed += part["enum"] if isinstance(part.get("enum"), list) else []
        self._listed += [part["const"]] if "const" in part else []

    def value(self) -> Any:
        """Return the next value."""
        return self._value(self._roots, 0)

    def _value(self, places: list[tuple[Any, Resources, str]], depth: int) -> Any:
        keywords = _merged(places)
        listed = [
            value for values, _, _ in keywords.get("enum", []) if isinstance(values, list) for value in values
        ]
        listed += [value for value, _, _ in keywords.get("const", [])]
        if listed and self._random.random() < 0.7:
            return self._near(self._random.choice(listed))
        kind = self._type(keywords)
        if kind == "null":
            return None
        if kind == "boolean":
            return self._random.random() < 0.5
        if kind in {"integer", "number"}:
            return self._number(keywords, whole=kind == "integer")
        if kind == "string":
            return self._text(keywords)
        if depth > DEPTH_LIMIT:
            return [] if kind == "array" else {}
        return self._array(keywords, depth) if kind == "array" else self._object(keywords, depth)

    def _near(self, value: Any) -> Any:
        """Return a listed value, or one that differs in one part."""
        if isinstance(value, dict) and value and self._random.random() < 0.3:
            name = self._random.choice(sorted(value))
            return {**value, name: self._any()} if self._random.random() < 0.5 else _without(value, name)
        if isinstance(value, list) and value and self._random.random() < 0.3:
            return value[:-1] if self._random.random() < 0.5 else [*value, self._any()]
        return value

    def _type(self, keywords: _Keywords) -> str:
        kinds: list[str] = []
        for types, _, _ in keywords.get("type", []):
            kinds += [each for each in (types if isinstance(types, list) else [types]) if each in _TYPES]
        for kind, speaking in _SPEAK_OF.items():
            if keywords.keys() & speaking:
                kinds += [kind, kind]
        if not kinds or self._random.random() > 0.96:
            return self._random.choice(_TYPES)
        return self._random.choice(kinds)

    def _number(self, keywords: _Keywords, *, whole: bool) -> Any:
        bounds: list[Any] = [0, 1, 2, -1, 7]
        for keyword in _SPEAK_OF["number"]:
            for value, _, _ in keywords.get(keyword, []):
                if is_number(value):
                    bounds += [
                        value,
                        value,
                        value + 1,
                        value - 1,
                        value * 2,
                        value * 3,
                        value + 0.5,
                        value / 2,
                    ]
        number = self._random.choice(bounds)
        if whole:
            return round(number)
        if self._random.random() < 0.3:
            number = round(number + self._random.choice((0.5, 0.25, 0.01, -0.01, 0.1)), 4)
        return number

    def _text(self, keywords: _Keywords) -> str:
        chance = self._random.random()
        names = [name for name, _, _ in keywords.get("format", []) if name in formats.ASSERTED]
        if names and chance < 0.5:
            return self._random.choice(formats.SAMPLES[self._random.choice(names)])
        patterns = [pattern for pattern, _, _ in keywords.get("pattern", []) if isinstance(pattern, str)]
        if patterns and chance < 0.75:
            text = self._match(self._random.choice(patterns))
            if self._random.random() < 0.3:
                text = self._random.choice((text + "x", "x" + text, text[1:], text[:-1], text + text))
            return text
        lengths = [0, 1, 2, 3]
        for keyword in ("minLength", "maxLength"):
            lengths += _around(keywords, keyword)
        length = min(self._random.choice(lengths), 300)
        return "".join(self._random.choice(_LETTERS) for _ in range(length))

    def _match(self, pattern: str) -> str:
        """Return a text that the pattern mostly matches: a random walk that stops where it may."""
        read = reading(pattern)
        return "?" if read is None else _walk(read.surely, self._random)

    def _array(self, keywords: _Keywords, depth: int) -> list[Any]:
        lengths = [0, 1, 1, 2, 2, 3]
        for keyword in ("minItems", "maxItems", "minContains", "maxContains"):
            lengths += _around(keywords, keyword)
        found: list[Any] = []
        for index in range(min(self._random.choice(lengths), 8)):
            if found and self._random.random() < 0.15:
                found.append(self._random.choice(found))
                continue
            places = [
                place
                for keyword in ("items", "contains", "unevaluatedItems", "additionalItems")
                for place in keywords.get(keyword, [])
                if isinstance(place[0], dict)
            ]
            for keyword in ("prefixItems", "items"):
                for children, resources, base in keywords.get(keyword, []):
                    if isinstance(children, list) and index < len(children):
                        places.append((children[index], resources, base))
            found.append(self._child(places, depth))
        return found

    def _object(self, keywords: _Keywords, depth: int) -> dict[str, Any]:
        declared: dict[str, list[tuple[Any, Resources, str]]] = {}
        for children, resources, base in keywords.get("properties", []):
            for name, child in _items_of(children):
                declared.setdefault(name, []).append((child, resources, base))
        required = {
            name
            for names, _, _ in keywords.get("required", [])
            if isinstance(names, list)
            for name in names
            if isinstance(name, str)
        }
        return {
            name: self._child(self._rules(keywords, name, declared.get(name)), depth)
            for name in self._chosen(keywords, declared.keys() | required, required)
        }

    def _chosen(self, keywords: _Keywords, names: set[str], required: set[str]) -> list[str]:
        share = self._random.choice((0.1, 0.5, 0.9))
        chosen = [
            name
            for name in sorted(names)
            if self._random.random() < (0.95 if name in required and self._random.random() < 0.9 else share)
        ]
        special = keywords.keys() & {"patternProperties", "additionalProperties", "propertyNames"}
        if special or not names or self._random.random() < 0.35:
            others = sorted(self._names - set(chosen))
            chosen += self._random.sample(others, min(len(others), self._random.choice((0, 0, 1, 1, 2))))
        return chosen

    def _rules(
        self, keywords: _Keywords, name: str, declared: list[tuple[Any, Resources, str]] | None
    ) -> list[tuple[Any, Resources, str]]:
        rules = list(declared or [])
        for children, resources, base in keywords.get("patternProperties", []):
            for pattern, child in _items_of(children):
                read = reading(pattern)
                if read is None or read.matches(name):
                    rules.append((child, resources, base))
        if declared is None or self._random.random() < 0.2:
            for keyword in ("additionalProperties", "unevaluatedProperties"):
                rules += [place for place in keywords.get(keyword, []) if isinstance(place[0], dict)]
        if not rules or self._random.random() < 0.1:
            rules = self._by_name.get(name, rules)
        return rules

    def _child(self, places: list[tuple[Any, Resources, str]], depth: int) -> Any:
        if places and self._random.random() < 0.96:
            return self._value(places, depth + 1)
        return self._any()

    def _any(self) -> Any:
        if self._listed and self._random.random() < 0.5:
            return self._random.choice(self._listed)
        return self._random.choice(_SOME)


def _walk(automaton: Automaton, chance: random.Random) -> str:
    codes = [code for code in sorted({0x61, *automaton.bounds()}) if code <= 0x10FFFF][:60]
    text, states = "", automaton.start
    for _ in range(30):
        if automaton.accepts(states, at_start=not text) and chance.random() < 0.6:
            break
        ways = [(code, automaton.step(states, code)) for code in codes]
        # a step that leads nowhere starts the search anew: prefer one that goes on
        onward = [way for way in ways if len(way[1]) > 1 or automaton.accepts(way[1], at_start=False)]
        code, states = chance.choice(onward or ways)
        text += chr(code)
    return text


def _merged(places: list[tuple[Any, Resources, str]]) -> _Keywords:
    """Return every keyword of these schemas and of all that they apply to the same value."""
    found: _Keywords = {}
    waiting, seen = list(places), set()
    while waiting:
        schema, resources, outer = waiting.pop()
        if not isinstance(schema, dict) or id(schema) in seen:
            continue
        seen.add(id(schema))
        base = resources.base(schema, outer)
        for keyword, value in schema.items():
            found.setdefault(keyword, []).append((value, resources, base))
        waiting += [(child, resources, base) for child in _applied(schema)]
        for keyword in ("$ref", "$dynamicRef"):
            if isinstance(schema.get(keyword), str):
                place = resources.find(schema[keyword], base)
                waiting += [] if place is None else [(place[0], resources, place[1])]
    return found


def _applied(schema: dict[str, Any]) -> Iterator[Any]:
    for keyword in _IN_PLACE_LISTS:
        yield from schema[keyword] if isinstance(schema.get(keyword), list) else ()
    for keyword in _IN_PLACE:
        if keyword in schema:
            yield schema[keyword]
    for keyword in _MAPS_IN_PLACE:
        yield from dict(_items_of(schema.get(keyword))).values()


def _items_of(value: Any) -> Iterator[tuple[str, Any]]:
    yield from value.items() if isinstance(value, dict) else ()


def _around(keywords: _Keywords, keyword: str) -> list[int]:
    counts = [int(value) for value, _, _ in keywords.get(keyword, []) if is_number(value) and value >= 0]
    return [each for count in counts for each in (count, count + 1, max(0, count - 1))]


def _without(value: dict[str, Any], name: str) -> dict[str, Any]:
    return {each: member for each, member in value.items() if each != name}
