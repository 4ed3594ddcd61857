"""PO Update: what was ordered from a supplier, and what has been received of it."""

from decimal import Decimal
from typing import Any

from msgspec import Struct

from adapters.keys import each_once, key, member
from adapters.kinds import DocumentKind
from adapters.reading import Reading
from adapters.triggers import is_short_share
from contracts.canonical import (
    Category,
    Fact,
    FactKind,
    FactLine,
    Item,
    Normalised,
    Partner,
    Reference,
    RetailException,
)

CONTRACT = "wms-shiphero-purchase-order-update"

_ORDER = "/purchase_order"
_STATUSES = (f"{_ORDER}/fulfillment_status", f"{_ORDER}/status")
_CLOSED = frozenset({"closed", "received", "complete", "completed"})
_MAPPED = frozenset({
    "test", "webhook_type", "po_number", "warehouse_id", "sku", "quantity", "quantity_received", "vendor_id",
    "fulfillment_status", "status",
})  # fmt: skip


class _Line(Struct, frozen=True, kw_only=True):
    """One line of the order; `at` is its pointer."""

    at: str
    id: str
    sku: str
    ordered: Decimal
    received: Decimal
    vendor: str | None


def business_key(tree: dict[str, Any]) -> str:
    """Return the order's number."""
    return key("po", member(tree, "purchase_order", "po_number"))


def normalise(reading: Reading) -> Normalised:
    """Map to a receipt, or to a purchase order while nothing has come.

    A line that got less than was ordered is short once the order is closed; until then the rest may still
    come. Its price is not in the document, so that the taxonomy's tolerance in money is left open.
    """
    lines = tuple(_line(reading, at) for at in reading.places(f"{_ORDER}/line_items"))
    status = reading.words(*_STATUSES)
    is_closed = (status or "").lower() in _CLOSED
    occurred_at = reading.occurred_at(
        f"{_ORDER}/date_closed", f"{_ORDER}/updated_at", f"{_ORDER}/timestamp", "/timestamp"
    )
    has_receipt = is_closed or any(line.received for line in lines)
    fact_lines = tuple(_fact_line(reading, line, has_receipt) for line in lines)
    fact = Fact(
        kind=FactKind.RECEIPT if has_receipt else FactKind.PURCHASE_ORDER,
        key=key("po", reading.name(f"{_ORDER}/po_number")),
        occurred_at=occurred_at,
        place=reading.place("dc", f"{_ORDER}/warehouse_id"),
        partner=_only_supplier(lines),
        references=_order_reference(reading),
        lines=fact_lines,
        status=status,
        assumed=reading.assumed,
        extensions=reading.extensions(_MAPPED),
    )
    short = [
        line for line in lines if is_closed and is_short_share(line.ordered, line.ordered - line.received)
    ]
    return Normalised(
        facts=(fact,), exceptions=each_once(_short_shipment(reading, line, occurred_at) for line in short)
    )


def _line(reading: Reading, at: str) -> _Line:
    sku = reading.name(f"{at}/sku")
    return _Line(
        at=at,
        id=reading.line(at, sku),
        sku=sku,
        ordered=reading.needed(f"{at}/quantity"),
        received=reading.needed(f"{at}/quantity_received"),
        vendor=reading.text(f"{at}/vendor_id"),
    )


def _fact_line(reading: Reading, line: _Line, has_receipt: bool) -> FactLine:
    ordered = reading.quantity(line.ordered)
    if not has_receipt:
        return FactLine(line=line.id, item=Item(id=line.sku), quantity=ordered)
    received = reading.quantity(line.received)
    return FactLine(line=line.id, item=Item(id=line.sku), quantity=received, expected_quantity=ordered)


def _only_supplier(lines: tuple[_Line, ...]) -> Partner | None:
    vendors = {line.vendor for line in lines}
    vendor = vendors.pop() if len(vendors) == 1 else None
    return Partner(role="supplier", id=vendor) if vendor else None


def _order_reference(reading: Reading, line: str | None = None) -> tuple[Reference, ...]:
    number = reading.name(f"{_ORDER}/po_number")
    return (Reference(kind="purchase-order", id=number, line=line),)


def _short_shipment(reading: Reading, line: _Line, occurred_at: str) -> RetailException:
    return RetailException(
        category=Category.SUPPLIER_SHORT_SHIPMENT,
        key=key(line.sku, line.id),
        expected=reading.measure(line.ordered),
        actual=reading.measure(line.received),
        occurred_at=occurred_at,
        detected_at=reading.received_at,
        place=reading.place("dc", f"{_ORDER}/warehouse_id"),
        partner=Partner(role="supplier", id=line.vendor) if line.vendor else None,
        item=Item(id=line.sku),
        references=_order_reference(reading, line.id),
        evidence=reading.evidence(f"{line.at}/quantity", f"{line.at}/quantity_received", *_STATUSES),
        assumed=reading.assumed,
        missing=("unit_cost",),
    )


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
