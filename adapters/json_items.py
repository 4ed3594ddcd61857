"""JSON for adapters: cut an array, or JSON lines, into items whose bytes are unchanged."""

import re
from collections.abc import Iterator
from itertools import islice

import msgspec

from contracts.documents import Arrival, Message
from contracts.errors import RequestInvalid, RequestTooLarge, RequestUnreadable
from contracts.ids import body_digest

LINES = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl"})

ITEMS_LIMIT = 100_000  # far more than a batch may have: counting stops there
_COMMAS_LIMIT = 2_000_000  # an element that is cut takes 80 bytes, and `[1,1,1…` has one every two
_LINE = re.compile(rb"[^\r\n]+")

_array = msgspec.json.Decoder(list[msgspec.Raw])


def essence(media_type: str) -> str:
    """Return a media type in lower case and without its parameters."""
    return media_type.partition(";")[0].strip().lower()


def looks_like_json(message: Message) -> bool:
    """Say whether the body starts like a JSON object or array."""
    return message.body[:200].lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"["))


def has_many(message: Message) -> bool:
    """Say whether the body is JSON lines or an array, and not one JSON object."""
    return essence(message.media_type) in LINES or message.body[:200].lstrip(b" \t\r\n").startswith(b"[")


def cut_items(message: Message, media_type: str) -> Iterator[Arrival]:
    """Cut JSON lines (by the message's media type) or an array into items of `media_type`.

    Raises: RequestUnreadable where an array is not well-formed (a line is only looked at when it is decoded);
    RequestInvalid where there is no item; RequestTooLarge for an array of millions of values.
    """
    bodies: Iterator[bytes]
    if essence(message.media_type) in LINES:
        items, bodies = _count(_lines(message.body)), _lines(message.body)
    else:
        elements = _elements(message.body)
        items, bodies = len(elements), map(bytes, elements)
    if not items:
        raise RequestInvalid("there is no event in this batch")
    file = body_digest(message.body)
    for number, body in enumerate(bodies, 1):
        yield Arrival(body=body, media_type=media_type, file=file, item=number, items=items)


def _lines(body: bytes) -> Iterator[bytes]:
    for match in _LINE.finditer(body):
        line = match.group().strip(b" \t")
        if line:
            yield line


def _count(lines: Iterator[bytes]) -> int:
    counted = sum(1 for _ in islice(lines, ITEMS_LIMIT + 1))
    if counted > ITEMS_LIMIT:
        raise RequestTooLarge(f"there are more than {ITEMS_LIMIT} lines in this batch")
    return counted


def _elements(body: bytes) -> list[msgspec.Raw]:
    if body.count(b",") > _COMMAS_LIMIT:
        raise RequestTooLarge("this array is too large to be cut; send application/x-ndjson")
    try:
        return _array.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RequestUnreadable(f"this is not a JSON array: {error}") from None
    except RecursionError:
        raise RequestUnreadable("values are nested too deep") from None
