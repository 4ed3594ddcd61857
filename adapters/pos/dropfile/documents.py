"""The documents of a drop file: which rows make one, and the tree that they become."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from adapters.keys import joined
from adapters.pos.dropfile.cells import UNREADABLE, negative, value_of
from adapters.pos.dropfile.fields import FIELDS, SIGN
from adapters.pos.dropfile.layout import Column, Layout, Trailer
from adapters.pos.dropfile.rows import Record, Row, Rows
from contracts.errors import RequestUnreadable

Tree = dict[str, Any]

LINES_LIMIT = 10_000  # of a document, by its contract
_UNREAD_LIMIT = 100  # rows in a row whose key can't be read: nobody waits longer for the document to go on


class Slice(Struct, frozen=True, kw_only=True):
    """The bytes of one document, from `start` to `end`, and the header row that holds for it."""

    header: Row | None
    start: int
    end: int


class _FieldPlace:
    """Where one field of the key stands: in a column of the line rows or of the header rows, or nowhere."""

    def __init__(self, layout: Layout, name: str) -> None:
        self.name = name
        self.constant = layout.constants.get(name)
        self.column = next((column for column in layout.all_columns if column.field == name), None)
        self.is_in_header = self.column in layout.header_columns


class DropFile:
    """A body read by its layout. A part of a file, which is one document, has no trailer of its own.

    Raises: RequestUnreadable where the header row lacks a column of the layout.
    """

    def __init__(self, layout: Layout, body: bytes, *, is_part: bool) -> None:
        self._layout = layout
        self._rows = Rows(layout, body)
        self._body = body
        self._is_part = is_part
        self._key_fields = [_FieldPlace(layout, name) for name in layout.key]

    def documents(self) -> Iterator[bytes]:
        """Yield each document as a file of its own: the head, its header row, its rows; bytes unchanged.

        Raises: RequestUnreadable, before the first of them, where the trailer is missing or counts otherwise:
        who takes the first half of a file can't take it back; RequestTooLarge for more than a million rows.
        """
        if self._layout.trailer is not None and not self._is_part:
            self._check_trailer(self._layout.trailer)
        for each in self._slices():
            header = self._body[each.header.start : each.header.end] if each.header else b""
            yield self._rows.head + header + self._body[each.start : each.end]

    def tree(self) -> Tree:
        """Return the only document as the tree that its contract speaks about.

        Raises: RequestUnreadable for a row that can't be read, for several documents or none, for too many
        rows, and where a part of the key is blank.
        """
        header: Row | None = None
        lines: list[Row] = []
        for number, row in enumerate(self._rows, 1):
            if row.fault:
                raise RequestUnreadable(f"row {number} of this item: {row.fault}")
            if row.record is Record.HEADER:
                header = row
            elif row.record is Record.LINE:
                lines.append(row)
                if len(lines) > LINES_LIMIT:
                    raise RequestUnreadable(f"more than {LINES_LIMIT} rows have the key of one document")
        # a header without lines is a document too, such as a receipt that sold nothing
        rows = lines or ([header] if header is not None else [])
        if not rows:
            raise RequestUnreadable("there is no row in this item")
        keys = {self._key(row, header) for row in rows}
        if len(keys) > 1:
            raise RequestUnreadable(f"there are {len(keys)} documents in this item, by their key")
        key = keys.pop()
        if key is None:
            blank = [each.name for each in self._key_fields if not self._field(each, rows[0], header)]
            raise RequestUnreadable(f"`{', '.join(blank)}` is blank, and belongs to the key")
        return self._tree(key, lines, header)

    def _tree(self, key: str, lines: list[Row], header: Row | None) -> Tree:
        known = FIELDS[self._layout.rows]
        read = [self._members(row, header) for row in lines]
        first = read[0] if read else self._members(None, header)
        tree: Tree = {"layout": self._layout.name, "key": key}
        tree |= {name: value for name, value in first.items() if name in known.document}
        _join_date_and_time(tree)
        return tree | {"lines": [{name: row[name] for name in row if name in known.line} for row in read]}

    def _slices(self) -> Iterator[Slice]:
        """Yield the documents in order.

        A row whose key can't be read belongs to the document around it, if it has rows of one document on
        both sides; else it stands alone, to be refused alone.
        """
        header: Row | None = None
        current: Slice | None = None
        current_key, unread = "", list[Row]()
        is_header_alone = False
        for row in self._rows:
            if row.record in {Record.IGNORED, Record.TRAILER}:
                continue
            if row.record is Record.HEADER:
                yield from _ended(current, unread, header)
                header, current, unread = row, self._alone(row), []
                is_header_alone = True
                continue
            if is_header_alone:
                current, is_header_alone = None, False
            key = self._key(row, header)
            if key is None:
                unread.append(row)
                if len(unread) == _UNREAD_LIMIT:
                    yield from _ended(current, unread, header)
                    current, unread = None, []
            elif current is not None and key == current_key:
                current, unread = Slice(header=header, start=current.start, end=row.end), []
            else:
                yield from _ended(current, unread, header)
                current, unread = Slice(header=header, start=row.start, end=row.end), []
                current_key = key
        yield from _ended(current, unread, header)

    def _alone(self, header: Row) -> Slice | None:
        """Return a header as a document, until a line comes; None where the key needs one."""
        is_whole = all(each.is_in_header or each.column is None for each in self._key_fields)
        return Slice(header=None, start=header.start, end=header.end) if is_whole else None

    def _check_trailer(self, trailer: Trailer) -> None:
        last = self._rows.last()
        if last is None or last.record is not Record.TRAILER:
            raise RequestUnreadable(
                f"the last row does not begin with {trailer.prefix!r}: without its trailer a file was cut off"
            )
        if trailer.column is None and trailer.start is None:
            return
        written, counted = self._rows.cell(last, trailer).strip()[:18], self._count(trailer.counts)
        if not written.isdecimal() or int(written) != counted:
            raise RequestUnreadable(f"the trailer counts {written!r} {trailer.counts}, and {counted} came")

    def _count(self, what: str) -> int:
        found = Counter(row.record for row in self._rows)
        counted = {
            "lines": (Record.LINE, Record.UNKNOWN),
            "rows": (Record.LINE, Record.UNKNOWN, Record.HEADER, Record.IGNORED),
        }
        return sum(found[record] for record in counted.get(what, tuple(Record)))

    def _key(self, row: Row, header: Row | None) -> str | None:
        """Return the values of the key, or None where a part of it is blank or the row can't be read."""
        if row.fault:
            return None
        parts = [self._field(each, row, header) for each in self._key_fields]
        known = [part for part in parts if part]
        if len(known) < len(parts):
            return None
        return joined(known)

    def _field(self, place: _FieldPlace, row: Row, header: Row | None) -> str | None:
        holder = header if place.is_in_header else row
        if place.column is None or holder is None:
            return place.constant
        return self._value(holder, place.column)

    def _members(self, row: Row | None, header: Row | None) -> dict[str, str]:
        members = dict(self._layout.constants)
        if header is not None:
            members |= self._of_row(header, self._layout.header_columns)
        return members if row is None else members | self._of_row(row, self._layout.columns)

    def _of_row(self, row: Row, columns: tuple[Column, ...]) -> dict[str, str]:
        read = ((column.field, self._value(row, column)) for column in columns if column.field != SIGN)
        members = {name: value for name, value in read if value is not None}
        for column in columns:
            if column.field == SIGN and self._rows.cell(row, column).strip() in column.negative:
                members |= {name: negative(members[name]) for name in column.signs if name in members}
        return members

    def _value(self, row: Row, column: Column) -> str | None:
        text = self._rows.cell(row, column)
        is_cut = text.strip() and column.length is not None and len(text) < column.length
        if is_cut and (column.decimals or column.overpunch):
            return UNREADABLE + text  # a row that ends here has lost digits, not blanks
        return value_of(text, column, self._layout)


def _ended(current: Slice | None, unread: list[Row], header: Row | None) -> Iterator[Slice]:
    if current is not None:
        yield current
    for row in unread:
        yield Slice(header=header, start=row.start, end=row.end)


def _join_date_and_time(tree: Tree) -> None:
    """Make the moment of a day and a time in two columns; the trading day stands in for a missing day."""
    day, time = str(tree.get("date", tree.get("business_day", ""))), str(tree.get("time", ""))
    is_readable = not day.startswith(UNREADABLE) and not time.startswith(UNREADABLE)
    if "occurred_at" not in tree and is_readable and ("date" in tree or (day and time)):
        tree["occurred_at"] = f"{day}T{time}" if time else day
