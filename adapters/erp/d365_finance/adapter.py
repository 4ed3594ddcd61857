"""Dynamics 365 Finance business events: take the event out of what carries it, and let its mapping read it.

Facts from Microsoft, "Business events": one flat JSON object an event, envelope and the event's own members
side by side. Service Bus, Event Hubs and HTTPS endpoints carry it as it is; Event Grid carries it as `data`,
in its own schema or in that of CloudEvents.
"""

from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from adapters.erp.d365_finance import business_event
from adapters.erp.d365_finance.personal import PERSONAL
from adapters.framing import JSON, looks_like_json
from adapters.json import parse_json
from adapters.reading import Reading
from adapters.values import as_text
from contracts.adapter import Reply, Signature
from contracts.canonical import Normalised
from contracts.documents import Arrival, Document, Message, Source, whole
from contracts.errors import RequestUnreadable

_KINDS = {business_event.CONTRACT: business_event.KIND}
_ID = "BusinessEventId"
_NO_ID = "00000000-0000-0000-0000-000000000000"


class D365FinanceAdapter:
    """Business events of every kind; those that say nothing about trade are accepted and observed."""

    system = "erp"
    format = "d365_finance"
    title = "Dynamics 365 Finance and Supply Chain business events"
    contracts: tuple[str, ...] = tuple(_KINDS)
    signature: Signature | None = None
    reply: Reply | None = None

    def recognises(self, message: Message) -> bool:
        """Look for the member that names the kind of event."""
        return looks_like_json(message) and b'"BusinessEventId"' in message.body

    def split(self, message: Message) -> Iterator[Arrival]:
        """Yield the event. An array, as Event Grid sends it, was cut before."""
        yield replace(whole(message), media_type=JSON)

    def decode(self, arrival: Arrival) -> Document:
        """Raises: RequestUnreadable for what is no event."""
        tree, kind = _event(parse_json(arrival.body.removeprefix(BOM_UTF8))), business_event.KIND
        return Document(
            contract=kind.contract,
            tree=tree,
            business_key=kind.business_key(tree),
            source_event_id=_event_id(tree),
        )

    def normalise(self, document: Document, source: Source, received_at: str) -> Normalised:
        """Raises: Unmapped for a number or a time that can't be read."""
        reading = Reading(document, source, received_at, PERSONAL)
        return _KINDS[document.contract].normalise(reading)


def _event(tree: Any) -> dict[str, Any]:
    """Return the business event itself, from within what carries it."""
    if isinstance(tree, dict) and _ID not in tree and isinstance(tree.get("data"), dict):
        tree = tree["data"]
    if not isinstance(tree, dict):
        raise RequestUnreadable("one business event is one JSON object")
    return tree


def _event_id(tree: dict[str, Any]) -> str | None:
    """Return EventId, with or without the braces of older editions, or None where it names nothing."""
    text = (as_text(tree.get("EventId")) or "").strip("{}")
    return None if text in {"", _NO_ID} else text
