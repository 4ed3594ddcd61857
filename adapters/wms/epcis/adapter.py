"""EPCIS: one event is one item, whether it comes in JSON-LD or in XML, in a document or by itself.

GS1 EPCIS 2.0 (ISO/IEC 19987) and CBV 2.0 (ISO/IEC 19988). Both syntaxes are decoded into one tree: the event
as JSON writes it, with the values of the vocabulary as bare words.
"""

import re
from collections.abc import Iterator
from typing import Any

from adapters.framing import looks_like_json
from adapters.kinds import DocumentKind
from adapters.reading import Reading
from adapters.wms.epcis import document, event, json_document, vendor_event, xml_document
from adapters.wms.epcis.content import EVENT_TYPES, Content
from adapters.wms.epcis.identity import as_one, source_event_id
from adapters.wms.epcis.personal import PERSONAL
from adapters.wms.epcis.rules import event_findings, refuse
from adapters.wms.epcis.vocabulary import to_bare_words
from adapters.xml import looks_like_xml, root_name
from contracts.adapter import Reply, Signature
from contracts.canonical import Normalised
from contracts.documents import Arrival, Document, Message, Source

_KINDS = {kind.contract: kind for kind in (event.KIND, vendor_event.KIND, document.KIND)}
_MEMBER = re.compile(
    rb'"(?:EPCIS(?:Query)?Document|epcisBody|eventTimeZoneOffset'
    rb'|(?:Object|Aggregation|Transaction|Transformation|Association)Event)"'
)


class EpcisAdapter:
    """Events of the five types, events of vendors' own types, and documents without an event."""

    system = "wms"
    format = "epcis"
    title = "EPCIS 2.0 JSON-LD and XML, EPCIS 1.2 XML"
    contracts: tuple[str, ...] = tuple(_KINDS)
    signature: Signature | None = None
    reply: Reply | None = None

    def recognises(self, message: Message) -> bool:
        """Look for a root element of EPCIS, or for a type or a member that only EPCIS has."""
        if looks_like_xml(message):
            return root_name(message) in xml_document.ROOTS
        return looks_like_json(message) and _MEMBER.search(message.body) is not None

    def split(self, message: Message) -> Iterator[Arrival]:
        """Cut a document into its events. Raises: RequestUnreadable where XML is not well-formed."""
        return xml_document.split(message) if looks_like_xml(message) else json_document.split(message)

    def decode(self, arrival: Arrival) -> Document:
        """Read one item.

        Raises: RequestUnreadable; RequestInvalid for an id that can't be one; ContractViolated for what the
        standard demands and a contract can't say.
        """
        is_xml = looks_like_xml(Message(body=arrival.body))
        content = xml_document.read(arrival.body) if is_xml else json_document.read(arrival.body)
        if content.event is None:
            return _document(document.KIND, content, content.header)
        tree = as_one(content.event)
        to_bare_words(tree)
        if _is_vendors_own(tree):
            return _document(vendor_event.KIND, content, tree)
        refuse(event.CONTRACT, event_findings(tree), content.root)
        return _document(event.KIND, content, tree)

    def normalise(self, document: Document, source: Source, received_at: str) -> Normalised:
        """Raises: Unmapped for a time that is none."""
        reading = Reading(document, source, received_at, PERSONAL)
        return _KINDS[document.contract].normalise(reading)


def _is_vendors_own(tree: dict[str, Any]) -> bool:
    """Say whether an event's type is a vendor's: a name with a prefix, or a URI."""
    kind = tree.get("type")
    return isinstance(kind, str) and kind not in EVENT_TYPES and ":" in kind


def _document(kind: DocumentKind, content: Content, tree: dict[str, Any]) -> Document:
    return Document(
        contract=kind.contract,
        tree=tree,
        business_key=kind.business_key(tree),
        source_event_id=source_event_id(tree),
        root=content.root,
    )
