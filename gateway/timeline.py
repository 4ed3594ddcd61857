"""An event's way from door to door, put together from a few direct gets."""

import msgspec
from msgspec import Struct

from contracts import headers, subjects
from contracts.records import DeliveryEntry, Outcome, ReceiptEntry
from contracts.verdicts import read_verdict
from gateway.event_search import Arrived, EventSearch
from routing.broker.api import StoredMessage, StreamReader
from routing.dead_letters import own_id, subject_id_of
from routing.receipts import StoredReceipt


class VerdictStep(Struct, kw_only=True, omit_defaults=True):
    """An owner's word on one attempt."""

    at: str
    verdict: str
    cycle: int
    attempt: int
    delay_seconds: float = 0.0
    reason: str = ""


class DeadLetterStep(Struct, kw_only=True, omit_defaults=True):
    """A dead letter, and when it was replayed."""

    at: str
    id: str
    lane: str
    cycle: int
    code: str
    detail: str = ""
    replayed_at: str = ""
    replayed_by: str = ""


class DeliveryStep(Struct, kw_only=True, omit_defaults=True):
    """One delivery. `state` is done, dead, waiting (a timer runs) or open."""

    delivery_id: str
    exception_id: str
    owner: str
    category: str
    priority: str
    sequence: int
    state: str
    verdicts: list[VerdictStep] = []
    dead_letters: list[DeadLetterStep] = []


class Run(Struct, kw_only=True, omit_defaults=True):
    """One run through the router: the first, or a replay's. `outcome` is `in_progress` until the receipt."""

    cycle: int
    sequence: int
    accepted_at: str
    outcome: str
    routed_at: str = ""
    facts: dict[str, int] = {}
    exceptions: int = 0
    stage: str = ""
    code: str = ""
    detail: str = ""
    deliveries: list[DeliveryStep] = []
    dead_letters: list[DeadLetterStep] = []


class Timeline(Struct, kw_only=True, omit_defaults=True):
    """Everything that happened to one event."""

    event_id: str
    source: str
    contract: str
    traceparent: str = ""
    runs: list[Run] = []


