"""Items: each one in the intake has one outcome in a receipt of the router, or is still before the router."""

from collections import Counter
from collections.abc import Iterator

from msgspec import Struct

from contracts.records import Outcome, Receipt
from ledger.reading import Cut

NAMED_LIMIT = 10


class ItemBalance(Struct, kw_only=True):
    """Accepted + redone = observed + with_exceptions + duplicate + dead + in_progress + missing.

    `missing` items have no outcome although their partition's receipts are past them. `doubled` items have
    more than one; the line counts their first.
    """

    accepted: int = 0
    redone: int = 0  # replays of dead items; not counted as accepted again
    observed: int = 0
    with_exceptions: int = 0
    duplicate: int = 0
    dead: int = 0
    in_progress: int = 0
    missing: int = 0
    doubled: int = 0


class Outcomes:
    """Holds the receipts' entries against the sequences that the intake held at the cut.

    One byte a sequence: the intake may hold tens of millions.
    """

    def __init__(self, cut: Cut) -> None:
        self._cut = cut
        self._settled = bytearray(cut.span)
        self.counts: Counter[Outcome] = Counter()
        self.doubled: list[int] = []
        self.through: dict[int, int] = {}

    def take(self, receipt: Receipt) -> None:
        """Count a receipt; a part of an item counts with its last part, in a later receipt."""
        known = self.through.get(receipt.partition, 0)
        self.through[receipt.partition] = max(known, receipt.through)
        for entry in receipt.entries:
            if entry.sequence > receipt.through or not self._cut.holds(entry.sequence):
                continue  # a part, or an item that was removed since or came after the cut
            place = entry.sequence - self._cut.first
            if self._settled[place]:
                self.doubled.append(entry.sequence)
                continue
            self._settled[place] = 1
            self.counts[entry.outcome] += 1

    @property
    def routed_through(self) -> int:
        """The highest intake sequence that any partition's receipts are through."""
        return max(self.through.values(), default=0)

    def unsettled(self) -> Iterator[int]:
        """Yield the sequences that the intake held and that have no outcome, in order."""
        place = self._settled.find(0)
        while place >= 0:
            sequence = self._cut.first + place
            if sequence not in self._cut.removed:
                yield sequence
            place = self._settled.find(0, place + 1)


def named(sequences: list[int]) -> str:
    """Return the first sequences as text."""
    shown = ", ".join(map(str, sequences[:NAMED_LIMIT]))
    return f"{shown}, …" if len(sequences) > NAMED_LIMIT else shown
