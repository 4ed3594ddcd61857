"""JSON for adapters: strict syntax, bounded depth, no NaN, no half surrogates."""

from codecs import BOM_UTF8
from typing import Any

import msgspec

from contracts.errors import RequestTooLarge, RequestUnreadable

DEPTH_LIMIT = 64

_COMMAS_LIMIT = 2_000_000  # an element that is cut takes 80 bytes, and `[1,1,1…` has one every two

_decoder = msgspec.json.Decoder()
_array = msgspec.json.Decoder(list[msgspec.Raw])


def parse_json(body: bytes) -> Any:
    """Read one JSON text in UTF-8 (RFC 8259); a byte order mark before it is passed over.

    Raises: RequestUnreadable for broken syntax, another encoding, NaN, a lone surrogate, or nesting deeper
    than 64.
    """
    try:
        value = _decoder.decode(body.removeprefix(BOM_UTF8))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RequestUnreadable(f"this is not JSON in UTF-8: {error}") from None
    except RecursionError:
        raise RequestUnreadable(f"values are nested deeper than {DEPTH_LIMIT}") from None
    if _is_deeper(value, DEPTH_LIMIT):
        raise RequestUnreadable(f"values are nested deeper than {DEPTH_LIMIT}")
    return value


def elements(body: bytes) -> list[msgspec.Raw]:
    """Return the elements of a JSON array, each with its own bytes.

    Raises: RequestUnreadable where it is not well-formed; RequestTooLarge for millions of values.
    """
    if body.count(b",") > _COMMAS_LIMIT:
        raise RequestTooLarge("this array has more values than are taken at once")
    try:
        return _array.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RequestUnreadable(f"this is not a JSON array: {error}") from None
    except RecursionError:
        raise RequestUnreadable("values are nested too deep") from None


def _is_deeper(value: Any, limit: int) -> bool:
    """Walk level by level, so that the answer itself needs no deep stack."""
    level = [value]
    for _ in range(limit):
        level = [
            child
            for parent in level
            for child in (
                parent.values() if isinstance(parent, dict) else parent if isinstance(parent, list) else ()
            )
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True
