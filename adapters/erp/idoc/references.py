"""What an order or an invoice refers to (E1EDK02, for a line E1EDP02), and its own day (E1EDK03)."""

from datetime import date
from typing import Literal

from adapters.erp.idoc.control import Idoc
from adapters.erp.idoc.segments import Segment
from adapters.keys import distinct
from contracts.canonical import Reference

CUSTOMER_ORDER, SALES_ORDER, INVOICE = "001", "002", "009"

# QUALF of E1EDK02 and E1EDP02; 016 is the document before this one, of an invoice the delivery
_KINDS: dict[str, Literal["purchase-order", "sales-order", "invoice", "delivery"]] = {
    CUSTOMER_ORDER: "purchase-order",
    SALES_ORDER: "sales-order",
    INVOICE: "invoice",
    "012": "delivery",
    "016": "delivery",
}


def line_references(line: Segment) -> tuple[Reference, ...]:
    """Return what one line refers to, each with its line there."""
    return _referred(line, "E1EDP02")


def document_references(idoc: Idoc, own: Reference | None) -> tuple[Reference, ...]:
    """Return the document itself, if it has a number, what its header and lines refer to, and the IDoc."""
    found = [*([own] if own else []), *_referred(idoc.body, "E1EDK02")]
    for line in idoc.body.children("E1EDP01"):
        found += line_references(line)
    return distinct((*(Reference(kind=each.kind, id=each.id) for each in found), idoc.reference))


def purchase_order_of(body: Segment) -> str:
    """Return the buyer's order number from the header, else from the first line that has one."""
    for holder, name in ((body, "E1EDK02"), *((line, "E1EDP02") for line in body.children("E1EDP01"))):
        if number := holder.qualified(name, CUSTOMER_ORDER).text("BELNR"):
            return number
    return ""


def document_day(body: Segment, *qualifiers: str) -> date | None:
    """Return the first of these days (IDDAT) that the header gives."""
    days = (body.qualified("E1EDK03", qualifier, "IDDAT").day("DATUM") for qualifier in qualifiers)
    return next((day for day in days if day), None)


def _referred(holder: Segment, name: str) -> tuple[Reference, ...]:
    return distinct(
        Reference(kind=_KINDS[each.text("QUALF")], id=each.text("BELNR"), line=each.text("ZEILE") or None)
        for each in holder.children(name)
        if each.text("QUALF") in _KINDS and each.text("BELNR")
    )
