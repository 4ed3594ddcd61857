"""Conservation: everything accepted is somewhere, everything delivered has a state, nothing is missing.

The streams are read in the order in which a delivery moves through them, after the consumers' positions: what
moves meanwhile is seen as open or in progress.
"""

import msgspec
from msgspec import Struct

from contracts import subjects
from contracts.records import Outcome, Receipt, TimerRecord
from contracts.verdicts import read_verdict
from ledger.deliveries import DeliveryBalance, DeliveryKey, Evidence, Lanes, State
from ledger.items import ItemBalance, Outcomes, named
from ledger.reading import Cut, Positions, Reader

GIVEN_UP = ("MAX_DELIVERIES", "MSG_TERMINATED")


class _Advisory(Struct):
    consumer: str
    stream_seq: int


_receipts = msgspec.json.Decoder(Receipt)
_timers = msgspec.json.Decoder(TimerRecord)
_advisories = msgspec.json.Decoder(_Advisory)


class Balance(Struct, kw_only=True):
    """Both lines, with deliveries by owner, and dead letters by lane (a stage of the router, or an owner).

    `faults` are sentences for people: each says what does not fit.
    """

    items: ItemBalance
    by_owner: dict[str, DeliveryBalance]
    dead_letters: dict[str, int]
    faults: list[str]

    @property
    def is_balanced(self) -> bool:
        """Whether nothing is missing, nothing is doubled, and the streams fit each other."""
        wrong = self.items.missing + self.items.doubled
        wrong += sum(line.missing + line.doubled for line in self.by_owner.values())
        return not wrong and not self.faults


async def balance(reader: Reader, positions: Positions) -> Balance:
    """Read the streams and return the balance. Raises: BrokerUnavailable."""
    cut = await reader.cut(subjects.INTAKE_STREAM)
    held = await reader.counts(subjects.INTAKE_STREAM)
    outcomes, lanes = Outcomes(cut), Lanes()
    async for stored in reader.scan(subjects.OUT_STREAM, ">"):
        if stored.subject.startswith("receipt."):
            receipt = _receipts.decode(stored.body)
            outcomes.take(receipt)
            lanes.take_receipt(stored.sequence, receipt)
        else:
            lanes.take_attempt(stored)
    evidence = await read_evidence(reader, positions, lanes)
    dead = await reader.counts(subjects.DEAD_LETTERS_STREAM, "dlq.>")
    missing = await _missing(reader, outcomes, {int(subject.split(".")[1]) for subject in held})
    by_owner = {owner: DeliveryBalance() for owner in positions.owners}
    for attempt in lanes.last.values():
        _count(by_owner, attempt.key, evidence.state(attempt, is_dead=_letter_of(attempt.key) in dead))
    lost = await _lost(reader, lanes)
    for key in lost:
        _count(by_owner, key, State.DEAD if _letter_of(key) in dead else State.MISSING)
    for key in lanes.doubled:
        by_owner[key.owner].doubled += 1
    return Balance(
        items=_items(cut, held, outcomes, missing),
        by_owner=by_owner,
        dead_letters=_by_lane(dead),
        faults=[
            *_misfits(cut, await reader.cut(subjects.INTAKE_STREAM), outcomes),
            *_item_faults(outcomes, missing),
            *_delivery_faults(by_owner, len(lost)),
        ],
    )


async def read_evidence(reader: Reader, positions: Positions, lanes: Lanes, owner: str = "*") -> Evidence:
    """Return what the other streams say of the deliveries in `lanes`; of one owner's where one is named.

    Raises: BrokerUnavailable.
    """
    evidence = Evidence(positions, lanes)
    async for stored in reader.scan(subjects.RESULTS_STREAM, f"result.{owner}.*"):
        verdict = read_verdict(stored.body)
        if verdict is not None:  # delivery took no notice of junk either
            _, owner, delivery = stored.subject.split(".")
            evidence.take_verdict(stored.sequence, owner, delivery, verdict)
    # a timer that fires between the two reads is seen as due
    for subject in await reader.counts(subjects.TIMERS_STREAM, "timer.>"):
        _, delivery, cycle = subject.split(".")
        evidence.take_timer(delivery, int(cycle))
    async for stored in reader.scan(subjects.TIMERS_STREAM, "due.>"):
        if positions.timers.has_before_it(stored.sequence):
            due = _timers.decode(stored.body)
            evidence.take_timer(due.delivery, due.cycle)
    async for stored in reader.scan(subjects.ADVISORIES_STREAM, ">"):
        if stored.subject.split(".")[4] in GIVEN_UP:
            advisory = _advisories.decode(stored.body)
            evidence.take_advisory(stored.sequence, advisory.consumer, advisory.stream_seq)
    return evidence


