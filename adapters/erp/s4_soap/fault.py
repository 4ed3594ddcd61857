"""A SOAP Fault: a call that failed. It names no business document, so that it is observed."""

from typing import Any

from adapters.kinds import DocumentKind
from adapters.reading import Reading
from contracts.canonical import Normalised

ROOT = "Fault"
CONTRACT = "erp-sap-s4-fault"


def business_key(_tree: dict[str, Any]) -> str:
    """Return one key for all: a fault belongs to nothing."""
    return "fault"


def normalise(_reading: Reading) -> Normalised:
    """Return nothing: which call failed, the caller knows."""
    return Normalised()


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
