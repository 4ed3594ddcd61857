"""Conservation: everything accepted is somewhere, everything delivered has a state, nothing is missing."""

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from contracts import headers, subjects
from contracts.records import Receipt, VerdictKind
from contracts.verdicts import read_verdict
from ledger.reading import ConsumerState, Reader

_receipts = msgspec.json.Decoder(Receipt)

DeliveryKey = tuple[str, int]  # delivery id, cycle


class ItemBalance(Struct, kw_only=True):
    """Items accepted = observed + with_exceptions + duplicate + dead + in_progress."""

    accepted: int = 0
    observed: int = 0
    with_exceptions: int = 0
    duplicate: int = 0
    dead: int = 0
    redone: int = 0  # replays of dead items; not counted as accepted again
    in_progress: int = 0

    @property
    def missing(self) -> int:
        """Items without an outcome that nothing is working on; negative where one has several."""
        known = self.observed + self.with_exceptions + self.duplicate + self.dead + self.in_progress
        return self.accepted + self.redone - known


class DeliveryBalance(Struct, kw_only=True):
    """Deliveries (each cycle by itself) = done + acked + open + dead; `open` has a timer or waits."""

    deliveries: int = 0
    done: int = 0
    acked: int = 0
    open: int = 0
    dead: int = 0

    @property
    def missing(self) -> int:
        """Deliveries that have no state."""
        return self.deliveries - self.done - self.acked - self.open - self.dead


class Balance(Struct, kw_only=True):
    """Both lines, with deliveries by owner, and dead letters by lane (a stage of the router, or an owner)."""

    items: ItemBalance
    by_owner: dict[str, DeliveryBalance]
    dead_letters: dict[str, int]

    @property
    def is_balanced(self) -> bool:
        """Whether nothing is missing."""
        return self.items.missing == 0 and all(owner.missing == 0 for owner in self.by_owner.values())


async def balance(reader: Reader, consumers: Mapping[str, ConsumerState]) -> Balance:
    """Read the streams and return the balance; `consumers` gives each owner's consumer, read before.

    Exact while nothing moves; under way, what came after the cut counts as in progress or open.
    """
    dead = await reader.counts(subjects.DEAD_LETTERS_STREAM, "dlq.>")
    lanes: dict[str, int] = {}
    for subject, count in dead.items():
        lane = subject.split(".")[1]
        lanes[lane] = lanes.get(lane, 0) + count
    return Balance(
        items=await _items(reader),
        by_owner=await _deliveries(reader, consumers, set(dead)),
        dead_letters=lanes,
    )


async def _items(reader: Reader) -> ItemBalance:
    cut = await reader.state(subjects.INTAKE_STREAM)
    found = ItemBalance(
        accepted=sum((await reader.counts(subjects.INTAKE_STREAM, "in.>")).values()),
        redone=sum((await reader.counts(subjects.INTAKE_STREAM, "redo.>")).values()),
    )
    settled = 0
    async for stored in reader.scan(subjects.OUT_STREAM, "receipt.*"):
        receipt = _receipts.decode(stored.body)
        for entry in receipt.entries:
            if entry.sequence > receipt.through:
                continue  # a part of an item: its last part stands in a later receipt
            if not cut["first_seq"] <= entry.sequence <= cut["last_seq"]:
                continue  # the item was removed since, or came after the cut
            settled += 1
            setattr(found, entry.outcome.value, getattr(found, entry.outcome.value) + 1)
    found.in_progress = max(0, found.accepted + found.redone - settled)
    return found


async def _deliveries(
    reader: Reader, consumers: Mapping[str, ConsumerState], dead: set[str]
) -> dict[str, DeliveryBalance]:
    last_attempt: dict[tuple[str, DeliveryKey], int] = {}
    async for stored in reader.scan(subjects.OUT_STREAM, "out.>"):
        owner = stored.subject.split(".")[1]
        key = (stored.headers[headers.DELIVERY], int(stored.headers.get(headers.CYCLE, "1")))
        last_attempt[owner, key] = stored.sequence
    done: set[DeliveryKey] = set()
    async for stored in reader.scan(subjects.RESULTS_STREAM, "result.>"):
        verdict = read_verdict(stored.body)
        if verdict is None:
            continue  # an owner may send what it likes; delivery took no notice of it either
        if verdict.verdict is VerdictKind.DONE:
            done.add((stored.subject.split(".")[2], verdict.cycle))
    timers = await reader.counts(subjects.TIMERS_STREAM, "timer.>")
    found: dict[str, DeliveryBalance] = {owner: DeliveryBalance() for owner in consumers}
    for (owner, (delivery, cycle)), sequence in last_attempt.items():
        line = found.setdefault(owner, DeliveryBalance())
        line.deliveries += 1
        if subjects.dead_letter(owner, delivery, cycle) in dead:
            line.dead += 1
        elif (delivery, cycle) in done:
            line.done += 1
        elif subjects.timer(delivery, cycle) in timers or _waits(consumers.get(owner), sequence):
            line.open += 1
        else:
            line.acked += 1
    return found


def _waits(consumer: ConsumerState | None, sequence: int) -> bool:
    """Say whether the consumer has this attempt still before it, or in the owner's hands."""
    if consumer is None or sequence > consumer.delivered:
        return True
    return sequence > consumer.ack_floor and consumer.ack_pending > 0
