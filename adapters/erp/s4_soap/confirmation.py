"""OrderConfRequest: what a supplier confirms of a purchase order, and what of it comes short."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from adapters.erp.s4_soap.lines import elements, item_at, line_key, line_number, of_documents, plant
from adapters.erp.s4_soap.message_header import CREATED_AT, HEADER_MEMBERS, order_key
from adapters.erp.s4_soap.parties import sending_supplier
from adapters.erp.s4_soap.values import money_at, quantity_at, unit_price
from adapters.keys import distinct, key, member, nearest
from adapters.kinds import DocumentKind
from adapters.reading import Reading
from adapters.triggers import is_short, total_quantity, value_of
from adapters.values import money, quantity
from contracts.canonical import (
    Category,
    Evidence,
    Fact,
    FactKind,
    FactLine,
    Measure,
    Normalised,
    Quantity,
    Reference,
    RetailException,
)

PAYLOAD = "OrderConfirmation"
CONTRACT = "erp-sap-s4-order-confirmation"
EVIDENCE_LIMIT = 50

_CONFIRMATION = f"/{PAYLOAD}"
_CONFIRMED = "ConfirmedOrderQuantityByMaterialAvailableCheck"
_REJECTIONS = ("RejectionReasonText", "SalesDocumentRjcnReasonName", "SalesDocumentRjcnReason")
_MAPPED = HEADER_MEMBERS | {
    "PurchaseOrderID", "SalesOrderID", "PurchaseOrderItemID", "RequestedQuantity", _CONFIRMED, "Product",
    "NetPrice", "NetAmount", "Plant", "OrderItemText", *_REJECTIONS,
}  # fmt: skip


def business_key(tree: dict[str, Any]) -> str:
    """Return the order's number in the form in which its other documents name it."""
    return order_key(member(tree, PAYLOAD, "PurchaseOrderID"))


def normalise(reading: Reading) -> Normalised:
    """Return the order as the supplier confirms it, and an exception for each line confirmed short.

    An order that sends goods back comes short of nothing.
    """
    items = elements(reading, f"{_CONFIRMATION}/Item")
    fact = _fact(reading, items)
    if any(reading.find(f"{item}/ReturnAttributes") is not None for item in items):
        return Normalised(facts=(fact,))
    return Normalised(facts=(fact,), exceptions=tuple(_short_lines(reading, fact, items)))


def _fact(reading: Reading, items: tuple[str, ...]) -> Fact:
    number = reading.name(f"{_CONFIRMATION}/PurchaseOrderID")
    sales_order = reading.text(f"{_CONFIRMATION}/SalesOrderID")
    lines = tuple(_line(reading, item) for item in items)
    theirs = (Reference(kind="sales-order", id=sales_order),) if sales_order else ()
    return Fact(
        kind=FactKind.PURCHASE_ORDER,
        key=key(number),
        occurred_at=reading.occurred_at(CREATED_AT),
        place=plant(reading, items),
        partner=sending_supplier(reading, _CONFIRMATION),
        references=distinct((Reference(kind="purchase-order", id=number), *theirs, *of_documents(lines))),
        lines=lines,
        status="confirmed",
        assumed=reading.assumed,
        extensions=reading.extensions(_MAPPED),
    )


def _line(reading: Reading, item: str) -> FactLine:
    ordered = quantity_at(reading, f"{item}/RequestedQuantity")
    return FactLine(
        line=line_number(reading, item, "PurchaseOrderItemID"),
        item=item_at(reading, item),
        quantity=_confirmed(reading, item, ordered),
        expected_quantity=ordered,
        unit_price=unit_price(reading, f"{item}/NetPrice", ordered.unit if ordered else None),
        amount=money_at(reading, f"{item}/NetAmount"),
        reason=_rejection(reading, item),
    )


def _confirmed(reading: Reading, item: str, ordered: Quantity | None) -> Quantity | None:
    """Return what the schedule lines add up to.

    A line without schedule lines confirms what it repeats, unless it is rejected.
    """
    unit = ordered.unit if ordered else None
    schedule = elements(reading, f"{item}/ScheduleLine")
    if schedule:
        return total_quantity(quantity_at(reading, f"{at}/{_CONFIRMED}", unit=unit) for at in schedule)
    if ordered and _rejection(reading, item):
        return quantity(Decimal(0), ordered.unit)
    return ordered


def _rejection(reading: Reading, item: str) -> str | None:
    return reading.words(*(f"{item}/{name}" for name in _REJECTIONS))


def _short_lines(reading: Reading, fact: Fact, items: tuple[str, ...]) -> Iterator[RetailException]:
    """Yield an exception for each line of which less is confirmed than was requested.

    A line may stand several times: its quantities are then added up on both sides.
    """
    groups: dict[str, list[tuple[str, FactLine]]] = {}
    for item, line in zip(items, fact.lines, strict=True):
        groups.setdefault(line_key(line), []).append((item, line))
    for members in groups.values():
        ordered = total_quantity(line.expected_quantity for _, line in members)
        confirmed = total_quantity(line.quantity for _, line in members)
        if ordered and confirmed and is_short(ordered, confirmed, members[0][1].unit_price):
            yield _shortage(reading, fact, members, ordered, confirmed)


def _shortage(
    reading: Reading, fact: Fact, members: list[tuple[str, FactLine]], ordered: Quantity, confirmed: Quantity
) -> RetailException:
    line = members[0][1]
    price, number = line.unit_price, fact.references[0].id
    short = Decimal(ordered.value) - Decimal(confirmed.value)
    # who gave up a rejected line, the supplier or the buyer before it, the message doesn't say
    unknown = ("rejected_by",) if line.reason else ()
    return RetailException(
        category=Category.SUPPLIER_SHORT_SHIPMENT,
        key=line_key(line),
        expected=Measure(kind="quantity", value=ordered.value, unit=ordered.unit),
        actual=Measure(kind="quantity", value=confirmed.value, unit=confirmed.unit),
        occurred_at=fact.occurred_at,
        detected_at=reading.received_at,
        place=fact.place,
        partner=fact.partner,
        item=line.item,
        references=nearest(Reference(kind="purchase-order", id=number, line=line.line), *fact.references),
        money_at_risk=money(value_of(short, price), price.currency) if price else None,
        evidence=tuple(each for item, _ in members for each in _evidence(reading, item))[:EVIDENCE_LIMIT],
        assumed=fact.assumed,
        missing=(*unknown, *(() if price else ("unit_cost",))),
    )


def _evidence(reading: Reading, item: str) -> tuple[Evidence, ...]:
    schedule = (f"{at}/{_CONFIRMED}" for at in elements(reading, f"{item}/ScheduleLine"))
    rejections = (f"{item}/{name}" for name in _REJECTIONS)
    return reading.evidence(f"{item}/RequestedQuantity", *schedule, *rejections)


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
