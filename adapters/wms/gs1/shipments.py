"""The shipments of a warehousing notification: one fact each, and the lines of them that come short."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from msgspec import Struct

from adapters.keys import each_once, key
from adapters.reading import Reading
from adapters.wms.gs1.elements import document_id, document_key, event_time, made_at, references
from adapters.wms.gs1.lines import Line, read_line, references_of_all
from adapters.wms.gs1.shortage import Shortage, exception, shortages
from contracts.canonical import Category, Fact, Normalised, Reference


class Shipment(Struct, frozen=True, kw_only=True):
    """One shipment; `at` is its pointer, `key` that of its fact, `references` its own and its lines'."""

    at: str
    key: str
    occurred_at: str
    references: tuple[Reference, ...]
    lines: tuple[Line, ...]


def order_key(tree: dict[str, Any], document: str, instruction: str) -> str:
    """Return the order that a notification's first shipment names, or the instruction that it answers."""
    shipment = f"{document}Shipment"
    order, of_item = (shipment, "purchaseOrder"), (shipment, f"{shipment}Item", "purchaseOrder")
    return document_key(tree, document, order, of_item, (shipment, instruction))


def read_shipments(
    reading: Reading,
    document: str,
    *,
    event: str,
    expected: tuple[str, ...],
    actual: tuple[str, ...],
    reason: tuple[str, ...],
) -> Iterator[Shipment]:
    """Yield the shipments of a notification; `event` is the element that says when it happened."""
    number = document_id(reading, document)
    places = reading.places(f"/{document}/{document}Shipment")
    taken: set[str] = set()
    for place, at in enumerate(places, 1):
        own = references(reading, at)
        # the number of what was instructed tells shipments of one notification apart, else their order
        shipment_key = key(number, own[0].id if len(places) > 1 and own else None)
        shipment_key = key(number, str(place)) if shipment_key in taken else shipment_key
        taken.add(shipment_key)
        lines = tuple(
            read_line(reading, line, within=shipment_key, expected=expected, actual=actual, reason=reason)
            for line in reading.places(f"{at}/{document}ShipmentItem")
        )
        yield Shipment(
            at=at,
            key=shipment_key,
            occurred_at=event_time(reading, f"{at}/{event}") or made_at(reading, document),
            references=references_of_all(own, lines),
            lines=lines,
        )


def meaning(
    reading: Reading,
    shipments: Iterable[Shipment],
    category: Category,
    *,
    status: str,
    fact_of: Callable[[Reading, Shipment], Fact],
    is_exception: Callable[[Fact, Shortage], bool],
) -> Normalised:
    """Return the fact of each shipment, and an exception for each line that comes short and `is_exception`.

    `status` is the element that says how far the warehouse has come.
    """
    shipments = tuple(shipments)
    facts = tuple(fact_of(reading, shipment) for shipment in shipments)
    found = (
        exception(reading, category, short, fact, f"{shipment.at}/{status}")
        for shipment, fact in zip(shipments, facts, strict=True)
        for short in shortages(shipment.lines)
        if is_exception(fact, short)
    )
    return Normalised(facts=facts, exceptions=each_once(found))
