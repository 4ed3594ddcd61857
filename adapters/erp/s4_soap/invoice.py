"""InvoiceRequest: a supplier's invoice or credit memo, and where its total or a line doesn't add up."""

from decimal import Decimal
from typing import Any

from adapters.erp.s4_soap.invoice_checks import line_mismatches, total_mismatch
from adapters.erp.s4_soap.lines import elements, item_at, line_number, of_documents, order_reference, plant
from adapters.erp.s4_soap.message_header import CREATED_AT, HEADER_MEMBERS, day, first_order
from adapters.erp.s4_soap.parties import sending_supplier
from adapters.erp.s4_soap.values import currency_at, money_at, quantity_at, unit_price
from adapters.keys import distinct, each_once, key, member
from adapters.kinds import DocumentKind
from adapters.reading import Reading
from adapters.values import money, quantity, ratio
from contracts.canonical import Fact, FactKind, FactLine, Money, Normalised, Reference

PAYLOAD = "Invoice"
CONTRACT = "erp-sap-s4-invoice"
INVOICE = f"/{PAYLOAD}"

CREDIT_MEMO = "005"  # SupplierInvoiceTypeCode; its amounts have no sign

_MAPPED = HEADER_MEMBERS | {
    "SupplierInvoiceID", "SupplierInvoiceItemID", "InvoicedQuantity", "PurchaseOrderID",
    "PurchaseOrderItemID", "DeliveryNote", "Product", "GrossAmount", "NetAmount", "HeaderTax",
    "DocumentDate", "NetPrice", "Plant",
}  # fmt: skip


def business_key(tree: dict[str, Any]) -> str:
    """Return the purchase order that the first line with one bills, else the invoice."""
    order = first_order(tree, PAYLOAD, "Item", "PurchaseOrderID")
    return order or key("invoice", member(tree, PAYLOAD, "SupplierInvoiceID"))


def normalise(reading: Reading) -> Normalised:
    """Return the invoice, and an exception for a total or a line that differs from what it should come to."""
    fact = _fact(reading)
    mismatches = (*total_mismatch(reading, INVOICE, fact), *line_mismatches(reading, fact, _items(reading)))
    return Normalised(facts=(fact,), exceptions=each_once(mismatches))


def _fact(reading: Reading) -> Fact:
    items, number = _items(reading), reading.name(f"{INVOICE}/SupplierInvoiceID")
    sign = _sign(reading)
    lines = tuple(_line(reading, item, sign) for item in items)
    own = Reference(kind="invoice", id=number)
    return Fact(
        kind=FactKind.INVOICE,
        key=key(number),
        occurred_at=reading.occurred_at(f"{INVOICE}/DocumentDate", CREATED_AT),
        place=plant(reading, items),
        partner=sending_supplier(reading, INVOICE),
        references=distinct((own, *of_documents(lines))),
        lines=lines,
        total=money_at(reading, f"{INVOICE}/GrossAmount", sign),
        tax=_tax(reading, sign),
        business_day=day(reading, f"{INVOICE}/DocumentDate"),
        assumed=reading.assumed,
        extensions=reading.extensions(_MAPPED),
    )


def _items(reading: Reading) -> tuple[str, ...]:
    return elements(reading, f"{INVOICE}/Item")


def _sign(reading: Reading) -> int:
    total = reading.number(f"{INVOICE}/GrossAmount")
    is_credit = reading.text(f"{INVOICE}/SupplierInvoiceTypeCode") == CREDIT_MEMO
    return -1 if is_credit and (total is None or total > 0) else 1


def _line(reading: Reading, item: str, sign: int) -> FactLine:
    count = quantity_at(reading, f"{item}/InvoicedQuantity")
    delivery = reading.text(f"{item}/DeliveryNote")
    delivered = (Reference(kind="delivery", id=delivery),) if delivery else ()
    order = order_reference(reading, item, "PurchaseOrderID", "PurchaseOrderItemID")
    return FactLine(
        line=line_number(reading, item, "SupplierInvoiceItemID"),
        item=item_at(reading, item),
        quantity=quantity(sign * Decimal(count.value), count.unit) if count else None,
        unit_price=_unit_price(reading, item),
        amount=money_at(reading, f"{item}/NetAmount", sign),
        references=(*order, *delivered),
    )


def _unit_price(reading: Reading, item: str) -> Money | None:
    """Return the price that the line names, else what one of its quantity comes to."""
    count, amount = quantity_at(reading, f"{item}/InvoicedQuantity"), reading.number(f"{item}/NetAmount")
    named = unit_price(reading, f"{item}/NetPrice", count.unit if count else None)
    if named or count is None or amount is None:
        return named
    each = ratio(abs(amount), abs(Decimal(count.value)))
    return None if each is None else money(each, currency_at(reading, f"{item}/NetAmount"))


def _tax(reading: Reading, sign: int) -> Money | None:
    taxes = [f"{at}/Amount" for at in elements(reading, f"{INVOICE}/HeaderTax")]
    amounts = [amount for at in taxes if (amount := reading.number(at)) is not None]
    return money(sign * sum(amounts, Decimal(0)), currency_at(reading, *taxes)) if amounts else None


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
