"""Members of ShipHero's webhooks that are about people, or tell where a parcel goes."""

from adapters.personal_members import PersonalMembers

_NAMES = frozenset({
    "user_id", "user_uuid", "email", "phone", "name", "first_name", "last_name", "customer", "customer_name",
    "profile", "address", "address1", "address2", "shipping_address", "billing_address", "from_address",
    "to_address", "address_from", "address_to", "tracking_number", "tracking_url", "custom_tracking_url",
    "shipping_label", "gift_note", "packing_note", "order_gift_note", "signature",
})  # fmt: skip

PERSONAL = PersonalMembers(names=_NAMES)
