"""From a schema to the term of what is valid under it.

A keyword that asserts something is read exactly or becomes an opaque term. An unknown keyword is opaque too:
it may be somebody's assertion, so that what changes with it is never called compatible.
"""

from collections.abc import Callable
from typing import Any

from contracts.compat import unevaluated
from contracts.compat.dialects import ANNOTATIONS, OLD, Dialect, Schema
from contracts.compat.keywords import VALUE_KEYWORDS, is_count
from contracts.compat.resources import Resources
from contracts.compat.terms import Term, Terms, Type
from contracts.compat.values import frozen


class Reader:
    """Reads the schemas of one document into terms."""

    def __init__(self, terms: Terms, root: Schema, dialect: Dialect) -> None:
        self.terms = terms
        self.dialect = dialect
        self.resources = Resources(root, dialect)
        self._root = root
        self._read: dict[tuple[int, str], Term] = {}
        self._reading: dict[tuple[int, str], int] = {}  # and how deep in the value
        self._depth = 0
        self.endless = False
        self._targets: dict[tuple[int, str], tuple[Any, str]] = {}
        self._frozen: Any = None

    def read(self) -> Term:
        """Return the term of the whole document."""
        if self.dialect is Dialect.UNKNOWN:
            return self.terms.opaque(("dialect", frozen(self._root)))
        return self.term(*self.resources.root)

    def expand(self, key: tuple[int, str]) -> Term | None:
        """Return what a recursive reference of this document stands for."""
        if key not in self._targets:
            return None
        found = self._read.get(key)
        return self.terms.opaque(("unfinished", key)) if found is None else found

    def term(self, schema: Any, outer: str) -> Term:
        """Return the term of a schema that stands where the base URI `outer` holds."""
        if isinstance(schema, bool):
            return self.terms.true if schema else self.terms.false
        if not isinstance(schema, dict):
            return self.terms.opaque(("malformed", frozen(schema)))
        base = self.resources.base(schema, outer)
        key = (id(schema), base)
        if key in self._reading:
            if self._reading[key] == self._depth:  # back at the same value: it would never end
                self.endless = True
                return self.terms.opaque(("endless", key))
            self._targets[key] = (schema, base)
            return self.terms.ref(key)
        if key not in self._read:
            self._reading[key] = self._depth
            try:
                self._read[key] = self.terms.all_of(self._parts(schema, base))
            finally:
                del self._reading[key]
        return self._read[key]

    def below(self, schema: Any, outer: str) -> Term:
        """Return the term of a schema that speaks of a part of the value."""
        self._depth += 1
        try:
            return self.term(schema, outer)
        finally:
            self._depth -= 1

    def _parts(self, schema: dict[str, Any], base: str) -> list[Term]:
        if "$ref" in schema and self.dialect in OLD:
            return [self._reference(schema, "$ref", base)]
        if schema is not self._root and not self._same_dialect(schema):
            return [self.terms.opaque(("dialect", frozen(schema), self._whole()))]
        return [self.keyword(schema, keyword, base) for keyword in schema]

    def keyword(self, schema: dict[str, Any], keyword: str, base: str) -> Term:
        """Return the term of one keyword of a schema, with the neighbours that it depends on."""
        read = self._keyword(keyword)
        return self.terms.true if read is None else read(schema, keyword, base)

    def _same_dialect(self, schema: dict[str, Any]) -> bool:
        root = self._root if isinstance(self._root, dict) else {}
        return "$schema" not in schema or schema["$schema"] == root.get("$schema")

    def _keyword(self, keyword: str) -> "Callable[[dict[str, Any], str, str], Term] | None":
        if keyword in VALUE_KEYWORDS:
            return self._value
        name = _METHODS.get(self.dialect, {}).get(keyword) or _METHODS_OF_ALL.get(keyword)
        if name is not None:
            found: Callable[[dict[str, Any], str, str], Term] = getattr(self, name)
            return found
        if keyword.startswith("x-") or keyword in ANNOTATIONS - _ASSERTED_BY_SOME.get(
            self.dialect, frozenset()
        ):
            return None
        return self.unknown

    def unknown(self, schema: dict[str, Any], keyword: str, base: str) -> Term:
        """Return a term that nobody knows anything about.

        What a keyword means may depend on its neighbours, and what is in it may refer to other places. So it
        is the same term only for an unheard-of keyword with a plain value, or in equal documents.
        """
        value = schema[keyword]
        plain = keyword not in ALL_KEYWORDS and not isinstance(value, dict | list)
        return self.terms.opaque((keyword, base, frozen(value), None if plain else self._whole()))

    def _whole(self) -> Any:
        if self._frozen is None:
            self._frozen = frozen(self._root)
        return self._frozen

    def _value(self, schema: dict[str, Any], keyword: str, base: str) -> Term:
        term = VALUE_KEYWORDS[keyword](self.terms, schema, keyword, self.dialect)
        return self.unknown(schema, keyword, base) if term is None else term

    # references

    def _reference(self, schema: dict[str, Any], keyword: str, base: str) -> Term:
        place = self.target(schema, keyword, base)
        if place is None:
            remote = keyword == "$ref" and isinstance(schema[keyword], str) and "://" in schema[keyword]
            whole = None if remote else self._whole()
            return self.terms.opaque((keyword, base, frozen(schema[keyword]), whole))
        return self.term(*place)

    def target(self, schema: dict[str, Any], keyword: str, base: str) -> tuple[Any, str] | None:
        """Return what the reference of a schema leads to, None where that isn't known."""
        reference = schema[keyword]
        if not isinstance(reference, str):
            return None
        if keyword == "$dynamicRef":
            return self.resources.find_dynamic(reference, base)
        return self.resources.find(reference, base)

    # in place

    def _all(self, schema: dict[str, Any], keyword: str, base: str) -> Term:
        return self._branches(schema, keyword, base, self.terms.all_of)

    def _any(self, schema: dict[str, Any], keyword: str, base: str) -> Term:
        return self._branches(schema, keyword, base, self.terms.any_of)

    def _one(self, schema: dict[str, Any], keyword: str, base: str) -> Term:
        return self._branches(schema, keyword, base, self._exactly_one)

    def _branches(
        self, schema: dict[str, Any], keyword: str, base: str, combine: Callable[[list[Term]], Term]
    ) -> Term:
        branches = schema[keyword]
        if not isinstance(branches, list) or not branches:
            return self.unknown(schema, keyword, base)
        return combine([self.term(branch, base) for branch in branches])

    def _exactly_one(self, branches: list[Term]) -> Term:
        pairs = [
            self.terms.any_of([self.terms.negate(one), self.terms.negate(other)])
            for index, one in enumerate(branches)
            for other in branches[index + 1 :]
        ]
        return self.terms.all_of([self.terms.any_of(branches), *pairs])

    def _not(self, schema: dict[str, Any], keyword: str, base: str) -> Term:
        return self.terms.negate(self.term(schema[keyword], base))

    def _if(self, schema: dict[str, Any], keyword: str, base: str) -> Term:
        condition = self.term(schema[keyword], base)
        then = self.term(schema.get("then", True), base)
        otherwise = self.term(schema.get("else", True), base)
        return self.terms.all_of(
            [
                self.terms.any_of([self.terms.negate(condition), then]),
                self.terms.any_of([condition, otherwise]),
            ]
        )

    def _nothing(self, schema: dict[str, Any], keyword: str, base: str) -> Term:
        return self.terms.true

    # objects

    def _properties(self, schema: dict[str, Any], keyword: str, base: str) -> Term:
        if not isinstance(schema[keyword], dict):
            return self.unknown(schema, keyword, base)
        terms, members = self.terms, schema[keyword].items()
        return self._about_objects(
            [terms.every_member(terms.texts([name]), self.below(child, base)) for name, child in members]
        )

    def _pattern_properties(self, schema: dict[str, Any], keyword: str, base: str) -> Term:
        if not isinstance(schema[keyword], dict):
            return self.unknown(schema, keyword, base)
        terms, members = self.terms, schema[keyword].items()
        return self._about_objects(
            [
                terms.every_member(terms.pattern(pattern), self.below(child, base))
                for pattern, child in members
            ]
        )

    def _additional_properties(self, schema: dict[str, Any], keyword: str, base: str) -> Term:
        others = self.terms.negate(self.declared_names(schema))
        return self._about_objects([self.terms.every_member(others, self.below(schema[keyword], base))])

    def declared_names(self, schema: dict[str, Any]) -> Term:
        """Return the names that `properties` and `patternProperties` of a schema speak of."""
        names, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
        if not isinstance(names, dict) or not isinstance(patterns, dict):
            return self.terms.opaque(("names", frozen([names, patterns])))
        return self.terms.any_of([self.terms.texts(names), *map(self.terms.pattern, patterns)])

    def _property_names(self, schema: dict[str, Any], keyword: str, base: str) -> Term:
        allowed = self.terms.view(self.below(schema[keyword], base), Type.STRING)
        refused = self.terms.negate(allowed)
        return self._about_objects([self.terms.every_member(refused, self.terms.false)])

    def _dependent(self, schema: dict[str, Any], keyword: str, base: str) -> Term:
        if not isinstance(schema[keyword], dict):
            return self.unknown(schema, keyword, base)
        terms = []
        for name, needs in schema[keyword].items():
            present = self.terms.some_member(self.terms.texts([name]), self.terms.true)
            absent = self.terms.about(Type.OBJECT, self.terms.negate(present))
            if isinstance(needs, list):
                needed = [self.terms.some_member(self.terms.texts([each]), self.terms.true) for each in needs]
                terms.append(self.terms.any_of([absent, self._about_objects(needed)]))
            else:
                terms.append(self.terms.any_of([absent, self.term(needs, base)]))
        return self.terms.all_of(terms)

    def _about_objects(self, terms: list[Term]) -> Term:
        return self.terms.all_of(self.terms.about(Type.OBJECT, term) for term in terms)

    def _unevaluated_properties(self, schema: dict[str, Any], keyword: str, base: str) -> Term:
        found = unevaluated.members(self, schema, base)
        return self.unknown(schema, keyword, base) if found is None else found

    # arrays

    def _prefix_items(self, schema: dict[str, Any], keyword: str, base: str) -> Term:
        if not isinstance(schema[keyword], list):
            return self.unknown(schema, keyword, base)
        items = enumerate(schema[keyword])
        return self._about_arrays(
            [self.terms.item_if_any(index, self.below(child, base)) for index, child in items]
        )

    def _items(self, schema: dict[str, Any], keyword: str, base: str) -> Term:
        if isinstance(schema[keyword], list):
            if self.dialect is Dialect.DRAFT_2020:
                return self.unknown(schema, keyword, base)
            return self._prefix_items(schema, keyword, base)
        start = len(schema.get("prefixItems", [])) if self.dialect is Dialect.DRAFT_2020 else 0
        return self._about_arrays([self.terms.every_item(start, self.below(schema[keyword], base))])

    def _additional_items(self, schema: dict[str, Any], keyword: str, base: str) -> Term:
        if not isinstance(schema.get("items"), list):
            return self.terms.true
        start = len(schema["items"])
        return self._about_arrays([self.terms.every_item(start, self.below(schema[keyword], base))])

    def _contains(self, schema: dict[str, Any], keyword: str, base: str) -> Term:
        values = self.below(schema[keyword], base)
        counted = self.dialect not in OLD
        least = schema.get("minContains", 1) if counted else 1
        most = schema.get("maxContains") if counted else None
        if not is_count(least) or (most is not None and not is_count(most)):
            return self.unknown(schema, keyword, base)
        fewer = [] if most is None else [self.terms.fewer_matches(values, int(most))]
        return self._about_arrays([self.terms.more_matches(values, int(least)), *fewer])

    def _about_arrays(self, terms: list[Term]) -> Term:
        return self.terms.all_of(self.terms.about(Type.ARRAY, term) for term in terms)

    def _unevaluated_items(self, schema: dict[str, Any], keyword: str, base: str) -> Term:
        found = unevaluated.items(self, schema, base)
        return self.unknown(schema, keyword, base) if found is None else found


