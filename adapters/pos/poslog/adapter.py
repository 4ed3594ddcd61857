"""POSLog XML (ARTS IXRetail, OMG POSLog), whoever writes it: a file of transactions, cut and read.

Names are matched without their namespace, so that all dialects are read as one: POSLog 2.1 of NCR ACS, 2.2 of
Oracle Xstore and Wincor TP.net, 6 of Futura, Retalix R10, Visma and others. What a transaction means is in
`adapters.pos.poslog.transaction`.
"""

from collections.abc import Iterator, Mapping

from adapters.event_ids import usable_event_id
from adapters.pos.poslog import transaction
from adapters.pos.poslog.identity import plain_key_members, transaction_key
from adapters.pos.poslog.personal import PERSONAL
from adapters.reading import Reading
from adapters.xml import looks_like_xml, parse_tree, root_name
from adapters.xml_split import split_children
from contracts.adapter import Reply, Signature
from contracts.canonical import Normalised
from contracts.documents import Arrival, Document, Message, Source
from contracts.errors import ContractUnknown, RequestUnreadable

_KINDS = {transaction.CONTRACT: transaction.KIND}
_ROOT = "POSLog"
_ITEM = "Transaction"
_LISTS = frozenset({"BusinessUnit", "LineItem", "POSIdentity", "Tax", "Total", "TransactionLink"})


class PosLogAdapter:
    """POSLog files: one Transaction is one item. POSLog has no signature and demands no reply."""

    system = "pos"
    format = "poslog"
    title = "POSLog XML (NCR ACS, Oracle Xstore, Futura, IXRetail 6)"
    contracts: tuple[str, ...] = tuple(_KINDS)
    signature: Signature | None = None
    reply: Reply | None = None

    def recognises(self, message: Message) -> bool:
        """Say whether the root element is a POSLog, in whatever namespace."""
        return looks_like_xml(message) and root_name(message) == _ROOT

    def split(self, message: Message) -> Iterator[Arrival]:
        """Cut the file into one item a Transaction.

        Raises: RequestUnreadable where the file is not well-formed, has a document type or is nested too
        deep.
        """
        return split_children(message, frozenset({_ITEM}))

    def decode(self, arrival: Arrival) -> Document:
        """Read one item: the tree is its Transaction.

        Raises: RequestUnreadable where it is not well-formed or holds no Transaction, or several;
        ContractUnknown where it is other XML; RequestInvalid where its key can't be an id.
        """
        root, tree = parse_tree(arrival.body, _is_list)
        if root != _ROOT:
            raise ContractUnknown(f"the root element is {root}; expected {_ROOT}")
        item = tree.get(_ITEM)
        if item is None:
            raise RequestUnreadable(f"/{_ROOT} holds no {_ITEM} element")
        if isinstance(item, list):
            raise RequestUnreadable(f"/{_ROOT} holds {len(item)} {_ITEM} elements; an item has one")
        tree = plain_key_members(item if isinstance(item, dict) else {})
        key, kind = transaction_key(tree), transaction.KIND
        where = f"/{_ROOT}/{_ITEM} (store, workstation, business day and sequence number)"
        return Document(
            contract=kind.contract,
            tree=tree,
            business_key=kind.business_key(tree),
            source_event_id=usable_event_id(key, where) if key else None,
            root=f"/{_ROOT}/{_ITEM}",
        )

    def normalise(self, document: Document, source: Source, received_at: str) -> Normalised:
        """Raises: Unmapped for a number or a time that can't be read."""
        reading = Reading(document, source, received_at, PERSONAL)
        return _KINDS[document.contract].normalise(reading)


def _is_list(name: str, _attributes: Mapping[str, str]) -> bool:
    return name in _LISTS