class Timelines:
    """Puts timelines together. With a sequence (the 202's) it is a few direct gets; else see `EventSearch`.

    What the intake no longer holds is told from its receipt, without the time of its arrival.
    """

    def __init__(self, reader: StreamReader, partitions: int) -> None:
        self._reader = reader
        self._search = EventSearch(reader, partitions)

    async def find(self, event_id: str, sequence: int | None = None) -> Timeline | None:
        """Return the timeline, or None where no stream holds the event. Raises: BrokerUnavailable."""
        arrivals = await self._search.arrivals(event_id, sequence)
        if not arrivals:
            return None
        timeline = _timeline(event_id, arrivals[0])
        known = {arrived.sequence for arrived in arrivals}
        while arrivals:
            arrived = arrivals.pop(0)
            run = await self._run(event_id, arrived)
            timeline.runs.append(run)
            redo = await self._redo(arrived.partition, run)
            if redo is not None and redo.sequence not in known:
                known.add(redo.sequence)
                arrivals.append(redo)
        timeline.runs.sort(key=lambda run: run.sequence)
        return timeline

    async def original(self, event_id: str, sequence: int | None = None) -> StoredMessage | None:
        """Return the intake message of an event, or None. Raises: BrokerUnavailable."""
        arrivals = await self._search.arrivals(event_id, sequence, is_first_enough=True)
        return arrivals[0].stored if arrivals else None

    async def _redo(self, partition: int, run: Run) -> Arrived | None:
        """Return where the run's dead letter went into the router again."""
        if not run.dead_letters:
            return None
        subject = f"redo.{partition}.*.{run.dead_letters[0].id}.{run.cycle + 1}"
        stored = await self._reader.last(subjects.INTAKE_STREAM, subject)
        if stored is None:
            return None
        return Arrived(partition=partition, sequence=stored.sequence, stored=stored)

    async def _run(self, event_id: str, arrived: Arrived) -> Run:
        stored = arrived.stored
        run = Run(
            cycle=int(stored.headers.get(headers.CYCLE, "1")) if stored else 1,
            sequence=arrived.sequence,
            accepted_at=stored.stored_at if stored else "",
            outcome="in_progress",
        )
        parts = await self._search.parts(arrived.partition, arrived.sequence)
        if not parts:
            return run
        entry = parts[-1].entry
        run.cycle = entry.cycle
        run.deliveries = [
            await self._delivery(part.receipt, delivery, run.cycle)
            for part in parts
            for delivery in part.entry.deliveries
        ]
        if not parts[-1].is_last:
            return run
        run.outcome, run.facts, run.exceptions = entry.outcome.value, entry.facts, entry.exceptions
        run.stage, run.code, run.detail = entry.stage, entry.code, entry.detail
        receipt = await self._reader.at(subjects.OUT_STREAM, parts[-1].receipt.sequence)
        run.routed_at = receipt.stored_at if receipt else ""
        if entry.outcome is Outcome.DEAD:
            run.dead_letters = await self._of_stage(entry)
        return run

    async def _of_stage(self, entry: ReceiptEntry) -> list[DeadLetterStep]:
        """Return the dead letter that was made of this very arrival."""
        origin = f"{subjects.INTAKE_STREAM}:{entry.sequence}"
        for subject_id in (subject_id_of(entry), own_id(entry)):
            step = await self._dead_letter(entry.stage, subject_id, entry.cycle)
            if step is not None and step[1] == origin:
                return [step[0]]
        return []

    async def _delivery(self, receipt: StoredReceipt, entry: DeliveryEntry, first_cycle: int) -> DeliveryStep:
        step = DeliveryStep(
            delivery_id=entry.delivery,
            exception_id=entry.exception,
            owner=entry.owner,
            category=entry.category,
            priority=entry.priority,
            sequence=receipt.delivery_sequence(entry),
            state="open",
            verdicts=await self._verdicts(entry),
            dead_letters=await self._dead_letters(entry.owner, entry.delivery, first_cycle),
        )
        cycle = first_cycle + sum(bool(letter.replayed_at) for letter in step.dead_letters)
        timer = await self._reader.last(subjects.TIMERS_STREAM, subjects.timer(entry.delivery, cycle))
        if any(letter.cycle == cycle for letter in step.dead_letters):
            step.state = "dead"
        elif any(word.verdict in {"done", "reassign"} and word.cycle == cycle for word in step.verdicts):
            step.state = "done"
        elif timer is not None:
            step.state = "waiting"
        return step

    async def _verdicts(self, entry: DeliveryEntry) -> list[VerdictStep]:
        subject = subjects.result(entry.owner, entry.delivery)
        found: list[VerdictStep] = []
        async for stored in self._reader.scan(subjects.RESULTS_STREAM, subject):
            verdict = read_verdict(stored.body)
            if verdict is None:
                continue  # an owner may send what it likes; delivery took no notice of it either
            found.append(
                VerdictStep(
                    at=stored.stored_at,
                    verdict=verdict.verdict.value,
                    cycle=verdict.cycle,
                    attempt=verdict.attempt,
                    delay_seconds=verdict.delay_seconds,
                    reason=verdict.reason,
                )
            )
        return found

    async def _dead_letters(self, lane: str, subject_id: str, first_cycle: int) -> list[DeadLetterStep]:
        """Return those of a delivery: a replay's cycle that died too has one of its own."""
        found: list[DeadLetterStep] = []
        while (step := await self._dead_letter(lane, subject_id, first_cycle + len(found))) is not None:
            found.append(step[0])
        return found

    async def _dead_letter(self, lane: str, subject_id: str, cycle: int) -> tuple[DeadLetterStep, str] | None:
        """Return a dead letter and its origin."""
        subject = subjects.dead_letter(lane, subject_id, cycle)
        stored = await self._reader.last(subjects.DEAD_LETTERS_STREAM, subject)
        if stored is None:
            return None
        act = subjects.audit("replayed", subject_id, cycle)
        replayed = await self._reader.last(subjects.AUDIT_STREAM, act)
        record = msgspec.json.decode(replayed.body) if replayed else {}
        step = DeadLetterStep(
            at=stored.stored_at,
            id=subject_id,
            lane=lane,
            cycle=cycle,
            code=stored.headers.get(headers.REASON, ""),
            detail=stored.headers.get(headers.DETAIL, ""),
            replayed_at=record.get("at", ""),
            replayed_by=record.get("actor", ""),
        )
        return step, stored.headers.get(headers.ORIGIN, "")


def _timeline(event_id: str, first: Arrived) -> Timeline:
    told = first.stored.headers if first.stored else {}
    entry = first.entry
    return Timeline(
        event_id=event_id,
        source=told.get(headers.SOURCE, entry.source if entry else ""),
        contract=told.get(headers.CONTRACT, entry.contract if entry else ""),
        traceparent=told.get(headers.TRACE, ""),
    )
