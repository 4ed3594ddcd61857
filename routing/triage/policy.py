"""The policy language: a strict subset of CEL over declared facts, compiled once to a Python code object."""

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from routing.triage.policy_syntax import Kind, PolicyError, Syntax, parse, slot

__all__ = ["Conditions", "Evaluation", "Expression", "Kind", "PolicyError", "Value"]

Value = bool | float | str


class Evaluation(Struct, frozen=True, kw_only=True):
    """What an expression says of some facts.

    `value` is None where it is unknown; `missing` then names the facts that were not there (it is empty where
    the arithmetic has no answer, as in a division by zero).
    """

    value: Value | None
    missing: tuple[str, ...] = ()


class Expression:
    """A compiled expression. Pure; never raises on facts of their declared kinds.

    A fact that is absent, None or NaN is unknown, and so is all that depends on it. `||`, `&&` and `?:` are
    as in CEL: `true || unknown` is true, `false && unknown` is false; unknown itself is never true.
    """

    __slots__ = ("_function", "kind", "names", "text", "tree")

    def __init__(self, text: str, facts: Mapping[str, Kind], returns: Kind) -> None:
        """Compile `text`. Raises: PolicyError for syntax, a name outside `facts`, or kinds that don't fit."""
        syntax = parse(text, facts, returns)
        self.text = text
        self.kind = returns
        self.names = syntax.names
        self.tree = _Inlined().visit(syntax.tree)
        # the code holds constants, its parameters and the operators below: `policy_syntax` made each node
        code = compile(_function_of(Syntax(self.tree, syntax.names)), "<policy>", "eval")
        self._function: Callable[..., Value | None] = eval(code, _OPERATORS)  # noqa: S307

    def evaluate(self, facts: Mapping[str, Value | None]) -> Evaluation:
        """Return what the expression says of `facts`; facts that it doesn't name are ignored."""
        # only NaN differs from itself
        values = [None if value != value else value for value in map(facts.get, self.names)]
        result = self._function(*values)
        if result is not None:
            return Evaluation(value=result)
        absent = (name for name, value in zip(self.names, values, strict=True) if value is None)
        return Evaluation(value=None, missing=tuple(absent))


class Conditions:
    """Several conditions over the same facts, evaluated in one call: what stands in a hot path."""

    __slots__ = ("_function", "_names", "expressions")

    def __init__(self, expressions: Sequence[Expression]) -> None:
        self.expressions = tuple(expressions)
        self._names = tuple(dict.fromkeys(name for one in expressions for name in one.names))
        tree = ast.Tuple([one.tree for one in expressions], ast.Load())
        code = compile(_function_of(Syntax(tree, self._names)), "<policies>", "eval")
        self._function: Callable[..., tuple[bool | None, ...]] = eval(code, _OPERATORS)  # noqa: S307

    def evaluate(self, facts: Mapping[str, Value | None]) -> tuple[bool | None, ...]:
        """Return what each condition says, None where it is unknown (hot path)."""
        values = [None if value != value else value for value in map(facts.get, self._names)]
        return self._function(*values)


def _function_of(syntax: Syntax) -> ast.Expression:
    parameters = [ast.arg(slot(name)) for name in syntax.names]
    arguments = ast.arguments(posonlyargs=parameters, args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
    return ast.fix_missing_locations(ast.Expression(body=ast.Lambda(args=arguments, body=syntax.tree)))


_COMPARISONS: Mapping[str, type[ast.cmpop]] = {
    "==": ast.Eq, "!=": ast.NotEq, "<": ast.Lt, "<=": ast.LtE, ">": ast.Gt, ">=": ast.GtE,
}  # fmt: skip


class _Inlined(ast.NodeTransformer):
    """Writes a comparison of facts and constants out, which takes a third of the time of a call.

    `a < 3` becomes `None if a is None else a < 3`: a comparison has no arithmetic that could fail.
    """

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in _COMPARISONS or not all(isinstance(one, ast.Name | ast.Constant) for one in node.args):
            return node
        left, right = node.args
        named = [one for one in node.args if isinstance(one, ast.Name)]
        absent = [ast.Compare(one, [ast.Is()], [ast.Constant(None)]) for one in named]
        if not absent:
            return node
        is_unknown = absent[0] if len(absent) == 1 else ast.BoolOp(ast.Or(), list(absent))
        return ast.IfExp(is_unknown, ast.Constant(None), ast.Compare(left, [_COMPARISONS[name]()], [right]))


def _strict(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make `function` unknown (None) where an argument is, and where the arithmetic has no answer."""

    def lifted(*arguments: Any) -> Any:
        if None in arguments:
            return None
        try:
            return function(*arguments)
        except ArithmeticError:
            return None

    return lifted


def _all(*sides: bool | None) -> bool | None:
    return False if False in sides else None if None in sides else True


def _any(*sides: bool | None) -> bool | None:
    return True if True in sides else None if None in sides else False


def _choose(condition: bool | None, first: Any, second: Any) -> Any:
    return None if condition is None else first if condition else second


def _member(value: Any, *members: Any) -> bool | None:
    return _any(*(None if one is None or value is None else one == value for one in members))


_OPERATORS: dict[str, Any] = {
    "__builtins__": {},
    "?:": _choose,
    "||": _any,
    "&&": _all,
    "in": _member,
    "!": _strict(operator.not_),
    "==": _strict(operator.eq),
    "!=": _strict(operator.ne),
    "<": _strict(operator.lt),
    "<=": _strict(operator.le),
    ">": _strict(operator.gt),
    ">=": _strict(operator.ge),
    "+": _strict(operator.add),
    "-": _strict(operator.sub),
    "*": _strict(operator.mul),
    "/": _strict(operator.truediv),
    "negative": _strict(operator.neg),
    "min": _strict(min),
    "max": _strict(max),
    "abs": _strict(abs),
}
