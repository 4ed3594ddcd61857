"""Documents that keep a contract, drawn from its schema: what it allows, and what senders might do beside."""

from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import strategies as st

from contracts.validation import Schema
from fuzz.mutations import ODD_TEXTS, ODD_VALUES

Drawn = st.SearchStrategy[Any]

_DEPTH_OF_STRANGERS = 2
_FORMATS: Mapping[str, tuple[str, ...]] = {
    "date": ("2026-02-28", "0001-01-01", "9999-12-31"),
    "date-time": ("2026-02-28T10:00:00+01:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00"),
    "time": ("10:00:00Z", "23:59:60Z"),
    "uri": ("https://shop.example/a", "urn:a:b"),
    "email": ("desk@shop.example",),
    "uuid": ("2f1c3a52-0000-4000-8000-000000000000",),
}


class Vocabulary:
    """Names of members and their values as samples have them: what a schema says nothing about."""

    def __init__(self, trees: list[Any], *, is_xml: bool) -> None:
        self.values: dict[str, list[Any]] = {}
        for name, value in (each for tree in trees for each in _members(tree)):
            if value not in (known := self.values.setdefault(name, [])) and len(known) < 20:
                known.append(value)
        self._is_xml = is_xml

    def stranger(self, name: str, depth: int = _DEPTH_OF_STRANGERS) -> Drawn:
        """Return any value for a member: one of the samples', an odd one, or others in an object or array.

        A document that was XML has texts, objects and arrays only.
        """
        known = self.values.get(name, [])
        odd: list[Any] = [*ODD_TEXTS, {"#text": "1"}, {"@a": "1"}, {}, [], [{}], [""]]
        if not self._is_xml:
            odd += ODD_VALUES
        choices = [st.sampled_from(odd)] + ([st.sampled_from(known)] * 2 if known else [])
        if depth:
            inner = self.members(depth - 1)
            choices += [inner, st.lists(inner, max_size=3)]
        return st.one_of(choices)

    def members(self, depth: int = _DEPTH_OF_STRANGERS) -> Drawn:
        """Return an object of members that samples have somewhere, with any values."""
        if not self.values:
            return st.just({})
        name = st.sampled_from(sorted(self.values))
        pair = name.flatmap(lambda each: st.tuples(st.just(each), self.stranger(each, depth)))
        return st.lists(pair, max_size=3).map(dict)


def documents(schema: Schema, vocabulary: Vocabulary) -> Drawn:
    """Return documents of a schema in the profile of docs/contracts.md."""
    return _Documents(schema, vocabulary).of(schema, "")


class _Documents:
    def __init__(self, root: Schema, vocabulary: Vocabulary) -> None:
        self._definitions: dict[str, Schema] = root.get("$defs", {})
        self._vocabulary = vocabulary

    def of(self, schema: Schema, name: str) -> Drawn:
        """Return values of a schema; `name` is the member that they are for."""
        if "$ref" in schema:
            return self.of(self._definitions[schema["$ref"].removeprefix("#/$defs/")], name)
        if "const" in schema:
            return st.just(schema["const"])
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        if "oneOf" in schema:
            return st.one_of([self.of(branch, name) for branch in schema["oneOf"]])
        types = schema.get("type")
        if types is None:
            return self._vocabulary.stranger(name)
        each = types if isinstance(types, list) else [types]
        return st.one_of([self._of_type(one, schema, name) for one in each])

    def _of_type(self, kind: str, schema: Schema, name: str) -> Drawn:
        if kind == "object":
            return self._objects(schema)
        if kind == "array":
            return self._arrays(schema, name)
        if kind == "string":
            return self._texts(schema, name)
        if kind in {"integer", "number"}:
            return self._numbers(kind, schema)
        return st.booleans() if kind == "boolean" else st.none()

    def _objects(self, schema: Schema) -> Drawn:
        properties = schema.get("properties", {})
        required = set(schema.get("required", ()))
        missing = {name: self._vocabulary.stranger(name) for name in required - properties.keys()}
        known = {name: self.of(part, name) for name, part in properties.items()}
        wanted = {name: known[name] for name in properties if name in required} | missing
        optional = {name: part for name, part in known.items() if name not in required}
        named = st.fixed_dictionaries(wanted, optional=optional)
        others = schema.get("additionalProperties", True)
        if others is False:
            return named
        strangers = self._vocabulary.members()
        if isinstance(others, dict):
            strangers = st.dictionaries(
                st.sampled_from(["a", "/b/0", "~", ""]), self.of(others, ""), max_size=3
            )
        return st.builds(lambda extra, own: extra | own, strangers, named)

    def _arrays(self, schema: Schema, name: str) -> Drawn:
        items = schema.get("items")
        least = schema.get("minItems", 0)
        each = self.of(items, name) if isinstance(items, dict) else self._vocabulary.stranger(name)
        return st.lists(each, min_size=least, max_size=min(schema.get("maxItems", least + 3), least + 3))

    def _texts(self, schema: Schema, name: str) -> Drawn:
        least, most = schema.get("minLength", 0), schema.get("maxLength")
        if "pattern" in schema:
            found = st.from_regex(schema["pattern"].removesuffix("$") + r"\Z", fullmatch=True)
        elif "format" in schema:
            found = st.sampled_from(_FORMATS[schema["format"]])
        else:
            known = [each for each in self._vocabulary.values.get(name, []) if isinstance(each, str)]
            odd = [each for each in (*ODD_TEXTS, *known * 3) if len(each) >= least]
            any_text = st.text(min_size=least, max_size=most if most is not None else least + 40)
            found = st.one_of(st.sampled_from(odd), any_text) if odd else any_text
        return found.filter(lambda text: least <= len(text) <= (most if most is not None else len(text)))

    def _numbers(self, kind: str, schema: Schema) -> Drawn:
        least, most = schema.get("minimum"), schema.get("maximum")
        above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
        if kind == "number":
            floats = st.floats(allow_nan=False, allow_infinity=False)
            return (floats | st.integers(-(10**6), 10**6)).filter(_within(least, most, above, below))
        low = least if least is not None else above + 1 if above is not None else None
        high = most if most is not None else below - 1 if below is not None else None
        return st.integers(low, high)


def _within(least: Any, most: Any, above: Any, below: Any) -> Any:
    return lambda number: (
        (least is None or number >= least)
        and (most is None or number <= most)
        and (above is None or number > above)
        and (below is None or number < below)
    )


def _members(node: Any) -> Iterator[tuple[str, Any]]:
    """Yield every member of a tree with its value, at any depth."""
    if isinstance(node, dict):
        for name, child in node.items():
            yield name, child
            yield from _members(child)
    elif isinstance(node, list):
        for child in node:
            yield from _members(child)
