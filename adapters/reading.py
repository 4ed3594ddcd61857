"""One document being read: its members by JSON Pointer, and what had to be assumed on the way.

It reads JSON and the trees that `adapters.xml` makes alike: the text of an element with attributes stands
under `#text`, and an element that may repeat can stand alone.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

from adapters.keys import shortened
from adapters.personal_members import PersonalMembers
from adapters.values import (
    as_text,
    assumptions,
    decimal,
    extensions,
    is_currency,
    local_time,
    plain,
    pseudonym,
    quantity,
)
from contracts.canonical import Assumption, Evidence, Measure, Place, Quantity
from contracts.documents import Document, Source
from contracts.errors import Unmapped
from contracts.limits import (
    EXTENSION_MAX_CHARACTERS,
    KEY_MAX_CHARACTERS,
    LINE_MAX_CHARACTERS,
    LINES_LIMIT,
    UNIT_MAX_CHARACTERS,
    WORDS_MAX_CHARACTERS,
)

PIECES = "EA"  # what a document that names no unit counts

_NO_TIME = "0000-00-00"  # how some databases write that there is none
_OFFSET = re.compile(r"(Z|[+-][0-9]{2}:[0-9]{2})$")


class Reading:
    """A document with its source. Pointers are into the document's tree.

    `personal` says which members never travel, wherever they stand.
    """

    def __init__(
        self, document: Document, source: Source, received_at: str, personal: PersonalMembers
    ) -> None:
        self.tree = document.tree
        self.source = source
        self.received_at = received_at
        self._personal = personal
        self._assumed: dict[str, str] = {}

    @property
    def assumed(self) -> tuple[Assumption, ...]:
        """What was assumed so far."""
        return assumptions(self._assumed)

    def assume(self, name: str, value: str) -> None:
        """Record what the document does not say."""
        self._assumed[name] = value

    def find(self, pointer: str) -> Any:
        """Return the value at `pointer`, or None where there is none."""
        value = self.tree
        for part in pointer.split("/")[1:]:
            if isinstance(value, dict):
                value = value.get(part.replace("~1", "/").replace("~0", "~"))
            elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
                value = value[int(part)]
            else:
                return None
        return value

    def text(self, *pointers: str) -> str | None:
        """Return the first text or whole number that there is, or None where there is nothing to read."""
        for pointer in pointers:
            text = as_text(self.find(pointer))
            if text is not None:
                return text
        return None

    def name(self, pointer: str) -> str:
        """Return the text at `pointer`, such as an item's code. Raises: Unmapped where it is blank."""
        text = self.text(pointer)
        if text is None:
            raise Unmapped(f"{pointer}: a name is expected")
        return text

    def words(self, *pointers: str) -> str | None:
        """Return the first free text that there is, cut to 256 characters."""
        text = self.text(*pointers)
        return text[:WORDS_MAX_CHARACTERS] if text else None

    def number(self, pointer: str) -> Decimal | None:
        """Return the number at `pointer`, be it a number or a text. Raises: Unmapped for another text."""
        value = self.find(pointer)
        if isinstance(value, dict):
            value = value.get("#text")
        if value is None or value == "" or isinstance(value, bool | dict | list):
            return None
        return decimal(str(value), pointer)

    def needed(self, pointer: str) -> Decimal:
        """Return the number at `pointer`. Raises: Unmapped also where there is none."""
        number = self.number(pointer)
        if number is None:
            raise Unmapped(f"{pointer}: a number is expected")
        return number

    def unit(self, written: str | None) -> str:
        """Return the unit as the document writes it, at most 35 characters of it, else pieces, as assumed."""
        if not written:
            self.assume("unit", PIECES)
        return written[:UNIT_MAX_CHARACTERS] if written else PIECES

    def quantity(self, number: Decimal | None, unit: str | None = None) -> Quantity | None:
        """Return a quantity in `unit`, or in pieces where the document names none."""
        return None if number is None else quantity(number, self.unit(unit))

    def measure(self, number: Decimal, unit: str | None = None) -> Measure:
        """Return a quantity in `unit`, or in pieces, as one side of an exception."""
        return Measure(kind="quantity", value=plain(number), unit=self.unit(unit))

    def currency(self, written: str | None) -> str:
        """Return the ISO 4217 code as written, else the source's, which is then an assumption."""
        if written and is_currency(written):
            return written
        self.assume("currency", self.source.currency)
        return self.source.currency

    def occurred_at(self, *pointers: str) -> str:
        """Return the first time that there is; where there is none, the time of receipt is assumed.

        A time without a zone is in the source's; a number is seconds since 1970.

        Raises: Unmapped for what is not a time.
        """
        for pointer in pointers:
            value = self.find(pointer)
            if isinstance(value, int | float) and not isinstance(value, bool):
                return _epoch(value, pointer)
            text = as_text(value)
            if text and not text.startswith(_NO_TIME):
                return local_time(text, self.source, pointer, self._assumed)
        self.assume("occurred_at", "received_at")
        return self.received_at

    def moment(self, day: str, time: str) -> str | None:
        """Return the time whose date and time of day stand apart, or None where there is no date.

        XML Schema lets each of them have an offset (`2026-11-25+01:00`); without a time the day has begun.

        Raises: Unmapped for what is not a time.
        """
        written = self.text(day)
        if written is None:
            return None
        date, rest = written[:10], written[10:]
        if not rest.startswith("T"):
            clock = self.text(time) or "00:00:00"
            rest = f"T{clock}" if _OFFSET.search(clock) else f"T{clock}{rest}"
        return local_time(f"{date}{rest}", self.source, day, self._assumed)

    def line(self, at: str, sku: str) -> str:
        """Return the id of the line at `at`, or its item where it has none."""
        return shortened(self.text(f"{at}/id") or sku, LINE_MAX_CHARACTERS)

    def places(self, pointer: str, limit: int = LINES_LIMIT) -> tuple[str, ...]:
        """Return the pointers of the elements of the list, or of the only element, at `pointer`.

        Raises: Unmapped for more elements than `limit`, by default what a fact may have lines.
        """
        found = self.find(pointer)
        if isinstance(found, list):
            if len(found) > limit:
                raise Unmapped(f"{pointer}: {len(found)} are more than {limit}, the most that are read")
            return tuple(f"{pointer}/{index}" for index in range(len(found)))
        return (pointer,) if isinstance(found, dict) else ()

    def place(self, kind: Literal["store", "dc", "company"], *pointers: str) -> Place | None:
        """Return the first place that is named."""
        found = self.text(*pointers)
        return Place(kind=kind, id=shortened(found, KEY_MAX_CHARACTERS)) if found else None

    def actor(self, pointer: str) -> str | None:
        """Return the keyed hash of the person at `pointer`."""
        person = self.text(pointer)
        return pseudonym(person, self.source) if person else None

    def evidence(self, *pointers: str) -> tuple[Evidence, ...]:
        """Return what stands at those of `pointers` that exist."""
        found = ((pointer, self.text(pointer)) for pointer in pointers)
        return tuple(
            Evidence(pointer=pointer, value=value[:EXTENSION_MAX_CHARACTERS])
            for pointer, value in found
            if value is not None
        )

    def extensions(self, mapped: frozenset[str], pointer: str = "") -> dict[str, str]:
        """Return what is at or below `pointer` and neither mapped nor personal, by pointer."""
        below = extensions(self.find(pointer), mapped, self._left_out)
        return {pointer + place: value for place, value in below.items()}

    @cached_property
    def _left_out(self) -> frozenset[str]:
        return self._personal.of(self.tree)


def _epoch(seconds: float, where: str) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        raise Unmapped(f"{where}: {seconds} is not a time") from None
