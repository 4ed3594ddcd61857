"""Warehousing Inbound Notification: what a warehouse has received."""

from typing import Any

from adapters.kinds import DocumentKind
from adapters.reading import Reading
from adapters.wms.gs1.elements import MAPPED, is_withdrawn, partner, place, texts
from adapters.wms.gs1.lines import fact_line
from adapters.wms.gs1.shipments import Shipment, meaning, order_key, read_shipments
from adapters.wms.gs1.shortage import Shortage
from contracts.canonical import Category, Fact, FactKind, Normalised

DOCUMENT = "warehousingInboundNotification"
CONTRACT = "wms-gs1-warehousing-inbound-notification"

# until then more may be unloaded and counted
_FINISHED = "RECEIVING_FINISHED"
_SCOPE = ("StandardBusinessDocumentHeader", "BusinessScope", "Scope", "Identifier")
_STATUS = "warehousingInboundStatusCode"
_MAPPED = MAPPED | {
    _STATUS, "warehousingInboundExceptionCode", "plannedReceiptQuantity",
    "actualReceiptQuantity", "actualReceipt", "shipper",
}  # fmt: skip


def business_key(tree: dict[str, Any]) -> str:
    """Return the purchase order, or the instruction that the goods were received for."""
    return order_key(tree, DOCUMENT, "warehousingInboundInstruction")


def normalise(reading: Reading) -> Normalised:
    """Map each shipment to a receipt, or to a return where a customer sent it back.

    A line that got less than was planned is short once receiving is finished. The standard lets a
    notification leave out what was planned; it stands in the instruction then, and nothing is said here.
    """
    if is_withdrawn(reading, DOCUMENT):
        return Normalised()
    shipments = read_shipments(
        reading,
        DOCUMENT,
        event="actualReceipt",
        expected=("plannedReceiptQuantity",),
        actual=("actualReceiptQuantity",),
        reason=("warehousingInboundExceptionCode", "inventoryDispositionCode"),
    )
    return meaning(
        reading,
        shipments,
        Category.SUPPLIER_SHORT_SHIPMENT,
        status=_STATUS,
        fact_of=_fact,
        is_exception=_is_exception,
    )


def _fact(reading: Reading, shipment: Shipment) -> Fact:
    at, is_return = shipment.at, _is_return(reading, shipment.at)
    return Fact(
        kind=FactKind.RETURN if is_return else FactKind.RECEIPT,
        key=shipment.key,
        occurred_at=shipment.occurred_at,
        place=place(reading, f"{at}/inventoryLocation", f"{at}/shipTo", f"{at}/receiver"),
        partner=None if is_return else partner(reading, "supplier", f"{at}/shipper"),
        references=shipment.references,
        lines=tuple(fact_line(line) for line in shipment.lines),
        status=reading.words(f"{at}/{_STATUS}"),
        assumed=reading.assumed,
        extensions=reading.extensions(_MAPPED, at),
    )


def _is_exception(fact: Fact, short: Shortage) -> bool:
    return fact.kind is FactKind.RECEIPT and fact.status == _FINISHED and short.is_suppliers


def _is_return(reading: Reading, at: str) -> bool:
    """Say whether a customer sent the goods: by the type of receipt, or the guide that the sender follows."""
    said = [reading.text(f"{at}/warehousingReceiptTypeCode") or "", *texts(reading.tree, *_SCOPE)]
    return any("RETURN" in each.upper() for each in said)


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
