"""An external business event: what a publisher's extension says happened, in members of its own."""

from typing import Any

from adapters.keys import key, member
from adapters.kinds import DocumentKind
from adapters.reading import Reading
from contracts.canonical import Normalised

CONTRACT = "erp-business-central-event"


def business_key(tree: dict[str, Any]) -> str:
    """Return the company and the kind of event."""
    company = member(tree, "companyId") or member(tree, "companyName")
    return key("bc", company, member(tree, "eventName"))


def normalise(_reading: Reading) -> Normalised:
    """Observe it: each publisher chooses the names and what stands under `payload`."""
    return Normalised()


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
