"""What happened to stock (tradeItemInventoryEvent): how it moved, and what a count changed."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from msgspec import Struct

from adapters.keys import key, shortened
from adapters.reading import Reading
from adapters.triggers import VARIANCE_MIN_UNITS
from adapters.values import quantity as as_quantity
from adapters.wms.gs1.elements import item, made_at, party_id, quantity
from contracts.canonical import Category, FactLine, Item, Place, Quantity, RetailException
from contracts.limits import LINE_MAX_CHARACTERS

EVENT = "tradeItemInventoryEvent"
MAPPED_OF_EVENT = frozenset({
    "eventIdentifier", "eventDateTime", "inventoryMovementTypeCode", "inventoryEventReasonCode",
    "inventoryBusinessStepCode", "inventoryDispositionCode", "tradeItemQuantity",
})  # fmt: skip

# code lists InventoryBusinessStepCode ("a physical counting activity") and InventoryMovementTypeCode
_COUNTING = "counting"
_SIGNS = {
    "INCREASE": 1,
    "MOVING_INVENTORY_INTO_INVENTORY": 1,
    "DECREASE": -1,
    "MOVING_INVENTORY_OUT_OF_INVENTORY": -1,
}


class StockEvent(Struct, frozen=True, kw_only=True):
    """One event; `at` is its pointer, `change` has the sign of the movement, if that is known."""

    at: str
    line: str
    item: Item | None
    change: Quantity | None
    step: str
    reason: str | None
    occurred_at: str


def read_event(reading: Reading, at: str, document: str) -> StockEvent:
    """Read the event at `at`."""
    found = item(reading, at) or item(reading, f"{at}/transactionalTradeItem")
    direction = reading.text(f"{at}/inventoryMovementTypeCode") or ""
    names = (
        reading.text(f"{at}/eventIdentifier"),
        found.id if found else None,
        reading.text(f"{at}/inventoryDispositionCode"),
        party_id(reading, f"{at}/inventorySubLocation"),
        direction,
    )
    return StockEvent(
        at=at,
        line=shortened(key(*names) or "event", LINE_MAX_CHARACTERS),
        item=found,
        change=_signed(quantity(reading, f"{at}/tradeItemQuantity"), _SIGNS.get(direction)),
        step=(reading.text(f"{at}/inventoryBusinessStepCode") or "").lower(),
        reason=reading.words(f"{at}/inventoryEventReasonCode", f"{at}/inventoryBusinessStepCode"),
        occurred_at=made_at(reading, document, f"{at}/eventDateTime"),
    )


def movement_line(event: StockEvent) -> FactLine:
    """Return the line of a stock movement."""
    return FactLine(line=event.line, item=event.item, quantity=event.change, reason=event.reason)


def count_variances(
    reading: Reading, events: Iterable[StockEvent], place: Place | None
) -> Iterator[RetailException]:
    """Yield where a count changed the book by two units or more.

    The message states the difference alone, not the levels before and after: none was expected.
    """
    for event in events:
        if event.step != _COUNTING or event.change is None:
            continue
        change = Decimal(event.change.value)
        if abs(change) < VARIANCE_MIN_UNITS:
            continue
        reading.assume("quantity", "change")
        yield RetailException(
            category=Category.INVENTORY_VARIANCE,
            key=key(place.id if place else None, event.line),
            expected=reading.measure(Decimal(0), event.change.unit),
            actual=reading.measure(change, event.change.unit),
            occurred_at=event.occurred_at,
            detected_at=reading.received_at,
            place=place,
            item=event.item,
            evidence=reading.evidence(
                f"{event.at}/tradeItemQuantity",
                f"{event.at}/inventoryMovementTypeCode",
                f"{event.at}/inventoryBusinessStepCode",
                f"{event.at}/inventoryEventReasonCode",
            ),
            assumed=reading.assumed,
            missing=("on_hand", "unit_cost"),
        )


def _signed(moved: Quantity | None, sign: int | None) -> Quantity | None:
    """Return the change of the stock; which way an event without a direction went is not said."""
    return as_quantity(sign * Decimal(moved.value), moved.unit) if moved and sign else None
