"""Regular expressions of ECMA-262, read into trees that an automaton can be made of.

What has no exact tree (look-around, back references, flags, Unicode properties) or what the engines read
differently is not guessed at: `RegexUnsupported`. The dot has two readings: ECMA leaves out four line ends,
the engines in use only one, so three characters may or may not match it.
"""

from dataclasses import dataclass
from typing import NoReturn

Ranges = tuple[tuple[int, int], ...]

LAST = 0x10FFFF
REPEAT_LIMIT = 2000


class RegexUnsupported(Exception):
    """The pattern has no exact meaning here; the message says which part."""


@dataclass(frozen=True)
class Chars:
    """One character of these ranges of code points."""

    ranges: Ranges


@dataclass(frozen=True)
class Sequence:
    """One after the other."""

    parts: tuple["Tree", ...]


@dataclass(frozen=True)
class Choice:
    """One of them."""

    parts: tuple["Tree", ...]


@dataclass(frozen=True)
class Repeat:
    """`low` to `high` times; None is any number."""

    part: "Tree"
    low: int
    high: int | None


@dataclass(frozen=True)
class Edge:
    """Nothing, but at the start or at the end of the text only."""

    at_end: bool


Tree = Chars | Sequence | Choice | Repeat | Edge


def normalised(ranges: list[tuple[int, int]]) -> Ranges:
    """Return the ranges sorted and merged."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def inverted(ranges: Ranges) -> Ranges:
    """Return every other code point."""
    found, start = [], 0
    for low, high in ranges:
        if start < low:
            found.append((start, low - 1))
        start = high + 1
    if start <= LAST:
        found.append((start, LAST))
    return tuple(found)


DIGITS: Ranges = ((0x30, 0x39),)
WORDS: Ranges = normalised([(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)])
# WhiteSpace and LineTerminator, ECMA-262 sections 12.2 and 12.3
SPACES: Ranges = normalised(
    [
        (9, 13),
        (0x2000, 0x200A),
        (0x2028, 0x2029),
        *((code, code) for code in (32, 0xA0, 0x1680, 0x202F, 0x205F, 0x3000, 0xFEFF)),
    ]
)
ANY: Ranges = ((0, LAST),)
DOT_ECMA = inverted(normalised([(0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029)]))
DOT_ENGINES = inverted(((0x0A, 0x0A),))

_CLASSES = {"d": DIGITS, "w": WORDS, "s": SPACES}
_CONTROLS = {"t": 9, "n": 10, "v": 11, "f": 12, "r": 13}
_PUNCTUATION = frozenset(r"""^$\.*+?()[]{}|/-_~`!@#%&=:;"'<>, """)
_SET_OPERATORS = ("&&", "--", "~~", "||")


def parse(pattern: str, *, widest: bool) -> Tree:
    """Return the tree of a pattern, with the widest or the narrowest reading of the dot.

    Raises: RegexUnsupported.
    """
    parser = _Parser(pattern, DOT_ENGINES if widest else DOT_ECMA)
    tree = parser.choice()
    if parser.position < len(pattern):
        parser.refuse("a group ends that never began")
    return tree


class _Parser:
    def __init__(self, pattern: str, dot: Ranges) -> None:
        self._text = pattern
        self._dot = dot
        self.position = 0

    def refuse(self, why: str) -> NoReturn:
        raise RegexUnsupported(f"{self._text!r} at {self.position}: {why}")

    def _next(self, count: int = 1) -> str:
        return self._text[self.position : self.position + count]

    def _take(self, expected: str) -> bool:
        taken = self._text.startswith(expected, self.position)
        self.position += len(expected) if taken else 0
        return taken

    def choice(self) -> Tree:
        parts = [self._sequence()]
        while self._take("|"):
            parts.append(self._sequence())
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def _sequence(self) -> Tree:
        parts: list[Tree] = []
        while self._next() not in {"", "|", ")"}:
            parts.append(self._repeated(self._atom()))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _repeated(self, atom: Tree) -> Tree:
        bounds = self._bounds()
        if bounds is None:
            return atom
        if isinstance(atom, Edge):
            self.refuse("an anchor is repeated")
        self._take("?")  # lazy: another match, the same language
        if self._next() in {"*", "+", "?"}:
            self.refuse("a repetition is repeated")
        return Repeat(atom, *bounds)

    def _bounds(self) -> tuple[int, int | None] | None:
        for sign, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._take(sign):
                return bounds
        if not self._take("{"):
            return None
        low, comma, high = self._until("}").partition(",")
        if not low.isascii() or not low.isdigit() or (high and not (high.isascii() and high.isdigit())):
            self.refuse("not a number of repetitions")
        least, most = int(low), (int(high) if high else None) if comma else int(low)
        if least > REPEAT_LIMIT or (most or 0) > REPEAT_LIMIT or (most is not None and most < least):
            self.refuse("too many repetitions")
        return least, most

    def _until(self, end: str) -> str:
        stop = self._text.find(end, self.position)
        if stop < 0:
            self.refuse(f"{end} is missing")
        text, self.position = self._text[self.position : stop], stop + len(end)
        return text

    def _atom(self) -> Tree:
        if self._take("("):
            return self._group()
        if self._take("["):
            return Chars(self._class())
        if self._take("^"):
            return Edge(at_end=False)
        if self._take("$"):
            return Edge(at_end=True)
        if self._take("."):
            return Chars(self._dot)
        if self._take("\\"):
            return Chars(self._escape())
        if self._next() in {"*", "+", "?", "{"}:
            self.refuse("nothing to repeat")
        return Chars(self._literal())

    def _group(self) -> Tree:
        if self._take("?") and not self._take(":"):
            if not self._take("<") or self._next() in {"=", "!"}:
                self.refuse("look-around or flags")
            if not self._until(">").isidentifier():
                self.refuse("not a name of a group")
        tree = self.choice()
        if not self._take(")"):
            self.refuse("a group is not closed")
        return tree

    def _literal(self) -> Ranges:
        code = ord(self._text[self.position])
        self.position += 1
        return ((code, code),)

    def _escape(self) -> Ranges:
        letter = self._next()
        self.position += 1
        if letter.lower() in _CLASSES:
            found = _CLASSES[letter.lower()]
            return found if letter.islower() else inverted(found)
        if letter in _CONTROLS:
            code = _CONTROLS[letter]
        elif letter in {"x", "u"}:
            code = self._code_point(2 if letter == "x" else 4)
        elif letter and letter in _PUNCTUATION:
            code = ord(letter)
        else:
            self.refuse(f"\\{letter} is not read alike everywhere")
        return ((code, code),)

    def _code_point(self, digits: int) -> int:
        if self._take("{"):
            text = self._until("}") if digits == 4 else ""
        else:
            text = self._next(digits)
            self.position += digits
            digits = digits if len(text) == digits else 0
        try:
            code = int(text, 16) if digits and text.isalnum() else -1
        except ValueError:
            code = -1
        if not 0 <= code <= LAST or 0xD800 <= code <= 0xDFFF:
            self.refuse("not a code point")
        return code

    def _class(self) -> Ranges:
        negated = self._take("^")
        if self._next() in {"]", ""}:
            self.refuse("an empty class")
        found: list[tuple[int, int]] = []
        while not self._take("]"):
            found += self._class_part()
        ranges = normalised(found)
        return inverted(ranges) if negated else ranges

    def _class_part(self) -> Ranges:
        if self._next(2) in _SET_OPERATORS or self._next() in {"", "["}:
            self.refuse("a class in a class, or not closed")
        low = self._class_character()
        if self._next() != "-" or self._next(2) in {"-]", "--"}:
            return low
        self.position += 1
        if self._next() in {"", "["}:
            self.refuse("a class in a class, or not closed")
        high = self._class_character()
        if len(low) > 1 or len(high) > 1 or low[0][0] != low[0][1] or high[0][0] != high[0][1]:
            self.refuse("a range of classes")
        if low[0][0] > high[0][0]:
            self.refuse("a range that runs backwards")
        return ((low[0][0], high[0][0]),)

    def _class_character(self) -> Ranges:
        if not self._take("\\"):
            return self._literal()
        if self._take("b"):
            return ((8, 8),)
        return self._escape()
