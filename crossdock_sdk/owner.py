"""An owner that consumes its deliveries: connection, concurrency and a graceful end, on FastStream."""

import asyncio
import contextlib
import logging
import signal
from pathlib import Path
from typing import Self

from fast_depends.msgspec import MsgSpecSerializer
from faststream import AckPolicy
from faststream.message import StreamMessage
from faststream.nats import JStream, NatsBroker, PullSub
from faststream.nats.annotations import NatsMessage
from faststream.nats.security import NatsUserPassword
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from crossdock_sdk.credentials import Credentials, CredentialsUnusable, read_credentials
from crossdock_sdk.patient_pull import PatientJetStream
from crossdock_sdk.seen import Seen
from crossdock_sdk.worker import Handler, Worker

log = logging.getLogger("crossdock_sdk")

OUT_STREAM = "XD_OUT"
RESULTS_STREAM = "XD_RESULTS"
PULL_SECONDS = 2.0
PUBLISH_TIMEOUT_SECONDS = 2.0
PAUSE_SECONDS = 1.0


class Owner:
    """One owner. `concurrency` attempts are in hand at once, none is taken ahead of its turn.

    With `seen` a delivery that is done is never handed to the handler again. `stop_patience_seconds` is how
    long handlers may take to end when the owner is stopped; what they don't end comes again.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        concurrency: int = 8,
        seen: Seen | None = None,
        stop_patience_seconds: float = 15.0,
    ) -> None:
        self._credentials = credentials
        self._concurrency = concurrency
        self._seen = seen
        self._stop_patience_seconds = stop_patience_seconds
        self._handler: Handler | None = None

    @classmethod
    def from_credentials(
        cls,
        path: Path | str | None = None,
        *,
        concurrency: int = 8,
        seen: Seen | None = None,
        stop_patience_seconds: float = 15.0,
    ) -> Self:
        """Read a credentials file; without a path, the one that CROSSDOCK_OWNER_CREDENTIALS names.

        Raises: CredentialsUnusable.
        """
        return cls(
            read_credentials(path),
            concurrency=concurrency,
            seen=seen,
            stop_patience_seconds=stop_patience_seconds,
        )

    @property
    def name(self) -> str:
        """The owner's name."""
        return self._credentials.owner

    def on_delivery(self, handler: Handler) -> Handler:
        """Register the handler (a decorator). What it raises means `Retry`, never the end of a delivery."""
        self._handler = handler
        return handler

    def run(self) -> None:
        """Consume until SIGTERM or SIGINT; then end the handlers that run, and return."""
        asyncio.run(self._run_until_signal())

    async def serve(self, stop: asyncio.Event) -> None:
        """Consume until `stop` is set; a broker that is away is waited for, for ever.

        Raises: CredentialsUnusable where the broker refuses them.
        """
        consuming = asyncio.create_task(self._consume())
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait((consuming, stopping), return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            consuming.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await consuming

    async def _run_until_signal(self) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop.set)
        await self.serve(stop)

    async def _consume(self) -> None:
        """Consume until cancelled; begin again where the start failed."""
        while True:
            broker = self._broker()
            worker = self._subscribe(broker)
            try:
                client = await broker.connect()
                stream = PatientJetStream(client)
                # FastStream's subscribers take their pulls from here
                broker.config.connection_state.connect(client, stream)
                consumer = await stream.consumer_info(OUT_STREAM, f"w-{self.name}")
                worker.ack_wait_seconds = consumer.config.ack_wait or worker.ack_wait_seconds
                await broker.start()
                log.info("owner %s takes deliveries", self.name)
                await asyncio.Event().wait()
            except (NatsError, OSError, TimeoutError) as error:
                if "authorization" in str(error).lower():
                    known = self._credentials
                    raise CredentialsUnusable(f"{known.url} refuses user `{known.user}`") from error
                log.warning("owner %s can't take deliveries yet: %r", self.name, error)
            finally:
                await _stop(broker)
            await asyncio.sleep(PAUSE_SECONDS)

    def _broker(self) -> NatsBroker:
        known = self._credentials
        return NatsBroker(
            known.url,
            security=NatsUserPassword(known.user, known.password, ssl_context=known.tls),
            name=f"crossdock-{known.user}",
            inbox_prefix=known.inbox_prefix,
            serializer=MsgSpecSerializer(),
            logger=None,
            graceful_timeout=self._stop_patience_seconds,
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.2,  # type: ignore[arg-type] # nats-py takes fractions of a second
            ping_interval=5,
            max_outstanding_pings=2,
        )

    def _subscribe(self, broker: NatsBroker) -> Worker:
        if self._handler is None:
            raise RuntimeError("register a handler with @owner.on_delivery first")

        async def publish(subject: str, body: bytes, headers: dict[str, str]) -> object:
            return await broker.publish(
                body, subject, headers=headers, stream=RESULTS_STREAM, timeout=PUBLISH_TIMEOUT_SECONDS
            )

        worker = Worker(self.name, self._handler, publish, self._seen)

        async def take(message: NatsMessage) -> None:
            await worker.take(message)

        # one pull of one message for each place: FastStream's `max_workers` fetches more than it works on,
        # and what waits there runs out of its `ack_wait`
        for _ in range(self._concurrency):
            broker.subscriber(
                f"out.{self.name}.*.*",
                durable=f"w-{self.name}",
                stream=JStream(OUT_STREAM, declare=False),
                pull_sub=PullSub(batch_size=1, timeout=PULL_SECONDS),
                ack_policy=AckPolicy.MANUAL,
                decoder=_as_received,
            )(take)
        return worker


async def _as_received(message: StreamMessage[Msg]) -> bytes:
    return message.body


async def _stop(broker: NatsBroker) -> None:
    try:
        await broker.stop()
    except NatsError:
        # away: nothing can be drained, and what was not acknowledged comes again
        await broker.connection.close()
