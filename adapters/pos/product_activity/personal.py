"""Elements of a ProductActivity that are about people, or may be."""

from adapters.personal import Personal

_NAMES = frozenset({
    "AccountingContact", "AdditionalStreetName", "AddressLine", "AgentParty", "BuyerContact", "Contact",
    "DeliveryContact", "Address", "LanguageCode", "Note", "OrderContact", "Person", "PhysicalLocation",
    "PostalAddress", "PowerOfAttorney", "SellerContact", "Signature", "UBLExtensions",
})  # fmt: skip

PERSONAL = Personal(names=_NAMES)
