"""One input of delivery: pull, give each message its effect, and acknowledge it only then."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable

import structlog
from msgspec import Struct
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from contracts.errors import BrokerFull, BrokerUnavailable
from routing.broker.api import StoredMessage
from routing.broker.pull import StandingPull
from routing.dead_letters import DeadLettersFull
from routing.delivery.effects import Effect
from routing.delivery.observer import DeliveryObserver, Stall
from routing.delivery.settings import DeliverySettings

log = structlog.get_logger()

TAKE_SECONDS = 0.25
BACK_SECONDS = 1.0  # a pull that the broker has not refused by then has found its consumer

Take = Callable[[StoredMessage], AsyncIterator[Effect]]


class Stalls:
    """Counts the inputs that wait, so that the last one to go on says so."""

    def __init__(self, observer: DeliveryObserver) -> None:
        self._observer = observer
        self._waiting: Counter[Stall] = Counter()

    def begin(self, reason: Stall) -> None:
        """One more input waits."""
        self._waiting[reason] += 1
        self._observer.stuck(reason)

    def end(self, reason: Stall) -> None:
        """One input goes on."""
        self._waiting[reason] -= 1
        if not self._waiting[reason]:
            self._observer.unstuck(reason)


class Input(Struct, frozen=True, kw_only=True):
    """A durable consumer, and what gives its messages their effect."""

    stream: str
    consumer: str
    take: Take


class Feed:
    """Handles one input, many messages at once and in no order: what must have one reads it from a stream.

    An input whose effect can't be kept is held and tried again. It is not sent back: a negative
    acknowledgement would leave an advisory each time, and fill that stream while another one is full.
    """

    def __init__(
        self,
        client: Client,
        source: Input,
        settings: DeliverySettings,
        report: Callable[[Effect], None],
        stalls: Stalls,
    ) -> None:
        self._client = client
        self._source = source
        self._settings = settings
        self._report = report
        self._stalls = stalls
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_gone = False

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`; a consumer that is gone is waited for."""
        try:
            while not stop.is_set():
                await self._follow(stop)
        finally:
            self._tell_gone(False)
            await self._end()

    async def _follow(self, stop: asyncio.Event) -> None:
        """Pull until `stop`, or until the broker doesn't know the consumer."""
        limit = self._settings.inputs_in_flight
        pull = StandingPull(self._client, self._source.stream, self._source.consumer, batch=limit)
        loop = asyncio.get_running_loop()
        await pull.start()
        back_at = loop.time() + BACK_SECONDS
        try:
            while not stop.is_set() and not pull.is_lost:
                if len(self._tasks) >= limit:
                    await asyncio.wait(self._tasks, timeout=TAKE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                    continue
                messages = await pull.take(limit - len(self._tasks), TAKE_SECONDS)
                for message in messages:
                    task = asyncio.create_task(self._settle(message))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
                if messages or (loop.time() > back_at and self._client.is_connected):
                    self._tell_gone(pull.is_lost)
        finally:
            await pull.stop()
        if pull.is_lost:
            self._tell_gone(True)
            await asyncio.sleep(self._settings.retry_pause_seconds)

    def _tell_gone(self, is_gone: bool) -> None:
        if is_gone and not self._is_gone:
            log.error("an input is gone", stream=self._source.stream, consumer=self._source.consumer)
            self._stalls.begin(Stall.INPUT_GONE)
        elif self._is_gone and not is_gone:
            self._stalls.end(Stall.INPUT_GONE)
        self._is_gone = is_gone

    async def _settle(self, message: Msg) -> None:
        stored = _stored(message)
        stalled: Stall | None = None
        try:
            while (reason := await self._try(stored, stalled)) is not None:
                if reason is not stalled:
                    self._stalls.begin(reason)
                    if stalled is not None:
                        self._stalls.end(stalled)
                    stalled = reason
                await asyncio.sleep(self._settings.retry_pause_seconds)
                with contextlib.suppress(NatsError):
                    await message.in_progress()
        finally:
            if stalled is not None:
                self._stalls.end(stalled)
        with contextlib.suppress(NatsError):  # then it comes again, and its effect is there already
            await message.ack()

    async def _try(self, stored: StoredMessage, stalled: Stall | None) -> Stall | None:
        """Give the message its effect; return None, or why that must wait."""
        try:
            async for effect in self._source.take(stored):
                self._report(effect)
        except DeadLettersFull:
            return Stall.DEAD_LETTERS_FULL
        except BrokerFull:
            return Stall.BROKER_FULL
        except BrokerUnavailable:
            return Stall.BROKER_AWAY
        except Exception:  # an input is never lost: what we did not foresee stalls it, and says so once
            if stalled is not Stall.FAULT:
                log.exception("an input can't be handled", stream=stored.stream, sequence=stored.sequence)
            return Stall.FAULT
        return None

    async def _end(self) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._settings.stop_patience_seconds)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _stored(message: Msg) -> StoredMessage:
    metadata = message.metadata
    return StoredMessage(
        stream=metadata.stream,
        subject=message.subject,
        sequence=metadata.sequence.stream,
        body=message.data,
        headers=dict(message.headers or {}),
        stored_at=metadata.timestamp.isoformat(),
    )
