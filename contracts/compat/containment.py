"""Whether everything that is valid under one schema is valid under another."""

from collections.abc import Callable
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from contracts.compat.comparison import Verdict
from contracts.compat.dialects import Dialect, Schema
from contracts.compat.search import search
from contracts.compat.shrink import shrunk
from contracts.compat.sides import Side
from contracts.compat.solution import Fuel, OutOfFuel, Solution
from contracts.compat.solver import Solver
from contracts.compat.terms import Term, Terms

FUEL = 400_000


class Answer(Struct, frozen=True):
    """A verdict; with a value that is valid under the first schema and not under the second, if it breaks."""

    verdict: Verdict
    witness: Any | UnsetType = UNSET


class Comparer:
    """Answers questions about schemas that share one set of terms."""

    def __init__(self, fuel: int = FUEL) -> None:
        self.terms = Terms()
        self.terms.expand = self._expand
        self._fuel = fuel
        self._sides: list[Side] = []
        self._solver = Solver(self.terms, Fuel(0))

    def side(self, schema: Schema, dialect: Dialect) -> Side:
        """Read a schema."""
        for side in self._sides:
            if side.schema is schema and side.dialect is dialect:
                return side
        side = Side(self.terms, self._solver.texts, schema, dialect)
        self._sides.append(side)
        return side

    def _expand(self, key: Any) -> Term:
        for side in self._sides:
            found = side.reader.expand(key)
            if found is not None:
                return found
        # asked while its document is still being read: nothing is known of it, so nothing is proven with it
        return self.terms.opaque(("unfinished", key))

    def empty(self, term: Term, fuel: int | None = None) -> bool:
        """Say whether it is proven that no value is in the term."""
        try:
            return self._solve(term, fuel) is None
        except (OutOfFuel, RecursionError):
            return False

    def find(self, source: Side, target: Side, terms: list[Term], fuel: int) -> Answer:
        """Look for a witness among the values that are in all the terms; `compatible` where there is none."""
        try:
            found = self._solve(self.terms.all_of(terms), fuel)
        except (OutOfFuel, RecursionError):
            return Answer(Verdict.UNDECIDED)
        if found is None:
            return Answer(Verdict.COMPATIBLE)
        breaks = self._breaks(source, target)
        if not self._judged(source, target) or not breaks(found.value):
            return Answer(Verdict.UNDECIDED)
        return Answer(Verdict.BREAKING, shrunk(found.value, breaks))

    def contains(self, source: Side, target: Side) -> Answer:
        """Say whether all that is valid under `source` is valid under `target`."""
        try:
            found = self._solve(self.terms.all_of([source.term, self.terms.negate(target.term)]))
        except (OutOfFuel, RecursionError):
            found = Solution(None, exact=False)
        if found is None:
            return Answer(Verdict.COMPATIBLE)
        witness = self._witness(source, target, found)
        return Answer(Verdict.UNDECIDED) if witness is UNSET else Answer(Verdict.BREAKING, witness)

    def same(self, one: Side, other: Side) -> bool:
        """Say whether it is proven that the same values are valid under both."""
        negate, both = self.terms.negate, self.terms.all_of
        if one.term is other.term:
            return True
        return self.empty(both([one.term, negate(other.term)])) and self.empty(
            both([other.term, negate(one.term)])
        )

    def _solve(self, term: Term, fuel: int | None = None) -> Solution | None:
        self._solver.fuel.left = self._fuel if fuel is None else fuel
        return self._solver.solve(term)

    def _witness(self, source: Side, target: Side, found: Solution) -> Any:
        if not self._judged(source, target):
            return UNSET
        breaks = self._breaks(source, target)
        witness = found.value
        if not breaks(witness):
            schemas = [(side.schema, side.dialect) for side in (source, target)]
            witness = search(schemas, (source.judge, target.judge), breaks)
        return UNSET if witness is UNSET else shrunk(witness, breaks)

    def _judged(self, source: Side, target: Side) -> bool:
        """Say whether both engines take both schemas, and come to an end."""
        return all(not side.reader.endless and side.judge.usable for side in (source, target))

    def _breaks(self, source: Side, target: Side) -> Callable[[Any], bool]:
        def breaks(value: Any) -> bool:
            if not source.judge.quick(value) or target.judge.quick(value) is not False:
                return False
            return source.judge.valid(value) is True and target.judge.valid(value) is False

        return breaks
