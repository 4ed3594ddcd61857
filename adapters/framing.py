"""Many JSON messages in one body: lines (NDJSON) and arrays. Each of them is a message of its own.

A body is cut as it comes, so that its size costs no memory. Where it is broken, the piece that can't be read
is a message too: whoever decodes it says so, and the others are none the worse.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Protocol

from msgspec.structs import replace

from adapters.media_type import essence
from contracts.documents import Message
from contracts.errors import RequestUnreadable

JSON = "application/json"
CLOUD_EVENT = "application/cloudevents+json"
CLOUD_EVENTS = "application/cloudevents-batch+json"
LINES = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl"})

_BLANKS = b" \t\r\n"
_PIECE_BYTES = 64 << 10
_UNTYPED = frozenset({"", "application/octet-stream"})
# an object or array of plain values, or a string, whole; else one mark. A quote by itself is a string that
# goes on in the next chunk
_STRING = rb'"(?:[^"\\]++|\\.)*+"'
_FLAT = rb'[\[{](?:[^"\[\]{}]++|' + _STRING + rb")*+[\]}]"
_MARK = re.compile(_FLAT + b"|" + _STRING + rb'|["\[\]{},]', re.DOTALL)
_REST_OF_STRING = re.compile(rb'(?:[^"\\]++|\\.)*+"', re.DOTALL)
_STEPS = {b"[": 1, b"{": 1, b"]": -1, b"}": -1}


class Cutter(Protocol):
    """Cuts a body, chunk by chunk.

    A message of more bytes than the limit is cut off one byte behind it, so that its reader refuses it, and
    the rest of it is passed over.
    """

    def feed(self, chunk: bytes) -> Iterator[Message]:
        """Yield the messages that end in this chunk. Raises: RequestUnreadable where it is no such body."""
        ...

    def end(self) -> Iterator[Message]:
        """Yield the message that the body's end ends, if one is open."""
        ...

    @property
    def held_bytes(self) -> int:
        """The size of the message that is open."""
        ...


class LineCutter:
    """Cuts JSON lines; blank ones are none."""

    def __init__(self, limit_bytes: int) -> None:
        self._line = _Piece(limit_bytes, JSON)
        self._is_begun = False

    @property
    def held_bytes(self) -> int:
        return len(self._line)

    def feed(self, chunk: bytes) -> Iterator[Message]:
        chunk, self._is_begun = _unmarked(chunk, is_begun=self._is_begun), True
        first, *others = chunk.replace(b"\r", b"\n").split(b"\n")
        self._line.add(first)
        for line in others:
            yield from self.end()
            self._line.add(line)

    def end(self) -> Iterator[Message]:
        message = self._line.take()
        if message.body:
            yield message


