"""Versions by computation: the least next one that a comparison allows."""

from collections.abc import Iterable

from contracts.compat.comparison import Floor
from contracts.manifest import version_order

_PLACES = (Floor.MAJOR, Floor.MINOR, Floor.PATCH)


def major_of(version: str) -> int:
    """Return the first number of `x.y.z`."""
    return version_order(version)[0]


def raised(version: str, floor: Floor) -> str:
    """Return `version` with this part raised by one and the parts after it at 0."""
    place = _PLACES.index(floor)
    parts = version_order(version)
    return ".".join(map(str, (*parts[:place], parts[place] + 1, *[0] * (2 - place))))


def part_raised(older: str, newer: str) -> Floor:
    """Return which part of `older` was raised to make `newer`, which is the higher one."""
    pairs = zip(_PLACES, version_order(older), version_order(newer), strict=True)
    return next((place for place, before, after in pairs if before != after), Floor.PATCH)


def greatest(floors: Iterable[Floor]) -> Floor:
    """Return the greatest of several floors; a patch where there is none."""
    found = set(floors)
    return next((place for place in _PLACES if place in found), Floor.PATCH)
