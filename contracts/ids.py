"""Identity: how an event, an exception and a delivery get the id that stays theirs for ever."""

import hashlib

ID_LENGTH = 26
SOURCE_EVENT_ID_MAX_CHARACTERS = 256

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_SHIFTS = range(120, -1, -10)


def event_id(source: str, source_event_id: str) -> str:
    """Return the id of the event that `source` calls `source_event_id`: 26 characters of a-z2-7."""
    return _identity("event", source, source_event_id)


def exception_id(event: str, category: str, business_key: str) -> str:
    """Return the id of the exception of `event` at `business_key` (such as line and item, never an index)."""
    return _identity("exception", event, category, business_key)


def delivery_id(exception: str, owner: str) -> str:
    """Return the id of the delivery of `exception` to `owner`; a replay is its next cycle."""
    return _identity("delivery", exception, owner)


def order_key(business_key: str) -> str:
    """Return a token that is equal for equal business keys and fit for a header (`Xd-Key`)."""
    return _identity("key", business_key)


def body_digest(body: bytes) -> str:
    """Return the identity of some bytes: 26 characters, as for ids."""
    return _base32(hashlib.sha256(body).digest())


def is_id(text: str) -> bool:
    """Say whether `text` has the shape of an id of ours, so that it may stand in a subject or a path."""
    return len(text) == ID_LENGTH and all(c in _ALPHABET for c in text)


def _identity(*parts: str) -> str:
    digest = hashlib.sha256()
    for part in parts:
        octets = part.encode("utf-8", "surrogatepass")
        # the length before each part keeps ("ab", "c") apart from ("a", "bc")
        digest.update(len(octets).to_bytes(4, "big") + octets)
    return _base32(digest.digest())


def _base32(digest: bytes) -> str:
    """Return base32 (RFC 4648) of the first 128 bits, unpadded, in half the time of `base64.b32encode`."""
    number = int.from_bytes(digest[:16], "big") << 2
    return "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])
