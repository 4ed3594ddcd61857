"""DeliveryRequest: goods that a supplier announces."""

from typing import Any

from adapters.erp.s4_soap.lines import elements, item_at, line_number, of_documents, order_reference, plant
from adapters.erp.s4_soap.message_header import CREATED_AT, HEADER_MEMBERS, day, first_order, message_key
from adapters.erp.s4_soap.parties import sending_supplier
from adapters.erp.s4_soap.values import quantity_at
from adapters.keys import distinct, key, member
from adapters.kinds import DocumentKind
from adapters.reading import Reading
from contracts.canonical import Fact, FactKind, FactLine, Normalised, Reference

PAYLOAD = "Delivery"
CONTRACT = "erp-sap-s4-delivery"

_DELIVERY = f"/{PAYLOAD}"
_NUMBERS = ("DeliveryDocument", "DeliveryDocumentBySupplier")
_DAYS = ("ActualGoodsMovementDate", "PlannedGoodsIssueDate", "DeliveryDate")
_ORDER, _ORDER_ITEM = "UnderlyingPurchaseOrder", "UnderlyingPurchaseOrderItem"
_QUANTITIES = ("ActualDeliveryQuantity", "ActualDeliveredQtyInBaseUnit", "ActualDeliveredQuantityInBaseUnit")
_MAPPED = HEADER_MEMBERS | {
    *_NUMBERS, *_DAYS, *_QUANTITIES, _ORDER, _ORDER_ITEM, "DeliveryDocumentItem", "Material", "Product",
    "Plant", "DeliveryDocumentItemText",
}  # fmt: skip


def business_key(tree: dict[str, Any]) -> str:
    """Return the purchase order that the first line with one was delivered for, else the delivery."""
    order = first_order(tree, PAYLOAD, "DeliveryItem", _ORDER)
    return order or key("delivery", member(tree, PAYLOAD, _NUMBERS[0]))


def normalise(reading: Reading) -> Normalised:
    """Return the delivery as a shipment. It says nothing of what was ordered, so that it is no exception."""
    items = elements(reading, f"{_DELIVERY}/DeliveryItem")
    number = reading.text(*(f"{_DELIVERY}/{name}" for name in _NUMBERS))
    lines = tuple(_line(reading, item) for item in items)
    days = (day(reading, f"{_DELIVERY}/{name}") for name in _DAYS)
    own = (Reference(kind="delivery", id=number),) if number else ()
    fact = Fact(
        kind=FactKind.SHIPMENT,
        key=key(number) if number else message_key(reading),
        occurred_at=reading.occurred_at(CREATED_AT),
        place=plant(reading, items),
        partner=sending_supplier(reading, _DELIVERY),
        references=distinct((*own, *of_documents(lines))),
        lines=lines,
        business_day=next((found for found in days if found), None),
        assumed=reading.assumed,
        extensions=reading.extensions(_MAPPED),
    )
    return Normalised(facts=(fact,))


def _line(reading: Reading, item: str) -> FactLine:
    return FactLine(
        line=line_number(reading, item, "DeliveryDocumentItem"),
        item=item_at(reading, item),
        quantity=quantity_at(reading, *(f"{item}/{name}" for name in _QUANTITIES)),
        references=order_reference(reading, item, _ORDER, _ORDER_ITEM),
    )


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
