"""ShipHero webhooks: which of them a message is, and who maps each.

Facts from the vendor's developer pages (developer.shiphero.com/webhooks): one JSON object a request, an HMAC
over the raw body, an id that stays the same when ShipHero sends again, and a success reply of its own.
Neither delivery nor its order is guaranteed.
"""

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from adapters.event_ids import with_message_id
from adapters.framing import JSON, looks_like_json
from adapters.json import parse_json
from adapters.reading import Reading
from adapters.wms.shiphero import (
    backorder,
    customer_return,
    purchase_order,
    shipment,
    stock_change,
    stock_level,
)
from adapters.wms.shiphero.personal import PERSONAL
from contracts.adapter import Reply, Signature
from contracts.canonical import Normalised
from contracts.documents import Arrival, Document, Message, Source
from contracts.errors import ContractUnknown, RequestUnreadable

MESSAGE_ID = "x-shiphero-message-id"

_BY_TYPE = {
    "inventory change": stock_change.KIND,
    "inventory update": stock_level.KIND,
    "po update": purchase_order.KIND,
    "shipment update": shipment.KIND,
    "backorder": backorder.KIND,
    "order backorder": backorder.KIND,
    "return update": customer_return.KIND,
}
_KINDS = {kind.contract: kind for kind in _BY_TYPE.values()}


class ShipHeroAdapter:
    """The webhooks that say something about stock, receipts, shipments, orders and returns."""

    system = "wms"
    format = "shiphero"
    title = "ShipHero webhooks"
    contracts: tuple[str, ...] = tuple(_KINDS)
    signature: Signature | None = Signature(
        header="x-shiphero-hmac-sha256", algorithm="sha256", encoding="base64"
    )
    reply: Reply | None = Reply(status=200, body=b'{"code":"200","Message":"Success"}')

    def recognises(self, message: Message) -> bool:
        """Look for the member that names a webhook, or for the purchase order that comes without it."""
        body = message.body
        return looks_like_json(message) and (
            b'"webhook_type"' in body or (b'"purchase_order"' in body and b'"po_number"' in body)
        )

    def split(self, message: Message) -> Iterator[Arrival]:
        """Yield the webhook. Raises: RequestInvalid for a message id that can't be one."""
        yield replace(with_message_id(message, MESSAGE_ID), media_type=JSON)

    def decode(self, arrival: Arrival) -> Document:
        """Raises: RequestUnreadable; ContractUnknown for another kind of webhook."""
        tree = parse_json(arrival.body)
        if not isinstance(tree, dict):
            raise RequestUnreadable("one webhook is one JSON object")
        webhook_type = _webhook_type(tree)
        kind = _BY_TYPE.get(webhook_type)
        if kind is None:
            raise ContractUnknown(f"webhook_type {webhook_type[:60]!r} is not one of: {', '.join(_BY_TYPE)}")
        return Document(contract=kind.contract, tree=tree, business_key=kind.business_key(tree))

    def normalise(self, document: Document, source: Source, received_at: str) -> Normalised:
        """Raises: Unmapped for a number or a time that can't be read."""
        reading = Reading(document, source, received_at, PERSONAL)
        if _is_test(reading):
            return Normalised()
        return _KINDS[document.contract].normalise(reading)


def _is_test(reading: Reading) -> bool:
    """Say whether the vendor only tries the connection: nothing happened in a warehouse then."""
    return (reading.text("/test") or "").lower() in {"1", "true"} or reading.find("/test") is True


def _webhook_type(tree: dict[str, Any]) -> str:
    """Return the webhook's kind in lower case, from where the vendor put it in this or an older edition."""
    entries = tree.get("inventory")
    inner = [tree.get("fulfillment"), tree.get("purchase_order")]
    if isinstance(entries, list):
        inner += entries[:1]
    for holder in (tree, *inner):
        if isinstance(holder, dict) and isinstance(holder.get("webhook_type"), str):
            return str(holder["webhook_type"]).replace("_", " ").strip().lower()
    return "po update" if isinstance(tree.get("purchase_order"), dict) else ""
