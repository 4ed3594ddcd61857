"""The way from one version to another major: one cast, or a chain of them."""

from collections import deque
from collections.abc import Iterable

from msgspec import Struct

from contracts.casting.cast import Cast, Direction, major_of
from contracts.manifest import version_order


class Leg(Struct, frozen=True, kw_only=True):
    """One cast in one direction: a document of exactly `start` becomes one of exactly `end`."""

    start: str
    end: str
    way: Direction


def find_route(casts: Iterable[Cast], start_major: str, end_major: str) -> tuple[Leg, ...] | None:
    """Return the shortest chain of casts from major to major, or None; empty where both are the same.

    Where two casts join the same majors the one that ends in the newest version counts: it replaces the
    other, which can't be edited any more.
    """
    legs: dict[tuple[str, str], Leg] = {}
    for cast in sorted(casts, key=lambda cast: version_order(cast.to)):
        old, new = major_of(cast.source), major_of(cast.to)
        if cast.up is not None:
            legs[(old, new)] = Leg(start=cast.source, end=cast.to, way=cast.up)
        if cast.down is not None:
            legs[(new, old)] = Leg(start=cast.to, end=cast.source, way=cast.down)
    waiting: deque[tuple[str, tuple[Leg, ...]]] = deque([(start_major, ())])
    seen = {start_major}
    while waiting:
        major, chain = waiting.popleft()
        if major == end_major:
            return chain
        for (start, end), leg in legs.items():
            if start == major and end not in seen:
                seen.add(end)
                waiting.append((end, (*chain, leg)))
    return None
