"""SAP IDoc XML: tell it from other XML, cut a file into IDocs, decode one, and let its mapping read it."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import structs

from adapters.erp.idoc.basic_types import (
    DELIVERY,
    GOODS_MOVEMENT,
    INVOICE,
    MATERIAL,
    NEWEST,
    ORDER,
    STOCK_MOVEMENT,
    contract_of,
    newest_version,
)
from adapters.erp.idoc.control import (
    Idoc,
    control_record,
    order_key,
    partner_key,
    read_idoc,
    source_event_id,
)
from adapters.erp.idoc.delivery import normalise_delivery, purchase_order_of_delivery
from adapters.erp.idoc.goods_movement import normalise_goods_movement, purchase_order_of_movement
from adapters.erp.idoc.invoice import normalise_invoice
from adapters.erp.idoc.material import material_number, normalise_material
from adapters.erp.idoc.order import normalise_order, order_number
from adapters.erp.idoc.references import purchase_order_of
from adapters.erp.idoc.segments import Segment, without_zeros
from adapters.erp.idoc.status import failure
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

_MAPPINGS: dict[str, Callable[[Idoc], Normalised]] = {
    INVOICE: normalise_invoice,
    DELIVERY: normalise_delivery,
    ORDER: normalise_order,
    MATERIAL: normalise_material,
    GOODS_MOVEMENT: normalise_goods_movement,
    STOCK_MOVEMENT: normalise_goods_movement,
}
_ORDER_NUMBERS: dict[str, Callable[[Segment], str]] = {
    INVOICE: purchase_order_of,
    DELIVERY: purchase_order_of_delivery,
    ORDER: order_number,
    GOODS_MOVEMENT: purchase_order_of_movement,
    STOCK_MOVEMENT: purchase_order_of_movement,
}


class IdocAdapter:
    """The basic types of `basic_types`, with any extension (CIMTYP) of theirs."""

    system = "erp"
    format = "idoc"
    title = f"SAP IDoc XML ({', '.join(NEWEST)} and their earlier versions)"
    contracts = tuple(contract_of(basic_type) for basic_type in NEWEST)
    signature: Signature | None = None
    reply: Reply | None = None

    def recognises(self, message: Message) -> bool:
        """See `Adapter`: XML whose root is one of the basic types, or which starts with a control record."""
        if not looks_like_xml(message):
            return False
        is_known = newest_version(root_name(message) or "") is not None
        return is_known or CONTROL_RECORD.encode() in message.body[:_HEAD_BYTES]

    def split(self, message: Message) -> Iterator[Arrival]:
        """See `Adapter`: one item for each IDOC."""
        return split_children(message, frozenset({"IDOC"}))

    def decode(self, arrival: Arrival) -> Document:
        """See `Adapter`. The tree is the IDOC element, in which every segment is a list.

        The control record alone is an object. Numbers and days stay text, as SAP wrote them.
        """
        root, holder = parse_tree(arrival.body, _is_list)
        tree = holder.get("IDOC")
        if isinstance(tree, list):
            raise RequestUnreadable(f"/{root}: {len(tree)} IDOC elements where one item is one IDoc")
        body = Segment(fields=tree if isinstance(tree, dict) else {})
        basic_type = newest_version(root) or newest_version(control_record(body).text("IDOCTYP"))
        if basic_type is None:
            raise ContractUnknown(f"IDocs of type {root[:40]} are not read; {self.title} are")
        if tree is None:
            raise ContractUnknown(f"/{root}: there is no IDOC element")
        return Document(
            contract=contract_of(basic_type),
            tree=body.fields,
            business_key=_business_key(basic_type, body),
            source_event_id=source_event_id(body),
            root=f"/{root}/IDOC",
        )

    def normalise(self, document: Document, source: Source, received_at: str) -> Normalised:
        """See `Adapter`."""
        idoc = read_idoc(document, source, received_at)
        normalised = _MAPPINGS[idoc.basic_type](idoc)
        for fact in normalised.facts:
            if (exception := failure(idoc, fact)) is not None:
                return structs.replace(normalised, exceptions=(exception, *normalised.exceptions))
        return normalised


def _business_key(basic_type: str, body: Segment) -> str:
    """Return the purchase order that the IDoc belongs to, else its item, else the partner."""
    if basic_type in _ORDER_NUMBERS and (number := _ORDER_NUMBERS[basic_type](body)):
        return order_key(number)
    if basic_type == MATERIAL and (number := material_number(body)):
        return f"item:{without_zeros(number)}"
    return partner_key(body)


def _is_list(name: str, attributes: Mapping[str, Any]) -> bool:
    return name != CONTROL_RECORD and ("SEGMENT" in attributes or _SEGMENT_NAME.match(name) is not None)
