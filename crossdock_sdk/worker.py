"""What becomes of one attempt: handler, then the verdict durably kept, then the acknowledgement."""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Awaitable, Callable

import msgspec
from faststream.nats.message import NatsMessage
from nats.errors import Error as NatsError

from crossdock_sdk.answers import Answer, Done, Reassign, Reject, Retry, verdict_on
from crossdock_sdk.delivery import Delivery, Unreadable, read_delivery
from crossdock_sdk.seen import Seen

log = logging.getLogger("crossdock_sdk")

PAUSE_SECONDS = 0.1
PAUSE_LIMIT_SECONDS = 2.0
BEATS_PER_WAIT = 3

Handler = Callable[[Delivery], Awaitable[Answer]]
PublishVerdict = Callable[[str, bytes, dict[str, str]], Awaitable[object]]
"""Publishes body and headers on a subject and returns when the broker has acknowledged them."""


class Worker:
    """Takes attempts. Whatever ends it between two steps, the attempt comes again: nothing is lost."""

    def __init__(self, owner: str, handler: Handler, publish: PublishVerdict, seen: Seen | None) -> None:
        self._owner = owner
        self._handler = handler
        self._publish = publish
        self._seen = seen
        self._in_hand: set[str] = set()
        self.ack_wait_seconds = 30.0

    async def take(self, message: NatsMessage) -> None:
        """Handle one attempt and settle it. Returns without a sign to the broker where it is no delivery."""
        try:
            delivery = read_delivery(message.raw_message)
        except Unreadable as error:
            # its silence makes a dead letter of it, with its bytes
            log.error("a message is no delivery: %s", error)
            return
        if delivery.attempt_id in self._in_hand:
            return  # a copy that came because the first took long; settling the first settles both
        self._in_hand.add(delivery.attempt_id)
        beat = asyncio.create_task(self._hold(message))
        try:
            answer = await self._answer(delivery)
            await self._keep_verdict(delivery, answer)
            await message.ack()
        finally:
            self._in_hand.discard(delivery.attempt_id)
            beat.cancel()

    async def _answer(self, delivery: Delivery) -> Answer:
        if self._seen is not None and await asyncio.to_thread(self._seen.__contains__, delivery.id):
            return Done()
        try:
            answer = await self._handler(delivery)
        except Exception as error:  # a handler may raise anything, and it means no more than "not now"
            log.exception("the handler raised on delivery %s", delivery.id)
            return Retry(reason=type(error).__name__)
        if not isinstance(answer, Done | Retry | Reject | Reassign):
            log.error("the handler answered %s on delivery %s", type(answer).__name__, delivery.id)
            return Retry(reason=f"the handler answered {type(answer).__name__}")
        if isinstance(answer, Done):
            await self._remember(delivery)
        return answer

    async def _remember(self, delivery: Delivery) -> None:
        if self._seen is None:
            return
        try:
            await asyncio.to_thread(self._seen.add, delivery.id)
        except sqlite3.Error:
            # the effect is there, so the verdict stays; only a repeat is not recognised
            log.exception("delivery %s could not be remembered as done", delivery.id)

    async def _keep_verdict(self, delivery: Delivery, answer: Answer) -> None:
        """Publish until the broker acknowledges; the id makes a repeat of the same verdict one."""
        verdict = verdict_on(delivery, answer)
        sent = {"Nats-Msg-Id": f"{delivery.attempt_id}.{verdict.verdict.value}"}
        if delivery.trace:
            sent["traceparent"] = delivery.trace
        body = msgspec.json.encode(verdict)
        pause_seconds = PAUSE_SECONDS
        while True:
            try:
                await self._publish(f"result.{self._owner}.{delivery.id}", body, sent)
                return
            except (NatsError, TimeoutError, OSError) as error:
                log.warning("the verdict on delivery %s is not kept yet: %r", delivery.id, error)
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(pause_seconds * 2, PAUSE_LIMIT_SECONDS)

    async def _hold(self, message: NatsMessage) -> None:
        """Tell the broker that the attempt is being worked on, until cancelled."""
        while True:
            await asyncio.sleep(self.ack_wait_seconds / BEATS_PER_WAIT)
            with contextlib.suppress(NatsError):  # a lost beat at most brings a copy
                await message.in_progress()
