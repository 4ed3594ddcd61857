"""Made-up documents that keep a schema of the profile, the same for the same seed."""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from contracts.validation import Schema, Validator

REPEATS_BEYOND_LEAST = 6  # how far a repetition goes: numbers and texts are of everyday size
ITEMS_BEYOND_LEAST = 3
TRIES = 50
INTEGERS = (-(10**6), 10**6)

_REFERENCE = "#/$defs/"
_FORMATS: Mapping[str, tuple[str, ...]] = {
    "date": ("2026-02-28", "0001-01-01", "9999-12-31"),
    "date-time": ("2026-02-28T10:00:00+01:00", "2026-11-23T23:59:59.999Z", "0001-01-01T00:00:00Z"),
    "time": ("10:00:00Z", "23:59:59+14:00"),
    "uri": ("https://shop.example/a", "urn:a:b"),
    "email": ("desk@shop.example",),
    "uuid": ("2f1c3a52-0000-4000-8000-000000000000",),
}
_LETTERS = "abcXYZ019 -_./:;äß€漢'\"<&"
_ANYTHING: tuple[Any, ...] = ("", "text", 0, -1, 1.5, True, None, {}, [], {"any": "thing"}, ["one"])
_TYPES = ("string", "integer", "boolean", "null", "object", "array")


class NothingGenerated(Exception):
    """No document came out that keeps the schema: it allows nothing, or almost nothing."""


def generate(schema: Schema, chance: random.Random, words: Sequence[str] = ()) -> Iterator[Any]:
    """Yield documents that keep `schema` (a writer's view), for ever.

    About half of the optional members are there, repetitions stay short, and each branch and each listed
    value comes. `words` are texts to try where any text may be, such as codes that a cast knows.

    Raises: NothingGenerated.
    """
    validator = Validator(schema, {})
    maker = _Maker(schema, chance, words)
    while True:
        for _ in range(TRIES):
            tree = maker.of(schema)
            if validator.is_valid(tree):
                yield tree
                break
        else:
            raise NothingGenerated(f"{TRIES} documents in a row broke the schema that they were made from")


class _Maker:
    def __init__(self, root: Schema, chance: random.Random, words: Sequence[str]) -> None:
        self._definitions: dict[str, Schema] = root.get("$defs", {})
        self._chance = chance
        self._words = tuple(words)

    def of(self, schema: Any) -> Any:
        """Return one value; by far the most keep the schema, and the caller looks."""
        if not isinstance(schema, dict):
            return self._chance.choice(_ANYTHING)
        if "$ref" in schema:
            return self.of(self._definitions[schema["$ref"].removeprefix(_REFERENCE)])
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._chance.choice(schema["enum"])
        if "oneOf" in schema:
            return self.of(self._chance.choice(schema["oneOf"]))
        types = schema.get("type", _TYPES)
        return self._of_type(self._chance.choice([types] if isinstance(types, str) else types), schema)

    def _of_type(self, kind: str, schema: Schema) -> Any:
        if kind == "object":
            return self._object(schema)
        if kind == "array":
            least = schema.get("minItems", 0)
            most = min(schema.get("maxItems", least + ITEMS_BEYOND_LEAST), least + ITEMS_BEYOND_LEAST)
            return [self.of(schema.get("items")) for _ in range(self._chance.randint(least, most))]
        if kind == "string":
            return self._text(schema)
        if kind in {"integer", "number"}:
            return self._number(kind, schema)
        return self._chance.random() < 0.5 if kind == "boolean" else None

    def _object(self, schema: Schema) -> dict[str, Any]:
        declared, required = schema.get("properties", {}), schema.get("required", ())
        is_full = self._chance.random()  # some documents have almost everything, some almost nothing
        found = {
            name: self.of(part)
            for name, part in declared.items()
            if name in required or self._chance.random() < is_full
        }
        others = schema.get("additionalProperties", True)
        for name in required:
            if name not in found:
                found[name] = self.of(others)
        if isinstance(others, dict):
            for _ in range(self._chance.randint(0, ITEMS_BEYOND_LEAST)):
                found.setdefault(self._chance.choice(("a", "/b/0", "~", "*", "of its own")), self.of(others))
        return found

    def _text(self, schema: Schema) -> str:
        least = schema.get("minLength", 0)
        most = schema.get("maxLength", least + 40)
        fitting = [word for word in self._words if least <= len(word) <= most]
        if fitting and self._chance.random() < 0.5:
            word = self._chance.choice(fitting)
            if "pattern" not in schema or re.search(schema["pattern"].removesuffix("$") + r"\Z", word):
                return word
        if "pattern" in schema:
            return _Pattern(schema["pattern"], self._chance).text()
        if "format" in schema:
            return self._chance.choice(_FORMATS[schema["format"]])
        usual = min(most, least + self._chance.choice((0, 1, 2, REPEATS_BEYOND_LEAST, 40)))
        size = most if self._chance.random() < 0.02 else usual
        return "".join(self._chance.choices(_LETTERS, k=size))

    def _number(self, kind: str, schema: Schema) -> int | float:
        low = _bound(schema, "minimum", "exclusiveMinimum", INTEGERS[0])
        high = _bound(schema, "maximum", "exclusiveMaximum", max(INTEGERS[1], low))
        low = min(low, high)
        at_the_edge = self._chance.random() < 0.2
        if kind == "integer" or self._chance.random() < 0.5:
            ends = (int(low), int(high), 0)
            return self._chance.choice(ends) if at_the_edge else self._chance.randint(int(low), int(high))
        return round(self._chance.uniform(low, high), 3)


