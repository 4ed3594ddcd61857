"""Reading a POSLog tree: every element may be a string, an object with attributes, a list, or not there."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from adapters.values import decimal
from adapters.xml import Tree

_TRUE = frozenset({"true", "1"})  # xs:boolean
_NOTHING = frozenset({"", "false", "n/a", "no", "none", "null", "undefined"})


def text(node: Any) -> str:
    """Return an element's own text, of a repeated one the first's; empty where there is none."""
    if isinstance(node, list):
        node = node[0] if node else ""
    if isinstance(node, dict):
        node = node.get("#text", "")
    return node if isinstance(node, str) else ""


def child_text(node: Any, *names: str) -> str:
    """Return the text of the first child (or, with `@`, attribute) of `names` that has one; else empty."""
    if isinstance(node, dict):
        for name in names:
            child = node.get(name)
            written = child if isinstance(child, str) else text(child)
            if written:
                return written
    return ""


def children(node: Any) -> Iterator[tuple[str, Any]]:
    """Yield name and value of each attribute and child, repeated ones one by one (hot path)."""
    if isinstance(node, dict):
        for name, child in node.items():
            if isinstance(child, list):
                for each in child:
                    yield name, each
            else:
                yield name, child


def members(node: Any) -> Iterator[tuple[str, str, Any]]:
    """Yield name, pointer below `node` and value of each attribute and child, repeated ones one by one."""
    for name, child in node.items() if isinstance(node, dict) else ():
        if isinstance(child, list):
            for index, each in enumerate(child):
                yield name, f"/{name}/{index}", each
        else:
            yield name, f"/{name}", child


def objects(node: Any, *names: str) -> Iterator[tuple[str, Tree]]:
    """Yield each child of `names` that has attributes or children, with its pointer below `node`."""
    if isinstance(node, dict) and not node.keys().isdisjoint(names):
        for name, place, child in members(node):
            if name in names and isinstance(child, dict):
                yield place, child


def below(node: Any, name: str, without: frozenset[str]) -> Iterator[Tree]:
    """Yield each element `name` with children at any depth below `node`, but not below those of `without`."""
    for found, child in children(node):
        if not isinstance(child, dict):
            continue
        if found == name:
            yield child
        elif found not in without:
            yield from below(child, name, without)


def flag(node: Any, name: str) -> bool:
    """Say whether the attribute or the child element `name` is true."""
    if not isinstance(node, dict):
        return False
    attribute = f"@{name}"
    return (attribute in node or name in node) and child_text(node, attribute, name).lower() in _TRUE


def number(node: Tree, name: str, pointer: str) -> Decimal | None:
    """Return the child's number, or None where the child is missing or empty; `pointer` is that of `node`.

    Raises: Unmapped for what is not a number.
    """
    written = child_text(node, name)
    return decimal(written, f"{pointer}/{name}") if written else None


def says_something(node: Any) -> bool:
    """Say whether anything below `node` is more than empty, false or zero."""
    if isinstance(node, dict):
        return any(says_something(child) for child in node.values())
    if isinstance(node, list):
        return any(says_something(child) for child in node)
    written = str(node).strip().lower()
    return written not in _NOTHING and written.strip("+-0.") != ""