_METHODS_OF_ALL = {
    "$ref": "_reference",
    "allOf": "_all",
    "anyOf": "_any",
    "oneOf": "_one",
    "not": "_not",
    "properties": "_properties",
    "patternProperties": "_pattern_properties",
    "additionalProperties": "_additional_properties",
    "items": "_items",
}
_SINCE_6 = {"contains": "_contains", "propertyNames": "_property_names"}
_SINCE_7 = {**_SINCE_6, "if": "_if", "then": "_nothing", "else": "_nothing"}
_SINCE_2019 = {
    **_SINCE_7,
    "dependentSchemas": "_dependent",
    "dependentRequired": "_dependent",
    "minContains": "_nothing",
    "maxContains": "_nothing",
    "unevaluatedProperties": "_unevaluated_properties",
    "unevaluatedItems": "_unevaluated_items",
}
_LEGACY = {"dependencies": "_dependent", "additionalItems": "_additional_items"}
_METHODS = {
    Dialect.DRAFT_4: _LEGACY,
    Dialect.DRAFT_6: {**_LEGACY, **_SINCE_6},
    Dialect.DRAFT_7: {**_LEGACY, **_SINCE_7},
    Dialect.DRAFT_2019: {**_SINCE_2019, "additionalItems": "_additional_items"},
    Dialect.DRAFT_2020: {**_SINCE_2019, "prefixItems": "_prefix_items", "$dynamicRef": "_reference"},
}
# engines assert these in some drafts, and not in others
_CONTENT = frozenset({"contentEncoding", "contentMediaType"})
_ASSERTED_BY_SOME = {Dialect.DRAFT_6: _CONTENT, Dialect.DRAFT_7: _CONTENT}
ALL_KEYWORDS = frozenset(VALUE_KEYWORDS).union(_METHODS_OF_ALL, *_METHODS.values(), ["$recursiveRef"])
