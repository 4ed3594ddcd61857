"""How often the same exception came in a week: what did not hold the first times is for a person (R7)."""

from collections import OrderedDict

from contracts.canonical import RetailException
from routing.triage.memory import moment

WEEK_SECONDS = 7 * 24 * 3600.0
COUNTED = 8
KEYS_LIMIT = 50_000

Key = tuple[str, str, str]


class Repeats:
    """Remembers the latest exceptions of each item in each place, by category. In memory: a restart
    forgets.
    """

    def __init__(self, limit: int = KEYS_LIMIT) -> None:
        self._limit = limit
        self._latest = 0.0
        self._seen: OrderedDict[Key, tuple[float, ...]] = OrderedDict()

    def count(self, exception: RetailException) -> int | None:
        """Return how many there were in the week before, and remember this one; None where none can be the
        same.
        """
        if exception.place is None or exception.item is None:
            return None
        key = (exception.category.value, exception.place.id, exception.item.id)
        at = moment(exception.detected_at, self._latest)
        self._latest = max(self._latest, at)
        recent = tuple([one for one in self._seen.get(key, ()) if 0 <= at - one < WEEK_SECONDS])
        self._seen[key] = (*recent[-COUNTED + 1 :], at)
        self._seen.move_to_end(key)
        if len(self._seen) > self._limit:
            self._seen.popitem(last=False)
        return len(recent)
