"""What an owner receives: a CloudEvent with the exception, its triage and its route."""

from typing import Any

import msgspec
from msgspec import Struct

from contracts import headers, ids, subjects
from contracts.errors import Unmapped
from contracts.records import DeliveryEntry
from routing.blinding import shown
from routing.broker.commit import Outgoing
from routing.items import RoutedException, RoutedItem, RouterItem, TriageDecision

EXCEPTION_VERSION = "1.1.0"
DELIVERY_LIMIT_BYTES = 4 << 20  # half of what the broker takes in one message


class RenderedItem(Struct, frozen=True, kw_only=True):
    """An item with the messages that it becomes; `entries` and `deliveries` go in pairs.

    `sealed` are the decisions, by exception, that a delivery does not show whole.
    """

    routed: RoutedItem
    entries: tuple[DeliveryEntry, ...]
    deliveries: tuple[Outgoing, ...]
    sealed: dict[str, msgspec.Raw] = {}


class Renderer:
    """Renders deliveries; `base_url` is where the contracts can be read."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url.rstrip("/")
        self._encoder = msgspec.json.Encoder()

    def render(self, routed: RoutedItem) -> RenderedItem:
        """Return one delivery for each exception and owner."""
        entries: list[DeliveryEntry] = []
        deliveries: list[Outgoing] = []
        sealed: dict[str, msgspec.Raw] = {}
        for exception in routed.exceptions:
            decision = exception.triaged.decision
            visible = shown(decision)
            if visible is not decision:
                sealed[exception.triaged.found.exception_id] = msgspec.Raw(self._encoder.encode(decision))
            for owner in exception.owners:
                entry = _entry(exception, owner)
                entries.append(entry)
                deliveries.append(self._delivery(routed.item, exception, visible, entry))
        return RenderedItem(
            routed=routed, entries=tuple(entries), deliveries=tuple(deliveries), sealed=sealed
        )

    def _delivery(
        self, item: RouterItem, routed: RoutedException, visible: TriageDecision, entry: DeliveryEntry
    ) -> Outgoing:
        sent = {
            headers.DELIVERY: entry.delivery,
            headers.EXCEPTION: entry.exception,
            headers.EVENT: item.event_id,
            headers.SOURCE: item.source,
            headers.CONTRACT: item.contract,
            headers.INTAKE: str(item.sequence),
            headers.ATTEMPT: "1",
            headers.CYCLE: str(item.cycle),
            headers.KEY: item.key,
        }
        if item.trace:
            sent[headers.TRACE] = item.trace
        body = self._encoder.encode(self._cloud_event(item, routed, visible, entry))
        if len(body) > DELIVERY_LIMIT_BYTES:
            raise Unmapped(f"a delivery to {entry.owner} would have {len(body)} bytes, which no broker takes")
        return Outgoing(
            subject=subjects.delivery(entry.owner, entry.category, entry.priority),
            body=body,
            headers={name: value for name, value in sent.items() if value},
        )

    def _cloud_event(
        self, item: RouterItem, routed: RoutedException, visible: TriageDecision, entry: DeliveryEntry
    ) -> dict[str, Any]:
        exception = routed.triaged.found.exception
        contract = f"exception-{entry.category}"
        event = {
            "specversion": "1.0",
            "id": entry.delivery,
            "source": f"/v1/sources/{item.source}",
            "type": f"retail.exception.{entry.category}.v{EXCEPTION_VERSION.partition('.')[0]}",
            "time": exception.detected_at,
            "datacontenttype": "application/json",
            "dataschema": f"{self._base_url}/contracts/{contract}/{EXCEPTION_VERSION}",
            "xdevent": item.event_id,
            "xdexception": entry.exception,
            "data": {
                "exception": exception,
                "triage": visible,
                "route": {"row": routed.row, "owners": routed.owners},
            },
        }
        if exception.place is not None:
            event["subject"] = f"{exception.place.kind}/{exception.place.id}"
        if item.trace:
            event["traceparent"] = item.trace
        return event


def _entry(routed: RoutedException, owner: str) -> DeliveryEntry:
    found, decision = routed.triaged.found, routed.triaged.decision
    return DeliveryEntry(
        delivery=ids.delivery_id(found.exception_id, owner),
        exception=found.exception_id,
        owner=owner,
        category=str(decision.category),
        priority=decision.priority,
        offset=0,
    )
