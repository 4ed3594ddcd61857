"""Logistics Inventory Report: what a warehouse holds at each location, by lot and disposition."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from adapters.keys import each_once, key, shortened
from adapters.kinds import DocumentKind
from adapters.reading import Reading
from adapters.wms.gs1.elements import (
    MAPPED,
    document_id,
    document_key,
    is_withdrawn,
    item,
    made_at,
    party_id,
    place,
    quantity,
    texts,
)
from adapters.wms.gs1.stock_events import EVENT
from adapters.wms.gs1.stock_moves import stock_moves
from contracts.canonical import Fact, FactKind, FactLine, Normalised
from contracts.limits import LINE_MAX_CHARACTERS, LINES_LIMIT

DOCUMENT = "logisticsInventoryReport"
CONTRACT = "wms-gs1-logistics-inventory-report"

# in a location: a full report of a warehouse; more than a fact may have lines make several facts
STATUSES_LIMIT = 100_000

_LOCATION = "logisticsInventoryReportInventoryLocation"
_STATUS = "tradeItemInventoryStatus"
_MAPPED = MAPPED | {"tradeItemQuantity", "inventoryDispositionCode", "inventoryDateTime", EVENT}


def business_key(tree: dict[str, Any]) -> str:
    """Return the first location, or the document's number."""
    for name in ("gln", "additionalPartyIdentification"):
        for number in texts(tree, DOCUMENT, _LOCATION, "inventoryLocation", name):
            return key("stock", number)
    return document_key(tree, DOCUMENT)


def normalise(reading: Reading) -> Normalised:
    """Map the stock of each location to a stock count, and the events that led there to stock movements.

    The book that it is compared with is the receiver's and not in the message. An exception is only what the
    message says that a count changed.
    """
    if is_withdrawn(reading, DOCUMENT):
        return Normalised()
    locations = reading.places(f"/{DOCUMENT}/{_LOCATION}")
    counts = tuple(_counts(reading, locations))
    moves = stock_moves(reading, DOCUMENT, locations)
    return Normalised(facts=(*counts, *moves.facts), exceptions=each_once(moves.exceptions))


def _counts(reading: Reading, locations: tuple[str, ...]) -> Iterator[Fact]:
    """Yield what is at each location; one that stands in the report twice is one."""
    number, period = document_id(reading, DOCUMENT), f"/{DOCUMENT}/reportingPeriod"
    end = reading.moment(f"{period}/endDate", f"{period}/endTime")
    at_location: dict[str, list[str]] = {}
    for at in locations:
        at_location.setdefault(party_id(reading, f"{at}/inventoryLocation") or "", []).append(at)
    for name, elements in at_location.items():
        found = [at for each in elements for at in reading.places(f"{each}/{_STATUS}", STATUSES_LIMIT)]
        lines = [line for at in found for line in _lines(reading, at)]
        for start in range(0, len(lines), LINES_LIMIT):
            yield Fact(
                kind=FactKind.STOCK_COUNT,
                key=key(number, name, str(start) if start else None),
                occurred_at=end or made_at(reading, DOCUMENT, f"{found[0]}/inventoryDateTime"),
                place=place(reading, f"{elements[0]}/inventoryLocation"),
                lines=tuple(lines[start : start + LINES_LIMIT]),
                assumed=reading.assumed,
                extensions=reading.extensions(_MAPPED, elements[0]),
            )


def _lines(reading: Reading, at: str) -> Iterator[FactLine]:
    """Yield the lots of one status where they add up to its quantity, else the quantity alone."""
    total, trade_item = quantity(reading, f"{at}/tradeItemQuantity"), item(reading, at)
    if trade_item is None:
        trade_item = item(reading, f"{at}/transactionalTradeItem")
    disposition = reading.words(f"{at}/inventoryDispositionCode", f"{at}/inventoryStatusCode")
    name = key(
        trade_item.id if trade_item else None, disposition, party_id(reading, f"{at}/inventorySubLocation")
    )
    lots = [
        (
            reading.text(f"{lot}/batchNumber", f"{lot}/lotNumber", f"{lot}/serialNumber"),
            quantity(reading, f"{lot}/tradeItemQuantity"),
        )
        for lot in reading.places(f"{at}/transactionalItemData")
    ]
    counted = [Decimal(held.value) for _, held in lots if held and (total is None or held.unit == total.unit)]
    is_whole = bool(lots) and len(counted) == len(lots)
    if is_whole and (total is None or sum(counted) == Decimal(total.value)):
        pairs = lots
    else:
        pairs = [(lots[0][0] if len(lots) == 1 else None, total)]
    for lot, held in pairs:
        yield FactLine(
            line=shortened(key(name, lot) or "stock", LINE_MAX_CHARACTERS),
            item=trade_item,
            quantity=held,
            reason=disposition,
        )


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
