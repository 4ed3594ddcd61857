"""A pull that asks for nothing while the broker is away."""

import asyncio
from typing import Any

from nats.aio.msg import Msg
from nats.js import JetStreamContext

LOOK_SECONDS = 0.05


class PatientPull(JetStreamContext.PullSubscription):
    """Waits for the connection before each request.

    nats-py keeps the requests of a lost connection and sends them all when it is back: after an outage a
    worker would hold one message for each request in vain, and lose most of them to their `ack_wait`.
    """

    async def fetch(
        self, batch: int = 1, timeout: float | None = 5, heartbeat: float | None = None
    ) -> list[Msg]:
        """Return up to `batch` messages. Raises: nats.errors.TimeoutError where none came in time."""
        while not self._nc.is_connected and not self._nc.is_closed:  # noqa: ASYNC110 - there is no event
            await asyncio.sleep(LOOK_SECONDS)
        return await super().fetch(batch, timeout, heartbeat)


class PatientJetStream(JetStreamContext):
    """Binds to a durable consumer that is there already, without a call to the API."""

    async def pull_subscribe(self, subject: str, *args: Any, **options: Any) -> PatientPull:
        """Return a pull on `options["durable"]` of `options["stream"]`."""
        inbox = self._nc.new_inbox()
        subscription = await self._nc.subscribe(
            inbox,
            pending_msgs_limit=options["pending_msgs_limit"],
            pending_bytes_limit=options["pending_bytes_limit"],
        )
        return PatientPull(self, subscription, options["stream"], options["durable"], inbox.encode())
