"""Any other message of S/4HANA: kept, and observed."""

from typing import Any

from adapters.keys import key, member
from adapters.kinds import DocumentKind
from adapters.reading import Reading
from contracts.canonical import Normalised

CONTRACT = "erp-sap-s4-message"


def business_key(tree: dict[str, Any]) -> str:
    """Return the sending system."""
    return key("sender", member(tree, "MessageHeader", "SenderBusinessSystemID"))


def normalise(_reading: Reading) -> Normalised:
    """Return nothing: what the message is about, we don't map."""
    return Normalised()


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