def _bound(schema: Schema, inclusive: str, exclusive: str, usual: float) -> float:
    for keyword in (inclusive, exclusive):
        if keyword in schema:
            bound: float = schema[keyword]
            return bound
    return usual


class _Pattern:
    """Texts of a pattern of the profile (see `contracts.patterns`), by walking over it."""

    def __init__(self, pattern: str, chance: random.Random) -> None:
        self._pattern = pattern
        self._chance = chance
        self._at = 1  # after the ^

    def text(self) -> str:
        """Return one text that matches."""
        return self._choice()

    def _choice(self) -> str:
        """Read alternatives up to the end of the group, and return one of them."""
        branches = [self._sequence()]
        while self._peek() == "|":
            self._at += 1
            branches.append(self._sequence())
        return self._chance.choice(branches)

    def _sequence(self) -> str:
        text = ""
        while self._at < len(self._pattern) - 1 and self._peek() not in "|)":
            begin = self._at
            self._atom()
            least, most = self._repeat()
            end = self._at
            for _ in range(self._chance.randint(least, min(most, least + REPEATS_BEYOND_LEAST))):
                self._at = begin  # each repetition chooses anew
                text += self._atom()
            self._at = end
        return text

    def _atom(self) -> str:
        sign = self._peek()
        if sign == "(":
            self._at += 3 if self._pattern.startswith("(?:", self._at) else 1
            inner = self._choice()
            self._at += 1
            return inner
        if sign == "[":
            return self._class()
        if sign == "\\":
            self._at += 2
            return self._pattern[self._at - 1]
        self._at += 1
        return sign

    def _class(self) -> str:
        end = self._at + 2
        while self._pattern[end] != "]":
            end += 2 if self._pattern[end] == "\\" else 1
        wanted = re.compile(self._pattern[self._at : end + 1])
        self._at = end + 1
        return self._chance.choice([chr(code) for code in range(32, 127) if wanted.match(chr(code))] or ["é"])

    def _repeat(self) -> tuple[int, int]:
        sign = self._peek()
        if sign and sign in "*+?":
            self._at += 1
            return {"*": (0, 1000), "+": (1, 1000), "?": (0, 1)}[sign]
        bounds = re.compile(r"\{(\d+)(,?)(\d*)\}").match(self._pattern, self._at)
        if bounds is None:
            return 1, 1
        self._at = bounds.end()
        least = int(bounds[1])
        return least, int(bounds[3]) if bounds[3] else 1000 if bounds[2] else least

    def _peek(self) -> str:
        return self._pattern[self._at] if self._at < len(self._pattern) - 1 else ""
