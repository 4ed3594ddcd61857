"""UBL ProductActivity XML: one document a message, whatever the prefix of its namespaces."""

from collections.abc import Iterator, Mapping

from adapters.event_ids import usable_event_id
from adapters.keys import key, member
from adapters.pos.product_activity import activity
from adapters.pos.product_activity.personal import PERSONAL
from adapters.reading import Reading
from adapters.xml import looks_like_xml, parse_tree, root_name
from contracts.adapter import Reply, Signature
from contracts.canonical import Normalised
from contracts.documents import Arrival, Document, Message, Source, whole
from contracts.errors import ContractUnknown

_KINDS = {activity.CONTRACT: activity.KIND}
_ROOT = "ProductActivity"
_LISTS = frozenset({"SupplyChainActivityDataLine", "SalesItem"})


class ProductActivityAdapter:
    """Reports of what locations sold and have. UBL has no signature of the transport and demands no reply."""

    system = "pos"
    format = "product_activity"
    title = "UBL ProductActivity XML"
    contracts: tuple[str, ...] = tuple(_KINDS)
    signature: Signature | None = None
    reply: Reply | None = None

    def recognises(self, message: Message) -> bool:
        """Say whether the root element is a ProductActivity, in whatever namespace."""
        return looks_like_xml(message) and root_name(message) == _ROOT

    def split(self, message: Message) -> Iterator[Arrival]:
        """Yield the document: its lines lean on its head."""
        yield whole(message)

    def decode(self, arrival: Arrival) -> Document:
        """Read the document; its sender's number of it is the event's id.

        Raises: RequestUnreadable where it is not well-formed; ContractUnknown for another root;
        RequestInvalid where its id can't be one.
        """
        root, tree = parse_tree(arrival.body, _is_list)
        if root != _ROOT:
            raise ContractUnknown(f"the root element is {root}; expected {_ROOT}")
        number, kind = member(tree, "ID"), activity.KIND
        own = key(member(tree, "SenderParty", "PartyIdentification", "ID"), number)
        return Document(
            contract=kind.contract,
            tree=tree,
            business_key=kind.business_key(tree),
            source_event_id=usable_event_id(own, f"/{_ROOT}/ID") if number else None,
            root=f"/{_ROOT}",
        )

    def normalise(self, document: Document, source: Source, received_at: str) -> Normalised:
        """Raises: Unmapped for a date or a number that is none."""
        reading = Reading(document, source, received_at, PERSONAL)
        return _KINDS[document.contract].normalise(reading)


def _is_list(name: str, _attributes: Mapping[str, str]) -> bool:
    return name in _LISTS
