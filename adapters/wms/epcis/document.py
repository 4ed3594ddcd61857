"""An EPCIS document without an event: master data alone, or the empty result of a query."""

from typing import Any

from adapters.kinds import DocumentKind
from adapters.reading import Reading
from contracts.canonical import Normalised

CONTRACT = "wms-epcis-document"


def business_key(_tree: dict[str, Any]) -> str:
    """Return one key for all: they say nothing that must stay in order."""
    return "document"


def normalise(_reading: Reading) -> Normalised:
    """Nothing happened."""
    return Normalised()


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
