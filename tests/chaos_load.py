"""The load of the chaos test: messages whose fate their number tells, and who sends them."""

import asyncio
import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx

from contracts import ids
from crossdock_sdk import Answer, Delivery, Done, Reject, Retry

SOURCE = "pos-demo"
SENDERS = 12
BATCH = 10
COME_AGAIN = {"broker.unavailable", "broker.full", "request.too-many"}

PLAIN, POISON, GOOD, RETRIED, REJECTED = "plain", "poison", "good", "retried", "rejected"
KIND_OF = {0: POISON, 1: GOOD, 2: GOOD, 3: RETRIED, 4: REJECTED, 5: GOOD}
REPEATED = {5, 6, 7}
UNCLEAR = {2, 5}


def kind(number: int) -> str:
    """What shall happen to a message, by its number."""
    return KIND_OF.get(number % 20, PLAIN)


def charged_price(number: int) -> str:
    """The regular price is 1.00. With the point shifted the cause is plain; at 3.00 a person must look."""
    if kind(number) in {PLAIN, POISON}:
        return "1.00"
    return "3.00" if number % 20 in UNCLEAR else "10.00"


def expected_owners(number: int) -> set[str]:
    return {"1.00": set(), "3.00": {"review"}, "10.00": {"store-ops"}}[charged_price(number)]


def sale(number: int) -> str:
    """One transaction: its price fits unless it shall be an exception; poison has a date that never was."""
    ended = "2026-02-30T10:00:00" if kind(number) == POISON else "2026-03-14T10:00:00"
    return (
        f"<Transaction><RetailStoreID>1</RetailStoreID><WorkstationID>1</WorkstationID>"
        f"<SequenceNumber>{number}</SequenceNumber><BusinessDayDate>2026-03-14</BusinessDayDate>"
        f"<EndDateTime>{ended}</EndDateTime><CurrencyCode>EUR</CurrencyCode>"
        "<RetailTransaction><LineItem><SequenceNumber>1</SequenceNumber><Sale ItemType='Stock'>"
        f"<ItemID>{number:014d}</ItemID><RegularSalesUnitPrice>1.00</RegularSalesUnitPrice>"
        f"<ExtendedAmount>{charged_price(number)}</ExtendedAmount><Quantity>1</Quantity>"
        "</Sale></LineItem></RetailTransaction></Transaction>"
    )


def event_of(number: int) -> str:
    return ids.event_id(SOURCE, f"1/1/2026-03-14/{number}")


@dataclass
class Journal:
    """What was seen from outside: each acknowledgement, and each delivery that an owner got."""

    acknowledged: Counter[int] = field(default_factory=Counter)
    seen: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    wrong_owner: list[str] = field(default_factory=list)

    def take(self, owner: str, delivery: Delivery) -> Answer:
        """An owner's handler: remember, and answer by the kind of the message."""
        number = int(delivery.exception["item"]["id"])
        if owner not in delivery.route["owners"] or delivery.event_id != event_of(number):
            self.wrong_owner.append(delivery.id)
        self.seen[delivery.event_id].append((owner, delivery.id))
        if kind(number) == REJECTED:
            return Reject(reason="on purpose")
        if kind(number) == RETRIED and delivery.attempt == 1:
            return Retry(delay_seconds=0.2, reason="on purpose")
        return Done()


class TillSender:
    """Sends until it is acknowledged, as a till does; in batches and one by one, some of it twice."""

    def __init__(self, url: str, token: str, journal: Journal) -> None:
        self.sent = 0
        self._journal = journal
        self._client = httpx.AsyncClient(
            base_url=f"{url}/v1/sources/{SOURCE}", timeout=10.0, trust_env=False,
            headers={"authorization": f"Bearer {token}", "content-type": "application/xml"},
            limits=httpx.Limits(max_connections=SENDERS, max_keepalive_connections=SENDERS),
        )  # fmt: skip

    async def send(self, count: int, is_over: Callable[[], bool]) -> None:
        """Send the first `count` numbers and, for as long as it is not over, those after them."""
        numbers = self._numbers(count, is_over)
        async with self._client:
            await asyncio.gather(*(self._work(numbers) for _ in range(SENDERS)))

    def _numbers(self, count: int, is_over: Callable[[], bool]) -> Iterator[int]:
        while self.sent < count or not is_over():
            self.sent += 1
            yield self.sent - 1

    async def _work(self, numbers: Iterator[int]) -> None:
        while chunk := list(itertools.islice(numbers, BATCH)):
            if chunk[0] % 3:
                await self._until_kept("/events/batch", chunk)
            else:
                for number in chunk:
                    await self._until_kept("/events", [number])
            if repeats := [number for number in chunk if number % 20 in REPEATED]:
                await self._until_kept("/events/batch", repeats)

    async def _until_kept(self, path: str, numbers: list[int]) -> None:
        body = f"<POSLog>{''.join(map(sale, numbers))}</POSLog>".encode()
        left = set(numbers)
        while left:
            try:
                response = await self._client.post(path, content=body)
            except httpx.HTTPError:
                await asyncio.sleep(0.05)  # the gateway died in the middle: nobody knows what it kept
                continue
            content = response.json()
            verdicts = content.get("items", [content])
            for number, verdict in zip(numbers, verdicts, strict=False):
                if verdict.get("status") == "accepted":
                    assert verdict["event_id"] == event_of(number)
                    self._journal.acknowledged[number] += 1
                    left.discard(number)
                else:
                    assert verdict.get("code") in COME_AGAIN, f"{number} was answered {verdict}"
            if left:
                await asyncio.sleep(0.05)
