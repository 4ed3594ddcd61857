"""Places in a document: as JSON Pointers, in the words of the wire format, and which are personal."""

import re
from collections.abc import Iterable

Place = tuple[str | int, ...]

_PLACE_MAX_CHARACTERS = 1000
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def pointer(place: Place) -> str:
    """Return the JSON Pointer (RFC 6901) of `place`; empty for the whole document."""
    return _shortened("".join(f"/{escaped(str(part))}" for part in place))


def escaped(name: str) -> str:
    """Return a name as it stands in a JSON Pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def path(place: Place, root: str) -> str:
    """Return `place` as the sender would write it.

    Where the tree was made from the XML element at `root`, an element path with 1-based positions
    (`/POSLog/Transaction/LineItem[4]/Sale/@TaxID`); where `root` is empty, `$.lines[3].qty`.
    """
    return _shortened(_element_path(place, root) if root else _member_path(place))


class PersonalPlaces:
    """The places of a contract's personal data, by its `pii` pointers."""

    def __init__(self, pointers: Iterable[str]) -> None:
        self._pointers = tuple(_parts(pointer) for pointer in pointers)

    def hold(self, place: Place) -> bool:
        """Say whether `place` is at or below personal data, so that even the names of members may be."""
        return any(_meet(place, pointer, or_above=False) for pointer in self._pointers)

    def touch(self, place: Place) -> bool:
        """Say whether the value found at `place` may be personal: at or below such a place, or above it.

        Above counts because a document that breaks its contract may hold the text where an object belongs;
        for the same reason a list may be missing, or stand where none is expected.
        """
        return any(_meet(place, pointer, or_above=True) for pointer in self._pointers)


def _meet(place: Place, pointer: tuple[str, ...], *, or_above: bool) -> bool:
    if not pointer:
        return True
    if not place:
        return or_above
    first, rest = place[0], place[1:]
    if isinstance(first, int):
        return _meet(rest, pointer[1:] if pointer[0] == "*" else pointer, or_above=or_above)
    if pointer[0] == "*":
        # a list's index that is missing, or the name of a member
        return any(_meet(left, pointer[1:], or_above=or_above) for left in (place, rest))
    return first == pointer[0] and _meet(rest, pointer[1:], or_above=or_above)


def _parts(pointer: str) -> tuple[str, ...]:
    parts = (part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])
    return tuple("*" if part.isdecimal() else part for part in parts)


def _element_path(place: Place, root: str) -> str:
    # the text beside attributes is the element's own
    parts = (f"[{part + 1}]" if isinstance(part, int) else f"/{part}" for part in place if part != "#text")
    return root + "".join(parts)


def _member_path(place: Place) -> str:
    text = "$"
    for part in place:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN_NAME.fullmatch(part):
            text += f".{part}"
        else:
            text += f'["{part}"]'
    return text


def _shortened(text: str) -> str:
    return text if len(text) <= _PLACE_MAX_CHARACTERS else text[: _PLACE_MAX_CHARACTERS - 1] + "…"
