"""What the streams know of a delivery's cycle: earlier verdicts, the next attempt, the dead letter.

A cycle is dead once its dead letter is kept, else done once a `done` is the first of its terminal verdicts.
Whoever would change a cycle's state looks here first, so that it gets one terminal state, whatever comes
late or twice. The broker's message ids are just the guard for what happens at the same moment.
"""

import msgspec
from msgspec import Struct

from contracts import subjects
from contracts.records import TimerRecord, Verdict, VerdictKind
from contracts.verdicts import read_verdict
from routing.broker.api import StoredMessage, StreamReader
from routing.delivery.attempts import Attempt, find_attempt

TERMINAL = (VerdictKind.DONE, VerdictKind.REJECT, VerdictKind.REASSIGN)

_timers = msgspec.json.Decoder(TimerRecord)


class HeardVerdict(Struct, frozen=True, kw_only=True):
    """A verdict that is true, at `sequence` of XD_RESULTS."""

    sequence: int
    verdict: Verdict

    @property
    def is_terminal(self) -> bool:
        """Whether nothing may follow it in its cycle."""
        return self.verdict.verdict in TERMINAL


def is_about(verdict: Verdict, attempt: Attempt) -> bool:
    """Say whether the verdict names this very attempt."""
    return (verdict.cycle, verdict.attempt) == (attempt.cycle, attempt.number)


class History:
    """Reads; changes nothing. Every method raises BrokerUnavailable."""

    def __init__(self, reader: StreamReader) -> None:
        self._reader = reader

    async def verdicts(self, attempt: Attempt) -> list[HeardVerdict]:
        """Return the true verdicts on the attempt's cycle, in the order in which they were given."""
        subject = subjects.result(attempt.owner, attempt.delivery)
        found: list[HeardVerdict] = []
        async for stored in self._reader.scan(subjects.RESULTS_STREAM, subject):
            verdict = await self._true_verdict(stored, attempt)
            if verdict is not None:
                found.append(HeardVerdict(sequence=stored.sequence, verdict=verdict))
        return found

    async def first_terminal(self, attempt: Attempt) -> HeardVerdict | None:
        """Return the verdict that decided the attempt's cycle, or None."""
        return next((heard for heard in await self.verdicts(attempt) if heard.is_terminal), None)

    async def is_dead(self, attempt: Attempt) -> bool:
        """Say whether the cycle's dead letter is kept."""
        subject = subjects.dead_letter(attempt.owner, attempt.delivery, attempt.cycle)
        return await self._reader.last(subjects.DEAD_LETTERS_STREAM, subject) is not None

    async def is_over(self, attempt: Attempt) -> bool:
        """Say whether the attempt's cycle has its terminal state."""
        return await self.is_dead(attempt) or await self.first_terminal(attempt) is not None

    async def has_next(self, attempt: Attempt) -> bool:
        """Say whether a later attempt of the cycle waits for its time, or came due."""
        for subject in (subjects.timer(attempt.delivery, attempt.cycle), subjects.due(attempt.delivery)):
            stored = await self._reader.last(subjects.TIMERS_STREAM, subject)
            if stored is not None:
                timer = _timers.decode(stored.body)
                if (timer.cycle, timer.attempt) > (attempt.cycle, attempt.number):
                    return True
        return False

    async def _true_verdict(self, stored: StoredMessage, attempt: Attempt) -> Verdict | None:
        verdict = read_verdict(stored.body)
        if verdict is None or verdict.cycle != attempt.cycle:
            return None
        named: Attempt | None = attempt
        if verdict.sequence != attempt.stored.sequence:
            named = await find_attempt(self._reader, verdict.sequence)
        is_true = (
            named is not None
            and (named.owner, named.delivery) == (attempt.owner, attempt.delivery)
            and is_about(verdict, named)
        )
        return verdict if is_true else None
