"""The attributes of a CloudEvent, held against the rules of CloudEvents 1.0.2, section 3."""

import re
from datetime import datetime
from typing import Any

from msgspec import Struct

from adapters.event_ids import usable_event_id
from adapters.media_type import essence
from contracts.errors import RequestInvalid

_NO_ATTRIBUTE = frozenset({"data", "data_base64"})
_NAME = re.compile(r"[a-z0-9]+")
_INTEGER_MIN, _INTEGER_MAX = -(2**31), 2**31 - 1
# section 3.2: no control characters, no half surrogates, none of the code points that are no characters
_NO_CHARACTERS = "".join(chr(plane << 16 | 0xFFFE) + chr(plane << 16 | 0xFFFF) for plane in range(17))
_NOT_TEXT = re.compile(f"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef{_NO_CHARACTERS}]")
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:)([0-9]{2})(?:\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_URI_REFERENCE = re.compile(r"(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


class Attributes(Struct, frozen=True, kw_only=True):
    """What a CloudEvent says of itself, as far as it matters here."""

    id: str
    type: str
    dataschema: str | None = None
    subject: str | None = None


def read_attributes(event: dict[str, Any]) -> Attributes:
    """Return the attributes of an event in JSON form. A null is an attribute that is not set.

    Raises: RequestInvalid, naming the first attribute that breaks a rule.
    """
    attributes = {
        name: value for name, value in event.items() if name not in _NO_ATTRIBUTE and value is not None
    }
    for name, value in attributes.items():
        _check_name(name)
        _check_value(name, value)
    if _text(attributes, "specversion") != "1.0":
        raise RequestInvalid(f"specversion: {attributes.get('specversion')!r:.40} is not '1.0'")
    _check_source(_needed(attributes, "source"))
    time = _text(attributes, "time")
    if time is not None and not _is_time(time):
        raise RequestInvalid(f"time: {time[:40]!r} is not a time with an offset (RFC 3339)")
    _check_content_type(_text(attributes, "datacontenttype"))
    return Attributes(
        id=usable_event_id(_needed(attributes, "id"), "id"),
        type=_needed(attributes, "type"),
        dataschema=_data_schema(attributes),
        subject=_text(attributes, "subject"),
    )


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise RequestInvalid(
            f"{name[:40]!r}: the name of an attribute has only lower-case letters a-z and digits"
        )


def _check_value(name: str, value: Any) -> None:
    where = name[:40]
    if isinstance(value, str):
        found = _NOT_TEXT.search(value)
        if found:
            raise RequestInvalid(f"{where}: U+{ord(found[0]):04X} can't stand in an attribute")
    elif isinstance(value, int):
        if not _INTEGER_MIN <= value <= _INTEGER_MAX:
            raise RequestInvalid(f"{where}: an integer of more than 32 bits can't be an attribute")
    else:
        raise RequestInvalid(f"{where}: an attribute is a text, an integer or a boolean")


def _text(attributes: dict[str, Any], name: str) -> str | None:
    """Return one of the standard attributes, all of which are non-empty text, or None."""
    value = attributes.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not value:
        raise RequestInvalid(f"{name}: a text of at least one character is expected")
    return value


def _needed(attributes: dict[str, Any], name: str) -> str:
    value = _text(attributes, name)
    if value is None:
        raise RequestInvalid(f"{name}: this attribute is missing")
    return value


def _check_source(source: str) -> None:
    if not _URI_REFERENCE.fullmatch(source):
        raise RequestInvalid(f"source: {source[:40]!r} is not a URI reference (RFC 3986)")


def _data_schema(attributes: dict[str, Any]) -> str | None:
    schema = _text(attributes, "dataschema")
    if schema is not None and not (_URI_REFERENCE.fullmatch(schema) and _SCHEME.match(schema)):
        raise RequestInvalid(f"dataschema: {schema[:40]!r} is not an absolute URI (RFC 3986)")
    return schema


def _is_time(text: str) -> bool:
    match = _TIME.fullmatch(text)
    if match is None:
        return False
    # RFC 3339 allows the leap second, which datetime does not know
    seconds = "59" if match[3] == "60" else match[3]
    try:
        datetime.fromisoformat(f"{match[1]}T{match[2]}{seconds}{match[4].upper()}")
    except ValueError:
        return False
    return True


def _check_content_type(content_type: str | None) -> None:
    media_type = essence(content_type or "application/json")
    if not media_type.endswith(("/json", "+json")):
        raise RequestInvalid(f"datacontenttype: {media_type[:40]!r} is not JSON")
