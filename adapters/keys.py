"""What tells one thing from another: keys within their limits, and each thing once."""

from collections.abc import Iterable
from typing import Any

from adapters.values import as_text
from contracts.canonical import Reference, RetailException
from contracts.ids import body_digest

KEY_MAX_CHARACTERS = 256
LINE_MAX_CHARACTERS = 64
UNIT_MAX_CHARACTERS = 35
REFERENCES_LIMIT = 1000
EXCEPTION_REFERENCES_LIMIT = 50
_DIGEST_CHARACTERS = 27  # of an id, and the colon before it


def key(*parts: str | None) -> str:
    """Return a key of at most 256 characters from those parts that there are."""
    return shortened(":".join(part for part in parts if part), KEY_MAX_CHARACTERS)


def each_once(exceptions: Iterable[RetailException]) -> tuple[RetailException, ...]:
    """Return one exception a key: a line that stands in a document twice is one line."""
    return tuple({exception.key: exception for exception in exceptions}.values())


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
