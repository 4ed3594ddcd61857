"""What follows an attempt that the owner did not take: a timer, or the last rung's dead letter."""

from collections.abc import AsyncIterator, Mapping

from nats.aio.client import Client

from contracts.errors import EventError, OwnerRejected, RetriesExhausted
from routing.dead_letters import keep, make_dead_letter
from routing.delivery import passing_on
from routing.delivery.attempts import Attempt
from routing.delivery.effects import Armed, Buried, Effect, Labelled, PassedOn, Refusal, Refused
from routing.delivery.history import History
from routing.delivery.ladder import LadderEnd, next_rung
from routing.delivery.timers import Timers
from routing.owners import OwnerSettings


class Retries:
    """One rung for each failed attempt, however many signals say that it failed."""

    def __init__(
        self, client: Client, history: History, timers: Timers, owners: Mapping[str, OwnerSettings]
    ) -> None:
        self._client = client
        self._history = history
        self._timers = timers
        self._owners = owners

    async def climb(
        self, attempt: Attempt, reason: str, asked_delay_seconds: float = 0.0
    ) -> AsyncIterator[Effect]:
        """Take the attempt to its next rung, unless it is there. Raises: BrokerFull, BrokerUnavailable."""
        if await self._history.is_dead(attempt) or await self._history.has_next(attempt):
            yield Refused(owner=attempt.owner, why=Refusal.LATE)
            return
        rung = next_rung(self._owners.get(attempt.owner), attempt.number, asked_delay_seconds)
        if isinstance(rung, LadderEnd):
            detail = f"{rung.detail}: {reason}" if reason else rung.detail
            async for effect in self._bury(attempt, RetriesExhausted, detail):
                yield effect
        elif await self._timers.arm(attempt, rung, reason):
            yield Armed(owner=attempt.owner, attempt=rung.number)

    async def reject(self, attempt: Attempt, reason: str) -> AsyncIterator[Effect]:
        """Keep the dead letter of a delivery that its owner will never take.

        Raises: DeadLettersFull, BrokerUnavailable.
        """
        async for effect in self._bury(attempt, OwnerRejected, reason):
            yield effect

    async def pass_on(self, attempt: Attempt, owner: str, reason: str) -> AsyncIterator[Effect]:
        """Give the delivery to the owner that it should have gone to; a dead letter where that can't be.

        Raises: BrokerFull, BrokerUnavailable.
        """
        yield Labelled(owner=attempt.owner, kind="owner", is_known=owner in self._owners)
        why_not = passing_on.obstacle(attempt, owner, self._owners)
        if why_not:
            async for effect in self._bury(
                attempt, OwnerRejected, f"{why_not}: {reason}" if reason else why_not
            ):
                yield effect
        elif await passing_on.publish(self._client, attempt, owner):
            yield PassedOn(owner=attempt.owner, to=owner)

    async def _bury(self, attempt: Attempt, cause: type[EventError], detail: str) -> AsyncIterator[Effect]:
        letter = make_dead_letter(
            attempt.stored,
            lane=attempt.owner,
            subject_id=attempt.delivery,
            cycle=attempt.cycle,
            code=cause.code,
            detail=detail,
        )
        if await keep(self._client, letter):
            yield Buried(letter=letter)
