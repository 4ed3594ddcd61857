"""The router of one partition: pull, run the stages, commit deliveries and receipt in one atomic batch."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Protocol

import msgspec
from msgspec import Struct
from nats.aio.client import Client

from contracts import subjects
from contracts.errors import BrokerFull, BrokerUnavailable, RequestConflict
from contracts.records import Outcome, ReceiptEntry
from routing.broker.api import ApiError, StreamReader
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
from routing.recent import RecentEvents, read_recent
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

    def stuck(self, partition: int, reason: str) -> None:
        """The partition can't go on: an empty reason means that it can again."""
        ...


class StreamsDiffer(Exception):
    """The receipts speak of items that the intake can't have held: an operator must decide."""


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
                self._tell("another router wrote this partition's receipt")
            except (BrokerUnavailable, ApiError, StreamsDiffer) as error:
                self._tell(str(error))
            await _pause(stop, PAUSE_SECONDS)

    async def _run_from_last_receipt(self, stop: asyncio.Event) -> None:
        last = await last_receipt(self._reader, self._partition)
        through = last.receipt.through if last else 0
        await self._require_intake(through)
        self._receipt_sequence = last.sequence if last else 0
        self._recent, delivered = RecentEvents(self._settings.recent_events), frozenset[str]()
        if last is not None:
            self._recent, delivered = await read_recent(
                self._reader, last, self._settings.recent_receipts, self._settings.recent_events
            )
        await self._pipeline.warm_up(self._reader, self._partition, through, self._settings.context_items)
        intake = IntakeReader(self._client, self._partition, through)
        try:
            while not stop.is_set():
                items = await intake.take(self._settings.batch_items)
                if items:
                    await self._route(items, delivered, stop)
                    delivered = frozenset()
                self._tell("")
        finally:
            await intake.close()

    async def _require_intake(self, through: int) -> None:
        """Raises: StreamsDiffer where items were routed that XD_INTAKE never held: it was made anew."""
        held = (await self._reader.state(subjects.INTAKE_STREAM))["last_seq"]
        if held < through:
            raise StreamsDiffer(
                f"{subjects.INTAKE_STREAM} ends at {held}, but {through} is routed already:"
                " the streams are not of one time; restore them together, or remove them together"
            )

    def _tell(self, reason: str) -> None:
        self._observer.stuck(self._partition, reason)

    async def _route(self, items: list[RouterItem], delivered: frozenset[str], stop: asyncio.Event) -> None:
        """Take one batch of items to their receipts (hot path)."""
        settled, causes = self._settle(items)
        for batch in batches(self._partition, settled, delivered):
            await self._commit(batch, stop)
        for item, done, cause in zip(items, settled, causes, strict=True):
            self._observer.item_settled(item, done.entry, cause)

    def _settle(self, items: Sequence[RouterItem]) -> tuple[list[Settled], list[Exception | None]]:
        # remembered before they are kept: whatever stops the batch makes the next run read the receipts anew
        judged = [self._recent.remember(item.event_id, item.cycle, item.digest) for item in items]
        fresh = [item for item, repeat in zip(items, judged, strict=True) if repeat is None]
        results = iter(self._pipeline.run(fresh))
        settled: list[Settled] = []
        causes: list[Exception | None] = []
        for item, repeat in zip(items, judged, strict=True):
            result = next(results) if repeat is None else None
            settled.append(_settled(item, result) if result is not None else _repeated(item, repeat))
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
                self._tell(f"{subjects.OUT_STREAM} does not take the batch: {error}")
                await self._wait_or_give_up(stop, FULL_PAUSE_SECONDS)
                continue
            except BrokerUnavailable as error:
                self._tell(error.detail)
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
            facts=dict(Counter(str(fact.kind) for fact in routed.facts)),
            deliveries=result.entries,
            sealed=result.sealed,
        ),
        deliveries=result.deliveries,
    )


def _repeated(item: RouterItem, repeat: Outcome | None) -> Settled:
    if repeat is Outcome.DEAD:
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
