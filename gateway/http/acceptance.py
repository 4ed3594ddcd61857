"""Acceptance: each event is kept once; a repeat is told from a conflict before it reaches a group commit."""

import asyncio
from collections import OrderedDict

from msgspec import Struct

from contracts import headers, subjects
from contracts.errors import BrokerUnavailable, RequestConflict
from routing.broker.api import StreamReader
from routing.broker.commit import Outgoing, Published
from routing.broker.publisher import Publisher

RECENT_LIMIT = 100_000  # about 350 bytes each
BACKLOG_LIMIT = 20_000
ROOM_SECONDS = 30.0


class Candidate(Struct, frozen=True, kw_only=True):
    """An item ready to be kept. `digest` tells another document under the same id from a repeat."""

    event_id: str
    digest: str
    message: Outgoing


class Accepted(Struct, frozen=True, kw_only=True):
    """The broker's word that the item is durable at `sequence`; a repeat has the first one's."""

    sequence: int
    is_duplicate: bool


class Flight(Struct, frozen=True, kw_only=True):
    """A candidate on its way. `published` is the first one's, whose document has `first_digest`."""

    candidate: Candidate
    published: "asyncio.Future[Published]"
    first_digest: str
    is_repeat: bool


class _Recent(Struct, frozen=True):
    digest: str
    sequence: int


class Acceptance:
    """Keeps items in XD_INTAKE, in two steps so that many can be on their way: `begin`, then `finish`.

    The process remembers the last 100,000 events and all that are on their way; beyond them the broker's
    own window of two minutes finds repeats, and beyond that the router.
    """

    def __init__(
        self,
        publisher: Publisher,
        reader: StreamReader,
        *,
        recent_limit: int = RECENT_LIMIT,
        backlog_limit: int = BACKLOG_LIMIT,
    ) -> None:
        self._publisher = publisher
        self._reader = reader
        self._recent_limit = recent_limit
        self._backlog_limit = backlog_limit
        self._recent: OrderedDict[str, _Recent] = OrderedDict()
        self._under_way: dict[str, Flight] = {}

    def sequence_of(self, event_id: str) -> int | None:
        """Return where a recent event is in XD_INTAKE, or None: a hint for whoever looks for it."""
        recent = self._recent.get(event_id)
        return recent.sequence if recent else None

    async def room(self) -> None:
        """Wait until half of what may wait is free: who sends much leaves room for others.

        Raises: BrokerUnavailable after half a minute.
        """
        limit = self._backlog_limit // 2
        if self._publisher.backlog < limit:
            return
        try:
            async with asyncio.timeout(ROOM_SECONDS):
                await self._publisher.room(limit)
        except TimeoutError:
            raise _too_many_wait() from None

    def begin(self, candidate: Candidate) -> Flight:
        """Send a candidate on its way, or join the one that came before it.

        Raises: BrokerUnavailable where too many wait already.
        """
        event_id = candidate.event_id
        first = self._under_way.get(event_id)
        if first is not None:
            return _joined(candidate, first.published, first.first_digest)
        recent = self._recent.get(event_id)
        if recent is not None:
            self._recent.move_to_end(event_id)
            return _joined(candidate, _done(recent.sequence), recent.digest)
        if self._publisher.backlog >= self._backlog_limit:
            raise _too_many_wait()
        published = self._publisher.publish(candidate.message)
        flight = Flight(
            candidate=candidate, published=published, first_digest=candidate.digest, is_repeat=False
        )
        self._under_way[event_id] = flight
        published.add_done_callback(lambda ended: self._landed(candidate, ended))
        return flight

    async def finish(self, flight: Flight) -> Accepted:
        """Wait until the candidate is durable.

        Raises: RequestConflict where the same id is there with another document; BrokerFull,
        BrokerUnavailable, InternalFault: then it is not known to be kept, and sending again is harmless.
        """
        # shielded: a sender that leaves must not take the repeats with it that wait for the same event
        published = await (flight.published if flight.published.done() else asyncio.shield(flight.published))
        candidate, digest = flight.candidate, flight.first_digest
        if published.is_duplicate:
            digest = await self._stored_digest(candidate, published.sequence)
            self._remember(candidate.event_id, digest, published.sequence)
        if digest != candidate.digest:
            raise RequestConflict(
                f"event {candidate.event_id} has the same id, came before, and its document was another one:"
                " a change needs an id of its own"
            )
        return Accepted(sequence=published.sequence, is_duplicate=flight.is_repeat or published.is_duplicate)

    def _landed(self, candidate: Candidate, ended: "asyncio.Future[Published]") -> None:
        del self._under_way[candidate.event_id]
        if ended.cancelled() or ended.exception() is not None:
            return
        published = ended.result()
        if not published.is_duplicate:
            self._remember(candidate.event_id, candidate.digest, published.sequence)

    async def _stored_digest(self, candidate: Candidate, sequence: int) -> str:
        """Return the digest of the document that came first; the candidate's own where it is gone."""
        stored = await self._reader.at(subjects.INTAKE_STREAM, sequence)
        if stored is None or stored.headers.get(headers.EVENT) != candidate.event_id:
            return candidate.digest
        return stored.headers.get(headers.DIGEST) or candidate.digest

    def _remember(self, event_id: str, digest: str, sequence: int) -> None:
        self._recent[event_id] = _Recent(digest, sequence)
        if len(self._recent) > self._recent_limit:
            self._recent.popitem(last=False)


def _too_many_wait() -> BrokerUnavailable:
    return BrokerUnavailable("more items wait for the broker than it keeps up with")


def _joined(candidate: Candidate, published: "asyncio.Future[Published]", first_digest: str) -> Flight:
    return Flight(candidate=candidate, published=published, first_digest=first_digest, is_repeat=True)


def _done(sequence: int) -> "asyncio.Future[Published]":
    future: asyncio.Future[Published] = asyncio.get_running_loop().create_future()
    future.set_result(Published(sequence=sequence))
    return future
