"""Dead letters: kept exactly once, listed and shown."""

import asyncio

import msgspec
from msgspec import Struct
from nats.aio.client import Client

from contracts import headers, ids, subjects
from contracts.errors import BrokerFull, RequestConflict
from contracts.records import AuditRecord, ReceiptEntry
from routing.broker.api import StoredMessage, StreamReader
from routing.broker.commit import Outgoing, publish_until_kept

PAGE = 32  # messages that are read at once when the stream is walked backwards


class DeadLettersFull(BrokerFull):
    """XD_DLQ has no room: whatever waits for its dead letter must go on waiting."""


class SubjectTaken(DeadLettersFull):
    """Another dead letter stands where this one should, for ever."""


class DeadLetterUnknown(Exception):
    """There is no such dead letter (any more)."""


class DeadLetter(Struct, frozen=True, kw_only=True):
    """What is kept. `lane` is a stage of the router or an owner (then `subject_id` is a delivery).

    In a stage's lane `subject_id` is an event, or what `subject_id_of` and `own_id` make of it.

    `code` is from `contracts.errors`. `origin` is `STREAM:sequence` and `subject` the subject of the message
    that it was made from; `body` are its bytes and `carried` its headers, which a replay sends again.
    """

    lane: str
    subject_id: str
    cycle: int
    code: str
    detail: str
    origin: str
    subject: str
    body: bytes
    carried: dict[str, str]

    @property
    def id(self) -> str:
        """What a person calls it by; the part before the dot alone means the newest cycle."""
        return f"{self.subject_id}.{self.cycle}"

    @property
    def is_of_owner(self) -> bool:
        """Whether an owner's delivery died, not an item in the router."""
        return headers.DELIVERY in self.carried


class KeptDeadLetter(Struct, frozen=True, kw_only=True):
    """A dead letter in the stream. `kept_at` is RFC 3339; `replay` says who replayed it, or is None."""

    letter: DeadLetter
    sequence: int
    kept_at: str
    replay: AuditRecord | None = None

    @property
    def state(self) -> str:
        """`open` or `replayed`."""
        return "open" if self.replay is None else "replayed"


def make_dead_letter(
    stored: StoredMessage, *, lane: str, subject_id: str, cycle: int, code: str, detail: str
) -> DeadLetter:
    """Return the dead letter of a message that a stream holds."""
    return DeadLetter(
        lane=lane,
        subject_id=subject_id,
        cycle=cycle,
        code=code,
        detail=detail,
        origin=f"{stored.stream}:{stored.sequence}",
        subject=stored.subject,
        body=stored.body,
        carried=without_hop(stored.headers),
    )


def without_hop(sent: dict[str, str]) -> dict[str, str]:
    """Return the headers without those that the broker reads: they belong to the hop that is over."""
    return {name: value for name, value in sent.items() if not name.startswith("Nats-")}


async def keep(client: Client, letter: DeadLetter) -> bool:
    """Keep a dead letter; return False where it was kept before. One subject holds one, for ever.

    Raises: SubjectTaken, DeadLettersFull, which mean that it is not kept; BrokerUnavailable, where that is
        unknown.
    """
    subject = subjects.dead_letter(letter.lane, letter.subject_id, letter.cycle)
    sent = {
        **letter.carried,
        headers.CYCLE: str(letter.cycle),
        headers.REASON: letter.code,
        headers.DETAIL: headers.one_line(letter.detail),
        headers.ORIGIN: letter.origin,
        headers.SUBJECT: letter.subject,
    }
    try:
        await publish_until_kept(client, Outgoing(subject=subject, body=letter.body, headers=sent))
    except BrokerFull as error:
        # the broker answers the same where the subject is taken and where the stream has no room
        kept = await StreamReader(client).last(subjects.DEAD_LETTERS_STREAM, subject)
        if kept is None:
            raise DeadLettersFull(f"{subject}: {error.detail}", retry_after_seconds=5) from error
        if not _is_same(kept.headers, sent):
            raise SubjectTaken(f"{subject}: another one stands there", retry_after_seconds=5) from error
        return False
    return True


