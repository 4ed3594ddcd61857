"""S/4HANA SOAP messages: tell them from other XML, find the document in one, and let its mapping read it.

A message is `<XRequest><MessageHeader/><X>…</X></XRequest>`, bare or in a SOAP envelope. What it is about is
told by X: the root's name varies (InvoiceRequest, InvoiceRequest_In …).
"""

from collections.abc import Iterator, Mapping, Set

from adapters.erp.s4_soap import confirmation, delivery, fault, invoice, material_document, message, order
from adapters.erp.s4_soap.message_header import HEADER_MEMBERS, LIST_MEMBERS, message_id
from adapters.erp.s4_soap.personal import PERSONAL
from adapters.event_ids import usable_event_id
from adapters.kinds import DocumentKind
from adapters.reading import Reading
from adapters.xml import looks_like_xml, parse_tree, root_name
from contracts.adapter import Reply, Signature
from contracts.canonical import Normalised
from contracts.documents import Arrival, Document, Message, Source, whole
from contracts.errors import ContractUnknown

_HEAD_BYTES = 1 << 16
_MARKS = tuple("MessageHeader".encode(encoding) for encoding in ("ascii", "utf-16-le", "utf-16-be"))

_BY_PAYLOAD: dict[str, DocumentKind] = {
    kind.PAYLOAD: kind.KIND for kind in (invoice, confirmation, order, delivery, material_document)
}
_KINDS = {kind.contract: kind for kind in (*_BY_PAYLOAD.values(), message.KIND, fault.KIND)}


class S4SoapAdapter:
    """The messages that say something about orders, deliveries, goods and invoices; others are observed."""

    system = "erp"
    format = "s4_soap"
    title = "SAP S/4HANA SOAP messages"
    contracts: tuple[str, ...] = tuple(_KINDS)
    signature: Signature | None = None
    reply: Reply | None = None

    def recognises(self, message: Message) -> bool:
        """Look for a message with SAP's header, or for a SOAP fault."""
        if not looks_like_xml(message):
            return False
        head = message.body[:_HEAD_BYTES]
        return any(mark in head for mark in _MARKS) or root_name(message) == fault.ROOT

    def split(self, message: Message) -> Iterator[Arrival]:
        """Yield the message."""
        yield whole(message)

    def decode(self, arrival: Arrival) -> Document:
        """Return the message without its envelope.

        Raises: RequestUnreadable; RequestInvalid for an id that can't be one; ContractUnknown for XML that is
        no message of S/4HANA.
        """
        root, tree = parse_tree(arrival.body, _is_list)
        kind = _kind(root, tree.keys())
        event_id = message_id(tree)
        return Document(
            contract=kind.contract,
            tree=tree,
            business_key=kind.business_key(tree),
            source_event_id=usable_event_id(event_id, f"/{root}/MessageHeader/ID") if event_id else None,
            root=f"/{root}",
        )

    def normalise(self, document: Document, source: Source, received_at: str) -> Normalised:
        """Raises: Unmapped for a number or a time that can't be read."""
        reading = Reading(document, source, received_at, PERSONAL)
        return _KINDS[document.contract].normalise(reading)


def _kind(root: str, members: Set[str]) -> DocumentKind:
    if root == fault.ROOT:
        return fault.KIND
    known = [name for name in members if name in _BY_PAYLOAD]
    if known:
        return _BY_PAYLOAD[known[0]]
    if "MessageHeader" not in members:
        raise ContractUnknown(f"/{root[:60]}: there is no MessageHeader, as S/4HANA's messages have")
    if not members - HEADER_MEMBERS:
        raise ContractUnknown(f"/{root[:60]}: there is nothing beside the MessageHeader")
    return message.KIND


def _is_list(name: str, _attributes: Mapping[str, str]) -> bool:
    return name in LIST_MEMBERS
