"""Inventory Change: what one bin held before and after, and why it changed."""

import re
from decimal import Decimal
from typing import Any

from msgspec import Struct

from adapters.keys import key, member, shortened
from adapters.kinds import DocumentKind
from adapters.reading import Reading
from adapters.triggers import VARIANCE_MIN_UNITS
from contracts.canonical import Category, Fact, FactKind, FactLine, Item, Normalised, RetailException
from contracts.limits import LINE_MAX_CHARACTERS

CONTRACT = "wms-shiphero-inventory-change"

# "Cycle count", "physical_count", "Recounted", "stock take"; not "account", "discount" or "counter sale"
_COUNT = re.compile(r"\b(re)?count(s|ed|ing)?\b|\bstock ?tak(e|ing)\b")
_MAPPED = frozenset({
    "webhook_type", "warehouse_id", "sku", "quantity", "old_quantity", "location_name", "timestamp", "reason",
})  # fmt: skip


class _Levels(Struct, frozen=True, kw_only=True):
    """What was in the bin `before` and `after`, the signed `change`, and where `before` was read.

    `change` is None where before and after don't speak of the same place.
    """

    before: Decimal | None
    after: Decimal | None
    change: Decimal | None
    before_pointer: str


def business_key(tree: dict[str, Any]) -> str:
    """Return warehouse and item."""
    return key("sku", member(tree, "warehouse_id"), member(tree, "sku"))


def normalise(reading: Reading) -> Normalised:
    """Map a count to a stock count, and any other change to a movement.

    A count is an exception where it differs from the book by 2 units or more; what the units cost is not in
    the document, so that the taxonomy's second condition is left open.
    """
    levels = _levels(reading)
    is_count = bool(_COUNT.search(_why(reading)))
    occurred_at = reading.occurred_at("/timestamp")
    sku, location = reading.name("/sku"), reading.text("/location_name")
    counted, expected = (levels.after, levels.before) if is_count else (levels.change, None)
    line = FactLine(
        line=shortened(location or sku, LINE_MAX_CHARACTERS),
        item=Item(id=sku),
        quantity=reading.quantity(counted),
        expected_quantity=reading.quantity(expected),
        reason=reading.words("/reason"),
    )
    fact = Fact(
        kind=FactKind.STOCK_COUNT if is_count else FactKind.STOCK_MOVEMENT,
        key=key("sku", reading.text("/warehouse_id"), sku, location, occurred_at),
        occurred_at=occurred_at,
        place=reading.place("dc", "/warehouse_id"),
        lines=(line,),
        actor=reading.actor("/user_id"),
        assumed=reading.assumed,
        extensions=reading.extensions(_MAPPED),
    )
    exceptions = _variance(reading, levels, occurred_at, sku) if is_count else ()
    return Normalised(facts=(fact,), exceptions=exceptions)


def _levels(reading: Reading) -> _Levels:
    """Read the three numbers.

    The vendor says that `old_quantity` is what the bin held before, sellable or not, and `previous_on_hand`
    what the warehouse held. Of `quantity` it says no more than that the webhook reports the change and the
    values before and after: it is taken as the bin's level after the change, the counterpart of
    `old_quantity`, and the assumption is recorded. Below zero it can only be the change itself.

    Older editions have no `old_quantity`. Then the warehouse's level is all there is to compare a count with;
    it equals the bin's where an item has one bin, and says nothing of a movement.
    """
    quantity = reading.needed("/quantity")
    has_bin_level = reading.number("/old_quantity") is not None
    before_pointer = "/old_quantity" if has_bin_level else "/previous_on_hand"
    before = reading.number(before_pointer)
    if quantity < 0:
        reading.assume("quantity", "change")
        after = None if before is None else before + quantity
        return _Levels(before=before, after=after, change=quantity, before_pointer=before_pointer)
    reading.assume("quantity", "level after the change")
    change = quantity - before if before is not None and has_bin_level else None
    return _Levels(before=before, after=quantity, change=change, before_pointer=before_pointer)


def _why(reading: Reading) -> str:
    text = f"{reading.text('/reason') or ''} | {reading.text('/source') or ''}"
    return text.lower().replace("_", " ").replace("-", " ")


def _variance(reading: Reading, levels: _Levels, occurred_at: str, sku: str) -> tuple[RetailException, ...]:
    if levels.before is None or levels.after is None:
        return ()
    if abs(levels.after - levels.before) < VARIANCE_MIN_UNITS:
        return ()
    unknown = () if levels.before_pointer == "/old_quantity" else ("bin_on_hand",)
    return (
        RetailException(
            category=Category.INVENTORY_VARIANCE,
            key=key(sku, reading.text("/location_name"), reading.text("/lot_id")),
            expected=reading.measure(levels.before),
            actual=reading.measure(levels.after),
            occurred_at=occurred_at,
            detected_at=reading.received_at,
            place=reading.place("dc", "/warehouse_id"),
            item=Item(id=sku),
            evidence=reading.evidence(
                levels.before_pointer, "/quantity", "/reason", "/source", "/location_name", "/lot_id"
            ),
            assumed=reading.assumed,
            missing=("unit_cost", *unknown),
        ),
    )


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
