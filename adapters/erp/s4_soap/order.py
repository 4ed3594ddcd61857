"""OrderRequest: a purchase order, or its change, on its way to the supplier."""

from typing import Any

from adapters.erp.s4_soap.lines import elements, item_at, line_number, plant
from adapters.erp.s4_soap.message_header import CREATED_AT, HEADER_MEMBERS, day, order_key
from adapters.erp.s4_soap.parties import supplier
from adapters.erp.s4_soap.values import money_at, quantity_at, unit_price
from adapters.keys import key, member
from adapters.kinds import DocumentKind
from adapters.reading import Reading
from adapters.triggers import total_quantity
from contracts.canonical import Fact, FactKind, FactLine, Normalised, Quantity, Reference

PAYLOAD = "Order"
CONTRACT = "erp-sap-s4-order"

_ORDER = f"/{PAYLOAD}"
# SAP's data type ActionCode: delete, and remove; such a line is not wanted any more
_DELETED = frozenset({"03", "05"})
_MAPPED = HEADER_MEMBERS | {
    "PurchaseOrderID", "PurchaseOrderItemID", "RequestedQuantity", "OrderQuantity",
    "ScheduleLineOrderQuantity", "Product", "NetPrice", "NetAmount", "Plant", "OrderItemText",
    "PurchaseOrderCreationDate", "ExpectedNetPrice", "ActionCode", "@actionCode",
}  # fmt: skip


def business_key(tree: dict[str, Any]) -> str:
    """Return the order's number in the form in which its other documents name it."""
    return order_key(member(tree, PAYLOAD, "PurchaseOrderID"))


def normalise(reading: Reading) -> Normalised:
    """Return the order as the buyer placed it."""
    number = reading.name(f"{_ORDER}/PurchaseOrderID")
    items = elements(reading, f"{_ORDER}/OrderItem") or elements(reading, f"{_ORDER}/Item")
    fact = Fact(
        kind=FactKind.PURCHASE_ORDER,
        key=key(number),
        occurred_at=reading.occurred_at(CREATED_AT),
        place=plant(reading, items),
        partner=supplier(reading, _ORDER),
        references=(Reference(kind="purchase-order", id=number),),
        lines=tuple(_line(reading, item) for item in items),
        business_day=day(reading, f"{_ORDER}/PurchaseOrderCreationDate"),
        assumed=reading.assumed,
        extensions=reading.extensions(_MAPPED),
    )
    return Normalised(facts=(fact,))


def _line(reading: Reading, item: str) -> FactLine:
    count = _ordered(reading, item)
    prices = (f"{item}/ExpectedNetPrice", f"{item}/NetPrice")
    priced = (unit_price(reading, price, count.unit if count else None) for price in prices)
    action = reading.text(f"{item}/@actionCode", f"{item}/ActionCode")
    return FactLine(
        line=line_number(reading, item, "PurchaseOrderItemID"),
        item=item_at(reading, item),
        quantity=count,
        unit_price=next((price for price in priced if price), None),
        amount=money_at(reading, f"{item}/NetAmount"),
        reason="deleted" if action in _DELETED else None,
    )


def _ordered(reading: Reading, item: str) -> Quantity | None:
    """Return the line's quantity, else what its schedule lines add up to."""
    count = quantity_at(reading, f"{item}/RequestedQuantity", f"{item}/OrderQuantity")
    schedule = elements(reading, f"{item}/ScheduleLine")
    return count or total_quantity(quantity_at(reading, f"{at}/ScheduleLineOrderQuantity") for at in schedule)


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
