"""Group commit: concurrent publishes share one atomic batch, so that an fsync is paid for a group."""

import asyncio
from collections import deque

from msgspec import Struct
from nats.aio.client import Client

from contracts.errors import BrokerUnavailable, EventError, InternalFault
from routing.broker.commit import (
    GIVE_UP_SECONDS,
    PAUSE_SECONDS,
    DuplicateInBatch,
    Outgoing,
    Published,
    Refused,
    commit,
    publish,
)

GROUP_LIMIT = 256
GROUP_LIMIT_BYTES = 8 << 20


class _Waiting(Struct):
    message: Outgoing
    future: "asyncio.Future[Published]"


class Publisher:
    """The group-commit publisher of one stream (hot path).

    Calls that come while a group is on its way form the next group. A group that holds a repeat is refused
    whole by the broker, so it is halved until the repeat stands alone: repeats should be taken out before.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._waiting: deque[_Waiting] = deque()
        self._wake = asyncio.Event()
        self._has_sent = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_closing = False

    @property
    def backlog(self) -> int:
        """The number of messages that wait for a group."""
        return len(self._waiting)

    async def room(self, limit: int) -> None:
        """Wait until fewer than `limit` messages wait for a group."""
        while len(self._waiting) >= limit:
            self._has_sent.clear()
            await self._has_sent.wait()

    def start(self) -> None:
        """Begin to send groups; needs a running loop."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Send what waits, then end."""
        self._is_closing = True
        self._wake.set()
        if self._task is not None:
            await self._task

    def publish(self, message: Outgoing) -> "asyncio.Future[Published]":
        """Return a future that ends when the message is durable, or with BrokerUnavailable or BrokerFull."""
        future: asyncio.Future[Published] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(message, future))
        self._wake.set()
        return future

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                await self._send(self._take_group())
                self._has_sent.set()
            if self._is_closing:
                return

    def _take_group(self) -> list[_Waiting]:
        group: list[_Waiting] = []
        size = 0
        while self._waiting and len(group) < GROUP_LIMIT:
            size += self._waiting[0].message.size
            if group and size > GROUP_LIMIT_BYTES:
                break
            group.append(self._waiting.popleft())
        return group

    async def _send(self, group: list[_Waiting]) -> None:
        deadline = asyncio.get_running_loop().time() + GIVE_UP_SECONDS
        parts = deque([group])
        while parts:
            part = parts.popleft()
            try:
                await self._send_part(part, deadline)
            except (DuplicateInBatch, Refused) as error:
                if len(part) == 1:
                    _fail(part, InternalFault(f"publishing failed: {error}"))
                    continue
                # one message spoils the group: halve it until that one stands alone
                middle = len(part) // 2
                parts.extendleft((part[middle:], part[:middle]))
            except EventError as error:
                _fail(part, error)
            except Exception as error:  # noqa: BLE001 - the callers wait: whatever went wrong is theirs to hear
                _fail(part, InternalFault(f"publishing failed: {error!r}"))

    async def _send_part(self, part: list[_Waiting], deadline: float) -> None:
        """Send until the broker answers: the ids make a second try of the same group harmless."""
        while True:
            try:
                if len(part) == 1:
                    _resolve(part[0], await publish(self._client, part[0].message))
                    return
                last = await commit(self._client, [waiting.message for waiting in part])
            except BrokerUnavailable:
                if asyncio.get_running_loop().time() > deadline:
                    raise
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            first = last - len(part) + 1
            for place, waiting in enumerate(part):
                _resolve(waiting, Published(sequence=first + place))
            return


def _resolve(waiting: _Waiting, published: Published) -> None:
    if not waiting.future.done():
        waiting.future.set_result(published)


def _fail(part: list[_Waiting], error: EventError) -> None:
    for waiting in part:
        if not waiting.future.done():
            waiting.future.set_exception(error)
