"""Shipment Update: what left a warehouse for an order."""

from typing import Any

from adapters.keys import key, member
from adapters.kinds import DocumentKind
from adapters.reading import Reading
from contracts.canonical import Fact, FactKind, FactLine, Item, Normalised, Partner, Reference

CONTRACT = "wms-shiphero-shipment-update"

_SHIPMENT = "/fulfillment"
# packages repeat the lines with the label and the address of each parcel
_MAPPED = frozenset({
    "test", "webhook_type", "shipment_id", "order_number", "warehouse_id", "sku", "quantity", "created_at",
    "shipping_carrier", "packages",
})  # fmt: skip


def business_key(tree: dict[str, Any]) -> str:
    """Return the order's number."""
    return key("order", member(tree, "fulfillment", "order_number"))


def normalise(reading: Reading) -> Normalised:
    """Map to a shipment. It says nothing of what was ordered, so that it is never an exception by itself."""
    lines = tuple(_line(reading, at) for at in reading.places(f"{_SHIPMENT}/line_items"))
    carrier = reading.words(f"{_SHIPMENT}/shipping_carrier")
    occurred_at = reading.occurred_at(f"{_SHIPMENT}/created_at", "/timestamp")
    order, parcel = reading.name(f"{_SHIPMENT}/order_number"), reading.text(f"{_SHIPMENT}/shipment_id")
    references = [Reference(kind="sales-order", id=order)]
    if parcel:
        references.append(Reference(kind="shipment", id=parcel))
    fact = Fact(
        kind=FactKind.SHIPMENT,
        key=key("shipment", parcel) if parcel else key("order", order),
        occurred_at=occurred_at,
        place=reading.place("dc", f"{_SHIPMENT}/warehouse_id"),
        partner=Partner(role="carrier", id=carrier) if carrier else None,
        references=tuple(references),
        lines=lines,
        assumed=reading.assumed,
        extensions=reading.extensions(_MAPPED),
    )
    return Normalised(facts=(fact,))


def _line(reading: Reading, at: str) -> FactLine:
    sku = reading.name(f"{at}/sku")
    return FactLine(
        line=reading.line(at, sku),
        item=Item(id=sku),
        quantity=reading.quantity(reading.needed(f"{at}/quantity")),
    )


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
