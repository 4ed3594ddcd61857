"""What a kind of document is, in every format."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from adapters.reading import Reading
from contracts.canonical import Normalised


class DocumentKind(Struct, frozen=True, kw_only=True):
    """One kind of document of a format: its contract, and how it is keyed and mapped.

    `business_key` is asked before the document is validated, `normalise` after.
    """

    contract: str
    business_key: Callable[[dict[str, Any]], str]
    normalise: Callable[[Reading], Normalised]
