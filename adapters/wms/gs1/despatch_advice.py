"""Despatch Advice: what is on its way, and how much of what was asked for."""

from typing import Any

from adapters.keys import each_once
from adapters.kinds import DocumentKind
from adapters.reading import Reading
from adapters.wms.gs1.elements import MAPPED, document_id, document_key, is_withdrawn, made_at, partner, place
from adapters.wms.gs1.elements import references as references_of
from adapters.wms.gs1.lines import fact_line, references_of_all
from adapters.wms.gs1.logistic_units import read_lines
from adapters.wms.gs1.shortage import exception, shortages
from contracts.canonical import Category, Fact, FactKind, Normalised

DOCUMENT = "despatchAdvice"
CONTRACT = "wms-gs1-despatch-advice"

_AT = f"/{DOCUMENT}"
_MAPPED = MAPPED | {
    "despatchInformation", "shipper", "seller", "shipFrom", "requestedQuantity", "despatchedQuantity",
    "despatchAdviceQuantityVariance",
}  # fmt: skip


def business_key(tree: dict[str, Any]) -> str:
    """Return the purchase order, or the delivery note."""
    line = ("despatchAdviceLogisticUnit", "despatchAdviceLineItem", "purchaseOrder")
    return document_key(tree, DOCUMENT, ("purchaseOrder",), line, ("deliveryNote",))


def normalise(reading: Reading) -> Normalised:
    """Map to a shipment. A line of which less was despatched than was requested is short."""
    if is_withdrawn(reading, DOCUMENT):
        return Normalised()
    lines = read_lines(
        reading,
        DOCUMENT,
        expected=("requestedQuantity",),
        actual=("despatchedQuantity",),
        reason=(
            "despatchAdviceQuantityVariance/varianceReasonCode",
            "despatchAdviceQuantityVariance/remainingQuantityStatusCode",
        ),
    )
    own = references_of(reading, _AT)
    sent = (f"{_AT}/despatchInformation/{name}" for name in ("actualShipDateTime", "despatchDateTime"))
    fact = Fact(
        kind=FactKind.SHIPMENT,
        key=document_id(reading, DOCUMENT),
        occurred_at=made_at(reading, DOCUMENT, *sent),
        place=place(reading, f"{_AT}/inventoryLocation", f"{_AT}/shipFrom", f"{_AT}/shipper"),
        partner=partner(reading, "supplier", f"{_AT}/seller", f"{_AT}/shipper"),
        references=references_of_all(own, lines),
        lines=tuple(fact_line(line) for line in lines),
        assumed=reading.assumed,
        extensions=reading.extensions(_MAPPED, _AT),
    )
    short = (each for each in shortages(lines) if each.is_suppliers)
    found = (exception(reading, Category.SUPPLIER_SHORT_SHIPMENT, each, fact) for each in short)
    return Normalised(facts=(fact,), exceptions=each_once(found))


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
