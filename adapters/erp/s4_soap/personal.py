"""Members of S/4HANA's messages that are about people, or in which people write."""

from adapters.personal_members import PersonalMembers

_NAMES = frozenset({
    "Address", "ContactPerson", "Contact", "AddressName", "FormOfAddressName", "PhoneNumber", "FaxNumber",
    "MobilePhoneNumber", "EmailAddress", "FirstName", "LastName", "CreatedByUser", "LastChangedByUser",
    "UserName", "VATRegistration", "SupplierVATRegistration", "BuyerVATRegistration", "TaxNumber",
    "BankAccount", "BankDetails", "Text", "TextElementText", "DocumentHeaderText",
    "Description", "Note", "Attachment", "PaymentCard",
})  # fmt: skip

PERSONAL = PersonalMembers(names=_NAMES)
