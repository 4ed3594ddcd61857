"""Who uses which version of which contract: what processes added up, and what the streams still hold."""

from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

import msgspec

from contracts import headers, subjects
from contracts.records import Receipt
from contracts.usage import UsageRecord, VersionUsage, usage_of
from ledger.reading import Cut, Reader

Key = TypeVar("Key")

BLOCK = 1024  # sequences that are let go of together

_receipts = msgspec.json.Decoder(Receipt)
_records = msgspec.json.Decoder(UsageRecord)
_NOTHING = UsageRecord()


async def read_usage(
    reader: Reader, contract: str, versions: Iterable[str], retained: dict[str, int]
) -> list[VersionUsage]:
    """Return the use of each version of a contract, also of those that nobody used, in the order given.

    `retained` is what `RetainedEvents.counts` returned. Raises: BrokerUnavailable.
    """
    found: dict[tuple[str, str], UsageRecord] = {}
    async for stored in reader.scan(subjects.USAGE_STREAM, f"usage.*.{contract}.*"):
        _, kind, _, version = stored.subject.split(".")
        found[(kind, version.replace("-", "."))] = _records.decode(stored.body)
    return [
        usage_of(
            contract,
            version,
            sent=found.get(("sent", version), _NOTHING),
            read=found.get(("read", version), _NOTHING),
            retained=retained.get(f"{contract}@{version}", 0),
        )
        for version in versions
    ]


class RetainedEvents:
    """How many events of each version XD_INTAKE and XD_OUT still hold, by the router's receipts.

    Each call reads on from where the last one ended. The first is exact; a later one may count up to 1,023
    events more that have gone since, of each version and stream.
    """

    def __init__(self, reader: Reader, partitions: int) -> None:
        self._reader = reader
        self._partitions = partitions
        self._next = 1
        self._through: dict[int, int] = {}  # by partition
        self._intake: dict[str, dict[int, int]] = {}  # by version and block of sequences
        self._out: dict[str, dict[int, int]] = {}

    async def counts(self) -> dict[str, int]:
        """Return the number for each `name@x.y.z` that has any. Raises: BrokerUnavailable."""
        intake = await self._reader.cut(subjects.INTAKE_STREAM)
        out = await self._reader.cut(subjects.OUT_STREAM)
        async for stored in self._reader.scan(subjects.OUT_STREAM, "receipt.*", self._next):
            self._take(stored.sequence, _receipts.decode(stored.body), intake, out)
            self._next = stored.sequence + 1
        found: dict[str, int] = {}
        for counted, first in ((self._intake, intake.first), (self._out, out.first)):
            for version, blocks in counted.items():
                _let_go(blocks, first)
                _add(found, version, sum(blocks.values()))
        async for version in self._unrouted(intake):
            _add(found, version, 1)
        return {version: count for version, count in found.items() if count}

    def _take(self, sequence: int, receipt: Receipt, intake: Cut, out: Cut) -> None:
        self._through[receipt.partition] = receipt.through
        for entry in receipt.entries:
            if "@" in entry.contract and intake.holds(entry.sequence) and entry.sequence <= receipt.through:
                _add(self._intake.setdefault(entry.contract, {}), entry.sequence // BLOCK, 1)
            for delivery in entry.deliveries:
                place = sequence - receipt.batch_size + 1 + delivery.offset
                if delivery.version and place >= out.first:
                    version = f"exception-{delivery.category}@{delivery.version}"
                    _add(self._out.setdefault(version, {}), place // BLOCK, 1)

    async def _unrouted(self, intake: Cut) -> AsyncIterator[str]:
        """Yield the version of each item that no receipt names yet."""
        for partition in range(self._partitions):
            begin = max(self._through.get(partition, 0) + 1, intake.first)
            async for stored in self._reader.scan(subjects.INTAKE_STREAM, f"*.{partition}.>", begin):
                version = stored.headers.get(headers.CONTRACT, "")
                if "@" in version:
                    yield version


def _let_go(blocks: dict[int, int], first: int) -> None:
    for block in [block for block in blocks if (block + 1) * BLOCK <= first]:
        del blocks[block]


def _add(counts: dict[Key, int], key: Key, count: int) -> None:
    counts[key] = counts.get(key, 0) + count
