"""How many requests and bytes the gateway holds at once: beyond that it says so instead of falling over."""

from types import TracebackType
from typing import Self

from contracts.errors import TooManyRequests


class InFlight:
    """What all requests of this process hold together."""

    def __init__(self, *, requests_limit: int, bytes_limit: int) -> None:
        self._requests_limit = requests_limit
        self._bytes_limit = bytes_limit
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

    def take(self, count: int) -> None:
        """Raises: TooManyRequests where the requests in flight would hold too many bytes."""
        if self.held_bytes + count > self._bytes_limit:
            raise TooManyRequests("the bodies in flight are too many bytes together; send again in a moment")
        self.held_bytes += count

    def leave(self, count: int) -> None:
        """Give back one request's place and its bytes."""
        self.requests -= 1
        self.held_bytes -= count


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
        self._in_flight.leave(self._held_bytes)

    def take(self, count: int) -> None:
        """Hold `count` bytes more. Raises: TooManyRequests."""
        self._in_flight.take(count)
        self._held_bytes += count
