"""CloudEvents on the wire: binary mode turned into the structured one, older versions into 1.0.

CloudEvents HTTP binding 1.0.2, section 3.1; the names of 0.1 to 0.3 from those versions of the specification.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from adapters.framing import CLOUD_EVENT
from contracts.documents import Arrival, Message, whole
from contracts.errors import RequestInvalid, RequestUnreadable

_PREFIX = "ce-"
_MARKS = frozenset({"ce-specversion", "ce-id", "ce-type", "ce-source"})
# these travel as Content-Type and as the body
_NO_HEADER = frozenset({"datacontenttype", "data", "data_base64"})
# what 0.1 (eventType …), 0.2 and 0.3 call the attributes of 1.0, in lower case
_OLDER_NAMES = {
    "cloudeventsversion": "specversion",
    "eventid": "id",
    "eventtype": "type",
    "eventtime": "time",
    "contenttype": "datacontenttype",
    "schemaurl": "dataschema",
}
_QUOTED_PAIR = re.compile(r"\\(.)")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NOT_ASCII = re.compile(r"[^\x20-\x7e]")

_json = msgspec.json.Decoder(msgspec.Raw)


def is_binary(message: Message) -> bool:
    """Say whether the attributes are in headers; a structured media type overrules them (section 3)."""
    return not message.media_type.strip().lower().startswith("application/cloudevents") and any(
        name in message.headers for name in _MARKS
    )


def split_event(message: Message) -> Iterator[Arrival]:
    """Yield the event in structured form, whatever its mode.

    Raises: RequestInvalid, naming a header that can't be decoded; RequestUnreadable for data other than JSON.
    """
    arrival = replace(whole(message), media_type=CLOUD_EVENT)
    yield replace(arrival, body=_event(message)) if is_binary(message) else arrival


def with_current_names(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event in JSON form with the names that 1.0 has for its attributes.

    A null is an attribute that is not set. Where an event has both names, the current one counts.
    """
    attributes = {name: value for name, value in event.items() if value is not None}
    renamed = {_OLDER_NAMES.get(name.lower(), name): value for name, value in attributes.items()}
    return renamed | {name: value for name, value in attributes.items() if name in renamed}


def _event(message: Message) -> bytes:
    """Return the event as one JSON object: the attributes from the headers, the data's bytes unchanged."""
    event: dict[str, Any] = {}
    for header, value in message.headers.items():
        name = header.lower().removeprefix(_PREFIX)
        if name == header.lower():
            continue
        if name in _NO_HEADER:
            raise RequestInvalid(f"{header[:40]}: this is not sent as a header of its own")
        event[name] = _decoded(header[:40], value)
    if message.media_type:
        event["datacontenttype"] = message.media_type
    if message.body.strip():
        event["data"] = _one_value(message.body)
    return msgspec.json.encode(event)


def _decoded(header: str, value: str) -> str:
    """Return a header's value as text (section 3.1.3.2): unquoted, then percent-decoded once, as UTF-8."""
    if _NOT_ASCII.search(value):
        raise RequestInvalid(f"{header}: characters outside printable ASCII must be percent-encoded")
    if len(value) > 1 and value.startswith('"') and value.endswith('"'):
        value = _QUOTED_PAIR.sub(r"\1", value[1:-1])
    if _BROKEN_ESCAPE.search(value):
        raise RequestInvalid(f"{header}: a percent sign without two hexadecimal digits")
    octets = re.sub(rb"%([0-9A-Fa-f]{2})", lambda escape: bytes.fromhex(escape[1].decode()), value.encode())
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        raise RequestInvalid(f"{header}: what is percent-encoded is not UTF-8") from None


def _one_value(body: bytes) -> msgspec.Raw:
    """Return the body if it is exactly one JSON value: it could bring attributes of its own otherwise."""
    try:
        return _json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RequestUnreadable(f"the data is not JSON: {error}") from None
    except RecursionError:
        raise RequestUnreadable("values are nested too deep") from None
