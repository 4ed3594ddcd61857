"""Members of ShipBob's documents that are about people, or tell where a parcel goes."""

from adapters.personal_members import PersonalMembers

_NAMES = frozenset({
    "email", "phone_number", "phone", "contact", "name", "address1", "address2", "zip_code", "user_id",
    "tracking_number",
})  # fmt: skip

PERSONAL = PersonalMembers(names=_NAMES)
