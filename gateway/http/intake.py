"""From a submission to verdicts: its items are read, kept, and answered one by one."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any, TypeVar

from adapters.framing import Cutter, messages
from contracts.documents import Message, whole
from contracts.errors import RequestInvalid, RequestTooLarge
from gateway.http.items import Item, Submission
from gateway.http.keeping import Keeper
from gateway.http.limits import Share
from gateway.http.observer import Observer
from gateway.http.stages import CHUNK, NO_EVENT, Cutting, IngestStages
from gateway.http.verdicts import Verdict
from gateway.http.window import Answer, Window
from observability import trace
from routing.stages import Failed, Stage, run_stages

READERS = 2
SMALL_BYTES = 64 << 10  # to read less takes about a millisecond: not worth a thread

T = TypeVar("T")
Read = tuple[Item, Any]  # an item, and a ValidItem, a RehearsedItem or a Failed


class Intake:
    """Runs the stages after `authenticate`: split ▸ decode ▸ validate ▸ accept."""

    def __init__(self, stages: IngestStages, keeper: Keeper, observer: Observer, *, items_limit: int) -> None:
        self._stages = stages
        self._keeper = keeper
        self._observer = observer
        self._items_limit = items_limit
        # reading takes a body's size many times over in memory, so few large ones are read side by side
        self._readers = ThreadPoolExecutor(READERS, "reader")

    async def take_one(self, submission: Submission) -> Verdict:
        """Take a body that is one item."""
        size = len(submission.message.body)
        read = await self._run(lambda: self._read_one(submission), size)
        return await self._keeper.finish(self._keeper.begin(*read))

    async def take_many(self, submission: Submission, answer: Answer) -> None:
        """Take a body with any number of items, and answer for each in order.

        Raises: RequestInvalid for none; RequestTooLarge behind the last item that is taken; TryLater where
        the broker can't keep one: what came behind it was not tried.
        """
        message = submission.message
        async with Window(self._keeper, answer) as window:
            await self._take(submission, messages(message), len(message.body), window)
        if not window.items:
            raise RequestInvalid(NO_EVENT)

    async def take_stream(
        self,
        submission: Submission,
        chunks: AsyncIterator[bytes],
        cutter: Cutter,
        share: Share,
        answer: Answer,
    ) -> None:
        """Take a body while it comes: no more of it is held than what waits for the broker.

        Raises: what `take_many` raises; TooManyRequests; what `chunks` raises.
        """
        async with Window(self._keeper, answer) as window:
            async for chunk in chunks:
                found = list(cutter.feed(chunk))
                await self._take(submission, found, sum(len(each.body) for each in found), window)
                share.hold(window.held_bytes + cutter.held_bytes)
                if not share.has_room():
                    # who waits gives back first what need not be held, or all would wait for each other
                    await window.drain()
                    share.hold(cutter.held_bytes)
                    await share.room()
            await self._take(submission, list(cutter.end()), 0, window)
        if not window.items:
            raise RequestInvalid(NO_EVENT)

    async def _take(
        self, submission: Submission, found: Iterable[Message], size: int, window: Window
    ) -> None:
        """Read messages of `size` bytes together, and send their items as fast as the broker takes them."""
        chunks = self._read(submission, found)
        while read := await self._run(lambda: next(chunks, None), size):
            for item, result in read:
                await self._keeper.room()
                if window.items == self._items_limit:
                    raise RequestTooLarge(f"more than {self._items_limit} items are not taken at once")
                await window.add(item, self._keeper.begin(item, result))

    def _read_one(self, submission: Submission) -> Read:
        [item] = self._run_stages(self._stages.one, [submission])
        if isinstance(item, Failed):
            return _unread(submission, submission.message), item
        [result] = self._run_stages(self._reading(submission), [item])
        return item, result

    def _read(self, submission: Submission, found: Iterable[Message]) -> Iterator[list[Read]]:
        """Yield what became of the items, some at a time; nothing is read before it is asked for."""
        items = self._cut(submission, iter(found))
        while chunk := list(islice(items, CHUNK)):
            cut = [one for one in chunk if isinstance(one, Item)]
            results = iter(self._run_stages(self._reading(submission), cut))
            yield [(one, next(results)) if isinstance(one, Item) else one for one in chunk]

    def _cut(self, submission: Submission, found: Iterator[Message]) -> Iterator[Item | Read]:
        """Yield the items of messages, and for one that can't be cut itself and why."""
        while chunk := list(islice(found, CHUNK)):
            cuttings = [self._stages.begin(submission, message) for message in chunk]
            firsts = self._run_stages(self._stages.cutting, cuttings)
            for cutting, first in zip(cuttings, firsts, strict=True):
                yield from self._rest(cutting, first)

    def _rest(self, cutting: Cutting, items: list[Item] | Failed) -> Iterator[Item | Read]:
        while not isinstance(items, Failed):
            yield from items
            if cutting.is_over:
                return
            [items] = self._run_stages(self._stages.cutting, [cutting])
        yield _unread(cutting.submission, cutting.message), items

    def _reading(self, submission: Submission) -> Sequence[Stage]:
        return self._stages.rehearsal if submission.dry_run else self._stages.reading

    def _run_stages(self, stages: Sequence[Stage], values: Sequence[Any]) -> list[Any]:
        return run_stages(stages, values, self._observer)

    async def _run(self, work: Callable[[], T], size: int) -> T:
        if size > SMALL_BYTES:
            return await asyncio.get_running_loop().run_in_executor(self._readers, work)
        return work()


def _unread(submission: Submission, message: Message) -> Item:
    """Return a message that could not be split as an item of its own."""
    return Item(
        submission=submission,
        arrival=whole(message),
        adapter=None,
        traceparent=trace.continued(submission.traceparent),
    )
