"""What can be read as a layout and still can't be meant."""

import codecs
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise

from adapters.pos.dropfile.fields import FIELDS, SIGN, FieldType, type_of
from adapters.pos.dropfile.layout import Column, Layout, Trailer

_EXAMPLE = datetime(2026, 11, 23, 10, 15, 30, tzinfo=UTC)
_TIMES = frozenset({FieldType.DATE, FieldType.TIME, FieldType.MOMENT})
# rows are cut as bytes, so that a delimiter, a quote and a line's end must be the same byte in every place
_ASCII = "".join(map(chr, range(0x20, 0x7F))) + "\t\r\n"
_MULTIBYTE = (
    "big5", "cp932", "cp936", "cp949", "cp950", "euc", "gb", "hz", "iso2022", "johab", "shift", "utf-7",
)  # fmt: skip


def problems(layout: Layout) -> list[str]:
    """Return a line for each fault, with the key where it stands."""
    return [*_of_file(layout), *_of_columns(layout), *_of_places(layout), *_of_key(layout)]


def _of_file(layout: Layout) -> Iterator[str]:
    if not _is_usable_encoding(layout.encoding):
        yield f"`{layout.encoding}` is no encoding with one byte for each ASCII character - at `$.encoding`"
    marks = [layout.delimiter, layout.quote] if layout.is_delimited else []
    for name, mark in zip(("delimiter", "quote"), marks, strict=False):
        if mark and (not mark.isascii() or mark in "\r\n"):
            yield f"an ASCII character is expected - at `$.{name}`"
    if layout.is_delimited and layout.delimiter == layout.quote:
        yield "the delimiter can't be the quote - at `$.quote`"
    if layout.thousands_mark == layout.decimal_mark or layout.thousands_mark.isdecimal():
        yield "this can't stand between thousands - at `$.thousands_mark`"
    if layout.header_row and not layout.is_delimited:
        yield "only a delimited file has a header row; pass it over with `skip_lines` - at `$.header_row`"
    if layout.header_columns and not layout.records.header:
        yield "`records.header` says which rows they are in; it is missing - at `$.header_columns`"
    if layout.trailer is not None:
        yield from _place_faults(layout.trailer, layout, "$.trailer", is_optional=True)


def _of_columns(layout: Layout) -> Iterator[str]:
    known = FIELDS[layout.rows]
    for where, column in _placed(layout):
        if column.field == SIGN:
            yield from _sign_faults(column, layout, where)
        elif column.field not in known.names:
            yield f"`{column.field}` is no field of {layout.rows} rows; these are: {_list(known.names)}" + (
                f" - at `{where}.field`"
            )
        else:
            yield from _value_faults(column, where)
    for name in layout.constants:
        if name not in known.names:
            yield f"`{name}` is no field of {layout.rows} rows - at `$.constants`"
    seen = Counter(column.field for column in layout.all_columns if column.field != SIGN)
    seen.update(layout.constants.keys())
    for name in (name for name, times in seen.items() if times > 1):
        yield f"`{name}` is declared more than once - at `$.columns`"


def _value_faults(column: Column, where: str) -> Iterator[str]:
    kind = type_of(column.field)
    if column.format and kind not in _TIMES:
        yield f"`{column.field}` is no date or time, which alone have a format - at `{where}.format`"
    elif column.format and not _is_usable_format(column.format, kind):
        yield f"`{column.format}` does not tell a whole {kind} - at `{where}.format`"
    if (column.decimals or column.overpunch) and kind is not FieldType.DECIMAL:
        yield f"`{column.field}` is no number - at `{where}`"
    if column.signs:
        yield f"`signs` belongs to a column of the field `{SIGN}` - at `{where}.signs`"
    if column.values and kind is not FieldType.TEXT:
        yield f"only the values of a text can be mapped - at `{where}.values`"


def _sign_faults(column: Column, layout: Layout, where: str) -> Iterator[str]:
    numbers = {each.field for each in layout.columns if type_of(each.field) is FieldType.DECIMAL}
    if not column.signs:
        yield f"`signs` names the numbers that this column makes negative; it is missing - at `{where}.signs`"
    for name in column.signs:
        if name not in numbers:
            yield f"`{name}` is no number of these rows - at `{where}.signs`"


def _of_places(layout: Layout) -> Iterator[str]:
    for where, column in _placed(layout):
        yield from _place_faults(column, layout, where)
        if isinstance(column.column, str) and not layout.header_row:
            yield f"`{column.column}` is a name, and there is no header row - at `{where}.column`"
        if isinstance(column.column, str) and column in layout.header_columns:
            yield f"a column of a header record has a number, not a name - at `{where}.column`"
    for name, columns in (("header_columns", layout.header_columns), ("columns", layout.columns)):
        spans = sorted(
            (column.start, column.start + column.length, column.field)
            for column in columns
            if column.start is not None and column.length is not None
        )
        for (_, end, left), (start, _, right) in pairwise(spans):
            if start < end:
                yield f"`{left}` and `{right}` overlap at character {start} - at `$.{name}`"


def _place_faults(
    place: Column | Trailer, layout: Layout, where: str, *, is_optional: bool = False
) -> Iterator[str]:
    has_column = place.column is not None
    has_span = place.start is not None and place.length is not None
    has_part = place.start is not None or place.length is not None
    if layout.is_delimited and has_part:
        yield f"`start` and `length` are for fixed-width files - at `{where}`"
    elif not layout.is_delimited and has_column:
        yield f"`column` is for delimited files - at `{where}.column`"
    elif not (has_column or has_span) and not (is_optional and not has_part):
        yield f"{'`column` is' if layout.is_delimited else '`start` and `length` are'} missing - at `{where}`"


def _of_key(layout: Layout) -> Iterator[str]:
    declared = {column.field for column in layout.all_columns} - {SIGN} | set(layout.constants)
    for name in layout.key:
        if name not in declared:
            yield f"`{name}` is in no column and no constant - at `$.key`"
    if layout.sequence_has_no_gaps and not {"till", "sequence", "business_day"} <= declared:
        # without the day, numbers that start anew look like late ones
        yield (
            "receipts are numbered by the fields `till` and `sequence`, and start anew by `business_day`"
            " - at `$.sequence_has_no_gaps`"
        )
    for name in sorted(FIELDS[layout.rows].needed - declared):
        yield f"{layout.rows} rows need the field `{name}`, in a column or a constant - at `$.columns`"


def _placed(layout: Layout) -> Iterator[tuple[str, Column]]:
    for name, columns in (("header_columns", layout.header_columns), ("columns", layout.columns)):
        for index, column in enumerate(columns):
            yield f"$.{name}[{index}]", column


def _is_usable_encoding(name: str) -> bool:
    try:
        found = codecs.lookup(name)
        is_text = _ASCII.encode(name) == _ASCII.encode("ascii")
    except (LookupError, UnicodeError):
        return False
    return is_text and not found.name.replace("_", "").startswith(_MULTIBYTE)


def _is_usable_format(text: str, kind: FieldType) -> bool:
    """Say whether a time that is written in this format is the same when it is read again."""
    try:
        again = datetime.strptime(_EXAMPLE.strftime(text), text)  # noqa: DTZ007 - compared field by field
    except ValueError:
        return False
    is_day = again.date() == _EXAMPLE.date()
    is_minute = (again.hour, again.minute) == (_EXAMPLE.hour, _EXAMPLE.minute)
    return (is_day or kind is FieldType.TIME) and (is_minute or kind is FieldType.DATE)


def _list(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))
