"""Strings: whether some text is in a term, by walking all its patterns, lengths and lists at once."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from contracts.compat import formats
from contracts.compat.automata import Automaton, Reading, reading
from contracts.compat.logic import atoms, possible, truth
from contracts.compat.solution import Fuel, Solution
from contracts.compat.terms import Term, Terms

UNSURE_LIMIT = 60
_FIRST = ("a", "other", "A")  # what a person likes to read, where it will do
_PLAIN = "AaB0b1Cc-_ .:/@Z9z"
_FILL = "A"


class TextSolver:
    """Finds a text in a term about strings, or shows that there is none."""

    def __init__(self, terms: Terms, fuel: Fuel) -> None:
        self._terms = terms
        self._fuel = fuel
        self._known: dict[int, Solution | None] = {}

    def solve(self, term: Term) -> Solution | None:
        """Return a short text in the term, or None where there is none."""
        if term.id not in self._known:
            self._known[term.id] = self._solve(term)
        return self._known[term.id]

    def words(self, term: Term, count: int) -> tuple[list[str], bool]:
        """Return up to `count` different texts in the term, and whether they are surely in it.

        Fewer than `count` are all there are.
        """
        found: list[str] = []
        exact = True
        while len(found) < count:
            rest = self._terms.negate(self._terms.texts(found)) if found else self._terms.true
            solution = self.solve(self._terms.all_of([term, rest]))
            if solution is None:
                break
            found.append(solution.value)
            exact = exact and solution.exact
        return found, exact

    def holds(self, term: Term, text: str) -> bool | None:
        """Say whether a text is in the term; None where that isn't known."""
        return truth(term, lambda atom: _holds(atom, text))

    def _solve(self, term: Term) -> Solution | None:
        if term.kind in {"true", "false"}:
            return Solution("a") if term.kind == "true" else None
        known = atoms(term)
        listed = [text for atom in known if atom.kind == "in" for text in sorted(atom.args[0])]
        samples = [text for atom in known if atom.kind == "format" for text in formats.SAMPLES[atom.args[0]]]
        for text in [*listed, *samples, *_FIRST]:
            self._fuel.spend()
            if self.holds(term, text):
                return Solution(text)
        if not self._some_length(term, known, listed):
            return None
        unsure: str | None = None
        for tries, (text, sure) in enumerate(self._walk(term, known, listed)):
            if sure or self.holds(term, text):
                return Solution(text)
            unsure = text if unsure is None else unsure
            if tries >= UNSURE_LIMIT:
                break
        return None if unsure is None else Solution(unsure, exact=False)

    def _some_length(self, term: Term, known: list[Term], listed: list[str]) -> bool:
        """Say whether a length is left when everything but the lengths is unknown."""
        bounds = {0, *(atom.args[0] for atom in known if atom.kind == "long"), *map(len, listed)}
        for length in bounds:

            def value(atom: Term, length: int = length) -> bool | None:
                return length >= atom.args[0] if atom.kind == "long" else None

            if possible(term, value) is not False:
                return True
        return False

    def _walk(self, term: Term, known: list[Term], listed: list[str]) -> Iterator[tuple[str, bool]]:
        """Yield texts in the term, the shortest first, each with whether it is surely in it.

        A state is what every automaton, the length and the position in the listed texts say of a text so far.
        Texts with the same state go on alike, so that each state is visited once.
        """
        walk = _Product(known, listed)
        start = walk.start
        seen = {start}
        waiting: deque[tuple[Any, str]] = deque([(start, "")])
        while waiting:
            state, text = waiting.popleft()
            found = possible(term, walk.valuation(state, at_start=not text))
            if found is not False:
                yield text, found is True
            for code in walk.alphabet:
                self._fuel.spend(walk.cost)
                after = walk.step(state, code)
                if after not in seen:
                    seen.add(after)
                    waiting.append((after, text + chr(code)))


