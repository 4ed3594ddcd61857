"""What tells one thing from another: keys within their limits, and each thing once."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from msgspec import structs

from adapters.values import as_text
from contracts.canonical import Reference, RetailException
from contracts.ids import body_digest
from contracts.limits import (
    EXCEPTION_REFERENCES_LIMIT,
    KEY_MAX_CHARACTERS,
    REFERENCES_LIMIT,
    SERIES_NUMBER_MAX_DIGITS,
)
from contracts.places import escaped

_DIGEST_CHARACTERS = 27  # of an id, and the colon before it


def key(*parts: str | None) -> str:
    """Return a key of at most 256 characters from those parts that there are."""
    return shortened(":".join(part for part in parts if part), KEY_MAX_CHARACTERS)


def joined(parts: Iterable[str]) -> str:
    """Return `a/b/c`, each part as in a JSON Pointer, so that ("a/b", "c") and ("a", "b/c") stay apart."""
    return "/".join(map(escaped, parts))


def series_number(text: str) -> int | None:
    """Return the number of a document in a series without gaps, or None where it is not one of digits."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= SERIES_NUMBER_MAX_DIGITS
    return int(text) if is_number else None


def each_once(exceptions: Iterable[RetailException]) -> tuple[RetailException, ...]:
    """Return the first exception of each key: a line that stands in a document twice is one line."""
    found: dict[str, RetailException] = {}
    for exception in exceptions:
        found.setdefault(exception.key, exception)
    return tuple(found.values())


def each_its_own(exceptions: Iterable[RetailException]) -> tuple[RetailException, ...]:
    """Number the keys that repeat: some tills give several lines one number. An event's lines never move."""
    seen = Counter[tuple[str, str]]()
    found = []
    for exception in exceptions:
        seen[exception.category, exception.key] += 1
        times = seen[exception.category, exception.key]
        found.append(exception if times == 1 else structs.replace(exception, key=f"{exception.key}/{times}"))
    return tuple(found)


def distinct(references: Iterable[Reference], limit: int = REFERENCES_LIMIT) -> tuple[Reference, ...]:
    """Return each reference once, in the order given: at most 1,000, as the canonical contracts say."""
    return tuple(dict.fromkeys(references))[:limit]


def nearest(*references: Reference) -> tuple[Reference, ...]:
    """Return the references of an exception, its own line's first: at most 50.

    A document can refer to 1,000 others and have an exception in each of 10,000 lines: with all of them an
    exception would be as large as the document.
    """
    return distinct(references, EXCEPTION_REFERENCES_LIMIT)


def shortened(text: str, limit: int) -> str:
    """Return a text that is cut where it is too long, and then ends in its digest: it stays the only one."""
    if len(text) <= limit:
        return text
    return f"{text[: limit - _DIGEST_CHARACTERS]}:{body_digest(text.encode('utf-8', 'surrogatepass'))}"


def member(tree: Any, *names: str) -> str:
    """Return the text at a path of members, or an empty one: for keys, before the document is validated."""
    for name in names:
        tree = tree.get(name) if isinstance(tree, dict) else None
    return as_text(tree) or ""
