"""What a file is sent as: pieces, each of them one request, cut the same way each time."""

from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from adapters.framing import LINES, Cutter, cutter_for
from adapters.media_type import essence
from contracts.documents import Message
from gateway.media_types import media_type_of

ITEMS_LIMIT = 5_000
BYTES_LIMIT = 4 << 20
FILE_LIMIT_BYTES = 64 << 20
_READ_BYTES = 1 << 20


class Piece(Struct, frozen=True, kw_only=True):
    """One request. Where it is cut from a file of lines or an array, `messages` are its items.

    `first` is the place of the first of them in the file, 1-based; blank lines don't count.
    """

    body: bytes
    media_type: str
    first: int = 1
    messages: tuple[bytes, ...] = ()

    def halves(self) -> tuple["Piece", ...]:
        """Return two smaller pieces, or none for one that can't be cut."""
        middle = len(self.messages) // 2
        if not middle:
            return ()
        return (
            _piece(self.messages[:middle], self.media_type, self.first),
            _piece(self.messages[middle:], self.media_type, self.first + middle),
        )


class FileTooLarge(Exception):
    """A file that is neither lines nor an array, of more bytes than one request may have."""


def pieces(file: Path) -> Iterator[Piece]:
    """Yield a file's pieces: of lines and arrays many, of any other file one.

    Raises: FileTooLarge, OSError; RequestUnreadable for a batch that is no array.
    """
    media_type = media_type_of(file)
    with file.open("rb") as opened:
        cutter = cutter_for(media_type, opened.read(_READ_BYTES), FILE_LIMIT_BYTES)
    if cutter is not None:
        yield from _cut(file, cutter, media_type)
    elif file.stat().st_size > FILE_LIMIT_BYTES:
        raise FileTooLarge(f"a file other than lines or an array has at most {FILE_LIMIT_BYTES >> 20} MiB")
    else:
        yield Piece(body=file.read_bytes(), media_type=media_type)


def _cut(file: Path, cutter: Cutter, media_type: str) -> Iterator[Piece]:
    found: list[bytes] = []
    first, size = 1, 0
    for message in _messages(file, cutter):
        if found and (len(found) == ITEMS_LIMIT or size + len(message.body) > BYTES_LIMIT):
            yield _piece(tuple(found), media_type, first)
            first, size, found = first + len(found), 0, []
        found.append(message.body)
        size += len(message.body)
    yield _piece(tuple(found), media_type, first)


def _messages(file: Path, cutter: Cutter) -> Iterator[Message]:
    with file.open("rb") as opened:
        while chunk := opened.read(_READ_BYTES):
            yield from cutter.feed(chunk)
    yield from cutter.end()


def _piece(messages: tuple[bytes, ...], media_type: str, first: int) -> Piece:
    body = b"\n".join(messages) if essence(media_type) in LINES else b"[" + b",".join(messages) + b"]"
    return Piece(body=body, media_type=media_type, first=first, messages=messages)
