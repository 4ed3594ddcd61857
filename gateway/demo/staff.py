"""The owners of the demo: real NATS users in accounts of their own, through the SDK."""

import asyncio
from collections import Counter
from pathlib import Path

from crossdock_sdk import Answer, Delivery, Done, Owner, Reject, Retry

RETRY_SECONDS = 0.5


class Staff:
    """Takes every owner's deliveries and remembers what it saw.

    The first delivery of all is rejected once, the second asks for another attempt; all others are done.
    """

    def __init__(self) -> None:
        self.received: dict[tuple[str, int], str] = {}  # (delivery, cycle) -> the owner that got it
        self.attempts: Counter[str] = Counter()
        self.misdelivered: list[str] = []
        self.rejected_id = ""
        self.retried_id = ""

    async def work(self, credentials: list[Path], stop: asyncio.Event) -> None:
        """Run all owners until `stop`."""
        await asyncio.gather(*(self._owner(path).serve(stop) for path in credentials))

    def answer(self, owner: str, delivery: Delivery) -> Answer:
        """Remember a delivery and decide on it."""
        self.attempts[owner] += 1
        self.received[delivery.id, delivery.cycle] = owner
        if owner not in delivery.route.get("owners", ()):
            self.misdelivered.append(delivery.id)
        if not self.rejected_id:
            self.rejected_id = delivery.id
        elif not self.retried_id and delivery.id != self.rejected_id:
            self.retried_id = delivery.id
        if delivery.id == self.rejected_id and delivery.cycle == 1:
            return Reject(reason="broken on purpose: this owner's system is closed")
        if delivery.id == self.retried_id and delivery.attempt == 1:
            return Retry(delay_seconds=RETRY_SECONDS, reason="on purpose: not now")
        return Done()

    def _owner(self, credentials: Path) -> Owner:
        owner = Owner.from_credentials(credentials)

        @owner.on_delivery
        async def handle(delivery: Delivery) -> Answer:
            return self.answer(owner.name, delivery)

        return owner
