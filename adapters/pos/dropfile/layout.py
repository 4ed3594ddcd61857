"""A layout: what a retailer declares of a drop file, read from TOML."""

import tomllib
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from adapters.pos.dropfile.fields import RowsKind

Positive = Annotated[int, Meta(ge=1)]
Text = Annotated[str, Meta(min_length=1)]
Character = Annotated[str, Meta(max_length=1)]


class LayoutRefused(Exception):
    """Layouts can't be used; each fault names the file, the key and what was expected."""

    def __init__(self, *faults: str) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class Column(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One column and the field that it holds.

    In a delimited file `column` is its name in the header row, or its number from 1 on; in a fixed-width file
    it lies at `start` (from 1 on) and is `length` characters long. `decimals` says how many of a number's
    last digits stand behind a decimal mark that is not written; `format` is that of a date or a time, in the
    directives of strptime; `values` turns the file's words into ours; a text of `empty` says nothing.

    A column `sign` makes the numbers `signs` of its row negative where its text is one of `negative`.
    """

    field: Text
    column: Text | Positive | None = None
    start: Positive | None = None
    length: Positive | None = None
    format: str = ""
    decimals: Annotated[int, Meta(ge=0, le=9)] = 0
    overpunch: bool = False
    strip_zeros: bool = False
    values: dict[str, str] = {}
    empty: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()
    negative: tuple[str, ...] = ("-",)


class Records(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the rows of a file with several kinds of them begin with.

    A header row's columns hold for all line rows up to the next one. Without `line` every row that is no
    other is a line; with it, rows that begin with none of these are refused one by one.
    """

    header: str = ""
    line: str = ""
    ignored: tuple[Text, ...] = ()


class Trailer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The last row, which begins with `prefix`: a file without it was cut off on its way.

    Where it says how many rows came before it, that count lies at `column`, or at `start` with `length`.
    """

    prefix: Text
    column: Positive | None = None
    start: Positive | None = None
    length: Positive | None = None
    counts: Literal["lines", "rows", "all"] = "lines"


class Layout(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of drop file: `docs/layouts.md` explains every key.

    `key` names the fields that make a document: rows that follow each other with equal values are its lines,
    and the values are the sender's own id of the event. `sequence_has_no_gaps` promises that a till's file
    holds every number of its receipts, so that one that never comes is missing.
    """

    name: str = ""  # the name of its file
    title: Text
    rows: RowsKind
    key: Annotated[tuple[Text, ...], Meta(min_length=1)]
    shape: Literal["delimited", "fixed-width"]
    columns: Annotated[tuple[Column, ...], Meta(min_length=1)]
    header_columns: tuple[Column, ...] = ()
    constants: dict[str, str] = {}
    encoding: str = "utf-8"
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] = ";"
    quote: Character = '"'
    header_row: bool = False
    sequence_has_no_gaps: bool = False
    skip_lines: Annotated[int, Meta(ge=0, le=100)] = 0
    comment: str = ""
    first_line: str = ""
    decimal_mark: Literal[".", ","] = "."
    thousands_mark: Character = ""
    records: Records = Records()
    trailer: Trailer | None = None

    @property
    def is_delimited(self) -> bool:
        """Whether columns are told apart by a delimiter."""
        return self.shape == "delimited"

    @property
    def all_columns(self) -> tuple[Column, ...]:
        """The columns of header rows and of line rows."""
        return self.header_columns + self.columns


def parse_layout(name: str, text: str) -> Layout:
    """Read a layout; whether it can be meant is `layout_lint`'s to say. Raises: LayoutRefused."""
    try:
        raw: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LayoutRefused(f"this is not TOML: {error}") from None
    try:
        return msgspec.convert(raw | {"name": name}, Layout)
    except msgspec.ValidationError as error:
        fault, _, place = str(error).partition(" - at `")
        fault = fault.removeprefix("Object ")
        raise LayoutRefused(
            f"{fault[0].lower()}{fault[1:]} - at `{place.removesuffix('`') or '$'}`"
        ) from None