def _is_same(kept: dict[str, str], sent: dict[str, str]) -> bool:
    """An owner's cycle dies once, whatever the attempt; of one event several arrivals may die."""
    is_of_owner = headers.DELIVERY in sent
    identity = (headers.DELIVERY,) if is_of_owner else (headers.EVENT, headers.ORIGIN)
    return all(kept.get(name) == sent.get(name) for name in identity)


def subject_id_of(entry: ReceiptEntry) -> str:
    """Return the subject id of a dead item: its event, or one for each document that conflicts with it."""
    if entry.code == RequestConflict.code:
        return ids.event_id(entry.event, entry.digest)
    return entry.event


def own_id(entry: ReceiptEntry) -> str:
    """Return the subject id that no other arrival of the event can have."""
    return ids.event_id(entry.event, f"{subjects.INTAKE_STREAM}:{entry.sequence}")


class DeadLetters:
    """What an operator sees."""

    def __init__(self, reader: StreamReader) -> None:
        self._reader = reader

    async def list(
        self, *, lane: str = "", code: str = "", state: str = "", limit: int = 100
    ) -> list[KeptDeadLetter]:
        """Return the newest first; an empty filter lets all pass. Raises: BrokerUnavailable."""
        found: list[KeptDeadLetter] = []
        bounds = await self._reader.state(subjects.DEAD_LETTERS_STREAM)
        first = max(bounds["first_seq"], 1)  # 0 where there never was one
        for high in range(bounds["last_seq"], first - 1, -PAGE):
            low = max(first, high - PAGE + 1)
            page = await asyncio.gather(*(self._at(sequence) for sequence in range(high, low - 1, -1)))
            found += [
                kept
                for kept in page
                if kept is not None
                and lane in ("", kept.letter.lane)
                and code in ("", kept.letter.code)
                and state in ("", kept.state)
            ]
            if len(found) >= limit:
                break
        return found[:limit]

    async def show(self, dead_letter_id: str) -> KeptDeadLetter:
        """Return one, by `<id>.<cycle>`, or by `<id>` its newest cycle.

        Raises: DeadLetterUnknown, BrokerUnavailable.
        """
        subject_id, _, cycle = dead_letter_id.partition(".")
        if ids.is_id(subject_id) and (not cycle or (cycle.isascii() and cycle.isdigit())):
            stored = await self._reader.last(
                subjects.DEAD_LETTERS_STREAM, f"dlq.*.{subject_id}.{cycle or '*'}"
            )
            if stored is not None:
                return await self._kept(stored)
        raise DeadLetterUnknown(f"there is no dead letter `{headers.one_line(dead_letter_id, 80)}`")

    async def replay_of(self, letter: DeadLetter) -> AuditRecord | None:
        """Return the record of its replay, or None. Raises: BrokerUnavailable."""
        stored = await self._reader.last(
            subjects.AUDIT_STREAM, subjects.audit("replayed", letter.subject_id, letter.cycle)
        )
        return msgspec.json.decode(stored.body, type=AuditRecord) if stored is not None else None

    async def _at(self, sequence: int) -> KeptDeadLetter | None:
        stored = await self._reader.at(subjects.DEAD_LETTERS_STREAM, sequence)
        return await self._kept(stored) if stored is not None else None

    async def _kept(self, stored: StoredMessage) -> KeptDeadLetter:
        letter = _read(stored)
        return KeptDeadLetter(
            letter=letter,
            sequence=stored.sequence,
            kept_at=stored.stored_at,
            replay=await self.replay_of(letter),
        )


def _read(stored: StoredMessage) -> DeadLetter:
    _, lane, subject_id, cycle = stored.subject.split(".")
    return DeadLetter(
        lane=lane,
        subject_id=subject_id,
        cycle=int(cycle),
        code=stored.headers.get(headers.REASON, ""),
        detail=stored.headers.get(headers.DETAIL, ""),
        origin=stored.headers.get(headers.ORIGIN, ""),
        subject=stored.headers.get(headers.SUBJECT, ""),
        body=stored.body,
        carried=without_hop(stored.headers),
    )
