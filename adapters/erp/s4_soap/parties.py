"""Who the other side is: a company by its number, never by its name."""

from adapters.erp.s4_soap.lines import elements
from adapters.keys import shortened
from adapters.reading import Reading
from contracts.canonical import Partner
from contracts.limits import KEY_MAX_CHARACTERS

# PartyType: names of S/4HANA's messages, and the partner functions that some senders put there
_SUPPLIER_TYPES = ("BillFrom", "Supplier", "Seller", "Vendor", "InvoicingParty", "ShipFrom", "RS", "LF", "VN")


def supplier(reading: Reading, document: str) -> Partner | None:
    """Return the supplier by our number for it (`BuyerPartyID`), else by its own, else the message's sender.

    The source is a retailer's ERP. These messages don't say which side it is on; it is taken to buy.
    """
    reading.assume("trading_side", "buyer")
    parties = {
        reading.text(f"{at}/@PartyType"): at for at in reversed(elements(reading, f"{document}/Party"))
    }
    for name in _SUPPLIER_TYPES:
        at = parties.get(name)
        number = reading.text(f"{at}/BuyerPartyID", f"{at}/SupplierPartyID") if at else None
        if number:
            return Partner(role="supplier", id=shortened(number, KEY_MAX_CHARACTERS))
    return None


def sending_supplier(reading: Reading, document: str) -> Partner | None:
    """Return the supplier of what suppliers send: a party, else who sent the message."""
    found = supplier(reading, document)
    sender = reading.text("/MessageHeader/SenderParty/InternalID")
    return found or (Partner(role="supplier", id=sender) if sender else None)
