"""The grammar of the policy language: from text to a tree of constants, slots and operator calls."""

import ast
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import NamedTuple

DEPTH_LIMIT = 40
LENGTH_LIMIT_CHARACTERS = 2_000


class Kind(StrEnum):
    """What a fact or a result is."""

    NUMBER = "number"
    BOOLEAN = "boolean"
    TEXT = "text"


class PolicyError(ValueError):
    """An expression outside the subset: the message names the position (1-based) and what was expected."""


class Syntax(NamedTuple):
    """A parsed expression: calls of operators by their sign, over constants and the slots of `names`."""

    tree: ast.expr
    names: tuple[str, ...]


def parse(text: str, facts: Mapping[str, Kind], returns: Kind) -> Syntax:
    """Parse `text`. Raises: PolicyError for syntax, depth, a name outside `facts`, or a misfit of kinds."""
    if len(text) > LENGTH_LIMIT_CHARACTERS:
        raise PolicyError(f"longer than {LENGTH_LIMIT_CHARACTERS} characters")
    parser = _Parser(_tokens(text), facts)
    tree = parser.whole(returns)
    return Syntax(tree, tuple(parser.names))


def slot(name: str) -> str:
    """Return the name of a fact in the tree; the sign keeps it apart from operators and Python's words."""
    return "$" + name


class _Typed(NamedTuple):
    node: ast.expr
    kind: Kind


class _Token(NamedTuple):
    kind: str
    text: str
    position: int


_TOKEN = re.compile(
    r"""\s*(?:(?P<number>[0-9]+(?:\.[0-9]+)?)
    |(?P<name>[A-Za-z][A-Za-z0-9_]*)
    |(?P<text>"[^"\\\n]*"|'[^'\\\n]*')
    |(?P<sign>\|\||&&|[<>=!]=|[-+*/<>!?:(),\[\]]))""",
    re.VERBOSE,
)
_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">=", "in"})
_FUNCTIONS = {"min": (2, 8), "max": (2, 8), "abs": (1, 1)}


