"""From a submission to verdicts: its items are read, kept, and answered one by one."""

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

from contracts.documents import whole
from gateway.http.items import Item, Submission
from gateway.http.keeping import Keeper, OnItsWay
from gateway.http.observer import Observer
from gateway.http.stages import IngestStages
from gateway.http.verdicts import Verdict
from observability import trace
from routing.stages import Failed, Stage, run_stages

CHUNK = 256  # items that are read at once
WINDOW = 1024  # items of one request that wait for the broker
LARGE_BYTES = 1 << 20
LARGE_AT_ONCE = 2
SMALL_BYTES = 64 << 10  # to read less takes about a millisecond: not worth a thread


class Intake:
    """Runs the stages after `authenticate`: split ▸ decode ▸ validate ▸ accept."""

    def __init__(self, stages: IngestStages, keeper: Keeper, observer: Observer) -> None:
        self._stages = stages
        self._keeper = keeper
        self._observer = observer
        # reading takes a body's size many times over in memory, so few large ones are read side by side
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)
        self._readers = ThreadPoolExecutor(LARGE_AT_ONCE, "reader")

    async def take_one(self, submission: Submission) -> Verdict:
        """Take a body that is one item."""
        return (await self._take_in_turn(submission, self._stages.one))[0]

    async def take_many(self, submission: Submission) -> list[Verdict]:
        """Take a body with any number of items; one that can't be split has one verdict."""
        return await self._take_in_turn(submission, self._stages.many)

    async def _take_in_turn(self, submission: Submission, split: Sequence[Stage]) -> list[Verdict]:
        if len(submission.message.body) <= LARGE_BYTES:
            return await self._take(submission, split)
        async with self._large:
            return await self._take(submission, split)

    async def _take(self, submission: Submission, split: Sequence[Stage]) -> list[Verdict]:
        is_large = len(submission.message.body) > SMALL_BYTES
        [items] = await self._run(split, [submission], is_large=is_large)
        if isinstance(items, Failed):
            return [await self._end(self._keeper.begin(_unread(submission), items))]
        reading = self._stages.rehearsal if submission.dry_run else self._stages.reading
        ended: list[Verdict] = []
        under_way: deque[Verdict | OnItsWay] = deque()
        remaining = iter(items)
        while chunk := list(islice(remaining, CHUNK)):
            results = await self._run(reading, chunk, is_large=is_large)
            for item, result in zip(chunk, results, strict=True):
                under_way.append(self._keeper.begin(item, result))
                if len(under_way) > WINDOW:
                    ended.append(await self._end(under_way.popleft()))
        while under_way:
            ended.append(await self._end(under_way.popleft()))
        return ended

    async def _run(self, stages: Sequence[Stage], values: Sequence[Any], *, is_large: bool) -> list[Any]:
        if is_large:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._readers, run_stages, stages, values, self._observer)
        return run_stages(stages, values, self._observer)

    async def _end(self, item: Verdict | OnItsWay) -> Verdict:
        verdict = await self._keeper.end(item) if isinstance(item, OnItsWay) else item
        self._tell(verdict)
        return verdict

    def _tell(self, verdict: Verdict) -> None:
        reply, error = verdict.reply, verdict.error
        self._observer.item_ended(
            source=verdict.item.submission.source.name,
            verdict=verdict.outcome,
            code=error.code if error else "",
            stage=verdict.stage,
            event_id=reply.event_id if reply else "",
            contract=(reply.contract or "") if reply else "",
            detail=error.detail if error else "",
            traceparent=verdict.item.traceparent,
        )


def _unread(submission: Submission) -> Item:
    """Return a body that could not be split as an item of its own."""
    return Item(
        submission=submission,
        arrival=whole(submission.message),
        adapter=None,
        traceparent=trace.continued(submission.traceparent),
    )
