"""One box of a receiving order: what it should hold, and what of it was counted."""

from typing import Any

from adapters.keys import key, member, shortened
from adapters.kinds import DocumentKind
from adapters.reading import Reading
from contracts.canonical import Fact, FactKind, FactLine, Item, Normalised
from contracts.limits import KEY_MAX_CHARACTERS, LINE_MAX_CHARACTERS

CONTRACT = "wms-shipbob-box"

_MAPPED = frozenset({
    "box_id", "box_status", "inventory_id", "sku", "quantity", "received_quantity", "received_date",
    "counting_started_date", "arrived_date", "lot_number",
})  # fmt: skip


def business_key(tree: dict[str, Any]) -> str:
    """Return the box's id: a box does not name its receiving order."""
    return key("box", member(tree, "box_id"))


def normalise(reading: Reading) -> Normalised:
    """Map to a receipt, or to a shipment on its way until the box has arrived.

    It is never an exception: what is missing from one box can be in the next, and the receiving order has the
    totals.
    """
    arrived = reading.text("/arrived_date", "/received_date", "/counting_started_date")
    items = reading.places("/box_items")
    has_come = arrived is not None or any(reading.number(f"{at}/received_quantity") for at in items)
    occurred_at = reading.occurred_at("/received_date", "/counting_started_date", "/arrived_date")
    lines = tuple(_line(reading, at, has_come=has_come) for at in items)
    fact = Fact(
        kind=FactKind.RECEIPT if has_come else FactKind.SHIPMENT,
        key=key("box", reading.name("/box_id")),
        occurred_at=occurred_at,
        lines=lines,
        status=reading.words("/box_status"),
        assumed=reading.assumed,
        extensions=reading.extensions(_MAPPED),
    )
    return Normalised(facts=(fact,))


def _line(reading: Reading, at: str, *, has_come: bool) -> FactLine:
    number, expected = reading.name(f"{at}/inventory_id"), reading.number(f"{at}/quantity")
    received = reading.number(f"{at}/received_quantity")
    return FactLine(
        line=shortened(key(number, reading.text(f"{at}/lot_number")), LINE_MAX_CHARACTERS),
        item=Item(id=shortened(reading.text(f"{at}/sku") or number, KEY_MAX_CHARACTERS)),
        quantity=reading.quantity(received if has_come else expected),
        expected_quantity=reading.quantity(expected) if has_come else None,
    )


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
