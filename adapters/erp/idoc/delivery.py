"""DELVRY07: goods on their way (a shipment), back (a return) or arrived (a receipt), and what comes short."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Literal

from adapters.erp.idoc.control import OUTBOUND, Idoc, control_record, order_key, read_idoc
from adapters.erp.idoc.lines import line_key
from adapters.erp.idoc.partners import customer, plant, supplier
from adapters.erp.idoc.segments import Segment
from adapters.erp.idoc.shortage import shortage
from adapters.erp.idoc.status import with_failure
from adapters.erp.idoc.unmapped import unmapped
from adapters.keys import distinct, each_once, nearest
from adapters.kinds import DocumentKind
from adapters.reading import Reading
from adapters.triggers import is_short, total_quantity
from adapters.values import gtin, quantity
from contracts.canonical import (
    Category,
    Evidence,
    Fact,
    FactKind,
    FactLine,
    Item,
    Normalised,
    Quantity,
    Reference,
    RetailException,
)

BASIC_TYPE = "DELVRY07"
CONTRACT = "erp-sap-delvry07"

# LFART. SAP, "Delivery types": EL and its WMS form come in, LR and its WMS form come back from a customer
INBOUND_TYPES = frozenset({"EL", "WID"})
RETURN_TYPES = frozenset({"LR", "WRD"})
# MESTYP: a warehouse confirms what came in; the others announce
STOCK_CONFIRMED = "WHSCON"
# KZTLF: any number of deliveries may follow, so that one of them is never short
MORE_DELIVERIES_FOLLOW = "D"

_PrecedingKind = Literal["sales-order", "purchase-order", "return", "delivery"]

# QUALF of E1EDL43, the category of the preceding document (VBTYP)
_PRECEDING: dict[str, _PrecedingKind] = {
    "C": "sales-order",
    "V": "purchase-order",
    "H": "return",
    "J": "delivery",
    "7": "delivery",
}
_MAPPED = frozenset(
    {
        "POSNR", "MATNR", "MATNR_LONG", "EAN11", "ARKTX", "WERKS", "LFIMG", "VRKME", "ORMNG", "VGBEL",
        "VGPOS", "VBELN", "LFART", "E1EDL41", "E1EDL43",
        "CREDAT", "CRETIM", "DIRECT", "MESTYP", "IDOCTYP", "STATUS", "SNDPRN", "SNDPRT",
    }
)  # fmt: skip


def business_key(tree: dict[str, Any]) -> str:
    """Return the buyer's order, else the partner."""
    body = Segment(fields=tree)
    return order_key(purchase_order(body), body)


def normalise(reading: Reading) -> Normalised:
    """Return the delivery, and, of one that comes in, an exception for each line that comes short."""
    idoc = read_idoc(reading)
    headers = idoc.body.children("E1EDL20")
    others = unmapped(idoc, _MAPPED)  # of the IDoc, which has one delivery by rule
    facts = tuple(_fact(idoc, header, others) for header in headers)
    short = [
        exception
        for header, fact in zip(headers, facts, strict=True)
        if _is_inbound(idoc.control, header) and fact.kind is not FactKind.RETURN
        # where it has more, lines 10 of two must not become one matter
        for exception in _short_lines(idoc, header, fact, f"{fact.key}:" if len(headers) > 1 else "")
    ]
    meaning = Normalised(facts=facts, exceptions=each_once(short))
    return with_failure(idoc, Category.INVENTORY_VARIANCE, meaning)


def purchase_order(body: Segment) -> str:
    """Return the buyer's order that the first line with one was delivered for, or empty text."""
    for header in body.children("E1EDL20"):
        is_inbound = _is_inbound(control_record(body), header)
        for line in header.children("E1EDL24"):
            for reference in _references(line, "purchase-order" if is_inbound else "sales-order"):
                if reference.kind == "purchase-order":
                    return reference.id
    return ""


def _fact(idoc: Idoc, header: Segment, extensions: dict[str, str]) -> Fact:
    lines, parties = header.children("E1EDL24"), header.children("E1ADRM1")
    is_inbound, kind = _is_inbound(idoc.control, header), _kind(idoc, header)
    number = header.text("VBELN") or header.text("LIFEX")
    fact_lines = tuple(_line(idoc, line, kind, is_inbound=is_inbound) for line in lines)
    own = [Reference(kind="delivery", id=number)] if number else []
    if header.text("LIFEX"):
        own.append(Reference(kind="shipment", id=header.text("LIFEX")))
    others = (Reference(kind=r.kind, id=r.id) for line in fact_lines for r in line.references)
    return Fact(
        kind=kind,
        key=number or idoc.key,
        occurred_at=idoc.occurred_at,
        place=plant(idoc, lines),
        partner=supplier(idoc, parties) if is_inbound else customer(idoc, parties),
        references=distinct((*own, *others, idoc.reference)),
        lines=fact_lines,
        status=idoc.control.text("STATUS") or None,
        business_day=_goods_movement_day(header),
        assumed=idoc.assumptions(),
        extensions=extensions,
    )


def _kind(idoc: Idoc, header: Segment) -> FactKind:
    lines = header.children("E1EDL24")
    # SHKZG marks an item that comes back, whatever the company calls its delivery type
    comes_back = bool(lines) and all(line.child("E1EDL26").text("SHKZG") == "X" for line in lines)
    if _delivery_type(header) in RETURN_TYPES or comes_back:
        return FactKind.RETURN
    if idoc.message == STOCK_CONFIRMED and _is_inbound(idoc.control, header):
        return FactKind.RECEIPT
    return FactKind.SHIPMENT


