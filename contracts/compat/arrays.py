"""Arrays: whether some array is in a term, by choosing its length and what each item has to be."""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from contracts.compat.choices import Refutes, solve_cases
from contracts.compat.objects import Solves
from contracts.compat.solution import Solution
from contracts.compat.terms import Term
from contracts.compat.values import constant

LENGTH_LIMIT = 300


class _Count(Struct, frozen=True):
    """How many items must be in `values`: at least `low` from `start` on, at most `high`."""

    values: Term
    start: int
    low: int
    high: int | None


class ArraySolver:
    """Finds an array in a term about arrays, or shows that there is none."""

    def __init__(self, solver: Solves) -> None:
        self._solver = solver

    def solve(self, term: Term) -> Solution | None:
        """Return an array in the term, or None where there is none."""
        solver = self._solver
        return solve_cases(solver.terms, solver.fuel, term, self._refuter, self._solve_case)

    def _refuter(self, facts: list[Term]) -> Refutes:
        shape = _Shape(self._solver, facts)

        def refutes(atom: Term) -> bool:
            self._solver.fuel.spend()
            if atom.kind == "items>=":
                return shape.most is not None and atom.args[0] > shape.most
            if atom.kind == "items<=":
                return bool(atom.args[0] < shape.least)
            if atom.kind == "has":
                index, values = atom.args
                return (shape.most is not None and index >= shape.most) or shape.refutes(index, values)
            if atom.kind == "some":
                return all(shape.refutes(index, atom.args[1]) for index in shape.places(atom.args[0]))
            return False

        return refutes

    def _solve_case(self, facts: list[Term]) -> Solution | None:
        shape = _Shape(self._solver, facts)
        exact = not any(atom.kind in {"opaque", "not"} for atom in facts)
        unsure: Solution | None = None
        for found in shape.arrays():
            if found.exact and exact:
                return found
            unsure = unsure or Solution(found.value, exact=False)
        return unsure


