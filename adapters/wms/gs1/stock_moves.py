"""The stock movements of a document: one fact for each location."""

from collections.abc import Iterable

from msgspec import Struct

from adapters.keys import key
from adapters.reading import Reading
from adapters.wms.gs1.elements import MAPPED, document_id, place
from adapters.wms.gs1.stock_events import (
    EVENT,
    MAPPED_OF_EVENT,
    StockEvent,
    count_variances,
    movement_line,
    read_event,
)
from contracts.canonical import Fact, FactKind, Place, RetailException

_MAPPED = MAPPED | MAPPED_OF_EVENT


class StockMoves(Struct, frozen=True, kw_only=True):
    """What happened at the locations of a document."""

    facts: tuple[Fact, ...]
    exceptions: tuple[RetailException, ...]


def stock_moves(reading: Reading, document: str, locations: Iterable[str]) -> StockMoves:
    """Read the events at `locations` (pointers of elements with an inventoryLocation and events).

    A location that stands there twice, such as in two transactions, is one: its events happened together.
    """
    number = document_id(reading, document)
    where: dict[str, Place | None] = {}
    events: dict[str, list[StockEvent]] = {}
    for at in locations:
        spot = place(reading, f"{at}/inventoryLocation")
        name = spot.id if spot else ""
        where[name] = spot
        events.setdefault(name, []).extend(
            read_event(reading, each, document) for each in reading.places(f"{at}/{EVENT}")
        )
    moved = {name: found for name, found in events.items() if found}
    return StockMoves(
        facts=tuple(_fact(reading, key(number, name), where[name], found) for name, found in moved.items()),
        exceptions=tuple(
            exception
            for name, found in moved.items()
            for exception in count_variances(reading, found, where[name])
        ),
    )


def _fact(reading: Reading, fact_key: str, spot: Place | None, events: list[StockEvent]) -> Fact:
    return Fact(
        kind=FactKind.STOCK_MOVEMENT,
        key=fact_key,
        occurred_at=events[0].occurred_at,
        place=spot,
        lines=tuple(movement_line(event) for event in events),
        assumed=reading.assumed,
        extensions=reading.extensions(_MAPPED, events[0].at),
    )
