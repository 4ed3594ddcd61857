"""INVOIC02: an invoice or a credit memo, and where its total or a line doesn't add up."""

from decimal import Decimal
from typing import Any

from adapters.erp.idoc.control import Idoc, order_key, read_idoc
from adapters.erp.idoc.invoice_checks import line_mismatches, total_mismatch
from adapters.erp.idoc.lines import (
    item_of,
    line_currency,
    line_number,
    net_amount,
    quantity_of,
    unit_price_of,
)
from adapters.erp.idoc.partners import customer, plant, supplier
from adapters.erp.idoc.references import (
    INVOICE,
    document_day,
    document_references,
    line_references,
    purchase_order_of,
)
from adapters.erp.idoc.segments import Segment
from adapters.erp.idoc.status import with_failure
from adapters.erp.idoc.totals import billed_total, invoice_currency, tax_total
from adapters.erp.idoc.unmapped import unmapped
from adapters.kinds import DocumentKind
from adapters.reading import Reading
from adapters.values import money, quantity, ratio
from contracts.canonical import Category, Fact, FactKind, FactLine, Normalised, Reference

BASIC_TYPE = "INVOIC02"
CONTRACT = "erp-sap-invoic02"

# BSART: credit memo and subsequent credit. SAP writes their amounts without a sign, some converters with it
CREDITS = frozenset({"CRME", "SUBC"})

_MAPPED = frozenset(
    {
        "E1EDK02", "E1EDP02", "E1EDP19", "MENGE", "MENEE", "VPREI", "PEINH", "NETWR", "POSEX", "CURCY",
        "WERKS", "CREDAT", "CRETIM", "DIRECT", "MESTYP", "IDOCTYP", "STATUS", "SNDPRN", "SNDPRT",
    }
)  # fmt: skip


def business_key(tree: dict[str, Any]) -> str:
    """Return the buyer's order, else the partner."""
    body = Segment(fields=tree)
    return order_key(purchase_order_of(body), body)


def normalise(reading: Reading) -> Normalised:
    """Return the invoice, and an exception for a total or a line that differs from what it should come to."""
    idoc = read_idoc(reading)
    fact = _fact(idoc)
    exceptions = (*total_mismatch(idoc, fact), *line_mismatches(idoc, fact))
    meaning = Normalised(facts=(fact,), exceptions=exceptions)
    return with_failure(idoc, Category.INVOICE_MISMATCH, meaning)


def _fact(idoc: Idoc) -> Fact:
    body = idoc.body
    header, lines, parties = body.child("E1EDK01"), body.children("E1EDP01"), body.children("E1EDKA1")
    currency, total, tax = invoice_currency(idoc), billed_total(body), tax_total(body)
    is_unsigned_credit = header.text("BSART") in CREDITS and (total is None or total > 0)
    sign = Decimal(-1 if is_unsigned_credit else 1)
    number = body.qualified("E1EDK02", INVOICE).text("BELNR") or header.text("BELNR")
    own = Reference(kind="invoice", id=number) if number else None
    # the billing date, else the document's
    day = document_day(body, "026", "012")
    return Fact(
        kind=FactKind.INVOICE,
        key=number or idoc.key,
        occurred_at=idoc.start_of(day) if day else idoc.occurred_at,
        place=plant(idoc, lines),
        partner=customer(idoc, parties) if idoc.is_outbound else supplier(idoc, parties),
        references=document_references(idoc, own),
        lines=tuple(_line(idoc, line, currency, sign) for line in lines),
        total=None if total is None else money(sign * total, currency),
        tax=None if tax is None else money(sign * tax, currency),
        status=idoc.control.text("STATUS") or None,
        business_day=day.isoformat() if day else None,
        assumed=idoc.assumptions(),
        extensions=unmapped(idoc, _MAPPED),
    )


def _line(idoc: Idoc, line: Segment, currency: str, sign: Decimal) -> FactLine:
    count, amount = quantity_of(idoc, line), net_amount(line)
    price, currency = unit_price_of(line, currency), line_currency(line, currency)
    if price is None and amount is not None and count is not None:
        effective = ratio(abs(amount), abs(Decimal(count.value)))
        price = None if effective is None else money(effective, currency)
    return FactLine(
        line=line_number(line),
        item=item_of(line, buys=not idoc.is_outbound),
        quantity=quantity(sign * Decimal(count.value), count.unit) if count else None,
        unit_price=price,
        amount=None if amount is None else money(sign * amount, currency),
        references=line_references(line),
    )


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
