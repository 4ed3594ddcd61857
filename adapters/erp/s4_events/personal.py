"""Members of S/4HANA's events that are about people."""

from adapters.personal_members import PersonalMembers

_NAMES = frozenset({
    "CreatedByUser", "LastChangedByUser", "UserID", "User", "BusinessUser", "EmailAddress", "FullName",
    "FirstName", "LastName", "PersonNumber", "PersonFullName", "BusinessPartnerFullName",
    "BusinessPartnerName", "PhoneNumber", "xsapuser",
})  # fmt: skip

PERSONAL = PersonalMembers(names=_NAMES)
