"""The shapes that an event takes on its way in: message, arrival, document, valid document."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from contracts.ids import body_digest


class Message(Struct, frozen=True, kw_only=True):
    """One request body as received. `headers` has lower-case names."""

    body: bytes
    media_type: str = ""
    headers: Mapping[str, str] = {}


class Arrival(Struct, frozen=True, kw_only=True):
    """The bytes of one item, well-formed by themselves.

    `source_event_id` is set only where the transport carries the sender's id (a webhook's message id); else
    the document holds it. `file` is the digest of the whole body, `item` and `items` the place in it, from 1
    on; `items` is 0 where a stream's end is not known yet.
    """

    body: bytes
    media_type: str = ""
    source_event_id: str | None = None
    file: str = ""
    item: int = 1
    items: int = 1


class Document(Struct, frozen=True, kw_only=True):
    """An arrival decoded: the tree that its contract speaks about.

    `contract` is a name without a version; `version` is set where the sender named one. `business_key` groups
    what must stay in order and be joined (a store, a purchase order). `root` is the path of the element that
    the tree was made from (`/POSLog/Transaction`), empty where the wire format is JSON.
    """

    contract: str
    tree: Any
    business_key: str
    source_event_id: str | None = None
    version: str | None = None
    root: str = ""


class ValidDocument(Document, frozen=True, kw_only=True):
    """A document that keeps `contract` at exactly `version`. Only `Registry.validate` makes one."""


class Source(Struct, frozen=True, kw_only=True):
    """What an adapter may know of the source whose document it reads.

    `time_zone` is an IANA name and `currency` an ISO 4217 code, used where the document is silent (and then
    listed under `assumed`). `hash_key` turns personal data into keyed hashes; `hash_key_id` names the key.
    """

    name: str
    system: str
    time_zone: str
    currency: str
    hash_key: bytes
    hash_key_id: str = "1"


def whole(message: Message, source_event_id: str | None = None) -> Arrival:
    """Return the message as its own and only item."""
    return Arrival(
        body=message.body,
        media_type=message.media_type,
        source_event_id=source_event_id,
        file=body_digest(message.body),
    )
