"""Which events this partition routed lately, so that a repeat reaches owners once."""

from collections import OrderedDict

from contracts import subjects
from contracts.errors import BrokerUnavailable
from contracts.records import Outcome
from routing.broker.api import StreamReader
from routing.receipts import StoredReceipt, decode

DOCUMENTS_LIMIT = 16  # different documents under one event id that are told apart


class RecentEvents:
    """The last events by (event id, cycle), with the digests of their documents; the oldest events go first.

    The gateway and the broker's two-minute window stop nearly all repeats; this stops what comes later. It is
    exact as far back as it reaches.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._digests: OrderedDict[tuple[str, int], tuple[str, ...]] = OrderedDict()

    def remember(self, event: str, cycle: int, digest: str) -> Outcome | None:
        """Remember an event; say what it is: None for a new one, DUPLICATE, or DEAD for a conflict.

        A conflict is another document under the id of an earlier event; that one again is a duplicate.
        """
        key = (event, cycle)
        known = self._digests.get(key)
        if known is None:
            self._digests[key] = (digest,)
            if len(self._digests) > self._limit:
                self._digests.popitem(last=False)
            return None
        if not digest or digest in known or not known[0]:
            return Outcome.DUPLICATE
        if len(known) < DOCUMENTS_LIMIT:
            self._digests[key] = (*known, digest)
        return Outcome.DEAD


async def read_recent(
    reader: StreamReader, last: StoredReceipt, depth: int, limit: int
) -> tuple[RecentEvents, frozenset[str]]:
    """Read the receipts among the last `depth` messages of XD_OUT, up to the partition's `last` one.

    Returns the recent events, and the deliveries that are out of an item which is not wholly done.

    Raises: BrokerUnavailable, also where a copy of the stream lags behind `last`.
    """
    recent = RecentEvents(limit)
    parts: dict[int, set[str]] = {}
    seen = 0
    subject = subjects.receipt(last.receipt.partition)
    async for stored in reader.scan(subjects.OUT_STREAM, subject, max(1, last.sequence - depth + 1)):
        receipt = decode(stored).receipt
        seen = stored.sequence
        for entry in receipt.entries:
            if entry.sequence <= receipt.through:
                recent.remember(entry.event, entry.cycle, entry.digest)
            else:
                parts.setdefault(entry.sequence, set()).update(each.delivery for each in entry.deliveries)
    if seen < last.sequence:
        raise BrokerUnavailable("the broker does not show the newest receipts yet")
    unfinished = max(parts, default=0)
    is_open = unfinished > last.receipt.through
    return recent, frozenset(parts[unfinished]) if is_open else frozenset()
