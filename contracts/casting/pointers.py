"""JSON Pointers with `*` for every element of a list or member of a map, applied to a tree."""

from collections.abc import Iterator
from typing import Any

Parts = tuple[str, ...]
Slot = tuple[Any, str | int]  # a container and the key or index in it

EVERY = "*"


class CastFailed(ValueError):
    """An operation can't be done on this document; the text names the place and never a value."""


def parts_of(pointer: str) -> Parts:
    """Return the parts of a pointer, unescaped; none for the whole document."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def pointer_of(parts: Parts) -> str:
    """Return parts as a pointer."""
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


def scope_of(parts: Parts) -> Parts:
    """Return the parts up to the last `*` before the end: what an operation is done for each of."""
    stars = [place for place, part in enumerate(parts[:-1]) if part == EVERY]
    return parts[: stars[-1] + 1] if stars else ()


def nodes(tree: Any, parts: Parts) -> Iterator[Any]:
    """Yield each value at `parts`; nothing where the tree has none."""
    if not parts:
        yield tree
        return
    first, rest = parts[0], parts[1:]
    if first == EVERY:
        children = tree if isinstance(tree, list) else list(tree.values()) if isinstance(tree, dict) else ()
        for child in children:
            yield from nodes(child, rest)
    elif isinstance(tree, dict) and first in tree:
        yield from nodes(tree[first], rest)


def slots(tree: Any, parts: Parts) -> Iterator[Slot]:
    """Yield the place of each value at `parts`, to be replaced or removed."""
    for holder in nodes(tree, parts[:-1]):
        if parts[-1] == EVERY:
            keys = range(len(holder)) if isinstance(holder, list) else list(holder)
            yield from ((holder, key) for key in keys)
        elif isinstance(holder, dict) and parts[-1] in holder:
            yield holder, parts[-1]


def find(node: Any, parts: Parts) -> list[Any]:
    """Return the value below `node` at parts without a `*`, as a list of one or none."""
    return list(nodes(node, parts))


def take(node: Any, parts: Parts) -> list[Any]:
    """Remove the value at `parts`, and the objects that are empty without it; return it as `find` does."""
    holders = [node]
    for part in parts[:-1]:
        if not isinstance(holders[-1], dict) or part not in holders[-1]:
            return []
        holders.append(holders[-1][part])
    if not isinstance(holders[-1], dict) or parts[-1] not in holders[-1]:
        return []
    taken = holders[-1].pop(parts[-1])
    for above, part in zip(reversed(holders[:-1]), reversed(parts[:-1]), strict=True):
        if above[part]:
            break
        del above[part]
    return [taken]


def put(node: Any, parts: Parts, value: Any) -> None:
    """Set the value at `parts`, making the objects on the way. Raises: CastFailed where one is there."""
    for part in parts[:-1]:
        node = node.setdefault(part, {}) if isinstance(node, dict) else None
    if not isinstance(node, dict):
        raise CastFailed(f"{pointer_of(parts)}: what is above it is not an object")
    if parts[-1] in node:
        raise CastFailed(f"{pointer_of(parts)}: there is something already")
    node[parts[-1]] = value


def is_within(parts: Parts, above: Parts) -> bool:
    """Say whether `parts` is `above` or below it; `*` stands for any element."""
    return len(parts) >= len(above) and all(
        EVERY in (one, other) or one == other for one, other in zip(parts, above, strict=False)
    )


def without(tree: Any, pointers: tuple[Parts, ...]) -> Any:
    """Return a copy of `tree` without what is at these places."""
    return _without(tree, list(pointers))


def _without(tree: Any, pointers: list[Parts]) -> Any:
    if isinstance(tree, dict):
        return {
            name: _without(child, below)
            for name, child in tree.items()
            if () not in (below := _below(pointers, name))
        }
    if isinstance(tree, list):
        below = _below(pointers, EVERY)
        return [] if () in below else [_without(child, below) for child in tree]
    return tree


def _below(pointers: list[Parts], name: str) -> list[Parts]:
    return [pointer[1:] for pointer in pointers if pointer and pointer[0] in (name, EVERY)]
