"""GS1 XML 3 logistics messages, as 3PL warehouses send them: which one a message is, and who maps it.

A message (`…Message`) has a header (SBDH) and 1 to 10,000 documents of one kind. Names are matched without
their namespace, so that all minor versions of release 3 are read alike.
"""

from collections.abc import Iterator, Mapping

from adapters.kinds import DocumentKind
from adapters.reading import Reading
from adapters.wms.gs1 import (
    despatch_advice,
    inbound_notification,
    inventory_report,
    observed,
    operations_notification,
    outbound_notification,
    receiving_advice,
)
from adapters.wms.gs1.header import HEADER, source_event_id
from adapters.wms.gs1.personal import PERSONAL
from adapters.xml import looks_like_xml, parse_tree, root_name
from adapters.xml_split import split_children
from contracts.adapter import Reply, Signature
from contracts.canonical import Normalised
from contracts.documents import Arrival, Document, Message, Source
from contracts.errors import ContractUnknown, RequestUnreadable

_SUFFIX = "Message"
_NAMESPACE = b"urn:gs1:ecom:"
_MAPPED: dict[str, DocumentKind] = {
    module.DOCUMENT: module.KIND
    for module in (
        inbound_notification,
        outbound_notification,
        operations_notification,
        inventory_report,
        receiving_advice,
        despatch_advice,
    )
}
_BY_DOCUMENT = _MAPPED | dict.fromkeys(observed.DOCUMENTS, observed.KIND)
_KINDS = {kind.contract: kind for kind in _BY_DOCUMENT.values()}

_LISTS = frozenset({
    "Sender", "Receiver", "additionalPartyIdentification", "additionalTradeItemIdentification",
    "transactionalReference", "transactionalItemData", "tradeItemInventoryStatus", "tradeItemInventoryEvent",
    "warehousingInboundNotificationShipment", "warehousingInboundNotificationShipmentItem",
    "warehousingOutboundNotificationShipment", "warehousingOutboundNotificationShipmentItem",
    "warehousingOperationsTransaction", "warehousingOperationsLocation",
    "logisticsInventoryReportInventoryLocation", "receivingAdviceLogisticUnit", "receivingAdviceLineItem",
    "receivingConditionInformation", "despatchAdviceLogisticUnit", "despatchAdviceLineItem",
    "despatchAdviceQuantityVariance",
})  # fmt: skip


class Gs1Adapter:
    """Notifications, inventory reports and advices become facts; instructions and the like are observed."""

    system = "wms"
    format = "gs1"
    title = "GS1 XML 3 logistics messages (3PL)"
    contracts: tuple[str, ...] = tuple(_KINDS)
    signature: Signature | None = None
    reply: Reply | None = None

    def recognises(self, message: Message) -> bool:
        """Say whether the root is a logistics message of GS1, or any message in a namespace of GS1 XML 3."""
        root = root_name(message) if looks_like_xml(message) else None
        if root is None or not root.endswith(_SUFFIX):
            return False
        return root.removesuffix(_SUFFIX) in _BY_DOCUMENT or _NAMESPACE in message.body[: 1 << 16]

    def split(self, message: Message) -> Iterator[Arrival]:
        """Cut the message into one item a document, each with the header.

        Raises: RequestUnreadable where the message is not well-formed, has a document type or is nested too
        deep; RequestTooLarge where its documents would repeat too much of a header.
        """
        document = (root_name(message) or "").removesuffix(_SUFFIX)
        return split_children(message, frozenset({document}), shared=frozenset({HEADER}))

    def decode(self, arrival: Arrival) -> Document:
        """Read one item: the tree is the message with one document.

        Raises: RequestUnreadable where it is not well-formed or does not hold one document; ContractUnknown
        for another kind of message; RequestInvalid where its identification can't be an id.
        """
        root, tree = parse_tree(arrival.body, _is_list)
        name = root.removesuffix(_SUFFIX)
        kind = _BY_DOCUMENT.get(name)
        if kind is None or not root.endswith(_SUFFIX):
            raise ContractUnknown(
                f"{root[:60]} is no GS1 message that is read; these are: {', '.join(sorted(_BY_DOCUMENT))}"
            )
        document = tree.get(name)
        if document is None:
            raise RequestUnreadable(f"/{root} holds no {name} element")
        if isinstance(document, list):
            raise RequestUnreadable(f"/{root} holds {len(document)} {name} elements; an item has one")
        if not isinstance(document, dict):
            tree = tree | {name: {}}
        return Document(
            contract=kind.contract,
            tree=tree,
            business_key=kind.business_key(tree),
            source_event_id=source_event_id(tree, name, str(arrival.item) if arrival.items > 1 else None),
            root=f"/{root}",
        )

    def normalise(self, document: Document, source: Source, received_at: str) -> Normalised:
        """Raises: Unmapped for a number or a time that can't be read, or a document without a number."""
        reading = Reading(document, source, received_at, PERSONAL)
        return _KINDS[document.contract].normalise(reading)


def _is_list(name: str, _attributes: Mapping[str, str]) -> bool:
    return name in _LISTS
