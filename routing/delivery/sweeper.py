"""Advisories of owners' consumers: what a bare client did, and what a worker left without a word."""

from collections.abc import AsyncIterator

import msgspec
from msgspec import Struct

from routing.broker.api import StoredMessage, StreamReader
from routing.delivery.attempts import Attempt, find_attempt
from routing.delivery.effects import Effect, Refusal, Refused
from routing.delivery.history import History, is_about
from routing.delivery.retries import Retries

OWNER_CONSUMER_PREFIX = "w-"


class _Advisory(Struct):
    consumer: str
    stream_seq: int
    deliveries: int = 0
    reason: str = ""


_advisories = msgspec.json.Decoder(_Advisory)


class Sweeper:
    """Takes advisories. A verdict on the same attempt always goes first: it says more."""

    def __init__(self, reader: StreamReader, history: History, retries: Retries) -> None:
        self._reader = reader
        self._history = history
        self._retries = retries

    async def take(self, stored: StoredMessage) -> AsyncIterator[Effect]:
        """Give one advisory its effect. Raises: BrokerFull, BrokerUnavailable.

        MAX_DELIVERIES is a failed attempt, MSG_TERMINATED a rejection, MSG_NAKED nothing: it comes again.
        """
        kind = stored.subject.split(".")[4]
        advisory = _advisories.decode(stored.body)
        if kind == "MSG_NAKED" or not advisory.consumer.startswith(OWNER_CONSUMER_PREFIX):
            return
        attempt = await find_attempt(self._reader, advisory.stream_seq)
        if attempt is None:
            owner = advisory.consumer.removeprefix(OWNER_CONSUMER_PREFIX)
            yield Refused(owner=owner, why=Refusal.UNFOUND)
            return
        if await self._is_settled(attempt):
            return
        if kind == "MSG_TERMINATED":
            effects = self._retries.reject(attempt, advisory.reason or "terminated without a reason")
        else:
            effects = self._retries.climb(attempt, f"no verdict in {advisory.deliveries} deliveries")
        async for effect in effects:
            yield effect

    async def _is_settled(self, attempt: Attempt) -> bool:
        verdicts = await self._history.verdicts(attempt)
        return any(heard.is_terminal or is_about(heard.verdict, attempt) for heard in verdicts)
