"""Warehousing Operations Notification: what a warehouse did to the stock that it keeps."""

from typing import Any

from adapters.keys import each_once, key
from adapters.kinds import DocumentKind
from adapters.reading import Reading
from adapters.wms.gs1.elements import document_key, is_withdrawn, texts
from adapters.wms.gs1.stock_moves import stock_moves
from contracts.canonical import Normalised

DOCUMENT = "warehousingOperationsNotification"
CONTRACT = "wms-gs1-warehousing-operations-notification"

_TRANSACTION, _LOCATION = "warehousingOperationsTransaction", "warehousingOperationsLocation"


def business_key(tree: dict[str, Any]) -> str:
    """Return the first location, or the document's number."""
    location = (DOCUMENT, _TRANSACTION, _LOCATION, "inventoryLocation")
    for name in ("gln", "additionalPartyIdentification"):
        for number in texts(tree, *location, name):
            return key("stock", number)
    return document_key(tree, DOCUMENT)


def normalise(reading: Reading) -> Normalised:
    """Map the events at each location to a stock movement; what a count changed is an exception."""
    if is_withdrawn(reading, DOCUMENT):
        return Normalised()
    transactions = reading.places(f"/{DOCUMENT}/{_TRANSACTION}")
    moves = stock_moves(
        reading,
        DOCUMENT,
        (at for each in transactions for at in reading.places(f"{each}/{_LOCATION}")),
    )
    return Normalised(facts=moves.facts, exceptions=each_once(moves.exceptions))


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
