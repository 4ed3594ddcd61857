"""Sending a dead letter again, once: an owner's to its lane, a router stage's through the router."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

import msgspec
from msgspec import Struct
from nats.aio.client import Client

from contracts import headers, subjects
from contracts.errors import ContractUnknown, NoPath
from contracts.records import AuditRecord
from routing.broker.api import StoredMessage, StreamReader
from routing.broker.commit import Outgoing, StaleWriter, publish_until_kept, with_id
from routing.dead_letters import DeadLetter, DeadLetters

Rerender = Callable[[str, bytes], bytes]  # the owner and the bytes that died; see routing.rendering

ONLY_FIRST = {"Nats-Expected-Last-Subject-Sequence": "0"}
ABOUT_THE_DEATH = frozenset((headers.REASON, headers.DETAIL, headers.ORIGIN, headers.SUBJECT))


class ReplayRefused(Exception):
    """The dead letter can't be replayed; the text says why, for the person who asked."""


class Replayed(Struct, frozen=True, kw_only=True):
    """Where a replay went. `cycle` is the new one."""

    letter: DeadLetter
    cycle: int
    stream: str
    subject: str
    sequence: int


class Replays:
    """What an operator does; needs a connection as `operator`.

    `rerender` writes an owner's delivery for what it subscribes to today; without it the bytes stay.
    """

    def __init__(
        self,
        client: Client,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        rerender: Rerender = lambda _owner, body: body,
    ) -> None:
        self._client = client
        self._reader = StreamReader(client)
        self._dead_letters = DeadLetters(self._reader)
        self._clock = clock
        self._rerender = rerender

    async def replay(self, dead_letter_id: str, actor: str) -> Replayed:
        """Send it again as the next cycle, once. Dead again, that cycle is a dead letter of its own.

        Raises: DeadLetterUnknown, ReplayRefused, BrokerFull, BrokerUnavailable.
        """
        kept = await self._dead_letters.show(dead_letter_id)
        letter = kept.letter
        if kept.replay is not None:
            raise ReplayRefused(_already(letter, kept.replay))
        if not letter.body:
            raise ReplayRefused(f"{letter.id} holds no bytes: they were gone when it was made")
        replayed = await (self._deliver(letter, actor) if letter.is_of_owner else self._redo(letter))
        await self._record(replayed, actor)
        return replayed

    async def _deliver(self, letter: DeadLetter, actor: str) -> Replayed:
        """Publish the first attempt of the next cycle, unless an earlier replay did and left no record.

        A lane's subject is shared, so that the broker can't refuse a second one beyond its window of two
        minutes: a claim says that an earlier replay got this far, and then the lane is read.
        """
        cycle = letter.cycle + 1
        try:
            body = self._rerender(letter.lane, letter.body)
        except (ContractUnknown, NoPath) as error:
            raise ReplayRefused(f"{letter.id} can't be written for {letter.lane}: {error.detail}") from None
        if not await self._claim(letter, actor):
            earlier = await self._delivered(letter, cycle)
            if earlier is not None:
                return Replayed(
                    letter=letter,
                    cycle=cycle,
                    stream=subjects.OUT_STREAM,
                    subject=earlier.subject,
                    sequence=earlier.sequence,
                )
        sent = {**_original(letter), headers.CYCLE: str(cycle), headers.ATTEMPT: "1"}
        message = Outgoing(
            subject=letter.subject,
            body=body,
            headers=with_id(f"{letter.subject_id}.{cycle}.1", sent),
        )
        published = await publish_until_kept(self._client, message)
        return Replayed(
            letter=letter,
            cycle=cycle,
            stream=subjects.OUT_STREAM,
            subject=message.subject,
            sequence=published.sequence,
        )

    async def _claim(self, letter: DeadLetter, actor: str) -> bool:
        """Return False where an earlier replay of the letter began."""
        record = self._audit(letter, "claimed", actor)
        try:
            await publish_until_kept(self._client, _only_first(record, letter))
        except StaleWriter:
            return False
        return True

    async def _delivered(self, letter: DeadLetter, cycle: int) -> StoredMessage | None:
        """Look for the cycle in the lane, after the attempt that died."""
        died_at = int(letter.origin.partition(":")[2])
        async for stored in self._reader.scan(subjects.OUT_STREAM, letter.subject, died_at + 1):
            found = (stored.headers.get(headers.DELIVERY), stored.headers.get(headers.CYCLE))
            if found == (letter.subject_id, str(cycle)):
                return stored
        return None

    async def _redo(self, letter: DeadLetter) -> Replayed:
        cycle = letter.cycle + 1
        partition = int(letter.subject.split(".")[1])  # in.<partition>.… or redo.<partition>.…
        message = Outgoing(
            subject=subjects.redo(partition, letter.lane, letter.subject_id, cycle),
            body=letter.body,
            headers=with_id(
                f"{letter.subject_id}.{cycle}",
                {**_original(letter), headers.CYCLE: str(cycle), **ONLY_FIRST},
            ),
        )
        try:
            sequence = (await publish_until_kept(self._client, message)).sequence
        except StaleWriter:  # an earlier replay ended between this step and its record
            earlier = await self._reader.last(subjects.INTAKE_STREAM, message.subject)
            sequence = earlier.sequence if earlier else 0
        return Replayed(
            letter=letter,
            cycle=cycle,
            stream=subjects.INTAKE_STREAM,
            subject=message.subject,
            sequence=sequence,
        )

    async def _record(self, replayed: Replayed, actor: str) -> None:
        """Raises: ReplayRefused where another replay was recorded first: it was one and the same."""
        letter = replayed.letter
        record = self._audit(letter, "replayed", actor, f"{replayed.stream}:{replayed.sequence}")
        try:
            await publish_until_kept(self._client, _only_first(record, letter))
        except StaleWriter as error:
            first = await self._dead_letters.replay_of(letter)
            raise ReplayRefused(_already(letter, first or record)) from error

    def _audit(
        self, letter: DeadLetter, act: Literal["claimed", "replayed"], actor: str, detail: str = ""
    ) -> AuditRecord:
        return AuditRecord(
            act=act,
            subject_id=letter.subject_id,
            actor=actor,
            at=self._clock().isoformat(timespec="milliseconds"),
            cycle=letter.cycle,
            detail=detail,
        )


def _only_first(record: AuditRecord, letter: DeadLetter) -> Outgoing:
    """Return the record as a message that the broker takes once for each act on a letter."""
    subject = subjects.audit(record.act, letter.subject_id, letter.cycle)
    return Outgoing(
        subject=subject,
        body=msgspec.json.encode(record),
        headers=with_id(f"{subject}.{uuid.uuid4()}", ONLY_FIRST),
    )


def _original(letter: DeadLetter) -> dict[str, str]:
    return {name: value for name, value in letter.carried.items() if name not in ABOUT_THE_DEATH}


def _already(letter: DeadLetter, replay: AuditRecord) -> str:
    return (
        f"{letter.id} was replayed as cycle {letter.cycle + 1} by {replay.actor} at {replay.at}; "
        "if that died too, it is a dead letter of its own"
    )
