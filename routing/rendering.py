"""What an owner receives: a CloudEvent with exception, triage and route, in the major that it reads."""

from typing import Any

import msgspec
from msgspec import Struct

from contracts import headers, ids, subjects
from contracts.canonical import SPOKEN_MAJOR, RetailException
from contracts.casting.cast import major_of
from contracts.errors import Unmapped
from contracts.records import DeliveryEntry
from contracts.registry import ContractVersion, Registry
from routing.blinding import shown
from routing.broker.commit import Outgoing
from routing.items import FoundException, RoutedException, RoutedItem, RouterItem, TriageDecision
from routing.subscriptions import Subscriptions

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

    def __init__(self, base_url: str, registry: Registry, subscriptions: Subscriptions) -> None:
        self._base_url = base_url.rstrip("/")
        self._registry = registry
        self._subscriptions = subscriptions
        self._encoder = msgspec.json.Encoder()

    def render(self, routed: RoutedItem) -> RenderedItem:
        """Return one delivery for each exception and owner.

        Raises: NoPath where no cast leads to what one of the owners reads: then no owner gets anything.
        """
        entries: list[DeliveryEntry] = []
        deliveries: list[Outgoing] = []
        sealed: dict[str, msgspec.Raw] = {}
        for exception in routed.exceptions:
            decision = exception.triaged.decision
            visible = shown(decision)
            if visible is not decision:
                sealed[exception.triaged.found.exception_id] = msgspec.Raw(self._encoder.encode(decision))
            for owner in exception.owners:
                version = self._subscriptions.version(owner, _contract(exception))
                entry = _entry(exception, owner, version)
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
        version = self._subscriptions.version(entry.owner, contract)
        event = {
            "specversion": "1.0",
            "id": entry.delivery,
            "source": f"/v1/sources/{item.source}",
            "type": f"retail.exception.{entry.category}.v{major_of(version.version)}",
            "time": exception.detected_at,
            "datacontenttype": "application/json",
            "dataschema": f"{self._base_url}/contracts/{contract}/{version.version}",
            "xdevent": item.event_id,
            "xdexception": entry.exception,
            "data": {
                "exception": self._written(routed.triaged.found, version),
                "triage": visible,
                "route": {"row": routed.row, "owners": routed.owners},
            },
        }
        if exception.place is not None:
            event["subject"] = f"{exception.place.kind}/{exception.place.id}"
        if item.trace:
            event["traceparent"] = item.trace
        return event

    def _written(self, found: FoundException, version: ContractVersion) -> RetailException | Any:
        """Return an exception in the version that its owner reads."""
        if found.sent is not None:
            return self._registry.cast(version.name, found.sent.tree, found.sent.version, version)
        if major_of(version.version) == SPOKEN_MAJOR:
            return found.exception  # which `Canon` held against its newest minor
        tree = msgspec.json.decode(msgspec.json.encode(found.exception))
        return self._registry.cast(version.name, tree, SPOKEN_MAJOR, version)


class Rerenderer:
    """Writes a delivery that is kept anew, in the major that its owner reads today."""

    def __init__(self, registry: Registry, subscriptions: Subscriptions) -> None:
        self._registry = registry
        self._subscriptions = subscriptions

    def rerender(self, owner: str, body: bytes) -> bytes:
        """Return the CloudEvent in today's version; the same bytes where it is in that one already.

        What is no delivery of ours stays as it is. Raises: ContractUnknown, NoPath.
        """
        try:
            event = msgspec.json.decode(body, type=dict[str, Any])
            place, contract, version = event["dataschema"].rsplit("/", 2)
            tree, kind = event["data"]["exception"], event["type"].rpartition(".v")[0]
        except (msgspec.DecodeError, KeyError, TypeError, ValueError, AttributeError):
            return body
        today = self._subscriptions.version(owner, contract)
        if version == today.version:
            return body
        event["data"]["exception"] = self._registry.cast(contract, tree, version, today)
        event["type"] = f"{kind}.v{major_of(today.version)}"
        event["dataschema"] = f"{place}/{contract}/{today.version}"
        return msgspec.json.encode(event)


def _contract(routed: RoutedException) -> str:
    return f"exception-{routed.triaged.decision.category}"


def _entry(routed: RoutedException, owner: str, version: ContractVersion) -> DeliveryEntry:
    found, decision = routed.triaged.found, routed.triaged.decision
    return DeliveryEntry(
        delivery=ids.delivery_id(found.exception_id, owner),
        exception=found.exception_id,
        owner=owner,
        category=str(decision.category),
        priority=decision.priority,
        offset=0,
        version=version.version,
    )
