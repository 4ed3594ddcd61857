"""EPCIS in XML: 2.0 and 1.2, cut into events and read into the shape that JSON has.

GS1 EPCIS 2.0, section 9, and EPCIS 1.2, section 9. Elements of EPCIS stand in no namespace, or in EPCIS's own
where a sender made it the default; whatever stands in another is a vendor's, and keeps its prefix. Version
1.2 wraps what it added to 1.0 in `extension` and `baseExtension`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from lxml import etree

from adapters.wms.epcis.content import (
    EVENT_TYPES,
    EVENTS_DOCUMENT,
    QUERY_DOCUMENT,
    Content,
    header_findings,
)
from adapters.wms.epcis.document import CONTRACT as DOCUMENT
from adapters.wms.epcis.event import CONTRACT as EVENT
from adapters.wms.epcis.rules import refuse
from adapters.wms.epcis.xml_event import LISTS, event_in_json_shape
from adapters.xml import Tree, parse_tree
from adapters.xml_split import split_children
from contracts.documents import Arrival, Message
from contracts.errors import RequestUnreadable

QUANTITY_EVENT = "QuantityEvent"  # up to 1.2: an observation of one class of objects

_WAYS = {
    EVENTS_DOCUMENT: ("EPCISBody", "EventList"),
    QUERY_DOCUMENT: ("EPCISBody", "QueryResults", "resultsBody", "EventList"),
    "QueryResults": ("resultsBody", "EventList"),
    "EPCISMasterDataDocument": ("EPCISBody", "EventList"),
}
_HAVE_HEADERS = frozenset({EVENTS_DOCUMENT, QUERY_DOCUMENT})
ROOTS = frozenset({*_WAYS, *EVENT_TYPES, QUANTITY_EVENT})

_WRAPPER = "extension"
_EVENT_LISTS = frozenset(
    (*way, *(_WRAPPER,) * depth) for way in _WAYS.values() for depth in range(3)
)  # 1.2 wraps a TransformationEvent once, and what is newer twice
_REPEATED = frozenset({*LISTS.values(), "sensorReport", "set", "unset"})
_OWN_NAMESPACE = "urn:epcglobal:epcis"
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"


def split(message: Message) -> Iterator[Arrival]:
    """Cut a document at its events. Raises: RequestUnreadable where it is not well-formed."""
    return split_children(message, None, _EVENT_LISTS)


def read(body: bytes) -> Content:
    """Read one item.

    Raises: RequestUnreadable where it is not well-formed or holds several events; ContractViolated for a
    header that the standard doesn't allow.
    """
    root, tree = parse_tree(body, _is_list, _MemberNames().name)
    if root not in _WAYS:
        return Content(event=event_in_json_shape(root, tree), header={}, root=f"/{root}")
    header = {"type": root} | {
        name: tree[f"@{name}"] for name in ("schemaVersion", "creationDate") if f"@{name}" in tree
    }
    way = _WAYS[root]
    events = list(_events(_below(tree, way)))
    if root in _HAVE_HEADERS:
        refuse(EVENT if events else DOCUMENT, header_findings(header), f"/{root}")
    if not events:
        return Content(event=None, header=header, root=f"/{root}")
    if len(events) > 1:
        raise RequestUnreadable(f"there are {len(events)} events; an item has one")
    name, event = events[0]
    return Content(
        event=event_in_json_shape(name, event), header=header, root="/".join(("", root, *way, name))
    )


def _below(tree: Tree, way: tuple[str, ...]) -> Any:
    found: Any = tree
    for name in way:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _events(event_list: Any) -> Iterator[tuple[str, Any]]:
    """Yield the name and the tree of each event in an EventList, wrapped or not."""
    for name, value in event_list.items() if isinstance(event_list, dict) else ():
        for each in value if isinstance(value, list) else [value]:
            if name == _WRAPPER:
                yield from _events(each)
            elif not name.startswith(("@", "#")):
                yield name, each


def _is_list(name: str, _attributes: Mapping[str, str]) -> bool:
    return name in _REPEATED


class _MemberNames:
    """Names of members in one document: EPCIS's own as they are, a vendor's with its prefix, as in JSON."""

    def __init__(self) -> None:
        # of each namespace; what lxml knows of prefixes it gathers anew from all elements around one
        self._prefixes: dict[str, str] = {_INSTANCE: "xsi"}

    def name(self, element: etree._Element, name: str) -> str:
        """Return the name of an element, or of one of its attributes."""
        namespace, _, local = name.removeprefix("{").rpartition("}")
        if not namespace or namespace.startswith(_OWN_NAMESPACE):
            return local
        prefix = self._prefixes.get(namespace)
        if prefix is None:
            known = (prefix for prefix, uri in element.nsmap.items() if prefix and uri == namespace)
            prefix = self._prefixes[namespace] = next(known, namespace)
        return f"{prefix}:{local}"
