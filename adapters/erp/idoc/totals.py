"""The totals of an invoice: what E1EDS01 sums up, the tax, and the currency."""

from collections.abc import Iterator
from decimal import Decimal

from adapters.erp.idoc.control import Idoc
from adapters.erp.idoc.segments import Segment

# SUMID of E1EDS01. SAP: 002 and 010 are net values, 003 the gross value, 005 and 007 tax, 006 the order's
# value, 008 and 011 what is billed, 017 the items' net value, 020 discounts and surcharges.
BILLED = ("011", "003", "010", "002")
NET = ("010", "002", "017", "011")
DISCOUNTS = "020"
# converters mix these up; each of them may be what the lines come to
LINES_COME_TO = ("002", "003", "006", "008", "010", "011", "017")
_TAX = ("005", "007")


def summary(body: Segment, sumid: str) -> Decimal | None:
    """Return one of the invoice's totals."""
    return body.qualified("E1EDS01", sumid, "SUMID").number("SUMME")


def billed_total(body: Segment) -> Decimal | None:
    """Return what is to be paid, or the next best total."""
    return next((total for sumid in BILLED if (total := summary(body, sumid)) is not None), None)


def tax_total(body: Segment) -> Decimal | None:
    """Return the invoice's tax: its total, else the header's taxes, else the lines', else None."""
    for sumid in _TAX:
        if (total := summary(body, sumid)) is not None:
            return total
    return next(_summed_taxes(body), None)


def taxes(body: Segment) -> set[Decimal]:
    """Return the tax in each of the ways that the invoice gives it, and zero."""
    totals = (summary(body, sumid) for sumid in _TAX)
    return {Decimal(0), *_summed_taxes(body), *(total for total in totals if total is not None)}


def has_tax_without_amount(body: Segment) -> bool:
    """Say whether a tax rate stands there without the amount that it makes."""
    return any(each.number("MSATZ") and each.number("MWSBT") is None for each in _tax_segments(body))


def invoice_currency(idoc: Idoc) -> str:
    """Return the currency of the invoice, not the company's own (HWAER)."""
    totals = (each.text("WAERQ") for each in idoc.body.children("E1EDS01"))
    return idoc.currency(idoc.body.child("E1EDK01").text("CURCY"), *totals)


def _summed_taxes(body: Segment) -> Iterator[Decimal]:
    """Yield the sum of the header's taxes, then of the lines', leaving out what isn't there."""
    for segments in (body.children("E1EDK04"), _line_taxes(body)):
        amounts = [amount for each in segments if (amount := each.number("MWSBT")) is not None]
        if amounts:
            yield sum(amounts, Decimal(0))


def _tax_segments(body: Segment) -> tuple[Segment, ...]:
    return (*body.children("E1EDK04"), *_line_taxes(body))


def _line_taxes(body: Segment) -> tuple[Segment, ...]:
    return tuple(tax for line in body.children("E1EDP01") for tax in line.children("E1EDP04"))
