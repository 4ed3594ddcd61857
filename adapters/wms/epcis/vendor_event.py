"""An event of a vendor's own type: taken, and not interpreted."""

from adapters.kinds import DocumentKind
from adapters.reading import Reading
from adapters.wms.epcis.identity import place_key
from contracts.canonical import Normalised

CONTRACT = "wms-epcis-vendor-event"


def normalise(_reading: Reading) -> Normalised:
    """What it means only the vendor knows."""
    return Normalised()


KIND = DocumentKind(contract=CONTRACT, business_key=place_key, normalise=normalise)
