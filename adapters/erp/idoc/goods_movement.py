"""MBGMCR04: goods movements in the form of BAPI_GOODSMVT_CREATE."""

from typing import Any

from adapters.erp.idoc.movements import Names, movement_key, movement_meaning
from adapters.erp.idoc.segments import Segment
from adapters.kinds import DocumentKind
from adapters.reading import Reading
from contracts.canonical import Normalised

BASIC_TYPE = "MBGMCR04"
CONTRACT = "erp-sap-mbgmcr04"

_NAMES = Names(
    top="E1MBGMCR", head="E1BP2017_GM_HEAD_01", items="E1BP2017_GM_ITEM_CREATE", day="PSTNG_DATE",
    number="REF_DOC_NO", material=("MATERIAL", "MATERIAL_LONG"), plant="PLANT", movement="MOVE_TYPE",
    quantity="ENTRY_QNT", unit=("ENTRY_UOM", "ENTRY_UOM_ISO"), order=("PO_NUMBER", "PO_ITEM"),
    delivery=("DELIV_NUMB", "DELIV_ITEM"), supplier="VENDOR",
)  # fmt: skip


def business_key(tree: dict[str, Any]) -> str:
    """Return the purchase order, else the partner."""
    return movement_key(Segment(fields=tree), _NAMES)


def normalise(reading: Reading) -> Normalised:
    """Raises: Unmapped for a document by which nothing can be known again."""
    return movement_meaning(reading, _NAMES)


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
