"""Elements of GS1 XML that are about people: contacts, and addresses that may be a consumer's."""

from adapters.personal_members import PersonalMembers

_NAMES = frozenset({
    "ContactInformation", "contact", "address", "organisationDetails", "communicationChannel",
    "afterHoursCommunicationChannel", "geographicalCoordinates", "personName", "driverID", "driverName",
    "signature", "note", "financialInstitutionInformation", "dutyFeeTaxRegistration",
})  # fmt: skip

PERSONAL = PersonalMembers(names=_NAMES)
