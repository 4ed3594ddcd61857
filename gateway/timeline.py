"""An event's way from door to door, put together from a few direct gets."""

from typing import Any

import msgspec
from msgspec import Struct

from contracts import headers, subjects
from contracts.records import DeliveryEntry, Outcome, ReceiptEntry
from contracts.verdicts import read_verdict
from routing.broker.api import StoredMessage, StreamReader
from routing.receipts import StoredReceipt, decode, find_receipt, last_receipt


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
    """Finds timelines. A known sequence (the 202's) makes it a few direct gets; else receipts are scanned."""

    def __init__(self, reader: StreamReader, partitions: int) -> None:
        self._reader = reader
        self._partitions = partitions

    async def find(self, event_id: str, sequence: int | None = None) -> Timeline | None:
        """Return the timeline, or None where no stream holds the event. Raises: BrokerUnavailable."""
        accepted = await self.original(event_id, sequence)
        if accepted is None:
            return None
        timeline = Timeline(
            event_id=event_id,
            source=accepted.headers.get(headers.SOURCE, ""),
            contract=accepted.headers.get(headers.CONTRACT, ""),
            traceparent=accepted.headers.get(headers.TRACE, ""),
        )
        while accepted is not None:
            run = await self._run(event_id, accepted)
            timeline.runs.append(run)
            accepted = await self._redo(accepted, event_id, run.cycle + 1)
        return timeline

    async def original(self, event_id: str, sequence: int | None = None) -> StoredMessage | None:
        """Return the intake message of an event, or None."""
        if sequence is not None:
            stored = await self._reader.at(subjects.INTAKE_STREAM, sequence)
            if stored is not None and stored.headers.get(headers.EVENT) == event_id:
                return stored
        for partition in range(self._partitions):
            stored = await self._search(event_id, partition)
            if stored is not None:
                return stored
        return None

    async def _search(self, event_id: str, partition: int) -> StoredMessage | None:
        """Look through the receipts, then through what is not routed yet."""
        async for stored in self._reader.scan(subjects.OUT_STREAM, subjects.receipt(partition)):
            for entry in decode(stored).receipt.entries:
                if entry.event == event_id and entry.outcome is not Outcome.DUPLICATE:
                    return await self._reader.at(subjects.INTAKE_STREAM, entry.sequence)
        last = await last_receipt(self._reader, partition)
        after = last.receipt.through if last else 0
        async for stored in self._reader.scan(subjects.INTAKE_STREAM, f"in.{partition}.*.*", after + 1):
            if stored.headers.get(headers.EVENT) == event_id:
                return stored
        return None

    async def _redo(self, accepted: StoredMessage, event_id: str, cycle: int) -> StoredMessage | None:
        partition = accepted.subject.split(".")[1]
        return await self._reader.last(subjects.INTAKE_STREAM, f"redo.{partition}.*.{event_id}.{cycle}")

    async def _run(self, event_id: str, accepted: StoredMessage) -> Run:
        partition = int(accepted.subject.split(".")[1])
        run = Run(
            cycle=int(accepted.headers.get(headers.CYCLE, "1")),
            sequence=accepted.sequence,
            accepted_at=accepted.stored_at,
            outcome="in_progress",
        )
        receipt = await find_receipt(self._reader, partition, accepted.sequence)
        entry = _entry(receipt, accepted.sequence)
        if receipt is None or entry is None:
            return run
        run.outcome, run.facts, run.exceptions = entry.outcome.value, entry.facts, entry.exceptions
        run.stage, run.code, run.detail = entry.stage, entry.code, entry.detail
        stored = await self._reader.at(subjects.OUT_STREAM, receipt.sequence)
        run.routed_at = stored.stored_at if stored else ""
        run.deliveries = [await self._delivery(receipt, delivery, run.cycle) for delivery in entry.deliveries]
        if entry.outcome is Outcome.DEAD:
            run.dead_letters = await self._dead_letters(entry.stage, event_id, run.cycle)
        return run

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
        elif any(word.verdict == "done" and word.cycle == cycle for word in step.verdicts):
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
        found: list[DeadLetterStep] = []
        cycle = first_cycle
        while True:
            stored = await self._reader.last(
                subjects.DEAD_LETTERS_STREAM, subjects.dead_letter(lane, subject_id, cycle)
            )
            if stored is None:
                return found
            replayed = await self._reader.last(
                subjects.AUDIT_STREAM, subjects.audit("replayed", subject_id, cycle)
            )
            record = msgspec.json.decode(replayed.body) if replayed else {}
            found.append(_dead_letter(stored, lane, subject_id, cycle, record))
            cycle += 1


def _entry(receipt: StoredReceipt | None, sequence: int) -> ReceiptEntry | None:
    entries = receipt.receipt.entries if receipt is not None else ()
    return next((entry for entry in entries if entry.sequence == sequence), None)


def _dead_letter(
    stored: StoredMessage, lane: str, subject_id: str, cycle: int, replayed: dict[str, Any]
) -> DeadLetterStep:
    return DeadLetterStep(
        at=stored.stored_at,
        id=subject_id,
        lane=lane,
        cycle=cycle,
        code=stored.headers.get(headers.REASON, ""),
        detail=stored.headers.get(headers.DETAIL, ""),
        replayed_at=replayed.get("at", ""),
        replayed_by=replayed.get("actor", ""),
    )
