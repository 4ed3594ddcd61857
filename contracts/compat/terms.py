"""Sets of JSON values as terms: interned, in negation normal form, so that equal terms are one object.

A schema becomes a term. On the outer level a term speaks of any value: `types` (the value is of one of
these), `lit` (a term about one type, and whether values of the others are in), `ref` (a recursive schema) and
`opaque` (something that we can't read: it may hold or not). Inside a `lit` stand the atoms of one type.
`and`, `or`, `true` and `false` stand on both levels. Every term has its exact complement.
"""

from collections.abc import Callable, Iterable
from enum import StrEnum
from fractions import Fraction
from typing import Any


class Type(StrEnum):
    """The types of JSON; an integer is a number that is a multiple of 1."""

    NULL = "null"
    BOOLEAN = "boolean"
    STRING = "string"
    NUMBER = "number"
    ARRAY = "array"
    OBJECT = "object"


TYPES = frozenset(Type)


class Term:
    """One set of values. Compare by identity; make it with `Terms`."""

    __slots__ = ("args", "complement", "id", "kind", "views")

    def __init__(self, kind: str, args: tuple[Any, ...], identity: int) -> None:
        self.kind = kind
        self.args = args
        self.id = identity
        self.complement: Term | None = None
        self.views: dict[Type, Term] = {}

    def __repr__(self) -> str:
        return f"{self.kind}{self.args}" if self.args else self.kind


