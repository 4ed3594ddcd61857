"""CloudEvents with an exception of ours, as senders write them that speak the canonical language."""

from typing import Any

import msgspec

from contracts.canonical import Category
from simulator.messages import Truth
from simulator.outbox import CLOUD_EVENT, Post
from simulator.sources import Sender

_ENCODER = msgspec.json.Encoder()


def exception_event(
    sender: Sender, event_id: str, category: Category, data: dict[str, Any], truth: Truth
) -> Post:
    """Return one exception in one event."""
    event = {
        "specversion": "1.0",
        "id": event_id,
        "source": f"urn:retailer:{sender.name}",
        "type": f"retail.exception.{category.value}.v1",
        "time": data["detected_at"],
        "datacontenttype": "application/json",
        "data": {"category": category.value, **data},
    }
    return Post(sender, CLOUD_EVENT, _ENCODER.encode(event), event_id, event_id, (truth,))
