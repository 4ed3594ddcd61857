"""Receiving Advice: what arrived of what was despatched, and in which condition."""

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

DOCUMENT = "receivingAdvice"
CONTRACT = "wms-gs1-receiving-advice"

_AT = f"/{DOCUMENT}"
_MAPPED = MAPPED | {
    "receivingDateTime", "reportingCode", "shipper", "seller", "shipTo", "quantityReceived",
    "quantityAccepted", "quantityDespatched", "quantityOrdered",
}  # fmt: skip


def business_key(tree: dict[str, Any]) -> str:
    """Return the purchase order, or the despatch advice or delivery note that the goods came with."""
    line = ("receivingAdviceLogisticUnit", "receivingAdviceLineItem", "purchaseOrder")
    return document_key(tree, DOCUMENT, ("purchaseOrder",), line, ("despatchAdvice",), ("deliveryNote",))


def normalise(reading: Reading) -> Normalised:
    """Map to a receipt. What was despatched, or else ordered, is expected; what was received is the quantity.

    A line is short where less was accepted, or else received, than was despatched: what arrives damaged and
    is refused does not arrive.
    """
    if is_withdrawn(reading, DOCUMENT):
        return Normalised()
    lines = read_lines(
        reading,
        DOCUMENT,
        expected=("quantityDespatched", "quantityOrdered"),
        actual=("quantityAccepted", "quantityReceived"),
        moved=("quantityReceived", "quantityAccepted"),
        reason=("receivingConditionInformation/receivingConditionCode",),
    )
    own = references_of(reading, _AT)
    fact = Fact(
        kind=FactKind.RECEIPT,
        key=document_id(reading, DOCUMENT),
        occurred_at=made_at(reading, DOCUMENT, f"{_AT}/receivingDateTime"),
        place=place(reading, f"{_AT}/inventoryLocation", f"{_AT}/shipTo", f"{_AT}/receiver"),
        partner=partner(reading, "supplier", f"{_AT}/seller", f"{_AT}/shipper"),
        references=references_of_all(own, lines),
        lines=tuple(fact_line(line) for line in lines),
        status=reading.words(f"{_AT}/reportingCode"),
        assumed=reading.assumed,
        extensions=reading.extensions(_MAPPED, _AT),
    )
    short = (each for each in shortages(lines) if each.is_suppliers)
    found = (exception(reading, Category.SUPPLIER_SHORT_SHIPMENT, each, fact) for each in short)
    return Normalised(facts=(fact,), exceptions=each_once(found))


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
