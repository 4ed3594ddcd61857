"""Business Central webhooks: change notifications in bundles, and external business events.

Facts from Microsoft, "Working with webhooks in Dynamics 365 Business Central" and "Business events on
Business Central": notifications are collected for 30 seconds and sent together, events one by one; either
repeats the secret that the subscriber chose (`clientState`). Neither has an id of its own.
"""

from codecs import BOM_UTF8
from collections.abc import Iterator

from msgspec.structs import replace

from adapters.erp.business_central import business_event, notification
from adapters.erp.business_central.personal import PERSONAL
from adapters.framing import JSON, looks_like_json
from adapters.json import parse_json
from adapters.json_split import split_member
from adapters.reading import Reading
from contracts.adapter import Reply, SharedSecret
from contracts.canonical import Normalised
from contracts.documents import Arrival, Document, Message, Source
from contracts.errors import ContractUnknown, RequestUnreadable

_BY_MEMBER = {"value": notification.KIND, "eventName": business_event.KIND}
_KINDS = {kind.contract: kind for kind in _BY_MEMBER.values()}


class BusinessCentralAdapter:
    """Notifications and events of every kind; those that say nothing of trade are accepted and observed."""

    system = "erp"
    format = "business_central"
    title = "Business Central webhooks"
    contracts: tuple[str, ...] = tuple(_KINDS)
    signature: SharedSecret | None = SharedSecret(
        pointers=("/value/*/clientState", "/clientState"), handshake="validationToken"
    )
    reply: Reply | None = None

    def recognises(self, message: Message) -> bool:
        """Look for the members that each notification has, or each event."""
        body = message.body
        return looks_like_json(message) and (
            (b'"changeType"' in body and b'"subscriptionId"' in body)
            or (b'"eventName"' in body and b'"appId"' in body and b'"companyName"' in body)
        )

    def split(self, message: Message) -> Iterator[Arrival]:
        """Cut a bundle into its notifications; an event is one item.

        Raises: RequestUnreadable where it is not well-formed; RequestTooLarge.
        """
        return split_member(replace(message, media_type=JSON), ("value",), is_repeated=lambda _name: False)

    def decode(self, arrival: Arrival) -> Document:
        """Raises: RequestUnreadable; ContractUnknown for what is neither a notification nor an event."""
        tree = parse_json(arrival.body.removeprefix(BOM_UTF8))
        if not isinstance(tree, dict):
            raise RequestUnreadable("one notification or event is one JSON object")
        kind = next((kind for name, kind in _BY_MEMBER.items() if name in tree), None)
        if kind is None:
            raise ContractUnknown(f"a member {' or '.join(_BY_MEMBER)} is expected")
        return Document(contract=kind.contract, tree=tree, business_key=kind.business_key(tree))

    def normalise(self, document: Document, source: Source, received_at: str) -> Normalised:
        """Raises: Unmapped for a time that can't be read."""
        reading = Reading(document, source, received_at, PERSONAL)
        return _KINDS[document.contract].normalise(reading)
