"""The item of a line."""

from adapters.pos.poslog.elements import child_text, objects, text
from adapters.xml import Tree
from adapters.xml_outline import local_name
from contracts.canonical import Item

_DESCRIPTION_MAX_CHARACTERS = 1000

# what tills call a GTIN, before the digits that say its length
_GTIN_NAMES = frozenset({"EAN", "GTIN", "JAN", "UPC", "UPCA"})
_GTIN_LENGTHS = frozenset({8, 12, 13, 14})
_RESTRICTED_LENGTHS = frozenset({12, 13})


def item_of(sale: Tree) -> Item | None:
    """Return the item by the id that the document has, zero padding included; None where it has none.

    A GTIN is one only where the document calls it so, by whichever of its names.
    """
    scanned = [
        (child_text(identity, "@POSIDType"), child_text(identity, "POSItemID"))
        for _, identity in objects(sale, "POSIdentity")
    ]
    named = [element for _, element in objects(sale, "ItemID")]
    item_id = child_text(sale, "ItemID") or next((code for _, code in scanned if code), "")
    if not item_id:
        return None
    coded = scanned + [(child_text(element, "@Type"), text(element)) for element in named]
    names = [child_text(sale, "Description"), *(child_text(element, "@Name") for element in named)]
    return Item(
        id=item_id,
        gtin=next((code for kind, code in coded if _is_gtin(kind, code)), None),
        description=next((name[:_DESCRIPTION_MAX_CHARACTERS] for name in names if name), None),
    )


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


def _is_gtin(kind: str, code: str) -> bool:
    name = local_name(kind).upper().replace("-", "").rstrip("0123456789")
    return name in _GTIN_NAMES and code.isascii() and code.isdecimal() and len(code) in _GTIN_LENGTHS
