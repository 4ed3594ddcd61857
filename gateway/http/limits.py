"""How many requests and bytes the gateway holds at once: beyond that it says so instead of falling over."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

from contracts.errors import TooManyRequests

ROOM_SECONDS = 30.0
KEPT_FREE = 8  # the part of all bytes that files leave to single messages, however slowly those come


class InFlight:
    """What all requests of this process hold together."""

    def __init__(self, *, requests_limit: int, bytes_limit: int) -> None:
        self._requests_limit = requests_limit
        self._bytes_limit = bytes_limit
        self._waiting: list[asyncio.Future[None]] = []
        self.requests = 0
        self.held_bytes = 0

    def request(self) -> "Share":
        """Return the share of one request, to be used as a context."""
        return Share(self)

    def enter(self) -> None:
        """Raises: TooManyRequests."""
        if self.requests >= self._requests_limit:
            raise TooManyRequests(f"{self._requests_limit} requests are in flight; send again in a moment")
        self.requests += 1

    def leave(self) -> None:
        """Give back one request's place."""
        self.requests -= 1

    def has_room(self, count: int) -> bool:
        """Say whether `count` bytes more may be held."""
        return self.held_bytes + count <= self._bytes_limit

    def has_room_for_file(self, count: int) -> bool:
        """Say whether a file of `count` bytes may come, so that single messages still have room beside it."""
        is_alone = self.held_bytes == 0 and self.has_room(count)
        return is_alone or self.has_room(count + self._bytes_limit // KEPT_FREE)

    def hold(self, count: int) -> None:
        """Hold `count` bytes more, or, where it is negative, less."""
        self.held_bytes += count
        if count < 0:
            waiting, self._waiting = self._waiting, []
            for one in waiting:
                if not one.done():
                    one.set_result(None)

    async def room(self, has_room: Callable[[], bool]) -> None:
        """Wait until there is room. Raises: TooManyRequests after half a minute."""
        try:
            async with asyncio.timeout(ROOM_SECONDS):
                while not has_room():
                    one: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                    self._waiting.append(one)
                    await one
        except TimeoutError:
            raise _too_many_bytes() from None


class Share:
    """One request's part; given back when the context ends."""

    def __init__(self, in_flight: InFlight) -> None:
        self._in_flight = in_flight
        self._held_bytes = 0

    def __enter__(self) -> Self:
        self._in_flight.enter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hold(0)
        self._in_flight.leave()

    def take(self, count: int) -> None:
        """Hold `count` bytes more. Raises: TooManyRequests."""
        if not self._in_flight.has_room(count):
            raise _too_many_bytes()
        self.hold(self._held_bytes + count)

    def hold(self, total: int) -> None:
        """Hold `total` bytes from now on, whether there is room or not."""
        change, self._held_bytes = total - self._held_bytes, total
        if change:
            self._in_flight.hold(change)

    def has_room(self) -> bool:
        """Say whether all requests together hold no more than they may."""
        return self._in_flight.has_room(0)

    async def room(self) -> None:
        """Wait until all requests together hold no more than they may. Raises: TooManyRequests."""
        await self._in_flight.room(self.has_room)

    async def room_for_file(self, count: int) -> None:
        """Wait until a file of `count` bytes may come. Raises: TooManyRequests."""
        await self._in_flight.room(lambda: self._in_flight.has_room_for_file(count))


def _too_many_bytes() -> TooManyRequests:
    """Return what a sender is told where the bodies of all senders together are too much."""
    return TooManyRequests("the bodies in flight are too many bytes together; send again in a moment")
