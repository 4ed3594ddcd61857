"""ORDERS05: a purchase order or its change (ORDERS, ORDCHG), and an order's confirmation (ORDRSP)."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from adapters.erp.idoc.control import Idoc, order_key, read_idoc
from adapters.erp.idoc.lines import (
    item_of,
    line_currency,
    line_key,
    line_number,
    net_amount,
    quantity_of,
    unit_price_of,
)
from adapters.erp.idoc.partners import customer, plant, supplier
from adapters.erp.idoc.references import (
    SALES_ORDER,
    document_day,
    document_references,
    line_references,
    purchase_order_of,
)
from adapters.erp.idoc.segments import Segment
from adapters.erp.idoc.shortage import shortage
from adapters.erp.idoc.status import with_failure
from adapters.erp.idoc.totals import summary
from adapters.erp.idoc.unmapped import unmapped
from adapters.keys import nearest
from adapters.kinds import DocumentKind
from adapters.reading import Reading
from adapters.triggers import is_short, total_quantity
from adapters.values import money, quantity
from contracts.canonical import (
    Category,
    Evidence,
    Fact,
    FactKind,
    FactLine,
    Normalised,
    Quantity,
    Reference,
    RetailException,
)

BASIC_TYPE = "ORDERS05"
CONTRACT = "erp-sap-orders05"

ORDERS = frozenset({"ORDERS", "ORDCHG"})
CONFIRMATION = "ORDRSP"

# SUMID of E1EDS01: the net value of the order's items
_NET_VALUE = "002"
# ACTION of a line or of a schedule line. 005 is a locked line; either end may have cancelled, and the
# document doesn't say which
_CANCELLED = frozenset({"003", "005"})
_MAPPED = frozenset(
    {
        "E1EDK02", "E1EDP02", "E1EDP19", "E1EDP20", "MENGE", "MENEE", "VPREI", "PEINH", "NETWR", "POSEX",
        "CURCY", "WERKS", "CREDAT", "CRETIM", "DIRECT", "MESTYP", "IDOCTYP", "STATUS", "SNDPRN", "SNDPRT",
    }
)  # fmt: skip


def business_key(tree: dict[str, Any]) -> str:
    """Return the buyer's order, else the partner."""
    body = Segment(fields=tree)
    return order_key(order_number(body), body)


def normalise(reading: Reading) -> Normalised:
    """Return the order, and of a confirmation an exception for each line confirmed short.

    Quotations, contracts and other messages of this basic type say nothing that we map.
    """
    idoc = read_idoc(reading)
    if idoc.message not in {*ORDERS, CONFIRMATION}:
        return Normalised()
    fact = _fact(idoc)
    exceptions = tuple(_short_lines(idoc, fact)) if idoc.message == CONFIRMATION else ()
    meaning = Normalised(facts=(fact,), exceptions=exceptions)
    return with_failure(idoc, Category.SUPPLIER_SHORT_SHIPMENT, meaning)


def order_number(body: Segment) -> str:
    """Return the buyer's order number; an order carries it as its own."""
    own = body.child("E1EDK01").text("BELNR")
    is_order = body.child("EDI_DC40").text("MESTYP").upper() in ORDERS
    return purchase_order_of(body) or (own if is_order else "")


def _fact(idoc: Idoc) -> Fact:
    """Return the order as the buyer sees it, or, of a confirmation that we sent, our sales order."""
    body, lines = idoc.body, idoc.body.children("E1EDP01")
    header, parties = body.child("E1EDK01"), body.children("E1EDKA1")
    sells = idoc.message == CONFIRMATION and idoc.is_outbound
    sales_order = body.qualified("E1EDK02", SALES_ORDER).text("BELNR") or header.text("BELNR")
    number = sales_order if sells else order_number(body)
    own = Reference(kind="sales-order" if sells else "purchase-order", id=number) if number else None
    day = document_day(body, "012")
    currency = idoc.currency(header.text("CURCY"), *(line.text("CURCY") for line in lines))
    net_value = summary(body, _NET_VALUE)
    return Fact(
        kind=FactKind.SALES_ORDER if sells else FactKind.PURCHASE_ORDER,
        key=number or idoc.key,
        occurred_at=idoc.occurred_at,
        place=plant(idoc, lines),
        partner=supplier(idoc, parties) if _we_buy(idoc) else customer(idoc, parties),
        references=document_references(idoc, own),
        lines=tuple(_line(idoc, line, currency) for line in lines),
        total=None if net_value is None else money(net_value, currency),
        status=idoc.control.text("STATUS") or None,
        business_day=day.isoformat() if day else None,
        assumed=idoc.assumptions(),
        extensions=unmapped(idoc, _MAPPED),
    )


def _we_buy(idoc: Idoc) -> bool:
    """Say whether we are the buyer: of the orders that we send, and of the confirmations that we get."""
    return idoc.is_outbound == (idoc.message in ORDERS)


def _line(idoc: Idoc, line: Segment, currency: str) -> FactLine:
    ordered, confirmed = quantity_of(idoc, line), _confirmed(line)
    is_confirmation = idoc.message == CONFIRMATION
    price, amount = unit_price_of(line, currency), net_amount(line)
    action = line.text("ACTION")
    return FactLine(
        line=line_number(line),
        item=item_of(line, buys=_we_buy(idoc)),
        quantity=_promised(ordered, confirmed) if is_confirmation else ordered,
        expected_quantity=ordered if is_confirmation else None,
        unit_price=price,
        amount=None if amount is None else money(amount, line_currency(line, currency)),
        reason=action if action in _CANCELLED else None,
        references=line_references(line),
    )


def _promised(ordered: Quantity | None, confirmed: Decimal | None) -> Quantity | None:
    """Return what is confirmed; a line without schedule lines confirms what it repeats."""
    return ordered if ordered is None or confirmed is None else quantity(confirmed, ordered.unit)


def _confirmed(line: Segment) -> Decimal | None:
    """Return what the schedule lines add up to, or None where they don't say."""
    schedule = [each for each in line.children("E1EDP20") if each.text("ACTION") not in _CANCELLED]
    quantities = [each.number("WMENG") for each in schedule]
    known = [number for number in quantities if number is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(quantities) else None


def _short_lines(idoc: Idoc, fact: Fact) -> Iterator[RetailException]:
    """Yield an exception for each line of which less is confirmed than was ordered.

    A line may stand several times, once for each date: its quantities are then added up on both sides. A line
    without schedule lines, or a cancelled one, says nothing about what comes.
    """
    segments = idoc.body.children("E1EDP01")
    groups: dict[str, list[tuple[Segment, FactLine]]] = {}
    for segment, line in zip(segments, fact.lines, strict=True):
        groups.setdefault(line_key(line.line, line.item), []).append((segment, line))
    for key, members in groups.items():
        first = members[0][1]
        ordered = total_quantity(line.expected_quantity for _, line in members)
        confirmed = total_quantity(line.quantity for _, line in members)
        if ordered is None or confirmed is None or any(line.reason for _, line in members):
            continue
        if is_short(ordered, confirmed, first.unit_price):
            yield shortage(
                idoc,
                fact,
                key=key,
                expected=ordered,
                actual=confirmed,
                item=first.item,
                unit_price=first.unit_price,
                references=nearest(*first.references, *fact.references),
                evidence=tuple(found for segment, _ in members for found in _evidence(segment)),
            )


def _evidence(line: Segment) -> tuple[Evidence, ...]:
    schedule = (found for each in line.children("E1EDP20") for found in each.evidence("WMENG"))
    return (*line.evidence("MENGE", "MENEE"), *schedule)


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
