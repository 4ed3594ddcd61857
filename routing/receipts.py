"""The router's receipts: building a batch that fits, and finding the receipt of an intake sequence again."""

from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct

from contracts import headers, subjects
from contracts.records import DeliveryEntry, Outcome, Receipt, ReceiptEntry
from routing.broker.api import StoredMessage, StreamReader
from routing.broker.commit import BATCH_LIMIT, Outgoing

BATCH_LIMIT_BYTES = 16 << 20
EXPECTED_SEQUENCE = "Nats-Expected-Last-Subject-Sequence"

_decoder = msgspec.json.Decoder(Receipt)
_encoder = msgspec.json.Encoder()


class Settled(Struct, frozen=True, kw_only=True):
    """One item at the end of the pipeline: its receipt entry, and its deliveries in the entry's order."""

    entry: ReceiptEntry
    deliveries: tuple[Outgoing, ...] = ()


class ReceiptBatch(Struct, frozen=True, kw_only=True):
    """One atomic batch: the deliveries, then the receipt."""

    receipt: Receipt
    deliveries: tuple[Outgoing, ...]

    def messages(self, last_receipt_sequence: int) -> list[Outgoing]:
        """Return what to commit; the receipt is refused unless the last one is `last_receipt_sequence`."""
        return [
            *self.deliveries,
            Outgoing(
                subject=subjects.receipt(self.receipt.partition),
                body=encode(self.receipt),
                headers={EXPECTED_SEQUENCE: str(last_receipt_sequence)},
            ),
        ]


class StoredReceipt(Struct, frozen=True, kw_only=True):
    """A receipt and its sequence in XD_OUT."""

    sequence: int
    receipt: Receipt

    def delivery_sequence(self, delivery: DeliveryEntry) -> int:
        """Return where in XD_OUT the first attempt of `delivery` lies."""
        return self.sequence - self.receipt.batch_size + 1 + delivery.offset


def encode(receipt: Receipt) -> bytes:
    """Return the receipt's bytes on the wire."""
    return _encoder.encode(receipt)


def batches(
    partition: int, settled: Sequence[Settled], delivered: frozenset[str] = frozenset()
) -> Iterator[ReceiptBatch]:
    """Cut settled items into atomic batches of at most 1,000 messages and about 16 MiB.

    An item that fits into no batch is spread over several. `delivered` are the deliveries of the first item
    that an earlier run, which got no further, has published already: they are left out.
    """
    batch = _OpenBatch(partition, settled[0].entry.sequence - 1 if settled else 0)
    for item in settled:
        pairs = [
            pair
            for pair in zip(item.entry.deliveries, item.deliveries, strict=True)
            if pair[0].delivery not in delivered
        ]
        if batch.entries and not batch.fits([message for _, message in pairs]):
            yield batch.close(None)
            batch = _OpenBatch(partition, batch.through)
        placed: list[DeliveryEntry] = []
        for entry, message in pairs:
            if not batch.fits([message]):
                yield batch.close(_with(item.entry, placed))
                batch, placed = _OpenBatch(partition, batch.through), []
            placed.append(msgspec.structs.replace(entry, offset=batch.add(message)))
        batch.entries.append(_with(item.entry, placed))
        batch.through = item.entry.sequence
    if batch.entries:
        yield batch.close(None)


async def last_receipt(reader: StreamReader, partition: int) -> StoredReceipt | None:
    """Return the newest receipt of a partition, or None before the first."""
    stored = await reader.last(subjects.OUT_STREAM, subjects.receipt(partition))
    return None if stored is None else decode(stored)


async def find_receipt(reader: StreamReader, partition: int, sequence: int) -> StoredReceipt | None:
    """Return the first receipt that is through `sequence`, by binary search: about 20 direct gets at most."""
    newest = await last_receipt(reader, partition)
    if newest is None or newest.receipt.through < sequence:
        return None
    low, high = 1, newest.sequence
    best = newest
    while low < high:
        middle = (low + high) // 2
        stored = await reader.next(subjects.OUT_STREAM, subjects.receipt(partition), middle)
        if stored is None:
            break
        found = decode(stored)
        if found.receipt.through >= sequence:
            best, high = found, min(middle, found.sequence)
        else:
            low = found.sequence + 1
    return best


def decode(stored: StoredMessage) -> StoredReceipt:
    """Return a stored receipt. Raises: msgspec.ValidationError for what the router never wrote."""
    return StoredReceipt(sequence=stored.sequence, receipt=_decoder.decode(stored.body))


def dead_entry(entry: ReceiptEntry, stage: str, code: str, detail: str) -> Settled:
    """Return the item as dead at `stage`."""
    return Settled(
        entry=msgspec.structs.replace(
            entry, outcome=Outcome.DEAD, stage=stage, code=code, detail=headers.one_line(detail)
        )
    )


def _with(entry: ReceiptEntry, placed: list[DeliveryEntry]) -> ReceiptEntry:
    return msgspec.structs.replace(entry, deliveries=tuple(placed))


class _OpenBatch:
    """A batch that still takes deliveries."""

    def __init__(self, partition: int, through: int) -> None:
        self.through = through
        self.entries: list[ReceiptEntry] = []
        self._partition = partition
        self._deliveries: list[Outgoing] = []
        self._size = 0

    def fits(self, messages: Sequence[Outgoing]) -> bool:
        """Say whether these go in too; into an empty batch one goes always."""
        count = len(self._deliveries) + len(messages)
        size = self._size + sum(message.size for message in messages)
        is_first = count == 1
        return is_first or (count < BATCH_LIMIT and size <= BATCH_LIMIT_BYTES)

    def add(self, delivery: Outgoing) -> int:
        self._deliveries.append(delivery)
        self._size += delivery.size
        return len(self._deliveries) - 1

    def close(self, part: ReceiptEntry | None) -> ReceiptBatch:
        receipt = Receipt(
            partition=self._partition,
            through=self.through,
            entries=(*self.entries, part) if part is not None else tuple(self.entries),
            batch_size=len(self._deliveries) + 1,
        )
        return ReceiptBatch(receipt=receipt, deliveries=tuple(self._deliveries))
