"""The item of a line, and the unit that it is counted or weighed in."""

from decimal import Decimal
from typing import Any

from adapters.pos.poslog.elements import child_text, flag, objects
from adapters.xml import Tree, local_name
from contracts.canonical import Item

PIECES = "EA"  # POSLog 6.0.0: the default of @UnitOfMeasureCode
WEIGHT = "weight"  # ours: NCR ACS writes weights without their unit, pounds here and kilograms there

_DESCRIPTION_MAX_CHARACTERS = 1000

_GTIN_LENGTHS = frozenset({8, 12, 13, 14})
_RESTRICTED_LENGTHS = frozenset({12, 13})


def item_of(sale: Tree) -> Item | None:
    """Return the item by the id that the document has, zero padding included; None where it has none."""
    codes = [
        (child_text(identity, "@POSIDType"), child_text(identity, "POSItemID"))
        for _, identity in objects(sale, "POSIdentity")
    ]
    item_id = child_text(sale, "ItemID") or next((code for _, code in codes if code), "")
    if not item_id:
        return None
    gtins = (code for kind, code in codes if local_name(kind).upper() == "GTIN" and _is_gtin(code))
    return Item(
        id=item_id,
        gtin=next(gtins, None),
        description=child_text(sale, "Description")[:_DESCRIPTION_MAX_CHARACTERS] or None,
    )


def unit_of(line_item: Tree, quantity_element: Any, quantity: Decimal | None) -> tuple[str, bool]:
    """Return the unit of the quantity, and whether it was measured, not counted.

    A weight without a unit is in `WEIGHT`: the store's own unit, whatever that is.
    """
    code = child_text(quantity_element, "@UnitOfMeasureCode")
    is_fraction = quantity is not None and quantity != quantity.to_integral_value()
    if not flag(line_item, "weightItem") and not is_fraction:
        return code or PIECES, False
    return (code if code not in {"", PIECES} else WEIGHT), True


def carries_its_price(item: Item | None) -> bool:
    """Say whether the item's bar code may hold the price or the weight that a scale printed.

    GS1 General Specifications: numbers that start with 02 or 20 to 29 are for restricted circulation, and
    stores use them for what is weighed and labelled. Here they may be padded to 14 digits with zeros.
    """
    codes = () if item is None else (item.gtin or "", item.id)
    return any(
        code.isdecimal() and code.lstrip("0").startswith("2") and len(code.lstrip("0")) in _RESTRICTED_LENGTHS
        for code in codes
    )


def _is_gtin(code: str) -> bool:
    return code.isascii() and code.isdecimal() and len(code) in _GTIN_LENGTHS
