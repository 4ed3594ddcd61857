"""Finds where the streams hold an event: its arrivals in the intake, and the receipts that speak of them."""

import asyncio

from msgspec import Struct

from contracts import headers, subjects
from contracts.records import Outcome, ReceiptEntry
from routing.broker.api import StoredMessage, StreamReader
from routing.receipts import StoredReceipt, decode, find_receipt, last_receipt

SEARCHES_AT_ONCE = 2
WALK_LIMIT = 256


class Arrived(Struct, frozen=True, kw_only=True):
    """One intake sequence of an event. `entry` is there where a receipt was read on the way to it."""

    partition: int
    sequence: int
    stored: StoredMessage | None
    entry: ReceiptEntry | None = None


class Part(Struct, frozen=True, kw_only=True):
    """What one receipt says of an intake sequence. Only the last part of an item has its outcome."""

    receipt: StoredReceipt
    entry: ReceiptEntry

    @property
    def is_last(self) -> bool:
        """Whether the item is wholly done with it."""
        return self.receipt.receipt.through >= self.entry.sequence


class EventSearch:
    """Reads; every method raises BrokerUnavailable.

    Without a sequence all receipts are read, oldest first (a direct get can't go backwards), and then what is
    not routed yet: seconds for a full stream. So no more than two such searches run at once in a process,
    each ends with the partition that holds the event, and others wait.
    """

    def __init__(self, reader: StreamReader, partitions: int) -> None:
        self._reader = reader
        self._partitions = partitions
        self._places = asyncio.Semaphore(SEARCHES_AT_ONCE)

    async def arrivals(
        self, event_id: str, sequence: int | None = None, *, is_first_enough: bool = False
    ) -> list[Arrived]:
        """Return the event's arrivals and redos but for duplicates; with its sequence, that one alone."""
        if sequence is not None:
            hinted = await self._at(event_id, sequence)
            if hinted is not None:
                return [hinted]
        async with self._places:
            for partition in range(self._partitions):
                found = await self._routed(event_id, partition, is_first_enough)
                if found:
                    return found
            for partition in range(self._partitions):
                waiting = await self._waiting(event_id, partition)
                if waiting is not None:
                    return [waiting]
        return []

    async def parts(self, partition: int, sequence: int) -> list[Part]:
        """Return what the receipts say of an intake sequence, in their order."""
        final = await find_receipt(self._reader, partition, sequence)
        receipt = final or await last_receipt(self._reader, partition)
        found: list[Part] = []
        while receipt is not None:
            entry = next((each for each in receipt.receipt.entries if each.sequence == sequence), None)
            if entry is None:
                break
            found.append(Part(receipt=receipt, entry=entry))
            if receipt.receipt.entries[0].sequence != sequence:
                break  # a further part is the first entry of its receipt
            receipt = await self._before(receipt)
        return found[::-1]

    async def _before(self, receipt: StoredReceipt) -> StoredReceipt | None:
        """Return the receipt before one of its partition; what may lie between them is stepped over."""
        place = receipt.sequence - receipt.receipt.batch_size
        for _ in range(WALK_LIMIT):
            if place < 1:
                return None
            stored = await self._reader.at(subjects.OUT_STREAM, place)
            if stored is None or not stored.subject.startswith("receipt."):
                place -= 1
                continue
            found = decode(stored)
            if found.receipt.partition == receipt.receipt.partition:
                return found
            place -= found.receipt.batch_size
        return None

    async def _at(self, event_id: str, sequence: int) -> Arrived | None:
        stored = await self._reader.at(subjects.INTAKE_STREAM, sequence)
        if stored is None or stored.headers.get(headers.EVENT) != event_id:
            return None
        return Arrived(partition=partition_of(stored), sequence=sequence, stored=stored)

    async def _routed(self, event_id: str, partition: int, is_first_enough: bool) -> list[Arrived]:
        """Read the receipts of a partition: redos, and documents that conflict with the first, come late."""
        found: dict[int, ReceiptEntry] = {}
        async for stored in self._reader.scan(subjects.OUT_STREAM, subjects.receipt(partition)):
            for entry in decode(stored).receipt.entries:
                if entry.event == event_id and entry.outcome is not Outcome.DUPLICATE:
                    found[entry.sequence] = entry
            if found and is_first_enough:
                break
        return [
            Arrived(
                partition=partition,
                sequence=sequence,
                stored=await self._reader.at(subjects.INTAKE_STREAM, sequence),
                entry=entry,
            )
            for sequence, entry in found.items()
        ]

    async def _waiting(self, event_id: str, partition: int) -> Arrived | None:
        last = await last_receipt(self._reader, partition)
        after = last.receipt.through if last else 0
        async for stored in self._reader.scan(subjects.INTAKE_STREAM, f"in.{partition}.*.*", after + 1):
            if stored.headers.get(headers.EVENT) == event_id:
                return Arrived(partition=partition, sequence=stored.sequence, stored=stored)
        return None


def partition_of(stored: StoredMessage) -> int:
    """Return the partition of a message of the intake."""
    return int(stored.subject.split(".")[1])
