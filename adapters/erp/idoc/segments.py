"""Segments of a decoded IDoc: their fields as text, numbers and days, each with the place where it stands."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from msgspec import Struct

from adapters.values import decimal
from contracts.canonical import Evidence

# what SAP's master data messages send for a field that the change doesn't touch
NO_DATA = "/"
# the year in which R/3 came; a day before it (00010101 too) stands for none
EARLIEST_YEAR = 1992


class Segment(Struct, frozen=True, kw_only=True):
    """One segment, or the IDOC element itself: its members, and the JSON Pointer to it.

    What is missing, empty or `/` reads as empty text and as no number and no day.
    """

    fields: Mapping[str, Any]
    pointer: str = ""

    def children(self, name: str) -> tuple["Segment", ...]:
        """Return the segments `name` right below this one, in the order of the document."""
        value = self.fields.get(name)
        if isinstance(value, dict):
            return (Segment(fields=value, pointer=self.at(name)),)
        return tuple(
            Segment(fields=child, pointer=f"{self.at(name)}/{index}")
            for index, child in enumerate(value if isinstance(value, list) else ())
            if isinstance(child, dict)
        )

    def child(self, name: str) -> "Segment":
        """Return the first segment `name` below this one, else one without fields."""
        found = self.children(name)
        return found[0] if found else Segment(fields={}, pointer=self.at(name))

    def qualified(self, name: str, qualifier: str, field: str = "QUALF") -> "Segment":
        """Return the first segment `name` whose `field` is `qualifier`, else one without fields."""
        for child in self.children(name):
            if child.text(field) == qualifier:
                return child
        return Segment(fields={}, pointer=self.at(name))

    def text(self, name: str) -> str:
        """Return a field's text without blanks around it."""
        value = self.fields.get(name)
        if isinstance(value, dict):
            value = value.get("#text")
        text = value.strip() if isinstance(value, str) else ""
        return "" if text == NO_DATA else text

    def number(self, name: str) -> Decimal | None:
        """Return a field's number; a minus may trail. Raises: Unmapped for what is not a number."""
        text = self.text(name)
        return decimal(text, self.at(name)) if text else None

    def day(self, name: str) -> date | None:
        """Return a field's day (`YYYYMMDD`); `00000000`, and what is no day, is none."""
        try:
            found = date.fromisoformat(self.text(name))
        except ValueError:
            return None
        return found if found.year >= EARLIEST_YEAR else None

    def at(self, name: str) -> str:
        """Return the JSON Pointer to a member."""
        return f"{self.pointer}/{name}"

    def evidence(self, *names: str) -> tuple[Evidence, ...]:
        """Return what these fields say, leaving out those that say nothing."""
        return tuple(
            Evidence(pointer=self.at(name), value=self.text(name)) for name in names if self.text(name)
        )


def without_zeros(identifier: str) -> str:
    """Return an id as people write it: SAP pads ids of digits alone with zeros, and no others (ALPHA)."""
    return identifier.lstrip("0") or identifier if identifier.isdecimal() else identifier
