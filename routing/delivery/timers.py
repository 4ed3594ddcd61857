"""Timers: the wait before the next attempt, kept by the broker, and the attempt when its time has come."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import msgspec
from nats.aio.client import Client

from contracts import headers, subjects
from contracts.records import TimerRecord
from routing.broker.api import StoredMessage, StreamReader
from routing.broker.commit import Outgoing, publish_until_kept, with_id
from routing.dead_letters import without_hop
from routing.delivery.attempts import Attempt, find_attempt
from routing.delivery.effects import Effect, Redelivered, Refusal, Refused
from routing.delivery.history import History
from routing.delivery.ladder import NextAttempt

# as long as XD_OUT keeps the attempt that a timer repeats
DUE_KEPT = "720h"

_records = msgspec.json.Decoder(TimerRecord)


class Timers:
    """Arms timers and turns what is due into the next attempt."""

    def __init__(
        self,
        client: Client,
        reader: StreamReader,
        history: History,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._reader = reader
        self._history = history
        self._clock = clock

    async def arm(self, attempt: Attempt, following: NextAttempt, reason: str) -> bool:
        """Arm the timer of the attempt that follows; return False where it was armed before.

        Raises: BrokerFull, BrokerUnavailable.
        """
        record = TimerRecord(
            owner=attempt.owner,
            delivery=attempt.delivery,
            sequence=attempt.stored.sequence,
            cycle=attempt.cycle,
            attempt=following.number,
            reason=headers.one_line(reason),
        )
        due_at = (self._clock() + timedelta(seconds=following.delay_seconds)).astimezone(UTC)
        sent = {
            "Nats-Schedule": f"@at {due_at.isoformat(timespec='milliseconds').replace('+00:00', 'Z')}",
            "Nats-Schedule-Target": subjects.due(attempt.delivery),
            "Nats-Schedule-TTL": DUE_KEPT,
        }
        message = Outgoing(
            subject=subjects.timer(attempt.delivery, attempt.cycle),
            body=msgspec.json.encode(record),
            headers=with_id(_attempt_id(record), sent),
        )
        return not (await publish_until_kept(self._client, message)).is_duplicate

    async def take(self, due: StoredMessage) -> AsyncIterator[Effect]:
        """Publish the attempt that is due. Raises: BrokerFull, BrokerUnavailable.

        A second copy of it within the broker's window of two minutes is dropped; later, after an outage
        between this and the acknowledgement, the owner may see the attempt twice.
        """
        record = _records.decode(due.body)
        earlier = await find_attempt(self._reader, record.sequence)
        if earlier is None:
            yield Refused(owner=record.owner, why=Refusal.UNFOUND)
            return
        if await self._history.is_over(earlier):
            yield Refused(owner=record.owner, why=Refusal.LATE)
            return
        sent = {**without_hop(earlier.stored.headers), headers.ATTEMPT: str(record.attempt)}
        message = Outgoing(
            subject=earlier.stored.subject,
            body=earlier.stored.body,
            headers=with_id(_attempt_id(record), sent),
        )
        if not (await publish_until_kept(self._client, message)).is_duplicate:
            yield Redelivered(owner=record.owner, attempt=record.attempt)


def _attempt_id(record: TimerRecord) -> str:
    return f"{record.delivery}.{record.cycle}.{record.attempt}"
