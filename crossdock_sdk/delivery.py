"""A delivery as a handler sees it, read from the message that brought it."""

from typing import Any

import msgspec
from msgspec import Struct
from nats.aio.msg import Msg


class Unreadable(Exception):
    """The message is no delivery of Crossdock's."""


class Delivery(Struct, frozen=True, kw_only=True):
    """One attempt to hand one exception to one owner.

    `id` is the same in each attempt and after each replay: be idempotent by it. `attempt` counts from 1
    within a `cycle`; each replay is the next cycle. `sequence` is the attempt's place in the stream.
    `exception`, `triage` and `route` are the members of the CloudEvent's `data`; `body` is the whole
    CloudEvent as received. `trace` is a `traceparent` (W3C Trace Context), empty where there is none.
    """

    id: str
    exception_id: str
    event_id: str
    category: str
    priority: str
    attempt: int
    cycle: int
    sequence: int
    exception: dict[str, Any]
    triage: dict[str, Any]
    route: dict[str, Any]
    source: str
    contract: str
    trace: str
    body: bytes

    @property
    def attempt_id(self) -> str:
        """What is different in each attempt: a repeat of the same attempt has the same."""
        return f"{self.id}.{self.cycle}.{self.attempt}"


class _Content(Struct):
    exception: dict[str, Any]
    triage: dict[str, Any] = {}
    route: dict[str, Any] = {}


class _CloudEvent(Struct):
    data: _Content


_decoder = msgspec.json.Decoder(_CloudEvent)


def read_delivery(message: Msg) -> Delivery:
    """Read a message of `out.<owner>.<category>.<priority>`. Raises: Unreadable."""
    sent = message.headers or {}
    try:
        _, _, category, priority = message.subject.split(".")
        content = _decoder.decode(message.data).data
        return Delivery(
            id=sent["Xd-Delivery"],
            exception_id=sent.get("Xd-Exception", ""),
            event_id=sent.get("Xd-Event", ""),
            category=category,
            priority=priority,
            attempt=int(sent.get("Xd-Attempt", "1")),
            cycle=int(sent.get("Xd-Cycle", "1")),
            sequence=message.metadata.sequence.stream,
            exception=content.exception,
            triage=content.triage,
            route=content.route,
            source=sent.get("Xd-Source", ""),
            contract=sent.get("Xd-Contract", ""),
            trace=sent.get("traceparent", ""),
            body=message.data,
        )
    except (KeyError, ValueError, msgspec.DecodeError) as error:
        raise Unreadable(f"{message.subject}: {error}") from error
