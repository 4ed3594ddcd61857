"""The shipments of a warehousing notification: one fact each."""

from collections.abc import Iterator

from msgspec import Struct

from adapters.keys import key
from adapters.reading import Reading
from adapters.wms.gs1.elements import document_id, event_time, made_at, references
from adapters.wms.gs1.lines import Line, read_line, references_of_all
from contracts.canonical import Reference


class Shipment(Struct, frozen=True, kw_only=True):
    """One shipment; `at` is its pointer, `key` that of its fact, `references` its own and its lines'."""

    at: str
    key: str
    occurred_at: str
    references: tuple[Reference, ...]
    lines: tuple[Line, ...]


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
