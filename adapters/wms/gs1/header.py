"""The Standard Business Document Header (SBDH 1.3) of a message: who sent it, and which message it is."""

from typing import Any

from adapters.event_ids import usable_event_id
from adapters.wms.gs1.elements import texts

HEADER = "StandardBusinessDocumentHeader"


def source_event_id(tree: dict[str, Any], kind: str, place: str | None) -> str | None:
    """Return the sender's own id of a message, or None where its header has none.

    InstanceIdentifier alone is not enough: senders put the number of the delivery there, which comes again
    with each of its states. So the kind of document and the time of creation belong to the id, and the
    document's `place` where a message holds several.

    Raises: RequestInvalid where it can't be an id.
    """
    header = tree.get(HEADER)
    sender = next(texts(header, "Sender", "Identifier"), "")
    instance = next(texts(header, "DocumentIdentification", "InstanceIdentifier"), "")
    created = next(texts(header, "DocumentIdentification", "CreationDateAndTime"), "")
    if not instance:
        return None
    parts = (sender, kind, instance, created, place)
    where = f"/{HEADER} (Sender/Identifier, InstanceIdentifier and CreationDateAndTime)"
    return usable_event_id(":".join(part for part in parts if part is not None), where)
