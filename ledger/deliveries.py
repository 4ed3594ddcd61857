"""Deliveries: what the lanes hold, what the receipts promised, and what became of each."""

from enum import StrEnum

from msgspec import Struct

from contracts import headers
from contracts.records import Receipt, Verdict, VerdictKind
from ledger.reading import Position, Positions, Stored

OWNER_CONSUMER_PREFIX = "w-"


class DeliveryKey(Struct, frozen=True):
    """One cycle of a delivery."""

    owner: str
    delivery: str
    cycle: int


class Attempt(Struct, frozen=True, kw_only=True):
    """One message of a lane; `number` counts from 1 within the cycle."""

    key: DeliveryKey
    number: int
    sequence: int


class State(StrEnum):
    """What became of a delivery's cycle."""

    DONE = "done"  # its owner said so
    ACKED = "acked"  # a bare acknowledgement: no word of what was done with it
    OPEN = "open"  # something is going to happen, and we know what
    DEAD = "dead"  # its dead letter is kept
    MISSING = "missing"


class DeliveryBalance(Struct, kw_only=True):
    """Deliveries (each cycle by itself) = done + acked + open + dead + missing.

    `missing` ones are named in a receipt and not in the lane, or nothing is going to happen to them.
    `doubled` ones stand in the lane twice as a first attempt.
    """

    deliveries: int = 0
    done: int = 0
    acked: int = 0
    open: int = 0
    dead: int = 0
    missing: int = 0
    doubled: int = 0


class Lanes:
    """What XD_OUT holds, and what its receipts say that it holds."""

    def __init__(self) -> None:
        self.last: dict[DeliveryKey, Attempt] = {}
        self.doubled: list[DeliveryKey] = []
        self._attempts: dict[int, Attempt] = {}
        self.unfound: dict[int, DeliveryKey] = {}  # by the sequence where a receipt says that it stands

    def take_attempt(self, stored: Stored) -> None:
        """Note a message of `out.>`; call it in the stream's order."""
        attempt = Attempt(
            key=DeliveryKey(
                stored.subject.split(".")[1],
                stored.headers[headers.DELIVERY],
                int(stored.headers.get(headers.CYCLE, "1")),
            ),
            number=int(stored.headers.get(headers.ATTEMPT, "1")),
            sequence=stored.sequence,
        )
        if attempt.number == 1 and attempt.key in self.last:
            self.doubled.append(attempt.key)
        self.last[attempt.key] = attempt
        self._attempts[attempt.sequence] = attempt

    def take_receipt(self, sequence: int, receipt: Receipt) -> None:
        """Look for what the receipt at `sequence` says to stand before it in its atomic batch."""
        first = sequence - receipt.batch_size + 1
        for entry in receipt.entries:
            for delivery in entry.deliveries:
                key = DeliveryKey(delivery.owner, delivery.delivery, entry.cycle)
                found = self._attempts.get(first + delivery.offset)
                if found is None or found.key != key:
                    self.unfound[first + delivery.offset] = key

    def at(self, sequence: int) -> Attempt | None:
        """Return the attempt at a sequence of XD_OUT."""
        return self._attempts.get(sequence)

    def spoken_of(self, owner: str, delivery: str, verdict: Verdict) -> DeliveryKey | None:
        """Return the key that a verdict speaks of, or None where it does not tell the truth."""
        attempt = self._attempts.get(verdict.sequence)
        key = DeliveryKey(owner, delivery, verdict.cycle)
        is_true = attempt is not None and (attempt.key, attempt.number) == (key, verdict.attempt)
        return key if is_true else None


class Evidence:
    """What the other streams say of deliveries."""

    def __init__(self, positions: Positions, lanes: Lanes) -> None:
        self._positions = positions
        self._lanes = lanes
        self._decided: dict[DeliveryKey, VerdictKind] = {}
        self._signalled: set[int] = set()  # attempts that failed, as somebody told delivery
        self._waiting: set[DeliveryKey] = set()  # delivery has not taken what it was told
        self._timed: set[tuple[str, int]] = set()

    def take_verdict(self, sequence: int, owner: str, delivery: str, verdict: Verdict) -> None:
        """Note a verdict at `sequence` of XD_RESULTS; a cycle's first terminal one decides it."""
        key = self._lanes.spoken_of(owner, delivery, verdict)
        if key is None:
            return
        if verdict.verdict is VerdictKind.RETRY:
            self._signalled.add(verdict.sequence)
        else:
            self._decided.setdefault(key, verdict.verdict)
        if self._positions.verdicts.has_before_it(sequence):
            self._waiting.add(key)

    def take_timer(self, delivery: str, cycle: int) -> None:
        """Note that the next attempt has a timer, or is due."""
        self._timed.add((delivery, cycle))

    def take_advisory(self, sequence: int, consumer: str, attempt_sequence: int) -> None:
        """Note that a consumer gave up an attempt, as sequence `sequence` of XD_ADVISORIES says."""
        attempt = self._lanes.at(attempt_sequence)
        if attempt is None or f"{OWNER_CONSUMER_PREFIX}{attempt.key.owner}" != consumer:
            return
        self._signalled.add(attempt.sequence)
        if self._positions.advisories.has_before_it(sequence):
            self._waiting.add(attempt.key)

    def state(self, attempt: Attempt, *, is_dead: bool) -> State:
        """Return what became of a delivery whose last attempt this is."""
        decided = self._decided.get(attempt.key)
        if is_dead:
            return State.DEAD
        if decided is VerdictKind.DONE:
            return State.DONE
        is_timed = (attempt.key.delivery, attempt.key.cycle) in self._timed
        if is_timed or attempt.key in self._waiting:
            return State.OPEN
        if decided is VerdictKind.REASSIGN:
            return State.DONE  # for this owner; the other one's delivery is counted by itself
        if decided is not None or attempt.sequence in self._signalled:
            return State.MISSING  # delivery took the signal, and nothing came of it
        return _state_at(self._positions.owners.get(attempt.key.owner), attempt.sequence)


def _state_at(consumer: Position | None, sequence: int) -> State:
    """Return what the owner's consumer alone says of an attempt that nobody said anything of."""
    if consumer is None:
        return State.MISSING  # nobody will ever pull it
    if consumer.has_before_it(sequence):
        return State.OPEN
    return State.ACKED if sequence <= consumer.ack_floor else State.MISSING
