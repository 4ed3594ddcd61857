"""Reading one partition of XD_INTAKE in order, from any sequence on, and finding what is missing."""

import contextlib
from datetime import datetime

from nats.aio.client import Client
from nats.aio.msg import Msg

from contracts import headers, ids, subjects
from contracts.documents import Arrival
from contracts.errors import BrokerUnavailable
from routing.broker.api import ApiError, StoredMessage, request_api
from routing.broker.pull import StandingPull
from routing.items import RouterItem

INACTIVE_SECONDS = 60


class IntakeReader:
    """An ordered reader: no acknowledgements, since the receipt alone says how far the router came.

    The broker's consumer is made for this reader and thrown away; when it is lost, or a message is missing,
    a new one begins after the last message that was taken.
    """

    def __init__(self, client: Client, partition: int, after: int) -> None:
        self._client = client
        self._partition = partition
        self._taken = after
        self._expected = 1
        self._pull: StandingPull | None = None
        self._consumer = ""

    async def take(self, limit: int, timeout_seconds: float = 1.0) -> list[RouterItem]:
        """Return up to `limit` items in order, as soon as there is one; an empty list when time is over.

        Raises: BrokerUnavailable, ApiError where the stream can't be read.
        """
        if self._pull is None or self._pull.is_lost:
            self._pull = await self._begin()
        messages = await self._pull.take(limit, timeout_seconds)
        if not messages and self._pull.delivered >= self._expected:
            await self.close()  # the broker sent more than what came: the connection broke on the way
            return []
        items = []
        for message in messages:
            if message.metadata.sequence.consumer != self._expected:
                await self.close()  # something between was lost on the way: begin again after what we have
                break
            self._expected += 1
            self._taken = message.metadata.sequence.stream
            items.append(_item_of_message(message))
        return items

    async def close(self) -> None:
        """End the pull and remove the consumer; what was not taken stays in the stream."""
        if self._pull is not None:
            await self._pull.stop()
            self._pull = None
        if self._consumer:
            with contextlib.suppress(ApiError, BrokerUnavailable):
                await request_api(self._client, f"CONSUMER.DELETE.{subjects.INTAKE_STREAM}.{self._consumer}")
            self._consumer = ""

    async def _begin(self) -> StandingPull:
        await self.close()
        name = f"router-{self._partition}-{self._client.new_inbox().rpartition('.')[2]}"
        wanted = {
            "name": name,
            "ack_policy": "none",
            "deliver_policy": "by_start_sequence",
            "opt_start_seq": self._taken + 1,
            "filter_subjects": [f"in.{self._partition}.*.*", f"redo.{self._partition}.*.*.*"],
            "mem_storage": True,
            "num_replicas": 1,
            "inactive_threshold": INACTIVE_SECONDS * 1_000_000_000,
        }
        await request_api(
            self._client,
            f"CONSUMER.CREATE.{subjects.INTAKE_STREAM}.{name}",
            {"stream_name": subjects.INTAKE_STREAM, "config": wanted},
        )
        self._consumer, self._expected = name, 1
        pull = StandingPull(self._client, subjects.INTAKE_STREAM, name)
        await pull.start()
        return pull


def item_of_stored(stored: StoredMessage, partition: int) -> RouterItem:
    """Return an intake message that was read by a direct get as the router's item."""
    # as precise as a pull tells it, so that a second reading finds the same
    received_at = datetime.fromisoformat(stored.stored_at).isoformat(timespec="milliseconds")
    return _item(stored.subject, stored.sequence, stored.body, stored.headers, received_at, partition)


def _item_of_message(message: Msg) -> RouterItem:
    metadata = message.metadata
    partition = int(message.subject.split(".", 2)[1])
    received_at = metadata.timestamp.isoformat(timespec="milliseconds")
    return _item(
        message.subject, metadata.sequence.stream, message.data, message.headers or {}, received_at, partition
    )


def _item(
    subject: str, sequence: int, body: bytes, sent: dict[str, str], received_at: str, partition: int
) -> RouterItem:
    place, _, count = sent.get(headers.ITEM, "").partition("/")
    event = sent.get(headers.EVENT, "")
    # only our gateway and operators publish here; what still lacks an id gets one from its place
    event = event if ids.is_id(event) else ids.event_id(subject, str(sequence))
    return RouterItem(
        sequence=sequence,
        partition=partition,
        event_id=event,
        source=sent.get(headers.SOURCE, ""),
        contract=sent.get(headers.CONTRACT, subjects.UNREADABLE),
        arrival=Arrival(
            body=body,
            media_type=sent.get(headers.MEDIA_TYPE, ""),
            file=sent.get(headers.FILE, ""),
            item=_number(place),
            items=_number(count),
        ),
        received_at=received_at,
        digest=sent.get(headers.DIGEST, ""),
        key=sent.get(headers.KEY, ""),
        cycle=_number(sent.get(headers.CYCLE, "")),
        trace=sent.get(headers.TRACE, ""),
        refused_code=sent.get(headers.REASON, ""),
        refused_detail=sent.get(headers.DETAIL, ""),
    )


def _number(text: str) -> int:
    """Return a count of a header; 1 for what is none, since nothing may stop the router."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 1
