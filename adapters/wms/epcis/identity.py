"""What makes an event the same event."""

import re
from typing import Any

import msgspec

from adapters.event_ids import usable_event_id
from adapters.keys import key, member
from contracts.ids import body_digest

_URI = re.compile("[A-Za-z][A-Za-z0-9+.-]*:[!-~]+")
_TIME = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,40}(Z|[+-][0-9]{2}:[0-9]{2})")
_ZEROS = re.compile(r"(?<=:[0-9]{2})(?:\.0+|(\.[0-9]*[1-9])0+)(?=Z|[+-]|$)")


def source_event_id(event: dict[str, Any]) -> str | None:
    """Return the sender's id of an event, or None where it has none.

    What declares an event wrong repeats that event with its id (EPCIS 2.0, section 7.4.1.2): only the time of
    the declaration tells them apart.

    Raises: RequestInvalid for an id of more than 256 characters.
    """
    event_id = event.get("eventID")
    if not isinstance(event_id, str) or not _URI.fullmatch(event_id):
        return None  # the contract refuses what is no URI
    declared_at = member(event, "errorDeclaration", "declarationTime")
    return usable_event_id(f"{event_id}!{declared_at}" if declared_at else event_id, "eventID")


def fact_key(event: dict[str, Any]) -> str:
    """Return what is equal whenever an event is sent again: its id, else its digest."""
    event_id = member(event, "eventID")
    return key(event_id or f"event:{body_digest(msgspec.json.encode(event, order='sorted'))}")


def place_key(event: dict[str, Any]) -> str:
    """Return the place where an event happened: what happens there must stay in order."""
    return key("place", member(event, "bizLocation", "id") or member(event, "readPoint", "id"))


def as_one(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event as every copy of it reads.

    The time at which a repository took it is no part of it, and a moment may be written with zeros at its end
    or without, as the repository likes.
    """
    record_time = event.get("recordTime")
    if isinstance(record_time, str) and _TIME.fullmatch(record_time):
        del event["recordTime"]
    declaration = event.get("errorDeclaration")
    for holder, name in ((event, "eventTime"), (declaration, "declarationTime")):
        if isinstance(holder, dict) and isinstance(holder.get(name), str):
            holder[name] = _ZEROS.sub(r"\1", holder[name])
    return event