class _Product:
    """All the automata of a term, the length and the listed texts, side by side."""

    def __init__(self, known: list[Term], listed: list[str]) -> None:
        self._automata: list[Automaton] = []
        self._readers: dict[int, tuple[int, int]] = {}
        for atom in known:
            read = _reading(atom)
            if read is not None:
                self._readers[atom.id] = (self._place(read.surely), self._place(read.maybe))
        self._cap = max((atom.args[0] for atom in known if atom.kind == "long"), default=0)
        self._listed = frozenset(listed)
        self._prefixes = {text[:end] for text in listed for end in range(len(text) + 1)}
        self.alphabet = self._representatives()
        self.cost = 1 + len(self._automata)

    @property
    def start(self) -> Any:
        """Return the state of the empty text."""
        return (tuple(each.start for each in self._automata), 0, "" if self._prefixes else None, True)

    def step(self, state: Any, code: int) -> Any:
        """Return the state after one more character."""
        states, length, prefix, _ = state
        longer = None if prefix is None else prefix + chr(code)
        return (
            tuple(each.step(part, code) for each, part in zip(self._automata, states, strict=True)),
            min(length + 1, self._cap),
            longer if longer in self._prefixes else None,
            False,
        )

    def valuation(self, state: Any, *, at_start: bool) -> Callable[[Term], bool | None]:
        """Return the truth of the atoms for a text that ends in this state."""
        states, length, prefix, _ = state

        def value(atom: Term) -> bool | None:
            if atom.kind == "in":
                return prefix in atom.args[0]
            if atom.kind == "long":
                return bool(length >= atom.args[0])
            if atom.id not in self._readers:
                return None
            surely, maybe = self._readers[atom.id]
            if self._automata[surely].accepts(states[surely], at_start=at_start):
                return True
            return None if self._automata[maybe].accepts(states[maybe], at_start=at_start) else False

        return value

    def _place(self, automaton: Automaton) -> int:
        for index, each in enumerate(self._automata):
            if each is automaton:
                return index
        self._automata.append(automaton)
        return len(self._automata) - 1

    def _representatives(self) -> list[int]:
        """Return one character for all that no automaton and no listed text tells apart, plain ones first."""
        bounds = {0}.union(*(each.bounds() for each in self._automata))
        for character in {character for text in self._listed for character in text}:
            bounds |= {ord(character), ord(character) + 1}
        codes = sorted(bound for bound in bounds if bound <= 0x10FFFF)
        chosen: dict[Any, int] = {}
        for low, after in zip(codes, [*codes[1:], 0x110000], strict=True):
            for code in _plain_codes(low, after):
                ranges = tuple(each.tells(code) for each in self._automata)
                listed = code if any(chr(code) in text for text in self._listed) else -1
                best = chosen.get((ranges, listed))
                if best is None or _plainness(code) < _plainness(best):
                    chosen[ranges, listed] = code
        return sorted(chosen.values(), key=_plainness)


def _plain_codes(low: int, after: int) -> list[int]:
    plain = [ord(character) for character in _PLAIN if low <= ord(character) < after]
    return plain[:1] or [min(max(low, 0x21), after - 1)]


def _plainness(code: int) -> tuple[int, int]:
    place = _PLAIN.find(chr(code))
    return (place if place >= 0 else len(_PLAIN) + (code > 0x7E or code < 0x20), code)


def _reading(atom: Term) -> Reading | None:
    if atom.kind == "pattern":
        return reading(atom.args[0])
    return formats.reading(atom.args[0]) if atom.kind == "format" else None


def _holds(atom: Term, text: str) -> bool | None:
    if atom.kind == "in":
        return text in atom.args[0]
    if atom.kind == "long":
        return bool(len(text) >= atom.args[0])
    if atom.kind == "format":
        return formats.conforms(atom.args[0], text)
    read = _reading(atom)
    return None if read is None else read.matches(text)
