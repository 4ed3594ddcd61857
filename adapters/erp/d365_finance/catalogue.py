"""The vendor's catalogue of application business events: those that say something about trade.

Titles from Microsoft, "Application business events"; ids by its naming rule, <noun><past tense action>
BusinessEvent ("Business events developer documentation"), in the forms that it and its users write. What is
not here happened all the same and is accepted: payments, write-offs, interest notes, collection letters,
workflows (`Workflow_…`), alerts, batch jobs, and the events that a company made itself.
"""

from typing import Literal

from msgspec import Struct

from contracts.canonical import FactKind

_SUFFIX = "businessevent"

ReferenceKind = Literal["purchase-order", "sales-order", "invoice", "receipt"]


class EventMeaning(Struct, frozen=True, kw_only=True):
    """What an event is about.

    `number` names the members where the document's own number may stand, `reference` what kind of document it
    is. `is_purchase` says that the other side is a supplier.
    """

    fact: FactKind
    reference: ReferenceKind
    number: tuple[str, ...]
    is_purchase: bool


PURCHASE_ORDERS = ("PurchaseOrderNumber", "PurchaseOrderId", "PurchId")
SALES_ORDERS = ("SalesOrderNumber", "SalesOrderId", "SalesId")
_INVOICE_NUMBERS = ("InvoiceNumber", "InvoiceId", "VendorInvoiceNumber")
_RECEIPT_NUMBERS = ("ProductReceiptNumber", "ProductReceiptId", "ProductReceipt", "PackingSlipId")

_PURCHASE_ORDER = EventMeaning(
    fact=FactKind.PURCHASE_ORDER, reference="purchase-order", number=PURCHASE_ORDERS, is_purchase=True
)
_RECEIPT = EventMeaning(fact=FactKind.RECEIPT, reference="receipt", number=_RECEIPT_NUMBERS, is_purchase=True)
_VENDOR_INVOICE = EventMeaning(
    fact=FactKind.INVOICE, reference="invoice", number=_INVOICE_NUMBERS, is_purchase=True
)
_SALES_ORDER = EventMeaning(
    fact=FactKind.SALES_ORDER, reference="sales-order", number=SALES_ORDERS, is_purchase=False
)
_CUSTOMER_INVOICE = EventMeaning(
    fact=FactKind.INVOICE, reference="invoice", number=_INVOICE_NUMBERS, is_purchase=False
)

_MEANINGS = {
    "purchaseorderconfirmed": _PURCHASE_ORDER,
    "purchaseorderreceived": _RECEIPT,
    "productreceiptposted": _RECEIPT,
    "vendorinvoiceposted": _VENDOR_INVOICE,
    "vendinvoiceposted": _VENDOR_INVOICE,
    "vendorinvoicematched": _VENDOR_INVOICE,
    "vendinvoicematched": _VENDOR_INVOICE,
    "salesorderconfirmed": _SALES_ORDER,
    "salesorderinvoiced": _CUSTOMER_INVOICE,
    "salesorderinvoiceposted": _CUSTOMER_INVOICE,
    "salesinvoiceposted": _CUSTOMER_INVOICE,
    "freetextinvoiceposted": _CUSTOMER_INVOICE,
    "custfreetextinvoiceposted": _CUSTOMER_INVOICE,
}


def meaning_of(event: str) -> EventMeaning | None:
    """Return what an event says about trade, by its BusinessEventId, or None where that is nothing."""
    return _MEANINGS.get(event.casefold().removesuffix(_SUFFIX))
