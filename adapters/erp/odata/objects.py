"""Which business object a failed call was about: by the names of services, entities and messages.

A name counts as a whole word in the form that programs write (`A_PurchaseOrder`, `API_PURCHASEORDER_2`,
`PurchaseOrderHeadersV2`), so that a sentence about a purchase order is not mistaken for one.
"""

import re
from collections.abc import Iterable
from typing import Literal

from adapters.keys import distinct
from contracts.canonical import Category, Reference

_INVOICE, _ORDER = Category.INVOICE_MISMATCH, Category.SUPPLIER_SHORT_SHIPMENT
_STOCK, _PRICE = Category.INVENTORY_VARIANCE, Category.FAILED_PRICE_UPDATE

# as for IDocs of the same documents; without underscores. An invoice's entities also name the orders that it
# bills, so that it comes first
_NAMES = {
    "supplierinvoice|suplrinvc|vendorinvoice|vendinvoice|purchaseinvoice": _INVOICE,
    "purchaseorder|purord": _ORDER,
    "materialdocument|materialstock|matldoc|physicalinventory|physinventory|physinvtry|inbounddelivery|"
    "inbdelivery|outbounddelivery|outbdelivery|inventorycounting|inventoryjournal|productreceipt": _STOCK,
    "slsprcg|slspricing|salesprice|priceagreement|salesprcg|conditionrecord": _PRICE,
}
_OBJECTS = [(re.compile(names), category) for names, category in _NAMES.items()]
# a word of the language by itself: it needs the prefix
_PRODUCT = re.compile("(?:a|api)_?product(?!ion)")
_WORD = re.compile("[A-Za-z_][A-Za-z0-9_]{3,99}")
_IS_A_NAME = re.compile("[a-z][A-Z]|_")  # PurchaseOrder, API_PURCHASEORDER_2

# SAP, table T100: the message class stands before the slash, as in `M8/082`
_MESSAGE = re.compile("([A-Z0-9_]{2,20})/([0-9]{3})")
_MESSAGE_CLASSES = {
    "M8": _INVOICE, "MRM": _INVOICE, "MRM_BAPI": _INVOICE,
    "06": _ORDER, "ME": _ORDER, "MEPO": _ORDER, "MEOUT": _ORDER,
    "M7": _STOCK, "MIGO": _STOCK, "VL": _STOCK, "VLBAPI": _STOCK,
    "VK": _PRICE, "MM": _PRICE, "M3": _PRICE, "MGV_MAT": _PRICE,
}  # fmt: skip

_ReferenceKind = Literal["purchase-order", "sales-order", "invoice", "delivery", "receipt", "count"]
_KEYS: dict[str, _ReferenceKind] = {
    "PurchaseOrder": "purchase-order",
    "PurchaseOrderNumber": "purchase-order",
    "SalesOrder": "sales-order",
    "SalesOrderNumber": "sales-order",
    "SupplierInvoice": "invoice",
    "DeliveryDocument": "delivery",
    "MaterialDocument": "receipt",
    "PhysicalInventoryDocument": "count",
}
# a key as URLs write it; a document's number has a digit, and nobody's name has
_KEY = re.compile(r"\b([A-Z][A-Za-z]{2,40})='([A-Za-z0-9-]{0,20}[0-9][A-Za-z0-9-]{0,20})'")


def category_of(codes: Iterable[str], texts: Iterable[str]) -> Category | None:
    """Return the kind of exception that the failed call is, or None where its object isn't recognised.

    A message's class says it best, then the first text that names an object.
    """
    for code in codes:
        message = _MESSAGE.fullmatch(code)
        if message and message[1] in _MESSAGE_CLASSES:
            return _MESSAGE_CLASSES[message[1]]
    return next((found for text in texts if (found := _named_in(text))), None)


def references_in(texts: Iterable[str]) -> tuple[Reference, ...]:
    """Return the documents whose keys stand in these texts, each once."""
    return distinct(
        Reference(kind=_KEYS[name], id=number)
        for text in texts
        for name, number in _KEY.findall(text)
        if name in _KEYS
    )


def _named_in(text: str) -> Category | None:
    for word in _WORD.findall(text):
        if not _IS_A_NAME.search(word):
            continue
        if _PRODUCT.match(word.lower()):
            return _PRICE
        squeezed = word.replace("_", "").lower()
        for names, category in _OBJECTS:
            if names.search(squeezed):
                return category
    return None