class _Shape:
    """What a list of atoms says about an array: its length, each item, how many of a kind, repetitions."""

    def __init__(self, solver: Solves, facts: list[Term]) -> None:
        self._solver = solver
        self._terms = solver.terms
        self._at: dict[int, list[Term]] = {}
        self._every: list[tuple[int, Term]] = []
        self._counts: list[_Count] = []
        self.least, self.most = 0, None  # type: int, int | None
        self._unique = self._repeats = False
        for atom in facts:
            self._add(atom.kind, atom.args)
        starts = [start for start, _ in self._every] + [count.start for count in self._counts]
        self._prefix = max([0, *starts, *(index + 1 for index in self._at)])
        self._items: dict[int, Term] = {}
        self._dead: set[Any] = set()

    def _add(self, kind: str, args: tuple[Any, ...]) -> None:
        if kind in {"at", "has"}:
            self._at.setdefault(args[0], []).append(args[1])
            self.least = max(self.least, args[0] + 1 if kind == "has" else 0)
        elif kind == "every":
            self._every.append((args[0], args[1]))
        elif kind == "some":
            self._counts.append(_Count(args[1], args[0], 1, None))
            self.least = max(self.least, args[0] + 1)
        elif kind in {"count>=", "count<="}:
            more = kind == "count>="
            self._counts.append(_Count(args[0], 0, args[1] if more else 0, None if more else args[1]))
            self.least = max(self.least, args[1] if more else 0)
        elif kind == "items>=":
            self.least = max(self.least, args[0])
        elif kind == "items<=":
            self.most = args[0] if self.most is None else min(self.most, args[0])
        elif kind == "unique":
            self._unique = True
        elif kind == "repeats":
            self._repeats = True
            self.least = max(self.least, 2)

    def item(self, index: int) -> Term:
        """Return what every rule says of item `index`; all beyond the prefix are alike."""
        index = min(index, self._prefix)
        found = self._items.get(index)
        if found is None:
            rules = [rule for start, rule in self._every if start <= index]
            found = self._items[index] = self._terms.all_of([*self._at.get(index, []), *rules])
        return found

    def refutes(self, index: int, values: Term) -> bool:
        """Say whether item `index` can't be in `values`."""
        return self._solver.solve(self._terms.all_of([self.item(index), values])) is None

    def places(self, start: int) -> range:
        """Return one index of each kind from `start` on."""
        end = max(self._prefix, start) + 1
        return range(start, end if self.most is None else min(end, self.most))

    def arrays(self) -> Iterator[Solution]:
        """Yield arrays, the shortest first; none is a proof.

        If a longer one than these exists, then so does one of these: an item beyond the prefix that nothing
        asks for can be left out.
        """
        if self._unique and self._repeats:
            return
        asked_for = sum(count.low for count in self._counts) + 2 * self._repeats
        longest = max(self.least, self._prefix if self._counts or self._repeats else 0) + asked_for
        longest = longest if self.most is None else min(longest, self.most)
        if self.least > LENGTH_LIMIT:
            if all(self._solver.solve(self.item(index)) is not None for index in range(self._prefix + 1)):
                yield Solution([], exact=False)
            return
        for length in range(self.least, longest + 1):
            start = tuple(0 for _ in self._counts)
            for terms in self._layouts(0, length, start):
                yield from self._filled(terms)

    def _layouts(self, index: int, length: int, counted: tuple[int, ...]) -> Iterator[list[Term]]:
        """Yield the terms of the items from `index` on, for each way to reach every count."""
        self._solver.fuel.spend()
        state = (index, length, counted)
        if state in self._dead:
            return
        if index == length:
            if all(count.low <= have for count, have in zip(self._counts, counted, strict=True)):
                yield []
            else:
                self._dead.add(state)
            return
        alive = False
        for term, after in self._options(index, counted):
            for rest in self._layouts(index + 1, length, after):
                alive = True
                yield [term, *rest]
        if not alive:
            self._dead.add(state)

    def _options(self, index: int, counted: tuple[int, ...]) -> list[tuple[Term, tuple[int, ...]]]:
        """Return what item `index` can be, and the counts after it: counted where that helps or must be."""
        options: list[tuple[Term, tuple[int, ...]]] = [(self.item(index), ())]
        for count, have in zip(self._counts, counted, strict=True):
            longer: list[tuple[Term, tuple[int, ...]]] = []
            for term, after in options:
                if count.high is None:
                    longer.append((term, (*after, have)))
                    if have < count.low and index >= count.start:
                        longer.append((self._terms.all_of([term, count.values]), (*after, have + 1)))
                else:
                    outside = self._terms.negate(count.values)
                    longer.append((self._terms.all_of([term, outside]), (*after, have)))
                    if have < count.high:
                        longer.append((term, (*after, have + 1)))
            options = longer
        return [(term, after) for term, after in options if self._solver.solve(term) is not None]

    def _filled(self, items: list[Term]) -> Iterator[Solution]:
        if self._repeats:
            for later in range(1, len(items)):
                for earlier in range(later):
                    yield from self._filled_twice(items, earlier, later)
        elif self._unique:
            yield from self._filled_differently(items)
        else:
            solutions = [self._solver.solve(item) for item in items]
            values = [solution.value for solution in solutions if solution is not None]
            yield Solution(values, exact=all(solution and solution.exact for solution in solutions))

    def _filled_twice(self, items: list[Term], earlier: int, later: int) -> Iterator[Solution]:
        both = self._solver.solve(self._terms.all_of([items[earlier], items[later]]))
        solutions = [
            both if index in {earlier, later} else self._solver.solve(item)
            for index, item in enumerate(items)
        ]
        if both is not None:
            values = [solution.value for solution in solutions if solution is not None]
            yield Solution(values, exact=all(solution and solution.exact for solution in solutions))

    def _filled_differently(self, items: list[Term]) -> Iterator[Solution]:
        """Give each item a value that none before it has; where all are alike, to fail is a proof."""
        values: list[Any] = []
        exact = True
        for item in items:
            taken = [self._terms.negate(constant(self._terms, value)) for value in values]
            solution = self._solver.solve(self._terms.all_of([item, *taken]))
            if solution is None:
                if exact and all(each is items[0] for each in items):
                    return
                solution, exact = Solution(None), False
            values.append(solution.value)
            exact = exact and solution.exact
        yield Solution(values, exact=exact)
