"""The items of one request that are on their way to the broker: answered in order, few at a time."""

from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

from contracts.errors import ContractBrownOut, TryLater
from gateway.http.items import Item
from gateway.http.keeping import Keeper, OnItsWay
from gateway.http.verdicts import Verdict

WINDOW_ITEMS = 1024
WINDOW_BYTES = 8 << 20

Answer = Callable[[Verdict], None]


class Window:
    """A context that does not end before its last item is answered, whatever ended it."""

    def __init__(self, keeper: Keeper, answer: Answer) -> None:
        self._keeper = keeper
        self._answer = answer
        self._under_way: deque[tuple[int, Verdict | OnItsWay]] = deque()
        self._failure: TryLater | None = None
        self.items = 0
        self.held_bytes = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.drain()

    async def drain(self) -> None:
        """Wait until all items are answered."""
        while self._under_way:
            await self._answer_first()

    async def add(self, item: Item, begun: Verdict | OnItsWay) -> None:
        """Wait until there is room behind an item that was sent.

        Raises: TryLater where one before it could not be kept: the next would only wait for the same.
        """
        size = len(item.arrival.body)
        self._under_way.append((size, begun))
        self.items += 1
        self.held_bytes += size
        while len(self._under_way) > WINDOW_ITEMS or self.held_bytes > WINDOW_BYTES:
            await self._answer_first()
        if self._failure is not None:
            raise self._failure

    async def _answer_first(self) -> None:
        size, begun = self._under_way.popleft()
        verdict = await self._keeper.finish(begun)
        self.held_bytes -= size
        # a brown-out is of one contract alone
        if isinstance(verdict.error, TryLater) and not isinstance(verdict.error, ContractBrownOut):
            self._failure = verdict.error
        self._answer(verdict)
