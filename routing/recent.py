"""Which events this partition routed lately, so that a repeat reaches owners once."""

from collections import OrderedDict

from contracts import subjects
from routing.broker.api import StreamReader
from routing.receipts import decode


class RecentEvents:
    """The last events by (event id, cycle), with their documents' digests; the oldest go first.

    The gateway and the broker's two-minute window stop nearly all repeats; this stops what comes later. It is
    exact as far back as it reaches.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._digests: OrderedDict[tuple[str, int], str] = OrderedDict()

    def digest(self, event: str, cycle: int) -> str | None:
        """Return the digest of the first document of this event, or None where it is new."""
        return self._digests.get((event, cycle))

    def remember(self, event: str, cycle: int, digest: str) -> None:
        """Remember an event; the first document stays the one that counts."""
        self._digests.setdefault((event, cycle), digest)
        if len(self._digests) > self._limit:
            self._digests.popitem(last=False)


async def recent_events(reader: StreamReader, partition: int, depth: int, limit: int) -> RecentEvents:
    """Read the receipts among the last `depth` messages of XD_OUT.

    Raises: BrokerUnavailable.
    """
    recent = RecentEvents(limit)
    last = (await reader.state(subjects.OUT_STREAM))["last_seq"]
    begin = max(1, last - depth + 1)
    async for stored in reader.scan(subjects.OUT_STREAM, subjects.receipt(partition), begin):
        found = decode(stored).receipt
        for entry in found.entries:
            if entry.sequence <= found.through:
                recent.remember(entry.event, entry.cycle, entry.digest)
    return recent
