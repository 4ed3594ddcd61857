"""SAP IDoc XML: tell it from other XML, cut a file into IDocs, decode one, and let its mapping read it."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import structs

from adapters.erp.idoc.control import Idoc, order_key, partner_key, read_idoc, source_event_id
from adapters.erp.idoc.delivery import normalise_delivery, purchase_order_of_delivery
from adapters.erp.idoc.invoice import normalise_invoice
from adapters.erp.idoc.material import material_number, normalise_material
from adapters.erp.idoc.order import normalise_order, order_number
from adapters.erp.idoc.references import purchase_order_of
from adapters.erp.idoc.segments import Segment, without_zeros
from adapters.erp.idoc.status import failure
from adapters.xml import looks_like_xml, parse_tree, root_name, split_children
from contracts.adapter import Reply, Signature
from contracts.canonical import Normalised
from contracts.documents import Arrival, Document, Message, Source
from contracts.errors import ContractUnknown, RequestUnreadable

CONTROL_RECORD = "EDI_DC40"
# SAP's segments are E1…, a customer's Z1…; those of a namespace, /ACME/1SEG, are written _-ACME_-1SEG
_SEGMENT_NAME = re.compile("([EZY][1-9]|_-[A-Z0-9]+_-)[A-Z0-9_-]+$|EDI_DS40$")

_MAPPINGS: dict[str, Callable[[Idoc], Normalised]] = {
    "INVOIC02": normalise_invoice,
    "DELVRY07": normalise_delivery,
    "ORDERS05": normalise_order,
    "MATMAS05": normalise_material,
}
_ORDER_NUMBERS: dict[str, Callable[[Segment], str]] = {
    "INVOIC02": purchase_order_of,
    "DELVRY07": purchase_order_of_delivery,
    "ORDERS05": order_number,
}


class IdocAdapter:
    """The basic types INVOIC02, DELVRY07, ORDERS05 and MATMAS05, with any extension (CIMTYP) of theirs."""

    system = "erp"
    format = "idoc"
    title = f"SAP IDoc XML ({', '.join(_MAPPINGS)})"
    contracts = tuple(f"erp-sap-{basic_type.lower()}" for basic_type in _MAPPINGS)
    signature: Signature | None = None
    reply: Reply | None = None

    def recognises(self, message: Message) -> bool:
        """See `Adapter`: XML whose root is one of the basic types, in any namespace."""
        return looks_like_xml(message) and root_name(message) in _MAPPINGS

    def split(self, message: Message) -> Iterator[Arrival]:
        """See `Adapter`: one item for each IDOC."""
        return split_children(message, frozenset({"IDOC"}))

    def decode(self, arrival: Arrival) -> Document:
        """See `Adapter`. The tree is the IDOC element, in which every segment is a list.

        The control record alone is an object. Numbers and days stay text, as SAP wrote them.
        """
        basic_type, root = parse_tree(arrival.body, _is_list)
        if basic_type not in _MAPPINGS:
            raise ContractUnknown(f"IDocs of type {basic_type[:40]} are not read; {self.title} are")
        if "IDOC" not in root:
            raise ContractUnknown(f"/{basic_type}: there is no IDOC element")
        tree = root["IDOC"]
        if isinstance(tree, list):
            raise RequestUnreadable(f"/{basic_type}: {len(tree)} IDOC elements where one item is one IDoc")
        if not isinstance(tree, dict):
            tree = {}
        body = Segment(fields=tree)
        return Document(
            contract=f"erp-sap-{basic_type.lower()}",
            tree=tree,
            business_key=_business_key(basic_type, body),
            source_event_id=source_event_id(body),
            root=f"/{basic_type}/IDOC",
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
    if basic_type == "MATMAS05" and (number := material_number(body)):
        return f"item:{without_zeros(number)}"
    return partner_key(body)


def _is_list(name: str, attributes: Mapping[str, Any]) -> bool:
    return name != CONTROL_RECORD and ("SEGMENT" in attributes or _SEGMENT_NAME.match(name) is not None)