class _Parser:
    """Recursive descent, one method for each level of precedence, loosest first."""

    def __init__(self, tokens: list[_Token], facts: Mapping[str, Kind]) -> None:
        self.names: dict[str, None] = {}
        self._facts = facts
        self._tokens = tokens
        self._next = 0
        self._depth = 0

    def whole(self, returns: Kind) -> ast.expr:
        found = self._conditional()
        if self._peek().kind != "end":
            raise self._wrong("the end")
        if found.kind is not returns:
            raise PolicyError(f"gives a {found.kind}, expected a {returns}")
        return found.node

    def _conditional(self) -> _Typed:
        self._deeper()
        condition = self._disjunction()
        if self._take("?"):
            self._demand(condition, Kind.BOOLEAN)
            first = self._conditional()
            self._expect(":")
            second = self._conditional()
            self._demand(second, first.kind)
            condition = _call("?:", first.kind, condition, first, second)
        self._depth -= 1
        return condition

    def _disjunction(self) -> _Typed:
        return self._logical("||", lambda: self._logical("&&", self._comparison))

    def _logical(self, sign: str, operand: Callable[[], _Typed]) -> _Typed:
        operands = [operand()]
        while self._take(sign):
            operands.append(operand())
        if len(operands) == 1:
            return operands[0]
        for one in operands:
            self._demand(one, Kind.BOOLEAN)
        return _call(sign, Kind.BOOLEAN, *operands)

    def _comparison(self) -> _Typed:
        left = self._sum()
        sign = self._peek().text
        if sign not in _COMPARISONS:
            return left
        self._next += 1
        if sign == "in":
            return self._membership(left)
        right = self._sum()
        self._demand(right, left.kind)
        if sign not in {"==", "!="}:
            self._demand(left, Kind.NUMBER)
        return _call(sign, Kind.BOOLEAN, left, right)

    def _membership(self, left: _Typed) -> _Typed:
        self._expect("[")
        members = self._listed("]")
        for member in members:
            self._demand(member, left.kind)
        return _call("in", Kind.BOOLEAN, left, *members)

    def _sum(self) -> _Typed:
        return self._arithmetic(("+", "-"), lambda: self._arithmetic(("*", "/"), self._unary))

    def _arithmetic(self, signs: tuple[str, str], operand: Callable[[], _Typed]) -> _Typed:
        left = operand()
        before = self._depth
        while self._peek().kind == "sign" and self._peek().text in signs:
            sign = self._peek().text
            self._next += 1
            self._deeper()
            self._demand(left, Kind.NUMBER)
            left = _call(sign, Kind.NUMBER, left, self._demand(operand(), Kind.NUMBER))
        self._depth = before
        return left

    def _unary(self) -> _Typed:
        self._deeper()
        if self._take("!"):
            found = _call("!", Kind.BOOLEAN, self._demand(self._unary(), Kind.BOOLEAN))
        elif self._take("-"):
            found = _call("negative", Kind.NUMBER, self._demand(self._unary(), Kind.NUMBER))
        else:
            found = self._primary()
        self._depth -= 1
        return found

    def _primary(self) -> _Typed:
        if self._take("("):
            inner = self._conditional()
            self._expect(")")
            return inner
        token = self._peek()
        self._next += 1
        match token.kind:
            case "number":
                return _Typed(ast.Constant(float(token.text)), Kind.NUMBER)
            case "text":
                return _Typed(ast.Constant(token.text[1:-1]), Kind.TEXT)
            case "name":
                return self._named(token)
        self._next -= 1
        raise self._wrong("a value")

    def _named(self, token: _Token) -> _Typed:
        name = token.text
        if name in {"true", "false"}:
            return _Typed(ast.Constant(name == "true"), Kind.BOOLEAN)
        if name in _FUNCTIONS and self._take("("):
            arguments = [self._demand(one, Kind.NUMBER) for one in self._listed(")")]
            least, most = _FUNCTIONS[name]
            if not least <= len(arguments) <= most:
                raise PolicyError(f"at {token.position}: {name} takes {least} to {most} arguments")
            return _call(name, Kind.NUMBER, *arguments)
        if name not in self._facts:
            raise PolicyError(f"at {token.position}: unknown name {name!r}")
        self.names[name] = None
        return _Typed(ast.Name(slot(name), ast.Load()), self._facts[name])

    def _listed(self, end: str) -> list[_Typed]:
        members = [self._conditional()]
        while self._take(","):
            members.append(self._conditional())
        self._expect(end)
        return members

    def _demand(self, found: _Typed, kind: Kind) -> _Typed:
        if found.kind is not kind:
            raise PolicyError(f"before {self._peek().position}: a {found.kind} where a {kind} is expected")
        return found

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > DEPTH_LIMIT:
            raise PolicyError(f"at {self._peek().position}: nested deeper than {DEPTH_LIMIT}")

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self, sign: str) -> bool:
        found = self._peek().kind == "sign" and self._peek().text == sign
        self._next += found
        return found

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            raise self._wrong(repr(sign))

    def _wrong(self, expected: str) -> PolicyError:
        token = self._peek()
        return PolicyError(f"at {token.position}: {token.text or 'the end'!r} where {expected} is expected")


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    position = 0
    end = len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            start = position + len(text[position:]) - len(text[position:].lstrip())
            raise PolicyError(f"at {start + 1}: {text[start]!r} is not part of the language")
        kind = match.lastgroup
        found.append(_Token(kind, match[kind], match.start(kind) + 1))
        position = match.end()
    return [*found, _Token("end", "", end + 1)]


def _call(operator_name: str, kind: Kind, *arguments: _Typed) -> _Typed:
    function = ast.Name(operator_name, ast.Load())
    return _Typed(ast.Call(function, [one.node for one in arguments], []), kind)
