"""WMMBID02: goods movements in the form of message WMMBXY."""

from typing import Any

from adapters.erp.idoc.movements import Names, movement_key, movement_meaning
from adapters.erp.idoc.segments import Segment
from adapters.kinds import DocumentKind
from adapters.reading import Reading
from contracts.canonical import Normalised

BASIC_TYPE = "WMMBID02"
CONTRACT = "erp-sap-wmmbid02"

_NAMES = Names(
    top="E1MBXYH", head=None, items="E1MBXYI", day="BUDAT", number="XBLNR", material=("MATNR", "MATNR_LONG"),
    plant="WERKS", movement="BWART", quantity="ERFMG", unit=("ERFME",), order=("EBELN", "EBELP"),
    delivery=("VBELN", "POSNR"), supplier="LIFNR",
)  # fmt: skip


def business_key(tree: dict[str, Any]) -> str:
    """Return the purchase order, else the partner."""
    return movement_key(Segment(fields=tree), _NAMES)


def normalise(reading: Reading) -> Normalised:
    """Raises: Unmapped for a document by which nothing can be known again."""
    return movement_meaning(reading, _NAMES)


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