class Terms:
    """Makes terms, each once. `expand` gives the term that a recursive reference stands for."""

    def __init__(self) -> None:
        self._interned: dict[tuple[Any, ...], Term] = {}
        self.true = self._make("true")
        self.false = self._make("false")
        self.true.complement, self.false.complement = self.false, self.true
        self.expand: Callable[[Any], Term] = _nothing_to_expand

    def _make(self, kind: str, *args: Any) -> Term:
        key = (kind, *(arg.id if isinstance(arg, Term) else arg for arg in args))
        found = self._interned.get(key)
        if found is None:
            found = self._interned[key] = Term(kind, args, len(self._interned))
        return found

    # combinations

    def all_of(self, terms: Iterable[Term]) -> Term:
        """Return the intersection."""
        return self._combine("and", self.true, self.false, terms)

    def any_of(self, terms: Iterable[Term]) -> Term:
        """Return the union."""
        return self._combine("or", self.false, self.true, terms)

    def _combine(self, kind: str, neutral: Term, absorbing: Term, terms: Iterable[Term]) -> Term:
        part: Term
        parts: dict[int, Term] = {}
        for term in terms:
            for part in term.args if term.kind == kind else (term,):
                if part is absorbing:
                    return absorbing
                if part is not neutral:
                    parts[part.id] = part
        for part in parts.values():
            if part.complement is not None and part.complement.id in parts:
                return absorbing
        if not parts:
            return neutral
        if len(parts) == 1:
            (only,) = parts.values()
            return only
        key: tuple[Any, ...] = (kind, *sorted(parts))
        found = self._interned.get(key)
        if found is None:
            found = self._interned[key] = Term(kind, tuple(parts.values()), len(self._interned))
        return found

    def negate(self, term: Term) -> Term:
        """Return the exact complement: within its type for an atom, of all values on the outer level."""
        if term.complement is None:
            term.complement = self._complement(term)
            if term.complement.complement is None:
                term.complement.complement = term
        return term.complement

    def _complement(self, term: Term) -> Term:
        if term.kind == "and":
            return self.any_of(self.negate(part) for part in term.args)
        if term.kind == "or":
            return self.all_of(self.negate(part) for part in term.args)
        if term.kind == "not":
            inner: Term = term.args[0]
            return inner
        dual = _DUALS.get(term.kind)
        return dual(self, *term.args) if dual else self._make("not", term)

    # the outer level

    def types(self, types: Iterable[Type]) -> Term:
        """Return all values of these types."""
        chosen = frozenset(types)
        if chosen == TYPES:
            return self.true
        return self._make("types", chosen) if chosen else self.false

    def about(self, kind: Type, term: Term, *, others: bool = True) -> Term:
        """Return the values of type `kind` that are in `term`, and all or none of the others."""
        if term is self.true:
            return self.true if others else self.types([kind])
        if term is self.false:
            return self.types(TYPES - {kind}) if others else self.false
        return self._make("lit", kind, term, others)

    def ref(self, key: Any, *, negated: bool = False) -> Term:
        """Return a recursive schema, or its complement, by a key that `expand` knows."""
        return self._make("ref", key, negated)

    def opaque(self, key: Any) -> Term:
        """Return a set that nobody knows anything about, but that it is the same set for the same key."""
        return self._make("opaque", key)

    # the inner level

    def view(self, term: Term, kind: Type) -> Term:
        """Return what a term says about values of one type."""
        found = term.views.get(kind)
        if found is None:
            found = self._view(term, kind, frozenset())
        return found

    def _view(self, term: Term, kind: Type, through: frozenset[int]) -> Term:
        if kind in term.views:
            return term.views[kind]
        if term.kind in {"and", "or"}:
            parts = [self._view(part, kind, through) for part in term.args]
            found = self.all_of(parts) if term.kind == "and" else self.any_of(parts)
        elif term.kind == "types":
            found = self.true if kind in term.args[0] else self.false
        elif term.kind == "lit":
            speaks_of, inner, others = term.args
            found = inner if speaks_of is kind else self.true if others else self.false
        elif term.kind == "ref":
            return self._view_reference(term, kind, through)
        else:
            found = term
        if not through:
            term.views[kind] = found
        return found

    def _view_reference(self, term: Term, kind: Type, through: frozenset[int]) -> Term:
        """Follow a recursive reference; one that leads back without a step into the value means nothing."""
        if term.id in through:
            opaque = self.opaque(("endless", term.args[0]))
            return self.negate(opaque) if term.args[1] else opaque
        target = self.expand(term.args[0])
        meant = self.negate(target) if term.args[1] else target
        return self._view(meant, kind, through | {term.id})

    # atoms

    def boolean(self, value: bool) -> Term:
        """Return one of the two booleans."""
        return self._make("is", value)

    def at_least(self, bound: Fraction) -> Term:
        """Return the numbers of `bound` and more."""
        return self._make("ge", bound)

    def more_than(self, bound: Fraction) -> Term:
        """Return the numbers above `bound`."""
        return self._make("gt", bound)

    def multiple_of(self, step: Fraction) -> Term:
        """Return the multiples of a positive number."""
        return self._make("multiple", step)

    def numbers(self, values: Iterable[Fraction]) -> Term:
        """Return these numbers."""
        chosen = frozenset(values)
        return self._make("among", chosen) if chosen else self.false

    def texts(self, values: Iterable[str]) -> Term:
        """Return these strings."""
        chosen = frozenset(values)
        return self._make("in", chosen) if chosen else self.false

    def longer(self, length: int) -> Term:
        """Return the strings of at least `length` code points."""
        return self._make("long", length) if length > 0 else self.true

    def pattern(self, pattern: str) -> Term:
        """Return the strings that an ECMA regular expression finds something in."""
        return self._make("pattern", pattern)

    def format(self, name: str) -> Term:
        """Return the strings of a named format."""
        return self._make("format", name)

    def every_member(self, names: Term, values: Term) -> Term:
        """Return the objects whose members named in `names` (a term about strings) are all in `values`."""
        if names is self.false or values is self.true:
            return self.true
        if names is self.true and values is self.false:
            return self.fewer_members(0)
        return self._make("forall", names, values)

    def some_member(self, names: Term, values: Term) -> Term:
        """Return the objects that have a member named in `names` and in `values`."""
        if names is self.false or values is self.false:
            return self.false
        if names is self.true and values is self.true:
            return self.more_members(1)
        return self._make("exists", names, values)

    def more_members(self, count: int) -> Term:
        """Return the objects of at least `count` members."""
        return self._make("members>=", count) if count > 0 else self.true

    def fewer_members(self, count: int) -> Term:
        """Return the objects of at most `count` members."""
        return self._make("members<=", count) if count >= 0 else self.false

    def item_if_any(self, index: int, values: Term) -> Term:
        """Return the arrays whose item `index` is in `values`, or that are too short for one."""
        if values is self.true:
            return self.true
        return self.fewer_items(index) if values is self.false else self._make("at", index, values)

    def item(self, index: int, values: Term) -> Term:
        """Return the arrays that have an item `index`, and have it in `values`."""
        if values is self.false:
            return self.false
        return self.more_items(index + 1) if values is self.true else self._make("has", index, values)

    def every_item(self, start: int, values: Term) -> Term:
        """Return the arrays whose items from `start` on are all in `values`."""
        if values is self.true:
            return self.true
        return self.fewer_items(start) if values is self.false else self._make("every", start, values)

    def some_item(self, start: int, values: Term) -> Term:
        """Return the arrays that have an item in `values` from `start` on."""
        if values is self.false:
            return self.false
        return self.more_items(start + 1) if values is self.true else self._make("some", start, values)

    def more_items(self, count: int) -> Term:
        """Return the arrays of at least `count` items."""
        return self._make("items>=", count) if count > 0 else self.true

    def fewer_items(self, count: int) -> Term:
        """Return the arrays of at most `count` items."""
        return self._make("items<=", count) if count >= 0 else self.false

    def more_matches(self, values: Term, count: int) -> Term:
        """Return the arrays with at least `count` items in `values`."""
        if count <= 0:
            return self.true
        if count == 1:
            return self.some_item(0, values)
        if values is self.true:
            return self.more_items(count)
        return self.false if values is self.false else self._make("count>=", values, count)

    def fewer_matches(self, values: Term, count: int) -> Term:
        """Return the arrays with at most `count` items in `values`."""
        if count < 0:
            return self.false
        if count == 0:
            return self.every_item(0, self.negate(values))
        if values is self.true:
            return self.fewer_items(count)
        return self.true if values is self.false else self._make("count<=", values, count)

    def unique(self) -> Term:
        """Return the arrays without two equal items."""
        return self._make("unique")

    def repeating(self) -> Term:
        """Return the arrays with two equal items."""
        return self._make("repeats")


