"""Return Update: what a customer sends back, and what of it has arrived."""

from typing import Any

from adapters.keys import key, member
from adapters.kinds import DocumentKind
from adapters.reading import Reading
from contracts.canonical import Fact, FactKind, FactLine, Item, Normalised, Reference

CONTRACT = "wms-shiphero-return-update"

_MAPPED = frozenset({
    "test", "webhook_type", "return_id", "order_number", "warehouse_id", "sku", "quantity",
    "quantity_received", "item_reason", "reason", "status", "created_at", "updated_at",
})  # fmt: skip


def business_key(tree: dict[str, Any]) -> str:
    """Return the order's number, or the return's where it has no order."""
    order = member(tree, "order_number")
    return key("order", order) if order else key("return", member(tree, "return_id"))


def normalise(reading: Reading) -> Normalised:
    """Map to a return: what was announced is expected, what has arrived is the quantity.

    It carries no refund and no price paid, so that it is never an exception by itself.
    """
    items = reading.places("/items")
    occurred_at = reading.occurred_at("/updated_at", "/created_at")
    lines = tuple(_line(reading, at) for at in items)
    return_id = reading.name("/return_id")
    references = [Reference(kind="return", id=return_id)]
    order = reading.text("/order_number")
    if order:
        references.append(Reference(kind="sales-order", id=order))
    fact = Fact(
        kind=FactKind.RETURN,
        key=key("return", return_id),
        occurred_at=occurred_at,
        place=reading.place("dc", "/warehouse_id", *(f"{at}/warehouse_id" for at in items)),
        references=tuple(references),
        lines=lines,
        status=reading.words("/status"),
        assumed=reading.assumed,
        extensions=reading.extensions(_MAPPED),
    )
    return Normalised(facts=(fact,))


def _line(reading: Reading, at: str) -> FactLine:
    sku = reading.name(f"{at}/sku")
    return FactLine(
        line=reading.line(at, sku),
        item=Item(id=sku),
        quantity=reading.quantity(reading.number(f"{at}/quantity_received")),
        expected_quantity=reading.quantity(reading.needed(f"{at}/quantity")),
        reason=reading.words(f"{at}/item_reason", "/reason"),
    )


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
