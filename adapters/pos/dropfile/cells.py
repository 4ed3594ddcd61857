"""What the text of one cell says: a text, a number, a day or a time, as contracts speak of it.

A cell that can't be read as its column says becomes a text that no contract takes for a number or a time, so
that the contract names its place and what stands there.
"""

import re
from datetime import datetime
from functools import lru_cache

from adapters.pos.dropfile.fields import FieldType, type_of
from adapters.pos.dropfile.layout import Column, Layout

UNREADABLE = "unreadable: "

_DEFAULT_FORMATS = {FieldType.DATE: "%Y-%m-%d", FieldType.TIME: "%H:%M:%S"}
_ADJOINING = re.compile(r"%[A-Za-z]%[A-Za-z]")
_TIME_MAX_CHARACTERS = 100  # what is longer is none, and would be remembered
_SIGNS = "+-"
# signed zoned decimals as mainframes print them: the last digit and the sign are one character
_OVERPUNCH = {
    character: (sign, str(digit))
    for sign, characters in (("", "{ABCDEFGHI"), ("-", "}JKLMNOPQR"))
    for digit, character in enumerate(characters)
}


def value_of(text: str, column: Column, layout: Layout) -> str | None:
    """Return what a cell says; None where it is blank, of a text column an empty text instead.

    An empty text tells those who map a line that the till could have said something, and did not.
    """
    text = text.strip()
    text = "" if text in column.empty else text
    kind = type_of(column.field)
    if kind is FieldType.TEXT:
        return _words(text, column)
    if not text:
        return None
    if kind is FieldType.DECIMAL:
        read = _number(text, column, layout)
    else:
        read = _time(text, column.format, kind) if len(text) <= _TIME_MAX_CHARACTERS else None
    return UNREADABLE + text if read is None else read


def negative(number: str) -> str:
    """Return a number that `value_of` gave with a minus."""
    return number if number.startswith(UNREADABLE) or not number.strip("0.") else f"-{number.lstrip('-')}"


def _words(text: str, column: Column) -> str:
    if column.strip_zeros and text:
        text = text.lstrip("0") or "0"
    return column.values.get(text, text)


def _number(text: str, column: Column, layout: Layout) -> str | None:
    sign, digits = _overpunched(text) if column.overpunch else ("", text)
    if digits[:1] in _SIGNS or digits[-1:] in _SIGNS:
        sign = "-" if "-" in (digits[:1], digits[-1:]) else ""
        digits = (digits[1:] if digits[:1] in _SIGNS else digits[:-1]).strip()
    match = _number_pattern(layout.decimal_mark, layout.thousands_mark).fullmatch(digits)
    if match is None:
        return None
    whole, fraction = "".join(filter(str.isdecimal, match["whole"])), match["fraction"]
    if fraction is None and column.decimals:
        whole = whole.rjust(column.decimals, "0")
        whole, fraction = whole[: -column.decimals], whole[-column.decimals :]
    whole = whole.lstrip("0") or "0"
    number = f"{whole}.{fraction}" if fraction else whole
    return negative(number) if sign else number


def _overpunched(text: str) -> tuple[str, str]:
    sign, digit = _OVERPUNCH.get(text[-1], ("", text[-1]))
    return sign, text[:-1] + digit


@lru_cache
def _number_pattern(decimal_mark: str, thousands_mark: str) -> re.Pattern[str]:
    grouped = f"[0-9]{{1,3}}(?:{re.escape(thousands_mark)}[0-9]{{3}})+|" if thousands_mark else ""
    return re.compile(
        f"(?=.?[0-9])(?P<whole>{grouped}[0-9]*)(?:{re.escape(decimal_mark)}(?P<fraction>[0-9]*))?"
    )


@lru_cache(maxsize=1024)  # the day of a file stands in each of its rows
def _time(text: str, format_: str, kind: FieldType) -> str | None:
    pattern = format_ or _DEFAULT_FORMATS.get(kind, "")
    try:
        # the zone of what names none is the source's, which is not known here
        moment = datetime.strptime(text, pattern) if pattern else datetime.fromisoformat(text)  # noqa: DTZ007
        if _ADJOINING.search(pattern) and moment.strftime(pattern).lower() != text.lower():
            return None  # without anything between them, strptime takes a missing digit from the next number
    except ValueError:
        return None
    if kind is FieldType.DATE:
        return moment.date().isoformat()
    return moment.time().isoformat() if kind is FieldType.TIME else moment.isoformat()
