"""Owners' verdicts: what `done`, `retry`, `reject` and `reassign` on XD_RESULTS lead to."""

from collections.abc import AsyncIterator, Collection, Iterator

from contracts.records import Verdict, VerdictKind
from contracts.verdicts import read_verdict
from routing.broker.api import StoredMessage, StreamReader
from routing.delivery.attempts import Attempt, find_attempt
from routing.delivery.effects import Answered, Effect, Labelled, Refusal, Refused
from routing.delivery.history import History, is_about
from routing.delivery.retries import Retries


class Verdicts:
    """Takes verdicts. The owner in the subject is proven by its account; what it says of others is a lie."""

    def __init__(
        self,
        reader: StreamReader,
        history: History,
        retries: Retries,
        root_causes: Collection[str] = (),
    ) -> None:
        self._root_causes = root_causes
        self._reader = reader
        self._history = history
        self._retries = retries

    async def take(self, stored: StoredMessage) -> AsyncIterator[Effect]:
        """Give one message of `result.<owner>.<delivery>` its effect.

        Raises: BrokerFull, BrokerUnavailable.
        """
        _, owner, delivery = stored.subject.split(".")
        verdict = read_verdict(stored.body)
        if verdict is None:
            yield Refused(owner=owner, why=Refusal.UNREADABLE)
            return
        attempt = await find_attempt(self._reader, verdict.sequence)
        if attempt is None:
            yield Refused(owner=owner, why=Refusal.UNFOUND)
        elif (attempt.owner, attempt.delivery) != (owner, delivery) or not is_about(verdict, attempt):
            yield Refused(owner=owner, why=Refusal.FOREIGN)
        elif verdict.verdict is VerdictKind.DONE:
            for label in self._labels(owner, verdict):
                yield label
            yield Answered(owner=owner, kind=verdict.verdict)
        else:
            async for effect in self._refuse(stored, verdict, attempt):
                yield effect

    def _labels(self, owner: str, verdict: Verdict) -> Iterator[Labelled]:
        if verdict.root_cause:
            yield Labelled(owner=owner, kind="root_cause", is_known=verdict.root_cause in self._root_causes)

    async def _refuse(
        self, stored: StoredMessage, verdict: Verdict, attempt: Attempt
    ) -> AsyncIterator[Effect]:
        """The owner did not take the attempt: the first terminal verdict of the cycle decides."""
        decided = await self._history.first_terminal(attempt)
        if decided is not None and decided.sequence != stored.sequence:
            yield Refused(owner=attempt.owner, why=Refusal.LATE)
            return
        for label in self._labels(attempt.owner, verdict):
            yield label
        if verdict.verdict is VerdictKind.REJECT:
            effects = self._retries.reject(attempt, verdict.reason)
        elif verdict.verdict is VerdictKind.REASSIGN:
            effects = self._retries.pass_on(attempt, verdict.owner, verdict.reason)
        else:
            effects = self._retries.climb(attempt, verdict.reason, verdict.delay_seconds)
        async for effect in effects:
            yield effect
        yield Answered(owner=attempt.owner, kind=verdict.verdict)
