"""EPCIS in JSON-LD: a document of events, a query's result or one bare event; cut into events, and read.

GS1 EPCIS 2.0, section 10.
"""

from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Any

from adapters.json import parse_json
from adapters.json_split import split_member
from adapters.wms.epcis.content import (
    EVENTS_DOCUMENT,
    QUERY_DOCUMENT,
    Content,
    header_findings,
)
from adapters.wms.epcis.document import CONTRACT as DOCUMENT
from adapters.wms.epcis.event import CONTRACT as EVENT
from adapters.wms.epcis.json_rules import json_findings
from adapters.wms.epcis.rules import Finding, refuse
from contracts.documents import Arrival, Message, whole
from contracts.errors import RequestUnreadable

_EVENTS = ("epcisBody", "eventList")
_RESULTS = ("epcisBody", "queryResults", "resultsBody", "eventList")
# may be as large as all events together, and says nothing that an event needs
_NOT_REPEATED = frozenset({"epcisHeader", "vocabularyList"})
_HEADER = ("type", "schemaVersion", "creationDate")


def split(message: Message) -> Iterator[Arrival]:
    """Cut a document at its events: each item is the document around one event, whose bytes are unchanged.

    A document of one event or none, a bare event, and what is no document, are items as they are. Master data
    is left out of the items.

    Raises: RequestUnreadable where it is not well-formed; RequestTooLarge.
    """
    items = split_member(message, _EVENTS, _RESULTS, is_repeated=lambda name: name not in _NOT_REPEATED)
    first = next(items, None)
    yield whole(message) if first is None else first
    yield from items


def read(body: bytes) -> Content:
    """Read one item.

    Raises: RequestUnreadable for broken JSON, what is no object, and several events; ContractViolated for a
    header, or a name, that the standard doesn't allow.
    """
    tree = parse_json(body.removeprefix(BOM_UTF8))
    if not isinstance(tree, dict):
        raise RequestUnreadable("an EPCIS message is one JSON object")
    findings = _context_findings(tree)
    if "epcisBody" not in tree and tree.get("type") not in (EVENTS_DOCUMENT, QUERY_DOCUMENT):
        return _content(tree, {}, findings)
    header = {name: tree[name] for name in _HEADER if name in tree}
    events, missing = _events(tree)
    findings += [*header_findings(header), *missing]
    if len(events) > 1:
        raise RequestUnreadable(f"there are {len(events)} events; an item has one")
    if events:
        return _content(events[0], header, findings)
    refuse(DOCUMENT, findings, "")
    return Content(event=None, header=header)


def _context_findings(tree: dict[str, Any]) -> list[Finding]:
    context = tree.get("@context")
    if context is None:
        return [(("@context",), "required", "the JSON-LD context is expected")]
    parts = context if isinstance(context, list) else [context]
    if all(isinstance(part, dict) or (isinstance(part, str) and ":" in part) for part in parts):
        return []
    return [(("@context",), "type", "URIs or objects are expected")]


def _content(event: Any, header: dict[str, Any], findings: list[Finding]) -> Content:
    if isinstance(event, dict):
        event.pop("@context", None)
        findings += json_findings(event)
    else:
        findings.append((("epcisBody", "eventList", 0), "type", "an event is an object"))
    refuse(EVENT, findings, "")
    return Content(event=event, header=header)


def _events(tree: dict[str, Any]) -> tuple[list[Any], list[Finding]]:
    """Return the events of a document, or where the list of them is missed."""
    way = _RESULTS if tree.get("type") == QUERY_DOCUMENT else _EVENTS
    value: Any = tree
    for depth, name in enumerate(way, 1):
        if not isinstance(value, dict):
            return [], [(way[: depth - 1], "type", "an object is expected")]
        if name not in value:
            return [], [(way[:depth], "required", "this is expected in a document of events")]
        value = value[name]
    return (value, []) if isinstance(value, list) else ([], [(way, "type", "a list of events is expected")])
