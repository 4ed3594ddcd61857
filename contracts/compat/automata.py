"""Automata over code points: whether a text matches, and how a match goes on with one more character."""

from bisect import bisect_right
from functools import lru_cache

from contracts.compat.regex import (
    Chars,
    Choice,
    Edge,
    Ranges,
    RegexUnsupported,
    Repeat,
    Sequence,
    Tree,
    parse,
)

States = frozenset[int]

STATES_LIMIT = 6000
_FINAL = 0


class Automaton:
    """What a pattern finds something in, anywhere in a text: a non-deterministic automaton, run as sets.

    State 0 is the end: once there, whatever follows, the text matches.
    """

    def __init__(self, tree: Tree) -> None:
        """Raises: RegexUnsupported where it would have too many states."""
        self._moves: list[tuple[Ranges, int] | None] = [None]
        self._free: list[list[int]] = [[]]  # reached without a character
        self._edges: dict[int, tuple[bool, int]] = {}  # reached at the start or at the end only
        self._start = self._new()
        self._free[self._start].append(self._build(tree, _FINAL))
        self._ranges = tuple({move[0] for move in self._moves if move is not None})
        self._told: dict[int, int] = {}
        self._known: dict[tuple[States, int], States] = {}
        self.start = self._closure({self._start}, at_start=True, at_end=False)
        self._accepting: dict[tuple[States, bool], bool] = {}

    def step(self, states: States, code: int) -> States:
        """Return the states after one more character."""
        if _FINAL in states:
            return _MATCHED
        told = self.tells(code)
        found = self._known.get((states, told))
        if found is None:
            targets = {self._start}  # a match may begin here
            for state in states:
                move = self._moves[state]
                if move is not None and _contains(move[0], code):
                    targets.add(move[1])
            found = self._closure(targets, at_start=False, at_end=False)
            found = self._known[states, told] = _MATCHED if _FINAL in found else found
        return found

    def accepts(self, states: States, *, at_start: bool) -> bool:
        """Say whether a text that ends here matches; `at_start` for the empty text."""
        found = self._accepting.get((states, at_start))
        if found is None:
            found = _FINAL in self._closure(set(states), at_start=at_start, at_end=True)
            self._accepting[states, at_start] = found
        return found

    def matches(self, text: str) -> bool:
        """Say whether the pattern finds something in `text`."""
        states = self.start
        for character in text:
            states = self.step(states, ord(character))
        return self.accepts(states, at_start=not text)

    def bounds(self) -> set[int]:
        """Return the code points at which a range of characters begins, or the one after it ends."""
        return {bound for ranges in self._ranges for low, high in ranges for bound in (low, high + 1)}

    def tells(self, code: int) -> int:
        """Return which of the automaton's ranges hold a character, as bits: equal bits, equal steps."""
        found = self._told.get(code)
        if found is None:
            found = sum(1 << bit for bit, each in enumerate(self._ranges) if _contains(each, code))
            self._told[code] = found
        return found

    def _new(self, move: tuple[Ranges, int] | None = None) -> int:
        if len(self._moves) >= STATES_LIMIT:
            raise RegexUnsupported("the pattern is too long")
        self._moves.append(move)
        self._free.append([])
        return len(self._moves) - 1

    def _build(self, tree: Tree, follow: int) -> int:
        """Return the state from which `tree` leads to `follow`."""
        if isinstance(tree, Chars):
            return self._new((tree.ranges, follow))
        if isinstance(tree, Edge):
            state = self._new()
            self._edges[state] = (tree.at_end, follow)
            return state
        if isinstance(tree, Sequence):
            for part in reversed(tree.parts):
                follow = self._build(part, follow)
            return follow
        if isinstance(tree, Choice):
            state = self._new()
            self._free[state] = [self._build(part, follow) for part in tree.parts]
            return state
        return self._build_repeat(tree, follow)

    def _build_repeat(self, tree: Repeat, follow: int) -> int:
        if tree.high is None:
            loop = self._new()
            self._free[loop] = [self._build(tree.part, loop), follow]
            follow = loop
        else:
            end = follow
            for _ in range(tree.high - tree.low):
                optional = self._new()
                self._free[optional] = [self._build(tree.part, follow), end]
                follow = optional
        for _ in range(tree.low):
            follow = self._build(tree.part, follow)
        return follow

    def _closure(self, states: set[int], *, at_start: bool, at_end: bool) -> States:
        found, waiting = set(states), list(states)
        while waiting:
            state = waiting.pop()
            targets = self._free[state]
            if state in self._edges:
                is_end, target = self._edges[state]
                targets = [target] if (at_end if is_end else at_start) else []
            for target in targets:
                if target not in found:
                    found.add(target)
                    waiting.append(target)
        return frozenset(found)


_MATCHED: States = frozenset({_FINAL})


def _contains(ranges: Ranges, code: int) -> bool:
    index = bisect_right(ranges, (code, 0x110000)) - 1
    return index >= 0 and ranges[index][0] <= code <= ranges[index][1]


class Reading:
    """A pattern's two readings: `surely` where every engine must match, `maybe` where one may."""

    def __init__(self, surely: Automaton, maybe: Automaton) -> None:
        self.surely = surely
        self.maybe = maybe

    def matches(self, text: str) -> bool | None:
        """Say whether `text` matches; None where engines may differ."""
        if self.surely.matches(text):
            return True
        return None if self.surely is not self.maybe and self.maybe.matches(text) else False


@lru_cache(maxsize=2000)
def reading(pattern: str) -> Reading | None:
    """Return the automata of a pattern, None where it has no exact meaning here."""
    try:
        narrow, wide = parse(pattern, widest=False), parse(pattern, widest=True)
        surely = Automaton(narrow)
        return Reading(surely, surely if narrow == wide else Automaton(wide))
    except (RegexUnsupported, RecursionError):
        return None
