"""Whether any JSON value is in a term: a proof that there is none, or a value.

Where a step can't be exact, the set that is searched is larger than the one that was asked for. So `None` is
always a proof of emptiness, and a value that isn't exact has to be tried on real validators.
"""

from contracts.compat.arrays import ArraySolver
from contracts.compat.logic import possible
from contracts.compat.numbers import NumberSolver
from contracts.compat.objects import ObjectSolver
from contracts.compat.solution import Fuel, Solution
from contracts.compat.terms import Term, Terms, Type
from contracts.compat.texts import TextSolver

_ORDER = (Type.STRING, Type.NUMBER, Type.OBJECT, Type.ARRAY, Type.BOOLEAN, Type.NULL)


class Solver:
    """Finds a value in a term. One solver answers many questions about the terms of one `Terms`."""

    def __init__(self, terms: Terms, fuel: Fuel) -> None:
        self.terms = terms
        self.fuel = fuel
        self.texts = TextSolver(terms, fuel)
        self.numbers = NumberSolver(terms, fuel)
        self._objects = ObjectSolver(self)
        self._arrays = ArraySolver(self)
        self._known: dict[int, Solution | None] = {}
        self._open: dict[int, int] = {}  # what is being solved, and how deep
        self._assumed = _NOTHING

    def solve(self, term: Term) -> Solution | None:
        """Return a value in the term, or None where it is empty. Raises: OutOfFuel.

        A question that comes up while it is being answered is about a part of the value, and a smallest value
        of a recursive set has no smaller one of the same set inside: there the set counts as empty.
        """
        if term.kind in {"true", "false"}:
            return Solution("a") if term.kind == "true" else None
        if term.id in self._known:
            return self._known[term.id]
        if term.id in self._open:
            self._assumed = min(self._assumed, self._open[term.id])
            return None
        self.fuel.spend()
        depth = len(self._open)
        self._open[term.id] = depth
        outer, self._assumed = self._assumed, _NOTHING
        try:
            found = self._solve(term)
        finally:
            del self._open[term.id]
        if found is not None or self._assumed >= depth:
            self._known[term.id] = found
            self._assumed = outer
        else:  # empty only as far as the questions above this one are
            self._assumed = min(outer, self._assumed)
        return found

    def _solve(self, term: Term) -> Solution | None:
        unsure: Solution | None = None
        for kind in _ORDER:
            part = self.terms.view(term, kind)
            found = None if part is self.terms.false else self._solve_type(kind, part)
            if found is not None and found.exact:
                return found
            unsure = unsure or found
        return unsure

    def _solve_type(self, kind: Type, part: Term) -> Solution | None:
        if kind is Type.OBJECT:
            return self._objects.solve(part)
        if kind is Type.ARRAY:
            return self._arrays.solve(part)
        if kind is Type.STRING:
            return self.texts.solve(part)
        if kind is Type.NUMBER:
            return self.numbers.solve(part)
        return self._solve_constant(kind, part)

    def _solve_constant(self, kind: Type, part: Term) -> Solution | None:
        unsure = None
        for value in (True, False) if kind is Type.BOOLEAN else (None,):

            def holds(atom: Term, value: bool | None = value) -> bool | None:
                return atom.args[0] is value if atom.kind == "is" else None

            found = possible(part, holds)
            if found is not False:
                if found:
                    return Solution(value)
                unsure = unsure or Solution(value, exact=False)
        return unsure


_NOTHING = 1 << 30
