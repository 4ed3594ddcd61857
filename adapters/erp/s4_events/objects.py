"""The business objects whose events become facts, and the members of `data` that name one."""

from typing import Literal

from msgspec import Struct

from contracts.canonical import FactKind

_ReferenceKind = Literal[
    "purchase-order", "sales-order", "invoice", "shipment", "delivery", "receipt", "count", "return"
]


class BusinessObject(Struct, frozen=True, kw_only=True):
    """`number` holds the members that may name the object, the usual one first.

    `year` is the member that makes a number unique where it starts anew each year. `reference` is how other
    documents refer to the object.
    """

    fact: FactKind
    number: tuple[str, ...]
    year: str | None = None
    reference: _ReferenceKind | None = None


_DELIVERY = ("DeliveryDocument", "OutboundDelivery", "InboundDelivery", "Delivery")

# by the name in the event's type; the members by the object's events on SAP Business Accelerator Hub
OBJECTS: dict[str, BusinessObject] = {
    "supplierinvoice": BusinessObject(
        fact=FactKind.INVOICE, number=("SupplierInvoice",), year="FiscalYear", reference="invoice"
    ),
    "billingdocument": BusinessObject(
        fact=FactKind.INVOICE, number=("BillingDocument",), reference="invoice"
    ),
    "purchaseorder": BusinessObject(
        fact=FactKind.PURCHASE_ORDER, number=("PurchaseOrder", "PurchaseOrderID"), reference="purchase-order"
    ),
    "salesorder": BusinessObject(fact=FactKind.SALES_ORDER, number=("SalesOrder",), reference="sales-order"),
    "inbounddelivery": BusinessObject(fact=FactKind.SHIPMENT, number=_DELIVERY, reference="delivery"),
    "outbounddelivery": BusinessObject(fact=FactKind.SHIPMENT, number=_DELIVERY, reference="delivery"),
    "customerreturn": BusinessObject(fact=FactKind.RETURN, number=("CustomerReturn",), reference="return"),
    "customerreturndelivery": BusinessObject(
        fact=FactKind.RETURN, number=("CustomerReturnDelivery", *_DELIVERY), reference="delivery"
    ),
    "materialdocument": BusinessObject(
        fact=FactKind.STOCK_MOVEMENT, number=("MaterialDocument",), year="MaterialDocumentYear"
    ),
    "physicalinventorydocument": BusinessObject(
        fact=FactKind.STOCK_COUNT, number=("PhysicalInventoryDocument",), year="FiscalYear", reference="count"
    ),
    "product": BusinessObject(fact=FactKind.ITEM, number=("Product",)),
}
