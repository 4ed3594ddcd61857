"""What all kinds of rows say alike: the place, the time, the item of a line, and the documents it names."""

from decimal import Decimal
from typing import Any, Literal

from adapters.keys import key, member, shortened
from adapters.reading import Reading
from adapters.values import gtin, money
from contracts.canonical import Fact, FactKind, FactLine, Item, Money, Reference
from contracts.limits import (
    DESCRIPTION_MAX_CHARACTERS,
    KEY_MAX_CHARACTERS,
    LINE_MAX_CHARACTERS,
    UNIT_MAX_CHARACTERS,
)

ReferenceKind = Literal["transaction", "delivery", "count"]


_MAPPED = frozenset({
    "layout", "key", "store", "business_day", "occurred_at", "date", "time", "currency", "status", "total",
    "tax", "line", "item", "gtin", "description", "quantity", "unit", "unit_price", "regular_price", "amount",
    "discount", "type", "reason", "reference", "counted", "expected", "till", "sequence",
})  # fmt: skip


def store_key(tree: dict[str, Any]) -> str:
    """Return the store: what it sends must stay in order."""
    return key("store", member(tree, "store"))


def fact(kind: FactKind, reading: Reading, lines: tuple[FactLine, ...], *, occurred_at: str) -> Fact:
    """Return a fact with what the document says once."""
    return Fact(
        kind=kind,
        key=shortened(reading.name("/key"), KEY_MAX_CHARACTERS),
        occurred_at=occurred_at,
        place=reading.place("store", "/store"),
        lines=lines,
        status=reading.words("/status"),
        business_day=reading.text("/business_day"),
        actor=reading.actor("/operator"),
        customer=reading.actor("/customer"),
        assumed=reading.assumed,
        extensions=reading.extensions(_MAPPED),
    )


def number_of_line(reading: Reading, at: str) -> str:
    """Return the line's own number, or its place in the document, which never changes."""
    written = reading.text(f"{at}/line") or str(int(at.rpartition("/")[2]) + 1)
    return shortened(written, LINE_MAX_CHARACTERS)


def item_of(reading: Reading, at: str) -> Item | None:
    """Return the item; its bar code where the file has no other number of it."""
    code = reading.text(f"{at}/gtin") or ""
    item_id = reading.text(f"{at}/item") or code
    if not item_id:
        return None
    description = reading.text(f"{at}/description")
    return Item(
        id=shortened(item_id, KEY_MAX_CHARACTERS),
        gtin=gtin(code),
        description=description[:DESCRIPTION_MAX_CHARACTERS] if description else None,
    )


def unit_of(reading: Reading, at: str) -> str | None:
    """Return the unit as the file writes it."""
    written = reading.text(f"{at}/unit")
    return written[:UNIT_MAX_CHARACTERS] if written else None


def money_of(reading: Reading, number: Decimal | None) -> Money | None:
    """Return an amount in the file's currency, or in the source's."""
    return None if number is None else money(number, reading.currency(reading.text("/currency")))


def references(reading: Reading, at: str, kind: ReferenceKind = "transaction") -> tuple[Reference, ...]:
    """Return the document that a line came from, such as the receipt of what is returned."""
    named = reading.text(f"{at}/reference")
    return (Reference(kind=kind, id=shortened(named, KEY_MAX_CHARACTERS)),) if named else ()
