"""The item of a line."""

from adapters.pos.poslog.elements import child_text, objects, text
from adapters.values import gtin
from adapters.xml import Tree
from adapters.xml_outline import local_name
from contracts.canonical import Item
from contracts.limits import DESCRIPTION_MAX_CHARACTERS

# what tills call a GTIN, before the digits that say its length
_GTIN_NAMES = frozenset({"EAN", "GTIN", "JAN", "UPC", "UPCA"})


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
        description=next((name[:DESCRIPTION_MAX_CHARACTERS] for name in names if name), None),
    )


def _is_gtin(kind: str, code: str) -> bool:
    name = local_name(kind).upper().replace("-", "").rstrip("0123456789")
    return name in _GTIN_NAMES and gtin(code) is not None
