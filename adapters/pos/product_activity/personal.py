"""Elements of a ProductActivity that are about people, or may be."""

from adapters.personal_members import PersonalMembers

_NAMES = frozenset({
    "AccountingContact", "AdditionalStreetName", "AddressLine", "AgentParty", "BuyerContact", "Contact",
    "DeliveryContact", "Address", "LanguageCode", "Note", "OrderContact", "Person", "PhysicalLocation",
    "PostalAddress", "PowerOfAttorney", "SellerContact", "Signature", "UBLExtensions",
})  # fmt: skip

PERSONAL = PersonalMembers(names=_NAMES)
