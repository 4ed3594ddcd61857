"""What an event's type says: the business object that it is about, and what happened to it."""

import re

from msgspec import Struct

_VERSION = re.compile("[vV][0-9]+")
_SEPARATOR = re.compile("[./]")


class EventType(Struct, frozen=True, kw_only=True):
    """`name` is the object's in lower case (`purchaseorder`), `event` as SAP writes it (`ItemBlocked`).

    Both are empty for a type that is not built by SAP's rule, such as a company's own event.
    """

    name: str = ""
    event: str = ""


def event_type(text: str) -> EventType:
    """Read a type by SAP's rule, or the rule before it.

    The rule is `sap.s4.beh.<object>.v1.<Object>.<Event>.v1`; the topic that an event was sent to has slashes
    for dots, and stands in its place where a bridge forwards events. Until 2019 it was `BO.<Object>.<Event>`.
    """
    parts = [part for part in _SEPARATOR.split(text) if part and not _VERSION.fullmatch(part)]
    for mark in ("beh", "BO"):
        if mark in parts:
            name, *event = parts[parts.index(mark) + 1 :] or [""]
            if event and event[0].lower() == name.lower():
                event = event[1:]
            return EventType(name=name.lower(), event=".".join(event))
    return EventType()
