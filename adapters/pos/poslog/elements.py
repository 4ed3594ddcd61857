"""Reading a POSLog tree: every element may be a string, an object with attributes, a list, or not there."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from adapters.values import decimal
from adapters.xml import Tree

_TRUE = frozenset({"true", "1"})  # xs:boolean
_NOTHING = frozenset({"", "false", "no", "none", "null"})


def text(node: Any) -> str:
    """Return an element's own text, of a repeated one the first's; empty where there is none."""
    if isinstance(node, list):
        node = node[0] if node else ""
    if isinstance(node, dict):
        node = node.get("#text", "")
    return node if isinstance(node, str) else ""


def child_text(node: Any, name: str) -> str:
    """Return the text of the child (or, with `@`, the attribute) `name`; empty where there is none."""
    return text(node.get(name)) if isinstance(node, dict) else ""


def objects(node: Any, name: str) -> Iterator[tuple[str, Tree]]:
    """Yield each child `name` that has attributes or children, with its pointer below `node`."""
    child = node.get(name) if isinstance(node, dict) else None
    if isinstance(child, dict):
        yield f"/{name}", child
    for index, element in enumerate(child if isinstance(child, list) else ()):
        if isinstance(element, dict):
            yield f"/{name}/{index}", element


def flag(node: Any, name: str) -> bool:
    """Say whether the attribute or the child element `name` is true."""
    return (child_text(node, f"@{name}") or child_text(node, name)).lower() in _TRUE


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
