"""ShipBob: which of its documents a message is, and who maps each.

Facts from the vendor's developer pages (developer.shipbob.com): API versions 1.0 to 2026-07 write members in
snake case alike, and a webhook has the body that the API returns. Webhooks follow Standard Webhooks: an id
that stays the same when ShipBob sends again. What it signs begins with that id, which `Signature` can't say.
"""

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from adapters.event_ids import with_message_id
from adapters.framing import JSON, looks_like_json
from adapters.json import parse_json
from adapters.kinds import DocumentKind
from adapters.reading import Reading
from adapters.wms.shipbob import box, receiving_order
from adapters.wms.shipbob.personal import PERSONAL
from contracts.adapter import Reply, Signature
from contracts.canonical import Normalised
from contracts.documents import Arrival, Document, Message, Source
from contracts.errors import ContractUnknown, RequestUnreadable

MESSAGE_ID = "webhook-id"
TOPICS = frozenset({"x-webhook-topic", "shipbob-topic"})

# the member that only this kind of document has
_BY_MEMBER: dict[str, DocumentKind] = {
    "inventory_quantities": receiving_order.KIND,
    "box_items": box.KIND,
}
_KINDS = {kind.contract: kind for kind in _BY_MEMBER.values()}
# documents that are not read, by a member of theirs
_OTHERS = {
    "items": "a page (send what it lists, as an array)",
    "variants": "a product",
    "boxes": "a request for a receiving order",
    "original_shipment_id": "a return",
    "order_id": "a shipment",
    "order_number": "an order",
}


class ShipBobAdapter:
    """Receiving orders (WRO) and boxes, from the API or from a webhook."""

    system = "wms"
    format = "shipbob"
    title = "ShipBob receiving orders and boxes"
    contracts: tuple[str, ...] = tuple(_KINDS)
    signature: Signature | None = None
    reply: Reply | None = None

    def recognises(self, message: Message) -> bool:
        """Look for the header that names a webhook's topic, or for members that ShipBob alone writes."""
        body = message.body
        return looks_like_json(message) and (
            not TOPICS.isdisjoint(message.headers)
            or (b'"inventory_quantities"' in body and b'"fulfillment_center"' in body)
            or (b'"box_items"' in body and b'"inventory_id"' in body)
            or (b'"fulfillment_settings"' in body and b'"inventory_id"' in body)
        )

    def split(self, message: Message) -> Iterator[Arrival]:
        """Yield the document. Raises: RequestInvalid for a message id that can't be one."""
        yield replace(with_message_id(message, MESSAGE_ID), media_type=JSON)

    def decode(self, arrival: Arrival) -> Document:
        """Raises: RequestUnreadable; ContractUnknown for another document of ShipBob's."""
        tree = parse_json(arrival.body)
        if not isinstance(tree, dict):
            raise RequestUnreadable("one ShipBob document is one JSON object")
        for name, kind in _BY_MEMBER.items():
            if name in tree:
                return Document(contract=kind.contract, tree=tree, business_key=kind.business_key(tree))
        raise ContractUnknown(
            f"{_named(tree)} of ShipBob is not read; receiving orders (with inventory_quantities) and boxes "
            "(with box_items) are"
        )

    def normalise(self, document: Document, source: Source, received_at: str) -> Normalised:
        """Raises: Unmapped for a number or a time that can't be read."""
        reading = Reading(document, source, received_at, PERSONAL)
        return _KINDS[document.contract].normalise(reading)


def _named(tree: dict[str, Any]) -> str:
    return next((words for name, words in _OTHERS.items() if name in tree), "this document")
