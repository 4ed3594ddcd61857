"""JSON for adapters: cut an object at the list in it, without reading what is in the list."""

from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec
from msgspec import Struct

from contracts.documents import Arrival, Message, whole
from contracts.errors import RequestTooLarge, RequestUnreadable
from contracts.ids import body_digest

ELEMENTS_LIMIT = 100_000  # far more than a batch may have: it bounds the memory of counting them
REPEATED_LIMIT_BYTES = 1 << 30  # of what stands around the list, in all items together

_COMMAS_LIMIT = 2_000_000  # an element that is cut takes 80 bytes, and `[1,1,1…` has one every two

Path = tuple[str, ...]
_T = TypeVar("_T")

_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_array = msgspec.json.Decoder(list[msgspec.Raw])


class _List(Struct, frozen=True, kw_only=True):
    """The elements of a list, and the bytes of the object around it, before them and after them."""

    head: bytes
    elements: list[msgspec.Raw]
    tail: bytes


def split_member(message: Message, *paths: Path, is_repeated: Callable[[str], bool]) -> Iterator[Arrival]:
    """Cut an object at the elements of the list at the first of `paths` (names of members) that leads to one.

    Each item is the object around one element, whose bytes are unchanged. `is_repeated` says which of the
    other members on the way down, by their names, stand in each item. What has no such list, or one element
    in it, is returned as it is; an empty list has no items.

    Raises: RequestUnreadable where the message is no object or not well-formed; RequestTooLarge where there
    are too many items, or too much would be repeated.
    """
    body = message.body.removeprefix(BOM_UTF8)
    found = next((each for path in paths if (each := _list_at(body, path, is_repeated))), None)
    if found is None or len(found.elements) == 1:
        yield whole(message)
        return
    file, items = body_digest(message.body), len(found.elements)
    for number, element in enumerate(found.elements, 1):
        yield Arrival(
            body=found.head + bytes(element) + found.tail,
            media_type=message.media_type,
            file=file,
            item=number,
            items=items,
        )


def _list_at(body: bytes, path: Path, is_repeated: Callable[[str], bool]) -> _List | None:
    """Return the list at `path`, or None where something else stands there, or nothing."""
    head, value, tail = b"", body, b""
    for depth, name in enumerate(path):
        if depth and not value.startswith(b"{"):
            return None
        members = _decoded(_object, value)
        if name not in members:
            return None
        value = bytes(members.pop(name))
        others = (_member(other) + bytes(raw) + b"," for other, raw in members.items() if is_repeated(other))
        head, tail = head + b"{" + b"".join(others) + _member(name), b"}" + tail
    return _cut(head, value, tail) if value.startswith(b"[") else None


def _cut(head: bytes, value: bytes, tail: bytes) -> _List:
    if value.count(b",") > _COMMAS_LIMIT:
        raise RequestTooLarge("this list has more values than are taken at once")
    found = _List(head=head + b"[", elements=_decoded(_array, value), tail=b"]" + tail)
    if len(found.elements) > ELEMENTS_LIMIT:
        raise RequestTooLarge(f"there are more than {ELEMENTS_LIMIT} items in this list")
    if len(found.elements) * (len(found.head) + len(found.tail)) > REPEATED_LIMIT_BYTES:
        raise RequestTooLarge("each item would repeat too much of what stands around the list")
    return found


def _decoded(decoder: msgspec.json.Decoder[_T], body: bytes) -> _T:
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RequestUnreadable(f"a JSON object is expected: {error}") from None
    except RecursionError:
        raise RequestUnreadable("values are nested too deep") from None


def _member(name: str) -> bytes:
    return msgspec.json.encode(name) + b":"
