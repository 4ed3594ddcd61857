"""Finds the triage decision on an exception in the streams: as its owner got it, or sealed in a receipt."""

from typing import Any

import msgspec
from msgspec import Struct

from contracts import headers, subjects
from routing.broker.api import StoredMessage, StreamReader
from routing.items import TriageDecision
from routing.receipts import StoredReceipt, decode


class _Data(Struct):
    triage: TriageDecision
    exception: dict[str, Any]


class Delivered(Struct):
    """The parts of a delivery's CloudEvent that tell of its decision."""

    data: _Data


class StoredDecision(Struct, frozen=True, kw_only=True):
    """A decision with where it stands. `was_sealed`: its receiver did not see all of it."""

    exception_id: str
    event_id: str
    source: str
    cycle: int
    owners: tuple[str, ...]
    decided_at: str
    was_sealed: bool
    decision: TriageDecision
    exception: dict[str, Any]


_events = msgspec.json.Decoder(Delivered)
_decisions = msgspec.json.Decoder(TriageDecision)


class Decisions:
    """Reads; every method raises BrokerUnavailable. A search reads the receipts, oldest first."""

    def __init__(self, reader: StreamReader) -> None:
        self._reader = reader

    async def find(self, exception_id: str) -> list[StoredDecision]:
        """Return the decisions on an exception, the newest last: one, and one more for each replay of its
        item.
        """
        found = []
        async for stored in self._reader.scan(subjects.OUT_STREAM, "receipt.*"):
            if exception_id.encode() not in stored.body:
                continue
            decision = await self._in_receipt(decode(stored), exception_id)
            if decision is not None:
                found.append(decision)
        return found

    async def _in_receipt(self, receipt: StoredReceipt, exception_id: str) -> StoredDecision | None:
        for entry in receipt.receipt.entries:
            named = [one for one in entry.deliveries if one.exception == exception_id]
            if not named:
                continue
            stored = await self._reader.at(subjects.OUT_STREAM, receipt.delivery_sequence(named[0]))
            if stored is None:
                return None
            owners = tuple(one.owner for one in named)
            return read_decision(stored, owners, entry.sealed.get(exception_id))
        return None


def read_decision(
    stored: StoredMessage, owners: tuple[str, ...], sealed: msgspec.Raw | None = None
) -> StoredDecision:
    """Return the decision of a delivery; `sealed` is the whole of it. Raises: msgspec.DecodeError."""
    data = _events.decode(stored.body).data
    return StoredDecision(
        exception_id=stored.headers.get(headers.EXCEPTION, ""),
        event_id=stored.headers.get(headers.EVENT, ""),
        source=stored.headers.get(headers.SOURCE, ""),
        cycle=int(stored.headers.get(headers.CYCLE, "1")),
        owners=owners,
        decided_at=stored.stored_at,
        was_sealed=sealed is not None,
        decision=data.triage if sealed is None else _decisions.decode(sealed),
        exception=data.exception,
    )
