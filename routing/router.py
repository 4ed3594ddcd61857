"""The router of one partition: pull, run the stages, commit deliveries and receipt in one atomic batch."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

import msgspec
from msgspec import Struct
from nats.aio.client import Client

from contracts import subjects
from contracts.errors import BrokerFull, BrokerUnavailable, RequestConflict
from contracts.records import Outcome, ReceiptEntry
from routing.broker.api import StreamReader
from routing.broker.commit import Refused, StaleWriter, commit
from routing.intake import IntakeReader
from routing.items import RouterItem
from routing.pipeline import Pipeline
from routing.receipts import (
    ReceiptBatch,
    Settled,
    batches,
    dead_entry,
    encode,
    last_receipt,
)
from routing.recent import RecentEvents, recent_events
from routing.rendering import RenderedItem
from routing.stages import Failed, StageObserver

PAUSE_SECONDS = 0.2
FULL_PAUSE_SECONDS = 1.0


class RouterSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`batch_items` go through the stages at once. At the start the last `context_items` are read again, so
    that `detect` knows what came before, and the receipts among the last `recent_receipts` messages of
    XD_OUT, so that repeats are known.
    """

    batch_items: int = 250
    context_items: int = 2000
    recent_receipts: int = 50_000
    recent_events: int = 500_000


class RouterObserver(StageObserver, Protocol):
    """Hears what became of each item; must not raise."""

    def item_settled(self, item: RouterItem, entry: ReceiptEntry, cause: Exception | None) -> None:
        """The receipt that names this outcome is durable."""
        ...

    def stuck(self, reason: str) -> None:
        """The router can't go on: an empty reason means that it can again."""
        ...


class PartitionRouter:
    """One writer: a second one, or a late repeat of this one, fails the receipt's compare-and-set whole."""

    def __init__(
        self,
        client: Client,
        partition: int,
        pipeline: Pipeline,
        settings: RouterSettings,
        observer: RouterObserver,
    ) -> None:
        self._client = client
        self._reader = StreamReader(client)
        self._partition = partition
        self._pipeline = pipeline
        self._settings = settings
        self._observer = observer
        self._recent = RecentEvents(settings.recent_events)
        self._receipt_sequence = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Route until `stop`; resume from the last receipt at the start and after another writer was here."""
        while not stop.is_set():
            try:
                await self._run_from_last_receipt(stop)
            except StaleWriter:
                self._observer.stuck("another router wrote this partition's receipt")
            except BrokerUnavailable as error:
                self._observer.stuck(error.detail)
            await _pause(stop, PAUSE_SECONDS)

    async def _run_from_last_receipt(self, stop: asyncio.Event) -> None:
        last = await last_receipt(self._reader, self._partition)
        through, skip = (last.receipt.through, last.receipt.offset) if last else (0, 0)
        self._receipt_sequence = last.sequence if last else 0
        self._recent = await recent_events(
            self._reader, self._partition, self._settings.recent_receipts, self._settings.recent_events
        )
        await self._pipeline.warm_up(self._reader, self._partition, through, self._settings.context_items)
        intake = IntakeReader(self._client, self._partition, through)
        try:
            while not stop.is_set():
                items = await intake.take(self._settings.batch_items)
                if items:
                    await self._route(items, skip, stop)
                    skip = 0
                self._observer.stuck("")
        finally:
            await intake.close()

    async def _route(self, items: list[RouterItem], skip: int, stop: asyncio.Event) -> None:
        """Take one batch of items to their receipts (hot path)."""
        settled, causes = self._settle(items)
        for batch in batches(self._partition, settled, skip):
            await self._commit(batch, stop)
        for item, done, cause in zip(items, settled, causes, strict=True):
            self._recent.remember(item.event_id, item.cycle, item.digest)
            self._observer.item_settled(item, done.entry, cause)

    def _settle(self, items: Sequence[RouterItem]) -> tuple[list[Settled], list[Exception | None]]:
        repeats: dict[int, Settled] = {}
        fresh: list[RouterItem] = []
        seen: dict[tuple[str, int], str] = {}
        for item in items:
            first = self._recent.digest(item.event_id, item.cycle)
            first = seen.get((item.event_id, item.cycle)) if first is None else first
            if first is None:
                seen[item.event_id, item.cycle] = item.digest
                fresh.append(item)
            else:
                repeats[item.sequence] = _repeat(item, first)
        results = dict(zip((item.sequence for item in fresh), self._pipeline.run(fresh), strict=True))
        settled, causes = [], []
        for item in items:
            result = results.get(item.sequence)
            settled.append(repeats[item.sequence] if result is None else _settled(item, result))
            causes.append(result.cause if isinstance(result, Failed) else None)
        return settled, causes

    async def _commit(self, batch: ReceiptBatch, stop: asyncio.Event) -> None:
        """Commit until the broker keeps it. Raises: StaleWriter; BrokerUnavailable when stopping."""
        while True:
            try:
                self._receipt_sequence = await commit(self._client, batch.messages(self._receipt_sequence))
            except StaleWriter:
                if not await self._was_kept(batch):
                    raise
            except (BrokerFull, Refused) as error:
                self._observer.stuck(f"{subjects.OUT_STREAM} takes no more: {error}")
                await self._wait_or_give_up(stop, FULL_PAUSE_SECONDS)
                continue
            except BrokerUnavailable as error:
                self._observer.stuck(error.detail)
                await self._wait_or_give_up(stop, PAUSE_SECONDS)
                continue
            return

    async def _was_kept(self, batch: ReceiptBatch) -> bool:
        """Say whether an earlier try, whose acknowledgement was lost, wrote this very batch."""
        last = await last_receipt(self._reader, self._partition)
        if last is None or encode(last.receipt) != encode(batch.receipt):
            return False
        self._receipt_sequence = last.sequence
        return True

    async def _wait_or_give_up(self, stop: asyncio.Event, seconds: float) -> None:
        await _pause(stop, seconds)
        if stop.is_set():
            raise BrokerUnavailable("stopped before the batch was kept; the next run resumes before it")


def _settled(item: RouterItem, result: RenderedItem | Failed) -> Settled:
    entry = _entry(item)
    if isinstance(result, Failed):
        # the router has no sender to tell: whatever the error's own disposition, the bytes are kept
        return dead_entry(entry, result.stage, result.error.code, result.error.detail)
    routed = result.routed
    return Settled(
        entry=msgspec.structs.replace(
            entry,
            outcome=Outcome.WITH_EXCEPTIONS if routed.exceptions else Outcome.OBSERVED,
            exceptions=len(routed.exceptions),
            facts=tuple(str(fact.kind) for fact in routed.facts),
            deliveries=result.entries,
        ),
        deliveries=result.deliveries,
    )


def _repeat(item: RouterItem, first_digest: str) -> Settled:
    if item.digest and first_digest and item.digest != first_digest:
        # it came after the gateway's memory and the broker's window had let go of the first one
        conflict = RequestConflict("the same source event id came before with another document")
        return dead_entry(_entry(item), "decode", conflict.code, conflict.detail)
    return Settled(entry=msgspec.structs.replace(_entry(item), outcome=Outcome.DUPLICATE))


def _entry(item: RouterItem) -> ReceiptEntry:
    return ReceiptEntry(
        sequence=item.sequence,
        event=item.event_id,
        source=item.source,
        contract=item.contract,
        outcome=Outcome.OBSERVED,
        digest=item.digest,
        cycle=item.cycle,
    )


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
