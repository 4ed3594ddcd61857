"""Reading the retained events of some hours for a dry run."""

from collections.abc import Callable
from datetime import datetime

from contracts import subjects
from gateway.dry_run.trial import Trial
from routing.broker.api import StreamReader
from routing.intake import item_of_stored

ANY_SUBJECT = ">"


async def read_events(
    reader: StreamReader, trial: Trial, since: datetime, tell: Callable[[int, int], None]
) -> None:
    """Give every event that was kept since then to `trial`; `tell` hears how far it is, and of how much.

    Raises: BrokerUnavailable.
    """
    state = await reader.state(subjects.INTAKE_STREAM)
    last = state["last_seq"]
    first = await first_since(reader, since, max(1, state["first_seq"]), last)
    async for stored in reader.scan(subjects.INTAKE_STREAM, trial.subject, first):
        if stored.sequence > last:
            break
        trial.take(item_of_stored(stored, int(stored.subject.split(".")[1])))
        tell(stored.sequence - first + 1, last - first + 1)


async def first_since(reader: StreamReader, since: datetime, low: int, last: int) -> int:
    """Return the sequence of the first message of XD_INTAKE kept at or after `since`, by binary search."""
    high = last + 1
    while low < high:
        middle = (low + high) // 2
        stored = await reader.next(subjects.INTAKE_STREAM, ANY_SUBJECT, middle)
        if stored is None or stored.sequence > last or datetime.fromisoformat(stored.stored_at) >= since:
            high = middle
        else:
            low = stored.sequence + 1
    return low
