"""Numbers: whether some number is in a term, by exact arithmetic on the points where an atom changes."""

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise, product

from contracts.compat.logic import atoms, possible
from contracts.compat.solution import Fuel, Solution
from contracts.compat.terms import Term, Terms

STEPS_LIMIT = 6
_TRIES = 400

Interval = tuple[Fraction | None, Fraction | None]  # without its ends; None is endless


class NumberSolver:
    """Finds a number in a term about numbers, or shows that there is none."""

    def __init__(self, terms: Terms, fuel: Fuel) -> None:
        self._terms = terms
        self._fuel = fuel

    def solve(self, term: Term) -> Solution | None:
        """Return a number in the term, the plainest first, or None where there is none."""
        if term.kind == "true":
            return Solution(0)
        known = atoms(term)
        points = sorted({point for atom in known for point in _points(atom)})
        unsure: Solution | None = None
        for number, exact in self._candidates(term, known, points):
            self._fuel.spend()
            if exact:
                return Solution(as_json(number))
            unsure = unsure or Solution(as_json(number), exact=False)
        return unsure

    def _candidates(
        self, term: Term, known: list[Term], points: list[Fraction]
    ) -> Iterator[tuple[Fraction, bool]]:
        """Yield numbers that are in the term, or may be."""
        for point in sorted({*points, Fraction(0), Fraction(1)}, key=lambda each: (abs(each), each < 0)):
            found = possible(term, lambda atom, at=point: _holds(atom, at))  # type: ignore[misc]
            if found is not False:
                yield point, found is True
        ends = [None, *points, None]
        intervals = list(pairwise(ends))
        for interval in sorted(intervals, key=_distance):
            yield from self._within(term, known, interval)

    def _within(self, term: Term, known: list[Term], interval: Interval) -> Iterator[tuple[Fraction, bool]]:
        """Between two points only multiples differ: try each combination of being a multiple or not."""
        steps = [atom for atom in known if atom.kind == "multiple"]
        inside = _inside(interval)
        if len(steps) > STEPS_LIMIT:
            yield inside, False
            return
        for chosen in product((True, False), repeat=len(steps)):
            self._fuel.spend()
            are = {atom.id: each for atom, each in zip(steps, chosen, strict=True)}

            def value(atom: Term, are: dict[int, bool] = are) -> bool | None:
                return are[atom.id] if atom.kind == "multiple" else _holds(atom, inside)

            found = possible(term, value)
            if found is False:
                continue
            wanted = [atom.args[0] for atom in steps if are[atom.id]]
            unwanted = [atom.args[0] for atom in steps if not are[atom.id]]
            yield from _pick(interval, wanted, unwanted, exact=found is True)


def as_json(number: Fraction) -> int | float:
    """Return the number as JSON has it."""
    return int(number) if number.denominator == 1 else float(number)


def _points(atom: Term) -> tuple[Fraction, ...]:
    if atom.kind == "among":
        return tuple(atom.args[0])
    return (atom.args[0],) if atom.kind in {"ge", "gt"} else ()


def _holds(atom: Term, number: Fraction) -> bool | None:
    if atom.kind == "ge":
        return bool(number >= atom.args[0])
    if atom.kind == "gt":
        return bool(number > atom.args[0])
    if atom.kind == "among":
        return number in atom.args[0]
    if atom.kind == "multiple":
        return bool((number / atom.args[0]).denominator == 1)
    return None


def _distance(interval: Interval) -> Fraction:
    low, high = interval
    if (low is None or low < 0) and (high is None or high > 0):
        return Fraction(0)
    return min(abs(end) for end in interval if end is not None)


def _inside(interval: Interval) -> Fraction:
    low, high = interval
    if low is None:
        return Fraction(0) if high is None else min(Fraction(0), Fraction(math.ceil(high) - 1))
    if high is None:
        return max(Fraction(0), Fraction(math.floor(low) + 1))
    return (low + high) / 2


def _pick(
    interval: Interval, wanted: list[Fraction], unwanted: list[Fraction], *, exact: bool
) -> Iterator[tuple[Fraction, bool]]:
    """Yield at most one number in the interval that is a multiple of all `wanted` and of no `unwanted`."""
    candidates = _multiples(interval, _common(wanted)) if wanted else _decimals(interval)
    for number in candidates:
        if all((number / step).denominator != 1 for step in unwanted):
            yield number, exact
            return
    if (
        not wanted
    ):  # multiples are nowhere dense: there is one between any two numbers, we just didn't find it
        yield _inside(interval), False
        return
    step = _common(wanted)
    low, high = interval
    few = low is not None and high is not None and (high - low) / step <= _TRIES
    if not few and all((step / each).denominator != 1 for each in unwanted):
        yield _inside(interval), False


def _common(steps: list[Fraction]) -> Fraction:
    """Return the least number that is a multiple of all of them."""
    numerator = math.lcm(*(step.numerator for step in steps))
    return Fraction(numerator, math.gcd(*(step.denominator for step in steps)))


def _multiples(interval: Interval, step: Fraction) -> Iterator[Fraction]:
    low, high = interval
    if low is None and high is None:
        ranks: Iterator[int] = (sign * rank for rank in range(1, _TRIES) for sign in (1, -1))
    elif low is None:
        top = -(-high // step) - 1  # type: ignore[operator]
        ranks = iter(range(min(top, 0), min(top, 0) - _TRIES, -1))
    else:
        bottom = low // step + 1
        if high is None:
            bottom = max(bottom, 0)
        elif bottom <= 0 < -(-high // step):
            bottom = min(0, bottom)
        ranks = iter(range(bottom, bottom + _TRIES + 2))
    for rank in ranks:
        number = rank * step
        if (low is None or number > low) and (high is None or number < high):
            yield number


def _decimals(interval: Interval) -> Iterator[Fraction]:
    """Yield decimals in the interval, the plainest first."""
    low, high = interval
    middle = _inside(interval)
    for denominator in (1, 2, 10, 100, 1000):
        rank = math.floor(middle * denominator)
        for number in (Fraction(rank, denominator), Fraction(rank + 1, denominator)):
            if (low is None or number > low) and (high is None or number < high):
                yield number
    near, width = middle, Fraction(1, 3)
    if low is not None and high is not None:
        width = (high - low) / 4
    elif low is not None or high is not None:
        width = Fraction(1, 4)
    for power in range(1, 40):
        offset = width.limit_denominator(10**6) if width.denominator < 10**6 else width
        yield near + offset / 2**power
        yield near - offset / 2**power
