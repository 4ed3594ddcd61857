"""SAP IDoc XML: tell it from other XML, cut a file into IDocs, decode one, and let its mapping read it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from adapters.erp.idoc import delivery, goods_movement, invoice, material, order, stock_movement
from adapters.erp.idoc.control import control_record, source_event_id
from adapters.erp.idoc.personal import PERSONAL
from adapters.erp.idoc.segments import Segment
from adapters.kinds import DocumentKind
from adapters.reading import Reading
from adapters.xml import looks_like_xml, parse_tree, root_name
from adapters.xml_split import split_children
from contracts.adapter import Reply, Signature
from contracts.canonical import Normalised
from contracts.documents import Arrival, Document, Message, Source
from contracts.errors import ContractUnknown, RequestUnreadable

CONTROL_RECORD = "EDI_DC40"
# SAP's segments are E1…, a customer's Z1…; those of a namespace, /ACME/1SEG, are written _-ACME_-1SEG
_SEGMENT_NAME = re.compile("([EZY][1-9]|_-[A-Z0-9]+_-)[A-Z0-9_-]+$|EDI_DS40$")
_HEAD_BYTES = 1 << 16

# by basic type in its newest version
_NEWEST: dict[str, DocumentKind] = {
    module.BASIC_TYPE: module.KIND
    for module in (invoice, delivery, order, material, goods_movement, stock_movement)
}
# a newer version adds to the older (`DELVRY03` is a `DELVRY07`): all of them keep its contract
_BY_BASIC_TYPE = {
    f"{newest[:-1]}{version}": kind
    for newest, kind in _NEWEST.items()
    for version in range(1, int(newest[-1]) + 1)
}
_KINDS = {kind.contract: kind for kind in _NEWEST.values()}


class IdocAdapter:
    """Six basic types in all their versions, with any extension (CIMTYP) of theirs."""

    system = "erp"
    format = "idoc"
    title = f"SAP IDoc XML ({', '.join(_NEWEST)} and their earlier versions)"
    contracts: tuple[str, ...] = tuple(_KINDS)
    signature: Signature | None = None
    reply: Reply | None = None

    def recognises(self, message: Message) -> bool:
        """Look for a basic type as the root of XML, or for a control record at its start."""
        if not looks_like_xml(message):
            return False
        return root_name(message) in _BY_BASIC_TYPE or CONTROL_RECORD.encode() in message.body[:_HEAD_BYTES]

    def split(self, message: Message) -> Iterator[Arrival]:
        """Cut the file into one item an IDOC. Raises: RequestUnreadable where it is not well-formed."""
        return split_children(message, frozenset({"IDOC"}))

    def decode(self, arrival: Arrival) -> Document:
        """Read one item: the tree is its IDOC element.

        Every segment in it is a list, the control record alone an object. Numbers and days stay text, as SAP
        wrote them.

        Raises: RequestUnreadable where it is not well-formed or holds several IDocs; ContractUnknown for
        another basic type.
        """
        root, holder = parse_tree(arrival.body, _is_list)
        item = holder.get("IDOC")
        if isinstance(item, list):
            raise RequestUnreadable(f"/{root}: {len(item)} IDOC elements where one item is one IDoc")
        tree = item if isinstance(item, dict) else {}
        body = Segment(fields=tree)
        kind = _BY_BASIC_TYPE.get(root) or _BY_BASIC_TYPE.get(control_record(body).text("IDOCTYP"))
        if kind is None:
            raise ContractUnknown(f"IDocs of type {root[:40]} are not read; {self.title} are")
        if item is None:
            raise ContractUnknown(f"/{root}: there is no IDOC element")
        return Document(
            contract=kind.contract,
            tree=tree,
            business_key=kind.business_key(tree),
            source_event_id=source_event_id(body),
            root=f"/{root}/IDOC",
        )

    def normalise(self, document: Document, source: Source, received_at: str) -> Normalised:
        """Raises: Unmapped for a number or a time that can't be read, or a document without a number."""
        reading = Reading(document, source, received_at, PERSONAL)
        return _KINDS[document.contract].normalise(reading)


def _is_list(name: str, attributes: Mapping[str, Any]) -> bool:
    return name != CONTROL_RECORD and ("SEGMENT" in attributes or _SEGMENT_NAME.match(name) is not None)