def _is_inbound(control: Segment, header: Segment) -> bool:
    """Say whether the goods come from a supplier: by type, or announced to us (DESADV) without one."""
    kind = _delivery_type(header)
    is_announced_to_us = control.text("MESTYP") == "DESADV" and control.text("DIRECT") != OUTBOUND
    return kind in INBOUND_TYPES or (not kind and is_announced_to_us)


def _delivery_type(header: Segment) -> str:
    return header.child("E1EDL21").text("LFART")


def _line(idoc: Idoc, line: Segment, kind: FactKind, *, is_inbound: bool) -> FactLine:
    material = line.text("MATNR") or line.text("MATNR_LONG") or line.child("E1EDL26").text("MATNR_LONG")
    item = Item(id=material, gtin=gtin(line.text("EAN11")), description=line.text("ARKTX") or None)
    before: _PrecedingKind = "sales-order"
    if kind is FactKind.RETURN:
        before = "return"
    elif is_inbound:
        before = "purchase-order"
    return FactLine(
        line=line.text("POSNR") or f"#{int(line.pointer.rpartition('/')[2]) + 1}",
        item=item if material else None,
        quantity=_quantity(idoc, line, "LFIMG"),
        expected_quantity=_quantity(idoc, line, "ORMNG") if is_inbound and _has_one_unit(line) else None,
        references=_references(line, before),
    )


def _quantity(idoc: Idoc, line: Segment, name: str) -> Quantity | None:
    number = line.number(name)
    return None if number is None else quantity(number, idoc.unit(line.text("VRKME") or line.text("MEINS")))


def _has_one_unit(line: Segment) -> bool:
    """Say whether it is clear what unit ORMNG is in: it names none, and sales and base unit may differ."""
    return line.text("MEINS") in {"", line.text("VRKME")}


def _references(line: Segment, before: _PrecedingKind) -> tuple[Reference, ...]:
    """Return what the line was delivered for; `before` is what VGBEL is where E1EDL43 doesn't say."""
    preceding = [
        Reference(kind=_PRECEDING[each.text("QUALF")], id=each.text("BELNR"), line=each.text("POSNR") or None)
        for each in line.children("E1EDL43")
        if each.text("QUALF") in _PRECEDING and each.text("BELNR")
    ]
    if not preceding and line.text("VGBEL"):
        preceding = [Reference(kind=before, id=line.text("VGBEL"), line=line.text("VGPOS") or None)]
    buyers = [
        Reference(kind="purchase-order", id=each.text("BSTNR"), line=each.text("POSEX") or None)
        for each in line.children("E1EDL41")
        if each.text("QUALI") == "001" and each.text("BSTNR")
    ]
    return distinct((*preceding, *buyers))


def _goods_movement_day(header: Segment) -> str | None:
    """Return the day of the goods issue (E1EDT13 with QUALF 006): the actual one, else the planned one."""
    goods_issue = header.qualified("E1EDT13", "006")
    day = goods_issue.day("ISDD") or goods_issue.day("NTANF")
    return day.isoformat() if day else None


def _short_lines(idoc: Idoc, header: Segment, fact: Fact, prefix: str) -> Iterator[RetailException]:
    """Yield an exception for each order line of which less is delivered than the supplier notified.

    ORMNG keeps what was notified when the quantity is corrected later (SAP, data element ORMNG_VL). Lines for
    one order line are counted together: a batch split leaves that quantity on one of them.
    """
    segments = header.children("E1EDL24")
    groups: dict[tuple[str, str], list[tuple[Segment, FactLine]]] = {}
    for segment, line in zip(segments, fact.lines, strict=True):
        order_line = (segment.text("VGBEL"), segment.text("VGPOS"))
        groups.setdefault(order_line if all(order_line) else ("", line.line), []).append((segment, line))
    for members in groups.values():
        first = members[0][1]
        expected, actual = _notified(members), total_quantity(line.quantity for _, line in members)
        if expected is None or actual is None or not is_short(expected, actual):
            continue
        if _is_tolerated(expected, actual, members):
            continue
        yield shortage(
            idoc,
            fact,
            key=prefix + line_key(first.line, first.item),
            expected=expected,
            actual=actual,
            item=first.item,
            unit_price=None,
            references=nearest(*first.references, *fact.references),
            evidence=tuple(found for segment, _ in members for found in _evidence(segment)),
        )


def _notified(members: list[tuple[Segment, FactLine]]) -> Quantity | None:
    known = [line.expected_quantity for _, line in members if line.expected_quantity is not None]
    return max(known, key=lambda each: Decimal(each.value)) if known else None


def _is_tolerated(expected: Quantity, actual: Quantity, members: list[tuple[Segment, FactLine]]) -> bool:
    """Say whether the lines allow for it: by a tolerance in percent (UNTTO), or by deliveries to follow."""
    details = [segment.child("E1EDL26") for segment, _ in members]
    if any(detail.text("KZTLF") == MORE_DELIVERIES_FOLLOW for detail in details):
        return True
    percent = max(detail.number("UNTTO") or Decimal(0) for detail in details)
    return Decimal(actual.value) >= Decimal(expected.value) * (1 - percent / 100)


def _evidence(line: Segment) -> tuple[Evidence, ...]:
    return (*line.evidence("LFIMG", "VRKME", "ORMNG"), *line.child("E1EDL26").evidence("UNTTO"))


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
