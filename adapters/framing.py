"""Many JSON messages in one body: lines (NDJSON) and arrays. Each of them is a message of its own."""

import re
from collections.abc import Iterator

import msgspec

from contracts.documents import Message
from contracts.errors import RequestTooLarge, RequestUnreadable

JSON = "application/json"
CLOUD_EVENT = "application/cloudevents+json"
CLOUD_EVENTS = "application/cloudevents-batch+json"
LINES = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl"})

_BLANKS = b" \t\r"
_COMMAS_LIMIT = 2_000_000  # an element that is cut takes 80 bytes, and `[1,1,1…` has one every two
_LINE = re.compile(rb"[^\r\n]+")

_array = msgspec.json.Decoder(list[msgspec.Raw])


def essence(media_type: str) -> str:
    """Return a media type in lower case and without its parameters."""
    return media_type.partition(";")[0].strip().lower()


def looks_like_json(message: Message) -> bool:
    """Say whether the body starts like a JSON object or array."""
    return message.body[:200].lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"["))


def messages(message: Message) -> Iterator[Message]:
    """Yield the messages that a body holds: JSON lines by its media type, elements of an array, else itself.

    A line or an element has no headers: those of the request, such as a message id, name the request.

    Raises: RequestUnreadable where an array is not well-formed (what a line holds is looked at when it is
    decoded); RequestTooLarge for an array of millions of values.
    """
    kind = essence(message.media_type)
    if kind in LINES:
        for match in _LINE.finditer(message.body):
            if line := match.group().strip(_BLANKS):
                yield Message(body=line, media_type=JSON)
    elif kind != CLOUD_EVENT and (kind == CLOUD_EVENTS or _is_array(message)):
        media_type = CLOUD_EVENT if kind == CLOUD_EVENTS else JSON
        for element in _elements(message.body):
            yield Message(body=bytes(element), media_type=media_type)
    else:
        yield message


def _is_array(message: Message) -> bool:
    return message.body[:200].lstrip(b" \t\r\n").startswith(b"[")


def _elements(body: bytes) -> list[msgspec.Raw]:
    if body.count(b",") > _COMMAS_LIMIT:
        raise RequestTooLarge("this array is too large to be cut; send application/x-ndjson")
    try:
        return _array.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RequestUnreadable(f"this is not a JSON array: {error}") from None
    except RecursionError:
        raise RequestUnreadable("values are nested too deep") from None
