"""Members of S/4HANA's events that are about people."""

PERSONAL = frozenset({
    "CreatedByUser", "LastChangedByUser", "UserID", "User", "BusinessUser", "EmailAddress", "FullName",
    "FirstName", "LastName", "PersonNumber", "PersonFullName", "BusinessPartnerFullName",
    "BusinessPartnerName", "PhoneNumber", "xsapuser",
})  # fmt: skip
