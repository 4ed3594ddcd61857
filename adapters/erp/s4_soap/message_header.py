"""The header that S/4HANA's messages have in common, and what else stands in many of them."""

from datetime import date
from typing import Any

from adapters.keys import key, member
from adapters.reading import Reading
from contracts.errors import Unmapped

HEADER = "/MessageHeader"
CREATED_AT = f"{HEADER}/CreationDateTime"
# what belongs to every message and says nothing of its own
HEADER_MEMBERS = frozenset({"MessageHeader", "@schemaLocation"})

LIST_MEMBERS = frozenset({
    "Item", "OrderItem", "DeliveryItem", "MaterialDocumentItem", "Party", "ScheduleLine",
    "HeaderTax", "ItemTax", "PricingElement",
})  # fmt: skip


def message_id(tree: dict[str, Any]) -> str | None:
    """Return `<sending system>:<message id>`, or None for a message without an id.

    The id is the sender's own, and stays the same when the message is sent again.
    """
    number = member(tree, "MessageHeader", "ID") or member(tree, "MessageHeader", "UUID")
    sender = member(tree, "MessageHeader", "SenderBusinessSystemID")
    return f"{sender}:{number}" if number else None


def order_key(number: str) -> str:
    """Return the business key of a purchase order; padded with zeros or not, it is the same order."""
    return key("po", number.lstrip("0") or number)


def first_order(tree: dict[str, Any], payload: str, items: str, name: str) -> str:
    """Return the business key of the purchase order that the first line with one names, or empty text.

    It is asked before the document is validated.
    """
    holder = tree.get(payload)
    lines = holder.get(items) if isinstance(holder, dict) else None
    numbers = (member(line, name) for line in (lines if isinstance(lines, list) else ()))
    return next((order_key(number) for number in numbers if number), "")


def message_key(reading: Reading) -> str:
    """Return what stands for the number of a document that has none: the message.

    Raises: Unmapped for a message that neither has an id nor says when it was made.
    """
    number = reading.text(f"{HEADER}/ID", f"{HEADER}/UUID", CREATED_AT)
    if number is None:
        raise Unmapped(f"{HEADER}: an ID or a CreationDateTime is expected")
    return key("message", reading.text(f"{HEADER}/SenderBusinessSystemID"), number)


def day(reading: Reading, pointer: str) -> str | None:
    """Return the day at `pointer` (ISO 8601); what is no day is none."""
    try:
        return date.fromisoformat(reading.text(pointer) or "").isoformat()
    except ValueError:
        return None