async def _missing(reader: Reader, outcomes: Outcomes, partitions: set[int]) -> list[int]:
    """Return the intake sequences that have no outcome although their partition's receipts are past them."""
    only = next(iter(partitions)) if len(partitions) == 1 else None
    missing: list[int] = []
    for sequence in outcomes.unsettled():
        if sequence > outcomes.routed_through:
            break
        partition = only if only is not None else await _partition(reader, sequence)
        if partition is not None and sequence <= outcomes.through.get(partition, 0):
            missing.append(sequence)
    return missing


async def _partition(reader: Reader, sequence: int) -> int | None:
    """Return the partition of an item, or None where it was removed just now: then it had been routed."""
    stored = await reader.at(subjects.INTAKE_STREAM, sequence)
    return int(stored.subject.split(".")[1]) if stored is not None else None


async def _lost(reader: Reader, lanes: Lanes) -> list[DeliveryKey]:
    """Return what is in no lane, but for what was removed with age."""
    first = (await reader.cut(subjects.OUT_STREAM)).first
    # where the first attempt is gone, a later one speaks for the delivery
    return [key for place, key in lanes.unfound.items() if place >= first and key not in lanes.last]


def _misfits(cut: Cut, now: Cut, outcomes: Outcomes) -> list[str]:
    """Say where the receipts don't fit the intake as it was at the cut and is now."""
    faults = [
        f"the intake ends at {now.last}, but partition {partition} is routed through {through}:"
        " the streams are not of one time"
        for partition, through in sorted(outcomes.through.items())
        if through > now.last
    ]
    if outcomes.routed_through < cut.first - 1:
        gone = f"{outcomes.routed_through + 1} to {cut.first - 1}"
        faults.append(f"intake sequences {gone} were removed before they were routed")
    return faults


def _items(cut: Cut, held: dict[str, int], outcomes: Outcomes, missing: list[int]) -> ItemBalance:
    redone = sum(count for subject, count in held.items() if subject.startswith("redo."))
    return ItemBalance(
        accepted=cut.span - len(cut.removed) - redone,
        redone=redone,
        observed=outcomes.counts[Outcome.OBSERVED],
        with_exceptions=outcomes.counts[Outcome.WITH_EXCEPTIONS],
        duplicate=outcomes.counts[Outcome.DUPLICATE],
        dead=outcomes.counts[Outcome.DEAD],
        in_progress=sum(1 for _ in outcomes.unsettled()) - len(missing),
        missing=len(missing),
        doubled=len(outcomes.doubled),
    )


def _count(by_owner: dict[str, DeliveryBalance], key: DeliveryKey, state: State) -> None:
    line = by_owner.setdefault(key.owner, DeliveryBalance())
    line.deliveries += 1
    setattr(line, state.value, getattr(line, state.value) + 1)


def _letter_of(key: DeliveryKey) -> str:
    return subjects.dead_letter(key.owner, key.delivery, key.cycle)


def _by_lane(dead: dict[str, int]) -> dict[str, int]:
    lanes: dict[str, int] = {}
    for subject, count in dead.items():
        lane = subject.split(".")[1]
        lanes[lane] = lanes.get(lane, 0) + count
    return lanes


def _item_faults(outcomes: Outcomes, missing: list[int]) -> list[str]:
    faults = []
    if missing:
        faults.append(f"{len(missing)} items have no outcome: intake sequences {named(missing)}")
    if outcomes.doubled:
        faults.append(
            f"{len(outcomes.doubled)} outcomes too many: intake sequences {named(outcomes.doubled)}"
        )
    return faults


def _delivery_faults(by_owner: dict[str, DeliveryBalance], lost: int) -> list[str]:
    faults = [
        f"{line.missing} deliveries to {owner} are missing, {line.doubled} are doubled"
        for owner, line in sorted(by_owner.items())
        if line.missing or line.doubled
    ]
    return [*faults, f"{lost} deliveries that receipts name are in no lane"] if lost else faults
