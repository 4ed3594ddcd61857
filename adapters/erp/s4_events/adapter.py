"""S/4HANA business events: tell them from other JSON, and read one in whatever mode and version it came.

The events' names and members are SAP's (SAP Business Accelerator Hub, "Events"); the envelope is CloudEvents
1.0, or 0.1 to 0.3 from systems before 2020.
"""

import re
from collections.abc import Iterator
from typing import Any

from adapters.cloudevents import is_binary, split_event, with_current_names
from adapters.erp.s4_events import event
from adapters.erp.s4_events.personal import PERSONAL
from adapters.event_ids import usable_event_id
from adapters.framing import looks_like_json
from adapters.json import parse_json
from adapters.reading import Reading
from contracts.adapter import Reply, Signature
from contracts.canonical import Normalised
from contracts.documents import Arrival, Document, Message, Source
from contracts.errors import RequestUnreadable

_KINDS = {event.CONTRACT: event.KIND}
# in the type, the source, or the topic that stands in their place; until 2019 a type began with BO
_MARK = re.compile(rb"sap[./]s4")
_OLDER_MARK = re.compile(rb"BO[./]")
_OLDER_TYPE = re.compile(rb'"eventType"\s*:\s*"BO[./]')
_VERSIONS = (b'"specversion"', b'"cloudEventsVersion"')


class S4EventsAdapter:
    """Any business event of S/4HANA. Those about an object that becomes no fact are kept and observed."""

    system = "erp"
    format = "s4_events"
    title = "SAP S/4HANA business events (CloudEvents)"
    contracts: tuple[str, ...] = tuple(_KINDS)
    signature: Signature | None = None
    reply: Reply | None = None

    def recognises(self, message: Message) -> bool:
        """Look for an event whose headers or body name S/4HANA."""
        if is_binary(message):
            attributes = (value.encode() for name, value in message.headers.items() if name.startswith("ce-"))
            return any(_MARK.search(value) or _OLDER_MARK.match(value) for value in attributes)
        return (
            looks_like_json(message)
            and any(version in message.body for version in _VERSIONS)
            and bool(_MARK.search(message.body) or _OLDER_TYPE.search(message.body))
        )

    def split(self, message: Message) -> Iterator[Arrival]:
        """Yield the event in structured form.

        Raises: RequestUnreadable; RequestInvalid for a header that can't be decoded.
        """
        return split_event(message)

    def decode(self, arrival: Arrival) -> Document:
        """Return the event with the attributes' names of CloudEvents 1.0.

        Raises: RequestUnreadable; RequestInvalid for an id that can't be one.
        """
        tree: Any = parse_json(arrival.body)
        if not isinstance(tree, dict):
            raise RequestUnreadable("one event is one JSON object")
        tree = with_current_names(tree)
        event_id, kind = tree.get("id"), event.KIND
        return Document(
            contract=kind.contract,
            tree=tree,
            business_key=kind.business_key(tree),
            source_event_id=usable_event_id(event_id, "id") if isinstance(event_id, str) else None,
        )

    def normalise(self, document: Document, source: Source, received_at: str) -> Normalised:
        """Raises: Unmapped for a time or a number that can't be read."""
        reading = Reading(document, source, received_at, PERSONAL)
        return _KINDS[document.contract].normalise(reading)
