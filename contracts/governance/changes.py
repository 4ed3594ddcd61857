"""What changed between two schemas, in words, by the places of a document."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from contracts.governance.reading import Part, parts

_STRUCTURE = frozenset(
    {"properties", "$defs", "$ref", "$schema", "$id", "required", "items", "oneOf", "anyOf", "allOf"}
)
_IN_WORDS = {"title": "its title", "description": "its description", "examples": "its examples"}
_LISTS = {"enum": "the value", "x-extensible-enum": "the code", "const": "the value", "type": "the type"}


class Change(Struct, frozen=True, kw_only=True):
    """One difference, in words. `place` has `*` for any index or member; empty is the whole document."""

    place: str
    words: str


def changes(old: Any, new: Any) -> list[Change]:
    """Return what is different in `new`, in the order of the places; of a new member only that it is new."""
    before, after = _by_place(old), _by_place(new)
    found: list[Change] = []
    for place in sorted(before.keys() | after.keys()):
        if any(_is_below(place, gone) for gone in before.keys() ^ after.keys()):
            continue
        if place not in before:
            found.append(Change(place=place, words=_introduced(after[place])))
        elif place not in after:
            found.append(Change(place=place, words="is gone"))
        else:
            found += [Change(place=place, words=words) for words in _differences(before[place], after[place])]
    return found


def _is_below(place: str, above: str) -> bool:
    return place.startswith(f"{above}/")


def _by_place(schema: Any) -> dict[str, list[Part]]:
    found: dict[str, list[Part]] = {}
    for part in parts(schema):
        found.setdefault(part.place, []).append(part)
    return found


def _introduced(own: list[Part]) -> str:
    types = sorted(_values(own, "type"))
    demanded = "required" if any(part.required for part in own) else "optional"
    return f"is new, {demanded}" + (f", of type {' or '.join(map(str, types))}" if types else "")


def _differences(old: list[Part], new: list[Part]) -> Iterator[str]:
    was, now = (any(part.required for part in each) for each in (old, new))
    if was != now:
        yield "is required now" if now else "is optional now"
    keywords = {keyword for part in (*old, *new) if isinstance(part.schema, dict) for keyword in part.schema}
    for keyword in sorted(keywords - _STRUCTURE):
        before, after = _values(old, keyword), _values(new, keyword)
        if before != after:
            yield from _difference(keyword, before, after)


def _difference(keyword: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    gone = [value for value in before if value not in after]
    come = [value for value in after if value not in before]
    if keyword in _IN_WORDS:
        yield f"{_IN_WORDS[keyword]} {'says' if keyword != 'examples' else 'say'} something else"
    elif keyword in _LISTS:
        if come:
            yield f"takes {_LISTS[keyword]} {', '.join(come)}" + ("" if before else ", and no other")
        if gone:
            yield f"no longer takes {_LISTS[keyword]} {', '.join(gone)}" if after else f"has no {keyword} now"
    elif not before:
        yield f"{keyword} is {', '.join(come)}; it was not said"
    elif not after:
        yield f"{keyword} is no longer said; it was {', '.join(gone)}"
    else:
        yield f"{keyword} is {', '.join(come or after)}; it was {', '.join(gone or before)}"


def _values(own: list[Part], keyword: str) -> dict[str, Any]:
    """Return the values of a keyword at one place, by how they are written: a list of values one by one."""
    found: dict[str, Any] = {}
    for part in own:
        if isinstance(part.schema, dict) and keyword in part.schema:
            value = part.schema[keyword]
            each = value if keyword in _LISTS and isinstance(value, list) else [value]
            found |= {_written(value): value for value in each}
    return found


def _written(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
