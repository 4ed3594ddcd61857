"""POSLog XML (ARTS IXRetail, OMG POSLog), whoever writes it: a file of transactions, cut and read.

Names are matched without their namespace, so that all dialects are read as one: POSLog 2.1 of NCR ACS, 2.2 of
Oracle Xstore and Wincor TP.net, 6 of Futura, Retalix R10, Visma and others. What a transaction means is in
`adapters.pos.poslog.transaction`.
"""

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from adapters.event_ids import usable_event_id
from adapters.pos.poslog.identity import plain_key_members, transaction_key
from adapters.pos.poslog.series import series_of
from adapters.pos.poslog.transaction import normalise
from adapters.xml import looks_like_xml, parse_tree, root_name
from adapters.xml_split import split_children
from contracts.canonical import Normalised
from contracts.documents import Arrival, Document, Message, Source
from contracts.errors import ContractUnknown, RequestUnreadable

CONTRACT = "pos-poslog-transaction"

_ROOT = "POSLog"
_ITEM = "Transaction"
_LISTS = frozenset({"BusinessUnit", "LineItem", "POSIdentity", "Tax", "Total", "TransactionLink"})


class PosLogAdapter:
    """POSLog files: one Transaction is one item. POSLog has no signature and demands no reply."""

    system = "pos"
    format = "poslog"
    title = "POSLog XML (NCR ACS, Oracle Xstore, Futura, IXRetail 6)"
    contracts = (CONTRACT,)
    signature = None
    reply = None

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
        transaction = tree.get(_ITEM)
        if transaction is None:
            raise RequestUnreadable(f"/{_ROOT} holds no {_ITEM} element")
        if isinstance(transaction, list):
            raise RequestUnreadable(f"/{_ROOT} holds {len(transaction)} {_ITEM} elements; an item has one")
        document = plain_key_members(transaction if isinstance(transaction, dict) else {})
        key = transaction_key(document)
        where = f"/{_ROOT}/{_ITEM} (store, workstation, business day and sequence number)"
        return Document(
            contract=CONTRACT,
            tree=document,
            business_key=f"store:{document.get('RetailStoreID', '')}",
            source_event_id=usable_event_id(key, where) if key else None,
            root=f"/{_ROOT}/{_ITEM}",
        )

    def normalise(self, document: Document, source: Source, received_at: str) -> Normalised:
        """Say what was sold and what came back. Raises: Unmapped for a time or a number that is none."""
        normalised = normalise(document.tree, source, received_at)
        return replace(normalised, series=series_of(document.tree, source))


def _is_list(name: str, _attributes: Mapping[str, str]) -> bool:
    return name in _LISTS
