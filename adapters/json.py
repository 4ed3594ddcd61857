"""JSON for adapters: strict syntax, bounded depth, no NaN, no half surrogates."""

from codecs import BOM_UTF8
from typing import Any

import msgspec

from contracts.errors import RequestUnreadable

DEPTH_LIMIT = 64

_decoder = msgspec.json.Decoder()


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
