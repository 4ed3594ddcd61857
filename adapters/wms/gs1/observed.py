"""Logistics messages that are accepted and kept in view, and state nothing that happened to goods."""

from typing import Any

from adapters.keys import key
from adapters.kinds import DocumentKind
from adapters.reading import Reading
from adapters.wms.gs1.elements import texts
from contracts.canonical import Normalised

CONTRACT = "wms-gs1-logistics-message"

# what a warehouse is told, asked or answered, and what its carriers say
DOCUMENTS = frozenset({
    "warehousingInboundInstruction", "warehousingOutboundInstruction", "warehousingOperationsInstruction",
    "logisticsInventoryReportRequest", "inventoryReport", "itemDataNotification", "replenishmentRequest",
    "transportInstruction", "transportInstructionResponse", "transportStatusRequest",
    "transportStatusNotification", "transportPickUpDropOffRequest", "transportPickUpDropOffConfirmation",
    "applicationReceiptAcknowledgement",
})  # fmt: skip


def business_key(tree: dict[str, Any]) -> str:
    """Return the document's number: for an instruction, that of the delivery that its notification names."""
    for document in DOCUMENTS & tree.keys():
        number = next(texts(tree, document, f"{document}Identification", "entityIdentification"), "")
        is_instruction = document.startswith("warehousing")
        return key("delivery" if is_instruction else document, number)
    return ""


def normalise(_reading: Reading) -> Normalised:
    """Say nothing: an instruction is a wish, and a request a question."""
    return Normalised()


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
