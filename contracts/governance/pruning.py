"""A document without one of its members, to find out who misses it."""

from typing import Any


def has(tree: Any, place: str) -> bool:
    """Say whether a document has anything at a place (`*` is any index or member)."""
    return bool(without(tree, place) != tree)


def without(tree: Any, place: str) -> Any:
    """Return a document without what stands at a place; the same where nothing stands there."""
    return _without(tree, tuple(part.replace("~1", "/").replace("~0", "~") for part in place.split("/")[1:]))


def _without(tree: Any, parts: tuple[str, ...]) -> Any:
    if not parts or not isinstance(tree, dict | list):
        return tree
    first, rest = parts[0], parts[1:]
    if isinstance(tree, list):
        return tree if first != "*" else [_without(each, rest) for each in tree] if rest else []
    hit = set(tree) if first == "*" else {first} & set(tree)
    if not rest:
        return {name: value for name, value in tree.items() if name not in hit}
    return {name: _without(value, rest) if name in hit else value for name, value in tree.items()}