class ArrayCutter:
    """Cuts the elements of one JSON array; of one that does not end, the end is a message nobody can read."""

    def __init__(self, limit_bytes: int, media_type: str) -> None:
        self._element = _Piece(limit_bytes, media_type)
        self._depth = 0
        self._is_begun = False
        self._is_in_string = False
        self._is_escaped = False
        self._follows_comma = False
        self._is_over = False

    @property
    def held_bytes(self) -> int:
        return len(self._element)

    def feed(self, chunk: bytes) -> Iterator[Message]:
        chunk, self._is_begun = _unmarked(chunk, is_begun=self._is_begun), True
        start = 0 if self._depth or self._is_over else self._begin(chunk)
        place = self._leave_string(chunk) if self._is_in_string else start
        while self._depth and (mark := _MARK.search(chunk, place)) is not None:
            place = mark.end()
            if mark[0] == b'"':
                self._is_in_string = True
                self._note_escape(chunk, place)
                break
            self._depth += _STEPS.get(mark[0], 0)
            if self._depth == 0 or (self._depth == 1 and mark[0] == b","):
                self._element.add(chunk[start : mark.start()])
                start = place
                yield from self._take(is_last=self._depth == 0)
        self._element.add(chunk[start:])

    def end(self) -> Iterator[Message]:
        rest = self._element.take()
        if self._is_over:
            if rest.body:  # what follows the array is no element of it
                yield replace(rest, body=b"]" + rest.body)
        elif self._depth == 1 and rest.body:
            yield rest
            yield replace(rest, body=b"")
        elif self._depth:
            yield rest

    def _begin(self, chunk: bytes) -> int:
        """Return the place behind the opening bracket, or the chunk's end where there are only blanks."""
        blanks = len(chunk) - len(chunk.lstrip(_BLANKS))
        if blanks == len(chunk):
            return blanks
        if chunk[blanks : blanks + 1] != b"[":
            raise RequestUnreadable("this is not a JSON array")
        self._depth = 1
        return blanks + 1

    def _take(self, *, is_last: bool) -> Iterator[Message]:
        """Yield the element that ends here; beside a comma there is one, even where nothing stands."""
        message = self._element.take()
        if message.body or not is_last or self._follows_comma:
            yield message
        self._follows_comma, self._is_over = not is_last, is_last

    def _leave_string(self, chunk: bytes) -> int:
        """Return the place behind the string that the chunk begins in, or its end."""
        place = int(self._is_escaped)
        rest = _REST_OF_STRING.match(chunk, place)
        if rest is None:
            self._note_escape(chunk, place)
            return len(chunk)
        self._is_in_string = self._is_escaped = False
        return rest.end()

    def _note_escape(self, chunk: bytes, place: int) -> None:
        """Remember whether the chunk, within a string from `place` on, ends in half an escape."""
        escapes = len(chunk) - max(place, len(chunk.rstrip(b"\\")))
        self._is_escaped = escapes % 2 == 1


class _Piece:
    """The message that is open: at most one byte more than it may have."""

    def __init__(self, limit_bytes: int, media_type: str) -> None:
        self._limit_bytes = limit_bytes
        self._media_type = media_type
        self._bytes = bytearray()

    def __len__(self) -> int:
        return len(self._bytes)

    def add(self, part: bytes) -> None:
        if not self._bytes:
            part = part.lstrip(_BLANKS)
        self._bytes += part[: self._limit_bytes + 1 - len(self._bytes)]

    def take(self) -> Message:
        message = Message(body=bytes(self._bytes).strip(_BLANKS), media_type=self._media_type)
        self._bytes.clear()
        return message


def looks_like_json(message: Message) -> bool:
    """Say whether the body starts like a JSON object or array."""
    return message.body[:200].lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"["))


def cutter_for(media_type: str, head: bytes, limit_bytes: int) -> Cutter | None:
    """Return what cuts a body of this media type that begins with `head`; None for one that is one message.

    `limit_bytes` is the most that a message may have.
    """
    kind = essence(media_type)
    if kind in LINES:
        return LineCutter(limit_bytes)
    if kind == CLOUD_EVENTS:
        return ArrayCutter(limit_bytes, CLOUD_EVENT)
    may_be_array = kind != CLOUD_EVENT and (kind in _UNTYPED or kind.endswith("json"))
    is_array = may_be_array and _unmarked(head, is_begun=False).lstrip(_BLANKS).startswith(b"[")
    return ArrayCutter(limit_bytes, JSON) if is_array else None


def messages(message: Message) -> Iterator[Message]:
    """Yield the messages that a body holds: JSON lines by its media type, elements of an array, else itself.

    A line or an element has no headers: those of the request, such as a message id, name the request.

    Raises: RequestUnreadable where a batch is no array.
    """
    cutter = cutter_for(message.media_type, message.body[:_PIECE_BYTES], len(message.body))
    if cutter is None:
        yield message
        return
    for start in range(0, len(message.body), _PIECE_BYTES):
        yield from cutter.feed(message.body[start : start + _PIECE_BYTES])
    yield from cutter.end()


def _unmarked(chunk: bytes, *, is_begun: bool) -> bytes:
    """Return the first chunk of a body without its byte order mark, any other as it is."""
    return chunk if is_begun else chunk.removeprefix(BOM_UTF8)
