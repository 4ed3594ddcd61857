"""Does an invoice add up? Its total against its lines, and a line against quantity times price."""

from decimal import Decimal

from adapters.erp.idoc.control import Idoc
from adapters.erp.idoc.lines import (
    is_price_of_quantity_unit,
    item_of,
    line_currency,
    line_key,
    line_number,
    net_amounts,
)
from adapters.erp.idoc.references import line_references
from adapters.erp.idoc.segments import Segment
from adapters.erp.idoc.totals import (
    DISCOUNTS,
    LINES_COME_TO,
    NET,
    has_tax_without_amount,
    invoice_currency,
    summary,
    taxes,
)
from adapters.keys import each_once, nearest
from adapters.triggers import is_close
from adapters.values import money, plain, ratio
from contracts.canonical import Category, Evidence, Fact, Item, Measure, Reference, RetailException

EVIDENCE_LIMIT = 20


def total_mismatch(idoc: Idoc, fact: Fact) -> tuple[RetailException, ...]:
    """Return an exception where no total of the invoice, with or without tax, is what its lines come to.

    None where something else may explain it: a line without an amount or in another currency, items within
    items, header conditions (E1EDK05), or a tax rate without its amount.
    """
    body, lines, currency = idoc.body, idoc.body.children("E1EDP01"), invoice_currency(idoc)
    totals = {sumid: total for sumid in LINES_COME_TO if (total := summary(body, sumid)) is not None}
    stated = next((sumid for sumid in NET if sumid in totals), None)
    sums = _line_sums(lines)
    if stated is None or not sums or _is_explained(body, currency):
        return ()
    readings = [total - tax for total in totals.values() for tax in taxes(body)]
    if any(is_close(abs(reading), abs(lines_total)) for reading in readings for lines_total in sums):
        return ()
    segment = body.qualified("E1EDS01", stated, "SUMID")
    return (
        _mismatch(
            idoc,
            fact,
            key="total",
            expected=Measure(kind="amount", value=plain(sums[0]), unit=currency),
            actual=Measure(kind="amount", value=plain(totals[stated]), unit=currency),
            evidence=(*segment.evidence("SUMID", "SUMME"), *_amount_evidence(lines)),
        ),
    )


def line_mismatches(idoc: Idoc, fact: Fact) -> tuple[RetailException, ...]:
    """Return an exception for each line whose net amount is not its quantity times its price.

    Only for lines that say price, price unit and amount without a doubt, and have no conditions (E1EDP05).
    """
    found = []
    for line in idoc.body.children("E1EDP01"):
        expected, readings = _priced(line), list(net_amounts(line).values())
        if expected is None or not readings:
            continue
        if any(is_close(abs(reading), abs(expected)) for reading in readings):
            continue
        item = item_of(line, buys=not idoc.is_outbound)
        currency = line_currency(line, invoice_currency(idoc))
        found.append(
            _mismatch(
                idoc,
                fact,
                key=line_key(line_number(line), item),
                expected=Measure(kind="amount", value=plain(expected), unit=currency),
                actual=Measure(kind="amount", value=plain(readings[0]), unit=currency),
                evidence=(*line.evidence("MENGE", "VPREI", "PEINH"), *_amount_evidence((line,))),
                item=item,
                references=line_references(line),
            )
        )
    return each_once(found)


def _mismatch(
    idoc: Idoc,
    fact: Fact,
    *,
    key: str,
    expected: Measure,
    actual: Measure,
    evidence: tuple[Evidence, ...],
    item: Item | None = None,
    references: tuple[Reference, ...] = (),
) -> RetailException:
    difference = abs(Decimal(actual.value) - Decimal(expected.value))
    return RetailException(
        category=Category.INVOICE_MISMATCH,
        key=key,
        expected=expected,
        actual=actual,
        occurred_at=fact.occurred_at,
        detected_at=idoc.received_at,
        place=fact.place,
        partner=fact.partner,
        item=item,
        references=nearest(*references, *fact.references),
        money_at_risk=money(difference, actual.unit or ""),
        evidence=evidence[:EVIDENCE_LIMIT],
        assumed=fact.assumed,
    )


def _priced(line: Segment) -> Decimal | None:
    """Return quantity times price, or None where either could be meant in another way."""
    count, price, per = line.number("MENGE"), line.number("VPREI"), line.number("PEINH")
    if count is None or not price or not per or line.children("E1EDP05"):
        return None
    return ratio(count * price, per) if is_price_of_quantity_unit(line) else None


def _line_sums(lines: tuple[Segment, ...]) -> list[Decimal]:
    """Return what the lines come to, in each of the ways in which all of them give their net amount."""
    amounts = [net_amounts(line) for line in lines]
    ways = [way for way in (amounts[0] if amounts else ()) if all(way in each for each in amounts)]
    return [sum((each[way] for each in amounts), Decimal(0)) for way in ways]


def _is_explained(body: Segment, currency: str) -> bool:
    """Say whether something else may stand between the lines and the total."""
    lines, totals = body.children("E1EDP01"), body.children("E1EDS01")
    return (
        bool(body.children("E1EDK05"))
        or bool(summary(body, DISCOUNTS))
        or has_tax_without_amount(body)
        or any(line.text("UEPOS").strip("0") for line in lines)
        or any(line.text("CURCY") not in {"", currency} for line in lines)
        or any(total.text("WAERQ") not in {"", currency} for total in totals)
    )


def _amount_evidence(lines: tuple[Segment, ...]) -> tuple[Evidence, ...]:
    found: list[Evidence] = []
    for line in lines:
        net = line.qualified("E1EDP26", "003")
        found += net.evidence("BETRG") or line.evidence("NETWR")
    return tuple(found)
