"""MaterialDocumentCreateRequest: goods that arrived, came back, moved, or were missing at a count."""

from collections.abc import Iterator
from typing import Any

from adapters.erp.s4_soap.lines import (
    elements,
    item_at,
    line_key,
    line_number,
    of_documents,
    order_reference,
    plant,
)
from adapters.erp.s4_soap.message_header import CREATED_AT, HEADER_MEMBERS, day, first_order, message_key
from adapters.erp.s4_soap.values import quantity_at
from adapters.keys import each_once, key, member
from adapters.kinds import DocumentKind
from adapters.movement_types import AS_BOOKED, MovementType, movement_type, posted_difference
from adapters.reading import Reading
from contracts.canonical import (
    Category,
    Fact,
    FactKind,
    FactLine,
    Normalised,
    Partner,
    Reference,
    RetailException,
)

PAYLOAD = "MaterialDocument"
CONTRACT = "erp-sap-s4-material-document"

_DOCUMENT = f"/{PAYLOAD}"
_ITEMS = f"{_DOCUMENT}/MaterialDocumentItem"
_TYPE, _QUANTITIES = "GoodsMovementType", ("QuantityInEntryUnit", "QuantityInBaseUnit")
_ORDER, _ORDER_ITEM = "PurchaseOrder", "PurchaseOrderItem"
_DELIVERY = "DeliveryDocument"
_MAPPED = HEADER_MEMBERS | {
    _TYPE, *_QUANTITIES, _ORDER, _ORDER_ITEM, _DELIVERY, f"{_DELIVERY}Item", "Supplier",
    "Material", "Product", "Plant", "MaterialDocumentLine",
    "PostingDate", "MaterialDocumentHeaderText",
}  # fmt: skip


def business_key(tree: dict[str, Any]) -> str:
    """Return the purchase order that the first line with one is about, else the sending system."""
    order = first_order(tree, PAYLOAD, "MaterialDocumentItem", _ORDER)
    return order or key("sender", member(tree, "MessageHeader", "SenderBusinessSystemID"))


def normalise(reading: Reading) -> Normalised:
    """Return a fact for each kind of movement, and an exception for each difference that a count found."""
    items = elements(reading, _ITEMS)
    groups: dict[FactKind, list[str]] = {}
    for item in items:
        groups.setdefault(_movement(reading, item).fact, []).append(item)
    facts = tuple(_fact(reading, kind, members) for kind, members in groups.items())
    counted = (item for item in items if _movement(reading, item).is_difference)
    found = (exception for item in counted for exception in _difference(reading, item))
    return Normalised(facts=facts, exceptions=each_once(found))


def _movement(reading: Reading, item: str) -> MovementType:
    return movement_type(reading.text(f"{item}/{_TYPE}") or "")


def _fact(reading: Reading, kind: FactKind, items: list[str]) -> Fact:
    lines = tuple(_line(reading, item) for item in items)
    suppliers = {reading.text(f"{item}/Supplier") for item in items}
    supplier = suppliers.pop() if len(suppliers) == 1 else None
    return Fact(
        kind=kind,
        key=message_key(reading),
        occurred_at=reading.occurred_at(CREATED_AT),
        place=plant(reading, items),
        partner=Partner(role="supplier", id=supplier) if supplier else None,
        references=of_documents(lines),
        lines=lines,
        business_day=day(reading, f"{_DOCUMENT}/PostingDate"),
        assumed=reading.assumed,
        extensions=reading.extensions(_MAPPED),
    )


def _line(reading: Reading, item: str) -> FactLine:
    delivery = reading.text(f"{item}/{_DELIVERY}")
    count = quantity_at(reading, *(f"{item}/{name}" for name in _QUANTITIES))
    references = order_reference(reading, item, _ORDER, _ORDER_ITEM)
    if delivery:
        line = reading.text(f"{item}/{_DELIVERY}Item")
        references += (Reference(kind="delivery", id=delivery, line=line),)
    return FactLine(
        line=line_number(reading, item, "MaterialDocumentLine"),
        item=item_at(reading, item),
        quantity=_movement(reading, item).signed(count),
        reason=reading.text(f"{item}/{_TYPE}"),
        references=references,
    )


def _difference(reading: Reading, item: str) -> Iterator[RetailException]:
    line = _line(reading, item)
    posted = posted_difference(line.quantity)
    if posted is None:
        return
    yield RetailException(
        category=Category.INVENTORY_VARIANCE,
        key=line_key(line),
        expected=AS_BOOKED,
        actual=posted,
        occurred_at=reading.occurred_at(CREATED_AT),
        detected_at=reading.received_at,
        place=plant(reading, (item,)),
        item=line.item,
        references=line.references,
        evidence=reading.evidence(f"{item}/{_TYPE}", *(f"{item}/{name}" for name in _QUANTITIES)),
        assumed=reading.assumed,
        missing=("on_hand", "unit_cost"),
    )


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
