"""What one item holds, in whichever syntax it came: an event, or a document without one."""

import re
from typing import Any

from msgspec import Struct

from adapters.wms.epcis.rules import Finding

EVENT_TYPES = frozenset(
    {"ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent", "AssociationEvent"}
)
EVENTS_DOCUMENT, QUERY_DOCUMENT = "EPCISDocument", "EPCISQueryDocument"

_VERSION = re.compile("[0-9]+([.][0-9]+)*")
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?"
)


class Content(Struct, frozen=True, kw_only=True):
    """One item, read.

    `event` has the shape of JSON, whatever the syntax; it is None where the document holds no event, and
    then `header` is what the document says of itself. `root` is the path of the event's element in XML.
    """

    event: Any
    header: dict[str, Any]
    root: str = ""


def header_findings(header: dict[str, Any]) -> list[Finding]:
    """Return what a document must say of itself and doesn't: the version and the time of its making.

    A query's result may leave both out.
    """
    findings: list[Finding] = []
    kind = header.get("type")
    if kind not in (EVENTS_DOCUMENT, QUERY_DOCUMENT):
        findings.append((("type",), "enum", f"expected {EVENTS_DOCUMENT} or {QUERY_DOCUMENT}"))
    for name, pattern, expected in (
        ("schemaVersion", _VERSION, "a version such as 2.0"),
        ("creationDate", _TIME, "a date and time with its offset"),
    ):
        value = header.get(name)
        if name not in header:
            if kind != QUERY_DOCUMENT:
                findings.append(((name,), "required", f"expected {expected}"))
        elif not isinstance(value, str) or not pattern.fullmatch(value):
            findings.append(((name,), "pattern", f"{value!r:.60} is not {expected}"))
    return findings
