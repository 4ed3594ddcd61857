"""Inventory Update: what the book says is in a warehouse now."""

from typing import Any

from adapters.keys import key, member
from adapters.kinds import DocumentKind
from adapters.reading import Reading
from contracts.canonical import Fact, FactKind, FactLine, Item, Normalised

CONTRACT = "wms-shiphero-inventory-update"

_MAPPED = frozenset({"webhook_type", "sku", "warehouse_id", "timestamp"})


def business_key(tree: dict[str, Any]) -> str:
    """Return warehouse and item of the first entry."""
    entries = tree.get("inventory")
    first = entries[0] if isinstance(entries, list) and entries else None
    return key("sku", member(first, "updated_warehouse", "warehouse_id"), member(first, "sku"))


def normalise(reading: Reading) -> Normalised:
    """Map each entry to a stock count in which nobody counted: the book is the expected quantity, alone.

    So a later count can be compared with it, and nothing takes the book for a count. The quantities are the
    warehouse's where the entry names one, else the account's over all its warehouses.
    """
    return Normalised(facts=tuple(_fact(reading, entry) for entry in reading.places("/inventory")))


def _fact(reading: Reading, entry: str) -> Fact:
    sku = reading.name(f"{entry}/sku")
    warehouse = reading.place("dc", f"{entry}/updated_warehouse/warehouse_id")
    book = reading.number(f"{entry}/updated_warehouse/on_hand") if warehouse else None
    if book is None:
        book, warehouse = reading.number(f"{entry}/on_hand"), None
    expected = reading.quantity(book)
    line = FactLine(line=reading.line(entry, sku), item=Item(id=sku), expected_quantity=expected)
    return Fact(
        kind=FactKind.STOCK_COUNT,
        key=key("sku", warehouse.id if warehouse else None, sku),
        occurred_at=reading.occurred_at(f"{entry}/timestamp", "/timestamp"),
        place=warehouse,
        lines=(line,),
        assumed=reading.assumed,
        extensions=reading.extensions(_MAPPED, entry),
    )


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
