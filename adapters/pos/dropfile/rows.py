"""A drop file as rows: where each lies in the bytes, which kind of record it is, and its cells.

A row is a line: a quote that is not closed, or bytes that are no text, cost that row alone.
"""

import csv
import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct

from adapters.pos.dropfile.layout import Column, Layout, Trailer
from contracts.errors import RequestTooLarge, RequestUnreadable

_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_ROW = re.compile(rb"[^\r\n]+(?:\r\n|\r|\n)?")
_NOTHING = b" \t\r\n\x1a\x00"  # 1A: the end of a text file in DOS
_SHOWN_CHARACTERS = 300
ROWS_LIMIT = 2_000_000  # each takes two microseconds, however short it is
_ROW_LIMIT_BYTES = 64 << 10  # each delimiter becomes a cell, which takes 60 bytes


class Record(StrEnum):
    """What a row is."""

    HEADER = "header"
    LINE = "line"
    IGNORED = "ignored"
    TRAILER = "trailer"
    UNKNOWN = "unknown"


class Row(Struct, frozen=True, kw_only=True, gc=False):
    """One row. It lies at `start` to `end` with its line's end; `fault` says why it can't be read."""

    start: int
    end: int
    record: Record
    text: str
    cells: tuple[str, ...] = ()
    fault: str = ""


class Rows:
    """The rows of a body. The head, which ends at `start`, is what every item of the file begins with.

    Raises: RequestUnreadable where the header row lacks a column of the layout; RequestTooLarge for millions
    of rows.
    """

    def __init__(self, layout: Layout, body: bytes) -> None:
        if max(body.count(b"\n"), body.count(b"\r")) > ROWS_LIMIT:
            raise RequestTooLarge(f"there are more than {ROWS_LIMIT} rows in this file")
        self._layout = layout
        self._body = body
        self._comment = layout.comment.encode(layout.encoding, "replace")
        self._named: dict[str, int] = {}  # where the columns are that the layout calls by name
        self._width = 0
        self._least = max((each.column for each in layout.columns if isinstance(each.column, int)), default=0)
        self.start = len(BOM_UTF8) if body.startswith(BOM_UTF8) else 0
        self._read_head()

    @property
    def head(self) -> bytes:
        """The bytes before the first row."""
        return self._body[: self.start]

    def last(self) -> Row | None:
        """Return the last row, without looking at the others."""
        end = len(self._body.rstrip(_NOTHING))
        start = max(self._body.rfind(b"\n", 0, end), self._body.rfind(b"\r", 0, end)) + 1
        return self._row(start, end) if self.start <= start < end else None

    def __iter__(self) -> Iterator[Row]:
        """Yield what is neither blank nor a comment. Raises: RequestTooLarge for more than a million rows."""
        for start, end in self._lines(self.start):
            yield self._row(start, end)

    def cell(self, row: Row, place: Column | Trailer) -> str:
        """Return the text at a column; empty where the row ends before it."""
        if place.start is not None and place.length is not None:
            return row.text[place.start - 1 : place.start - 1 + place.length]
        column = place.column
        index = self._named[column] if isinstance(column, str) else (column or 1) - 1
        return row.cells[index] if index < len(row.cells) else ""

    def _read_head(self) -> None:
        for number, match in enumerate(_LINE.finditer(self._body, self.start)):
            if number == self._layout.skip_lines:
                break
            self.start = match.end()
        if not self._layout.header_row:
            return
        start, end = next(self._lines(self.start), (self.start, self.start))
        cells = self._row(start, end).cells
        self._width = len(cells)
        self.start = end
        indexes = {_folded(cell): index for index, cell in reversed(list(enumerate(cells)))}
        for column in self._layout.columns:
            if not isinstance(column.column, str):
                continue
            index = indexes.get(_folded(column.column))
            if index is None:
                shown = ", ".join(cells)[:_SHOWN_CHARACTERS]
                raise RequestUnreadable(f"the header row has no column {column.column!r}; it has: {shown}")
            self._named[column.column] = index

    def _lines(self, start: int) -> Iterator[tuple[int, int]]:
        for match in _ROW.finditer(self._body, start):
            line = match.group().strip(_NOTHING)
            if line and not (self._comment and line.startswith(self._comment)):
                yield match.start(), match.end()

    def _row(self, start: int, end: int) -> Row:
        if end - start > _ROW_LIMIT_BYTES:
            fault = f"it is longer than {_ROW_LIMIT_BYTES} bytes"
            return Row(start=start, end=end, record=Record.UNKNOWN, text="", fault=fault)
        line, fault = self._body[start:end].rstrip(b"\r\n\x1a\x00"), ""
        try:
            text = line.decode(self._layout.encoding)
        except UnicodeDecodeError as error:
            text = line.decode(self._layout.encoding, "replace")
            fault = f"byte {error.start + 1} is not {self._layout.encoding}"
        cells: tuple[str, ...] = ()
        if self._layout.is_delimited:
            try:
                cells = self._cells(text)
            except csv.Error as error:
                fault = fault or str(error)
        record = self._record(text, cells)
        if record is Record.UNKNOWN:
            fault = fault or f"{text[:20]!r} begins no kind of row that the layout names"
        elif record is Record.LINE and self._width and any(map(str.strip, cells[self._width :])):
            fault = fault or f"it has {len(cells)} columns, and the header row {self._width}"
        elif record is Record.LINE and self._is_cut_off(end, cells):
            expected = self._width or self._least
            fault = fault or f"it ends after {len(cells)} of {expected} columns, without a line's end"
        return Row(start=start, end=end, record=record, text=text, cells=cells, fault=fault)

    def _is_cut_off(self, end: int, cells: tuple[str, ...]) -> bool:
        """Say whether the file breaks off in this row. Other rows may end early: nothing stands there."""
        is_last = end == len(self._body) and self._body[-1:] not in (b"\r", b"\n")
        return is_last and self._layout.is_delimited and len(cells) < (self._width or self._least)

    def _cells(self, text: str) -> tuple[str, ...]:
        delimiter, quote = self._layout.delimiter, self._layout.quote
        if not quote or quote not in text:
            return tuple(text.split(delimiter))
        reader = csv.reader([text], delimiter=delimiter, quotechar=quote, skipinitialspace=True, strict=True)
        return tuple(next(reader))

    def _record(self, text: str, cells: tuple[str, ...]) -> Record:
        trailer, records = self._layout.trailer, self._layout.records

        def begins(prefix: str) -> bool:
            return cells[0].strip() == prefix if cells else text.startswith(prefix)

        if trailer is not None and (text.startswith(trailer.prefix) or begins(trailer.prefix)):
            return Record.TRAILER
        if records.header and begins(records.header):
            return Record.HEADER
        if any(map(begins, records.ignored)):
            return Record.IGNORED
        return Record.LINE if not records.line or begins(records.line) else Record.UNKNOWN


def _folded(name: str) -> str:
    return name.strip().casefold()
