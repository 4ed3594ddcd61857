"""OData errors of versions 2 to 4, in JSON and in XML: one decoded shape for all of them."""

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Any

from adapters.erp.odata.error import KIND
from adapters.json import parse_json
from adapters.reading import Reading
from adapters.xml import looks_like_xml, parse_tree, root_name
from contracts.adapter import Reply, Signature
from contracts.canonical import Normalised
from contracts.documents import Arrival, Document, Message, Source, whole
from contracts.errors import ContractUnknown, RequestUnreadable

_NAME = "error"
_OLDER_NAME = "odata.error"  # version 3, and older editions of Dynamics
_START = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"(?:odata\.)?error"\s*:\s*\{')


class ODataAdapter:
    """The body of a failed call to an OData service."""

    system = "erp"
    format = "odata"
    title = "OData errors (versions 2 to 4, JSON and XML)"
    contracts: tuple[str, ...] = (KIND.contract,)
    signature: Signature | None = None
    reply: Reply | None = None

    def recognises(self, message: Message) -> bool:
        """See `Adapter`: an object whose first member is the error, or an XML element of that name."""
        if looks_like_xml(message):
            return root_name(message) == _NAME
        return _START.match(message.body) is not None

    def split(self, message: Message) -> Iterator[Arrival]:
        """See `Adapter`: one body is one error."""
        yield whole(message)

    def decode(self, arrival: Arrival) -> Document:
        """See `Adapter`. The tree is that of JSON: an XML error stands in the member `error` too."""
        tree = _tree(arrival)
        return Document(contract=KIND.contract, tree=tree, business_key=KIND.business_key(tree))

    def normalise(self, document: Document, source: Source, received_at: str) -> Normalised:
        """See `Adapter`."""
        return KIND.normalise(Reading(document, source, received_at))


def _tree(arrival: Arrival) -> dict[str, Any]:
    if looks_like_xml(Message(body=arrival.body)):
        name, error = parse_tree(arrival.body, lambda name, _attributes: name == "errordetail")
        if name != _NAME:
            raise ContractUnknown(f"the root {name[:40]} is not read; an OData error is")
        return {_NAME: error}
    tree = parse_json(arrival.body.removeprefix(BOM_UTF8))
    if not isinstance(tree, dict):
        raise RequestUnreadable("one OData error is one JSON object")
    if _NAME not in tree and _OLDER_NAME in tree:
        return {_NAME: tree[_OLDER_NAME]}
    return tree
