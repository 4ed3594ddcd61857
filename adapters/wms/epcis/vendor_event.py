"""An event of a vendor's own type: taken, and not interpreted."""

from adapters.reading import DocumentKind, Reading
from adapters.wms.epcis.content import VENDOR_EVENT
from adapters.wms.epcis.identity import place_key
from contracts.canonical import Normalised


def normalise(_reading: Reading) -> Normalised:
    """What it means only the vendor knows."""
    return Normalised()


KIND = DocumentKind(contract=VENDOR_EVENT, business_key=place_key, normalise=normalise)