def _nothing_to_expand(key: Any) -> Term:
    raise KeyError(key)


_DUALS: dict[str, Callable[..., Term]] = {
    "types": lambda t, types: t.types(TYPES - types),
    "lit": lambda t, kind, term, others: t.about(kind, t.negate(term), others=not others),
    "ref": lambda t, key, negated: t.ref(key, negated=not negated),
    "is": lambda t, value: t.boolean(not value),
    "forall": lambda t, names, values: t.some_member(names, t.negate(values)),
    "exists": lambda t, names, values: t.every_member(names, t.negate(values)),
    "members>=": lambda t, count: t.fewer_members(count - 1),
    "members<=": lambda t, count: t.more_members(count + 1),
    "at": lambda t, index, values: t.item(index, t.negate(values)),
    "has": lambda t, index, values: t.item_if_any(index, t.negate(values)),
    "every": lambda t, start, values: t.some_item(start, t.negate(values)),
    "some": lambda t, start, values: t.every_item(start, t.negate(values)),
    "items>=": lambda t, count: t.fewer_items(count - 1),
    "items<=": lambda t, count: t.more_items(count + 1),
    "count>=": lambda t, values, count: t.fewer_matches(values, count - 1),
    "count<=": lambda t, values, count: t.more_matches(values, count + 1),
    "unique": lambda t: t.repeating(),
    "repeats": lambda t: t.unique(),
}
