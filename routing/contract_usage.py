"""Counting who uses which version of a contract, and adding it up in XD_USAGE, where it outlives us.

Each process counts in memory and adds what it counted every few seconds, by compare-and-set: several don't
overwrite each other. What the broker can't take is kept and added later.
"""

import asyncio
import uuid
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Literal

import msgspec
import structlog
from msgspec import Struct
from nats.aio.client import Client

from contracts import subjects
from contracts.errors import BrokerFull
from contracts.usage import Counted, UsageRecord, add, added, nothing_counted
from routing.broker.api import StreamReader
from routing.broker.commit import Outgoing, Refused, StaleWriter, publish

FLUSH_SECONDS = 5.0
TRIES = 20
EXPECTED_SEQUENCE = "Nats-Expected-Last-Subject-Sequence"

Kind = Literal["sent", "read"]
Tell = Callable[[str, str, Counted], None]  # contract, version, what was counted

log = structlog.get_logger()

_records = msgspec.json.Decoder(UsageRecord)


class UsageCounts:
    """What was counted since the last flush (hot path: one look-up and one addition)."""

    def __init__(self) -> None:
        self._used: dict[tuple[str, str], int] = {}
        self._refused: dict[str, Counted] = {}

    def used(self, contract: str, name: str) -> None:
        """Count one use of `name@x.y.z` by a source or an owner."""
        key = (contract, name)
        self._used[key] = self._used.get(key, 0) + 1

    def refused(self, contract: str, source: str, places: Collection[tuple[str, str]]) -> None:
        """Count one item that a source sent and that was refused for `places`: keyword and pointer each."""
        counted = self._refused.setdefault(contract, nothing_counted())
        once = Counted({}, {source: 1}, {(source, keyword, pointer): 1 for keyword, pointer in places})
        add(counted, once)

    def take(self) -> dict[str, Counted]:
        """Return what was counted, by `name@x.y.z`, and begin anew."""
        taken, self._refused = self._refused, {}
        counts, self._used = self._used, {}
        for (contract, name), count in counts.items():
            taken.setdefault(contract, nothing_counted()).used[name] = count
        return taken


class _Addition(Struct):
    """One addition whose acknowledgement did not come: it may be there or not."""

    number: int
    counted: Counted


class UsageWriter:
    """Adds what one process counts to XD_USAGE. `tell` hears of everything that was counted, once."""

    def __init__(
        self,
        client: Client,
        kind: Kind,
        counts: UsageCounts,
        *,
        tell: Tell = lambda contract, version, counted: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._reader = StreamReader(client)
        self._kind = kind
        self._counts = counts
        self._tell = tell
        self._now = now
        self._writer = uuid.uuid4().hex[:12]
        self._number = 0
        self._waiting: dict[str, Counted] = {}
        self._unsure: dict[str, _Addition] = {}
        self._is_away = False

    async def run(self, stop: asyncio.Event) -> None:
        """Flush every few seconds until `stop`, and once more then."""
        while not stop.is_set():
            try:
                await asyncio.wait_for(stop.wait(), FLUSH_SECONDS)
            except TimeoutError:
                await self.flush()
        await self.flush()

    async def flush(self) -> bool:
        """Add what was counted; say whether all of it is kept. What is not is added the next time."""
        for contract, counted in self._counts.take().items():
            name, _, version = contract.partition("@")
            self._tell(name, version, counted)
            add(self._waiting.setdefault(contract, nothing_counted()), counted)
        try:
            for contract in [*self._unsure, *self._waiting]:
                await self._settle(contract)
        except Exception as error:  # noqa: BLE001 - counting never stops who counts; what is not kept waits
            if not self._is_away:
                log.warning("the use of contracts can't be written down and waits", error=str(error))
            self._is_away = True
            return False
        self._is_away = False
        return True

    async def _settle(self, contract: str) -> None:
        """Raises: BrokerUnavailable, BrokerFull, Refused, StaleWriter; nothing is lost then."""
        for _ in range(TRIES):
            unsure = self._unsure.get(contract)
            if unsure is None and contract not in self._waiting:
                return
            subject = subjects.usage(self._kind, *_split(contract))
            stored = await self._reader.last(subjects.USAGE_STREAM, subject)
            record = _records.decode(stored.body) if stored is not None else UsageRecord()
            if unsure is not None:
                del self._unsure[contract]
                if record.writers.get(self._writer, 0) < unsure.number:
                    add(self._waiting.setdefault(contract, nothing_counted()), unsure.counted)
                continue
            await self._add(contract, subject, record, stored.sequence if stored is not None else 0)
        if contract in self._waiting or contract in self._unsure:
            raise StaleWriter(f"{contract}: others write all the time")

    async def _add(self, contract: str, subject: str, record: UsageRecord, sequence: int) -> None:
        self._number += 1
        counted = self._waiting.pop(contract)
        at = self._now().isoformat(timespec="seconds")
        body = msgspec.json.encode(added(record, counted, at, self._writer, self._number))
        self._unsure[contract] = _Addition(self._number, counted)
        try:
            await publish(
                self._client,
                Outgoing(subject=subject, body=body, headers={EXPECTED_SEQUENCE: str(sequence)}),
            )
        except StaleWriter:
            return  # what is there says whether an earlier try of ours or another process was first
        except (BrokerFull, Refused):
            del self._unsure[contract]
            self._waiting[contract] = counted
            raise
        del self._unsure[contract]


def _split(contract: str) -> tuple[str, str]:
    name, _, version = contract.partition("@")
    return name, version
