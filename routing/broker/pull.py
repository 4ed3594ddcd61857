"""A standing pull: one request is always open, messages come in batches, a lost request is noticed."""

import asyncio
import contextlib
from collections import deque

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

EXPIRES_SECONDS = 5.0
HEARTBEAT_SECONDS = 0.5
PAUSE_SECONDS = 0.2
BUFFER_LIMIT_BYTES = 16 << 20


class StandingPull:
    """Pulls from one consumer. Holds at most `batch` messages and twice 16 MiB beyond what was taken.

    `fetch()` of nats-py costs twice as much and misses a broker that died in between.
    """

    def __init__(self, client: Client, stream: str, consumer: str, *, batch: int = 500) -> None:
        self._client = client
        self._call = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        self._batch = batch
        self._inbox = client.new_inbox()
        self._buffer: deque[Msg] = deque()
        self._buffer_bytes = 0
        self._delivered = 0
        self._outstanding = 0
        self._generation = 0
        self._heard_at = 0.0
        self._arrived = asyncio.Event()
        self._is_lost = False
        self._subscription: Subscription | None = None
        self._watch_task: asyncio.Task[None] | None = None

    @property
    def is_lost(self) -> bool:
        """Whether the broker said that it doesn't know the consumer (any more)."""
        return self._is_lost

    @property
    def delivered(self) -> int:
        """The consumer's count of messages that it has sent to us, as its last heartbeat said."""
        return self._delivered

    async def start(self) -> None:
        """Open the first request."""
        self._subscription = await self._client.subscribe(
            f"{self._inbox}.*", cb=self._on_message, pending_msgs_limit=-1, pending_bytes_limit=-1
        )
        await self._request()
        self._watch_task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Close; what was delivered and not taken comes again to whoever pulls next."""
        if self._watch_task is not None:
            self._watch_task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch_task
        if self._subscription is not None:
            with contextlib.suppress(NatsError):
                await self._subscription.unsubscribe()

    async def take(self, limit: int, timeout_seconds: float = 1.0) -> list[Msg]:
        """Return up to `limit` messages and 16 MiB, as soon as there is one; none when the time is over."""
        if not self._buffer:
            self._arrived.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._arrived.wait(), timeout_seconds)
        taken: list[Msg] = []
        taken_bytes = 0
        while self._buffer and len(taken) < limit and taken_bytes < BUFFER_LIMIT_BYTES:
            taken.append(self._buffer.popleft())
            taken_bytes += len(taken[-1].data)
        self._buffer_bytes -= taken_bytes
        if taken and self._outstanding <= 0:
            await self._request()
        return taken

    async def _request(self) -> None:
        wanted = self._batch - len(self._buffer)
        if wanted <= 0 or self._buffer_bytes >= BUFFER_LIMIT_BYTES:
            self._outstanding = 0
            return
        self._outstanding = wanted
        self._generation += 1
        self._heard_at = asyncio.get_running_loop().time()
        ask = {
            "batch": wanted,
            "expires": int(EXPIRES_SECONDS * 1e9),
            "idle_heartbeat": int(HEARTBEAT_SECONDS * 1e9),
            "max_bytes": BUFFER_LIMIT_BYTES,
        }
        with contextlib.suppress(NatsError):  # the watch asks again
            await self._client.publish(
                self._call, msgspec.json.encode(ask), reply=f"{self._inbox}.{self._generation}"
            )

    async def _on_message(self, message: Msg) -> None:
        self._heard_at = asyncio.get_running_loop().time()
        # a message has a reply subject to be acknowledged on; what has none is the broker's own word
        status = None if message.reply else (message.headers or {}).get("Status")
        if status is None:
            self._buffer.append(message)
            self._buffer_bytes += len(message.data)
            self._outstanding -= 1
            self._arrived.set()
            if self._outstanding == 0:
                await self._request()
        elif status == "100":
            self._delivered = int((message.headers or {}).get("Nats-Last-Consumer", self._delivered))
        elif message.subject.endswith(f".{self._generation}"):
            await self._on_end(status, (message.headers or {}).get("Description", ""))

    async def _on_end(self, status: str, description: str) -> None:
        """The open request ended: expired, full, or the consumer is gone."""
        self._outstanding = 0
        if status == "503" or "Deleted" in description or "not found" in description.lower():
            self._is_lost = True
            self._arrived.set()
            await asyncio.sleep(PAUSE_SECONDS)
        await self._request()

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            if loop.time() - self._heard_at > 3 * HEARTBEAT_SECONDS:
                # heartbeats are missing: the broker restarted, or the request was lost on the way
                await self._request()
