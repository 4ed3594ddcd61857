"""Order Backorder: how much of an order the stock can't cover."""

import re
from decimal import Decimal
from typing import Any

from adapters.keys import each_once, key, member
from adapters.kinds import DocumentKind
from adapters.reading import Reading
from contracts.canonical import (
    Category,
    Fact,
    FactKind,
    FactLine,
    Item,
    Normalised,
    Reference,
    RetailException,
)

CONTRACT = "wms-shiphero-backorder"

# what a shop calls collection by the customer; a bare "pickup" in longer words may be the carrier's
_COLLECTED = re.compile(
    r"^pick ?up$|\bbopi[sc]\b|\bclick (and|&|n) collect\b"
    r"|\b(in store|store|local|customer|curbside) (pick ?up|collection)\b"
    r"|\b(pick ?up|collect) (in|at|from) store\b"
)
_OVER = frozenset({"canceled", "cancelled", "fulfilled"})
_MAPPED = frozenset({
    "test", "webhook_type", "order_number", "warehouse_id", "sku", "quantity", "updated_at",
    "fulfillment_status",
})  # fmt: skip


def business_key(tree: dict[str, Any]) -> str:
    """Return the order's number."""
    return key("order", member(tree, "order_number"))


def normalise(reading: Reading) -> Normalised:
    """Map to a sales order: what was ordered is expected, what the stock covers is the quantity.

    Only an open order that says that its customer collects it becomes an exception: it can't be ready.
    When it was promised is not in the document. The webhook comes again with each change, and lines that are
    covered stand in it too.
    """
    lines = reading.places("/line_items")
    occurred_at = reading.occurred_at("/updated_at", "/timestamp")
    status = reading.words("/fulfillment_status")
    fact = Fact(
        kind=FactKind.SALES_ORDER,
        key=key("order", reading.name("/order_number")),
        occurred_at=occurred_at,
        place=reading.place("dc", "/warehouse_id"),
        references=_order_reference(reading),
        lines=tuple(_line(reading, at) for at in lines),
        status=status,
        assumed=reading.assumed,
        extensions=reading.extensions(_MAPPED),
    )
    sign = None if (status or "").lower() in _OVER else _collection_sign(reading)
    delays = [_delay(reading, at, sign, occurred_at) for at in lines] if sign else []
    return Normalised(facts=(fact,), exceptions=each_once(delay for delay in delays if delay))


def _line(reading: Reading, at: str) -> FactLine:
    sku = reading.name(f"{at}/sku")
    ordered = reading.number(f"{at}/quantity")
    covered = None if ordered is None else ordered - reading.needed(f"{at}/backorder_quantity")
    return FactLine(
        line=reading.line(at, sku),
        item=Item(id=sku),
        quantity=reading.quantity(covered),
        expected_quantity=reading.quantity(ordered),
    )


def _order_reference(reading: Reading, line: str | None = None) -> tuple[Reference, ...]:
    return (Reference(kind="sales-order", id=reading.name("/order_number"), line=line),)


def _collection_sign(reading: Reading) -> str | None:
    """Return the pointer to what says that the customer collects the order, or None."""
    candidates = ("/shipping_method", "/shipping_lines/title", "/shipping_lines/method", "/tags")
    for pointer in (*candidates, *reading.places("/tags")):
        text = reading.text(pointer)
        if text and any(_COLLECTED.search(part) for part in _phrases(text)):
            return pointer
    return None


def _phrases(text: str) -> list[str]:
    plain = re.sub(r"[-_ ]+", " ", text.lower())
    return [phrase.strip() for phrase in plain.split(",")]


def _delay(reading: Reading, at: str, sign: str, occurred_at: str) -> RetailException | None:
    ordered, missing = reading.number(f"{at}/quantity"), reading.needed(f"{at}/backorder_quantity")
    if ordered is None or missing <= 0:
        return None
    sku = reading.name(f"{at}/sku")
    line = reading.line(at, sku)
    return RetailException(
        category=Category.CLICK_AND_COLLECT_DELAY,
        key=key(sku, line),
        expected=reading.measure(ordered),
        actual=reading.measure(max(ordered - missing, Decimal(0))),
        occurred_at=occurred_at,
        detected_at=reading.received_at,
        place=reading.place("dc", f"{at}/warehouse_id", "/warehouse_id"),
        item=Item(id=sku),
        references=_order_reference(reading, line),
        evidence=reading.evidence(f"{at}/quantity", f"{at}/backorder_quantity", sign),
        assumed=reading.assumed,
        missing=("promised_at",),
    )


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
