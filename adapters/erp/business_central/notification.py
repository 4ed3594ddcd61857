"""A change notification: which record changed, and how; what it holds now has to be fetched."""

import re
from typing import Any

from msgspec import Struct

from adapters.keys import key, member, shortened
from adapters.kinds import DocumentKind
from adapters.reading import Reading
from contracts.canonical import Fact, FactKind, Normalised, Place
from contracts.limits import KEY_MAX_CHARACTERS

CONTRACT = "erp-business-central-notification"

_AT = "/value/0"
# created and updated are of one record; deleted leaves nothing, and collection is more than 1,000 changes
_OF_ONE_RECORD = frozenset({"created", "updated"})
_KINDS = {
    "items": FactKind.ITEM,
    "purchaseorders": FactKind.PURCHASE_ORDER,
    "purchasereceipts": FactKind.RECEIPT,
    "purchaseinvoices": FactKind.INVOICE,
    "salesorders": FactKind.SALES_ORDER,
    "salesshipments": FactKind.SHIPMENT,
    "salesinvoices": FactKind.INVOICE,
    "itemledgerentries": FactKind.STOCK_MOVEMENT,
}
_COMPANY = re.compile(r"companies\(([^()/?]{1,200})\)", re.IGNORECASE)
_RECORD = re.compile(r"([A-Za-z_][A-Za-z0-9_]{0,99})(?:\(([^()/?]{1,200})\))?$")

_MAPPED = frozenset({"resource", "changeType", "lastModifiedDateTime"})


class _Resource(Struct, frozen=True, kw_only=True):
    """What a resource URL names: `entity` is the set, `record` the key in it, empty for the whole set."""

    company: str = ""
    entity: str = ""
    record: str = ""


def business_key(tree: dict[str, Any]) -> str:
    """Return the record that changed, else the set."""
    entries = tree.get("value")
    resource = _read(member(entries[0] if isinstance(entries, list) and entries else None, "resource"))
    return key("bc", resource.company, resource.entity, resource.record)


def normalise(reading: Reading) -> Normalised:
    """Map the change of one record that is about trade to a fact with nothing but its key."""
    resource = _read(reading.name(f"{_AT}/resource"))
    change = reading.name(f"{_AT}/changeType").lower()
    kind = _KINDS.get(resource.entity.lower())
    if kind is None or not resource.record or change not in _OF_ONE_RECORD:
        return Normalised()
    occurred_at = reading.occurred_at(f"{_AT}/lastModifiedDateTime")
    company = shortened(resource.company, KEY_MAX_CHARACTERS)
    return Normalised(
        facts=(
            Fact(
                kind=kind,
                key=key(resource.entity, resource.record),
                occurred_at=occurred_at,
                place=Place(kind="company", id=company) if company else None,
                status=change,
                assumed=reading.assumed,
                extensions=reading.extensions(_MAPPED, _AT),
            ),
        )
    )


def _read(url: str) -> _Resource:
    """Read a resource URL, absolute or not, of the vendor's API or of one that a publisher added."""
    path = url.partition("?")[0].rstrip("/")
    company, record = _COMPANY.search(path), _RECORD.search(path)
    return _Resource(
        company=company[1].strip("'") if company else "",
        entity=record[1] if record else "",
        record=(record[2] or "").strip("'") if record else "",
    )


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
