"""OData errors of versions 2 to 4, in JSON and in XML: one decoded shape for all of them."""

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Any

from adapters.erp.odata import error
from adapters.erp.odata.personal import PERSONAL
from adapters.json import parse_json
from adapters.reading import Reading
from adapters.xml import looks_like_xml, parse_tree, root_name
from contracts.adapter import Reply, Signature
from contracts.canonical import Normalised
from contracts.documents import Arrival, Document, Message, Source, whole
from contracts.errors import ContractUnknown, RequestUnreadable

_KINDS = {error.CONTRACT: error.KIND}
_NAME = "error"
_OLDER_NAME = "odata.error"  # version 3, and older editions of Dynamics
_START = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"(?:odata\.)?error"\s*:\s*\{')


class ODataAdapter:
    """The body of a failed call to an OData service."""

    system = "erp"
    format = "odata"
    title = "OData errors (versions 2 to 4, JSON and XML)"
    contracts: tuple[str, ...] = tuple(_KINDS)
    signature: Signature | None = None
    reply: Reply | None = None

    def recognises(self, message: Message) -> bool:
        """Look for an object whose first member is the error, or for an XML element of that name."""
        if looks_like_xml(message):
            return root_name(message) == _NAME
        return _START.match(message.body) is not None

    def split(self, message: Message) -> Iterator[Arrival]:
        """Yield the error: one body is one."""
        yield whole(message)

    def decode(self, arrival: Arrival) -> Document:
        """Read the error. The tree is that of JSON: an XML error stands in the member `error` too.

        Raises: RequestUnreadable; ContractUnknown for other XML.
        """
        tree, kind = _tree(arrival), error.KIND
        return Document(contract=kind.contract, tree=tree, business_key=kind.business_key(tree))

    def normalise(self, document: Document, source: Source, received_at: str) -> Normalised:
        """Raises: Unmapped for a list of details that is too long."""
        reading = Reading(document, source, received_at, PERSONAL)
        return _KINDS[document.contract].normalise(reading)


def _tree(arrival: Arrival) -> dict[str, Any]:
    if looks_like_xml(Message(body=arrival.body)):
        name, tree = parse_tree(arrival.body, lambda name, _attributes: name == "errordetail")
        if name != _NAME:
            raise ContractUnknown(f"the root {name[:40]} is not read; an OData error is")
        return {_NAME: tree}
    tree = parse_json(arrival.body.removeprefix(BOM_UTF8))
    if not isinstance(tree, dict):
        raise RequestUnreadable("one OData error is one JSON object")
    if _NAME not in tree and _OLDER_NAME in tree:
        return {_NAME: tree[_OLDER_NAME]}
    return tree
