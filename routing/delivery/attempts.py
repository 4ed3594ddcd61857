"""Attempts: the messages of XD_OUT that hand a delivery to its owner."""

from msgspec import Struct

from contracts import headers, subjects
from routing.broker.api import StoredMessage, StreamReader

SEQUENCE_LIMIT = 1 << 63  # beyond it the broker can't read the question


class Attempt(Struct, frozen=True, kw_only=True):
    """One attempt, as the stream holds it. `number` counts from 1 within `cycle`."""

    owner: str
    delivery: str
    cycle: int
    number: int
    stored: StoredMessage


async def find_attempt(reader: StreamReader, sequence: int) -> Attempt | None:
    """Return the attempt at `sequence` of XD_OUT, or None where none is (any more).

    Raises: BrokerUnavailable.
    """
    if not 0 < sequence < SEQUENCE_LIMIT:
        return None
    stored = await reader.at(subjects.OUT_STREAM, sequence)
    return None if stored is None else _read(stored)


def _read(stored: StoredMessage) -> Attempt | None:
    kind, owner, *rest = stored.subject.split(".")
    delivery = stored.headers.get(headers.DELIVERY)
    if kind != "out" or len(rest) != 2 or not delivery:
        return None
    return Attempt(
        owner=owner,
        delivery=delivery,
        cycle=int(stored.headers.get(headers.CYCLE, "1")),
        number=int(stored.headers.get(headers.ATTEMPT, "1")),
        stored=stored,
    )
