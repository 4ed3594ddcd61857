"""Business Central webhooks: cut a bundle of notifications into one each, and let the mapping read it.

Facts from Microsoft, "Working with webhooks in Dynamics 365 Business Central": notifications are collected
for 30 seconds and sent together, with the secret that the subscriber chose (`clientState`) in each.
"""

from codecs import BOM_UTF8
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from adapters.erp.business_central.notification import KIND, PERSONAL
from adapters.framing import JSON, looks_like_json, messages
from adapters.json import parse_json
from adapters.reading import Reading
from contracts.adapter import Reply, SharedSecret
from contracts.canonical import Normalised
from contracts.documents import Arrival, Document, Message, Source, whole
from contracts.errors import RequestUnreadable
from contracts.ids import body_digest


class _Bundle(Struct):
    """The body of a request; its notifications are cut without being read."""

    value: msgspec.Raw


_bundle = msgspec.json.Decoder(_Bundle)


class BusinessCentralAdapter:
    """Change notifications of every resource; those that say nothing of trade are accepted and observed."""

    system = "erp"
    format = "business_central"
    title = "Business Central webhook notifications"
    contracts: tuple[str, ...] = (KIND.contract,)
    signature: SharedSecret | None = SharedSecret(
        pointers=("/value/*/clientState",), handshake="validationToken"
    )
    reply: Reply | None = None

    def recognises(self, message: Message) -> bool:
        """Look for the members that each notification has."""
        body = message.body
        return looks_like_json(message) and b'"changeType"' in body and b'"subscriptionId"' in body

    def split(self, message: Message) -> Iterator[Arrival]:
        """Yield each notification as a bundle of its own.

        Raises: RequestUnreadable where the bundle is not well-formed; RequestTooLarge for millions.
        """
        elements = list(messages(_elements(message.body)))
        if len(elements) == 1:
            yield msgspec.structs.replace(whole(message), media_type=JSON)
            return
        file = body_digest(message.body)
        for number, element in enumerate(elements, 1):
            yield Arrival(
                body=b'{"value":[' + element.body + b"]}",
                media_type=JSON,
                file=file,
                item=number,
                items=len(elements),
            )

    def decode(self, arrival: Arrival) -> Document:
        """Raises: RequestUnreadable."""
        tree = parse_json(arrival.body.removeprefix(BOM_UTF8))
        if not isinstance(tree, dict):
            raise RequestUnreadable("notifications stand in the member `value` of a JSON object")
        return Document(contract=KIND.contract, tree=tree, business_key=KIND.business_key(tree))

    def normalise(self, document: Document, source: Source, received_at: str) -> Normalised:
        """Raises: Unmapped for a time that can't be read."""
        return KIND.normalise(Reading(document, source, received_at, PERSONAL))


def _elements(body: bytes) -> Message:
    """Return the array of notifications as a message of its own."""
    try:
        bundle = _bundle.decode(body.removeprefix(BOM_UTF8))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RequestUnreadable(
            f"notifications stand in the member `value` of a JSON object: {error}"
        ) from None
    array = bytes(bundle.value)
    if not array.startswith(b"["):
        raise RequestUnreadable("value: a list of notifications is expected")
    return Message(body=array, media_type=JSON)
