"""The three long-running processes: each connects as its own user and runs until SIGTERM."""

import asyncio
import socket
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import uvicorn
from nats.aio.client import Client

from contracts import subjects
from contracts.errors import BrokerUnavailable
from contracts.records import AuditRecord
from contracts.usage import VersionUsage
from gateway.balance import LedgerReader
from gateway.bootstrap import (
    Installation,
    auth_settings,
    model_watch,
    pipeline,
    registered_sources,
    triage,
)
from gateway.documents import asyncapi
from gateway.durability import SystemAccount
from gateway.http.acceptance import Acceptance
from gateway.http.app import GatewayParts, create_app
from gateway.http.auth import Authenticator
from gateway.http.keys import KeyStore, keys_from_file, keys_from_url
from gateway.http.protocol import BoundedHttpProtocol
from gateway.observers import (
    DeliveryMetrics,
    GatewayObserver,
    ModelMetrics,
    RouterMetrics,
    tell_read,
    tell_sent,
)
from gateway.readiness import ReadinessProbe
from gateway.settings import AuthSettings
from gateway.supervisor import adopt, bind, stop_requested
from gateway.timeline import Timelines
from ledger.contract_usage import RetainedEvents, read_usage
from observability import log, metrics
from observability.spans import Spans
from routing.broker.api import StreamReader
from routing.broker.commit import Outgoing, publish_until_kept, with_id
from routing.broker.connection import connect
from routing.broker.publisher import Publisher
from routing.contract_usage import UsageCounts, UsageWriter
from routing.delivery.process import DeliveryProcess
from routing.janitor import keep_room
from routing.router import PartitionRouter

GRACEFUL_SECONDS = 4
KEEP_ALIVE_SECONDS = 75
LOOK_SECONDS = 1.0
USAGE_SECONDS = 2.0


async def run_gateway(installation: Installation, descriptor: int | None) -> None:
    """Answer HTTP until SIGTERM, on an inherited listening socket or on one of its own."""
    log.configure(installation.settings.log, "gateway")
    settings, folder = installation.settings, installation.folder
    client = await connect(folder.credentials("gateway", settings.broker), "gateway")
    monitor = folder.credentials("monitor", settings.broker)
    system = SystemAccount(monitor if monitor.user else None)
    publisher = Publisher(client)
    publisher.start()
    counts, stop = UsageCounts(), asyncio.Event()
    writing = asyncio.create_task(UsageWriter(client, "sent", counts, tell=tell_sent).run(stop))
    try:
        app = create_app(_gateway_parts(installation, client, system, publisher, counts))
        listener = bind(settings.http.host, settings.http.port) if descriptor is None else adopt(descriptor)
        await _serve(app, listener, installation, client)
    finally:
        await publisher.stop()
        stop.set()
        await writing
        await system.close()
        await client.close()


async def run_router(installation: Installation) -> None:
    """Route every partition until SIGTERM."""
    log.configure(installation.settings.log, "router")
    folder, settings, broker = installation.folder, installation.settings, installation.settings.broker
    client = await connect(folder.credentials("router", broker), "router")
    counts, model_observer = UsageCounts(), ModelMetrics()
    observer = RouterMetrics(Spans(settings.tracing, "router"), counts)
    watch = model_watch(installation, model_observer)
    await asyncio.to_thread(watch.look)  # so that the first event has who will decide the second
    decides = triage(installation, watch, model_observer)
    routers = [
        PartitionRouter(client, number, pipeline(installation, observer, decides), settings.router, observer)
        for number in range(broker.streams.partitions)
    ]
    with stop_requested() as stop:
        tasks = [router.run(stop) for router in routers]
        janitor = keep_room(client, broker.streams.partitions, settings.router.context_items, stop)
        usage = UsageWriter(client, "read", counts, tell=tell_read).run(stop)
        await _run_all(client, [*tasks, janitor, usage, watch.run(stop)], stop)
    await client.close()


async def run_delivery(installation: Installation) -> None:
    """Follow verdicts, timers, advisories and receipts until SIGTERM."""
    log.configure(installation.settings.log, "delivery")
    client = await connect(
        installation.folder.credentials("delivery", installation.settings.broker), "delivery"
    )
    process = DeliveryProcess(
        client,
        installation.settings.delivery,
        installation.owners,
        DeliveryMetrics(),
        installation.taxonomy.leaves,
    )
    with stop_requested() as stop:
        await _run_all(client, [process.run(stop)], stop)
    await client.close()


def _gateway_parts(
    installation: Installation,
    client: Client,
    system: SystemAccount,
    publisher: Publisher,
    counts: UsageCounts,
) -> GatewayParts:
    settings = installation.settings
    reader = StreamReader(client)
    timelines = Timelines(reader, settings.broker.streams.partitions)
    auth = auth_settings(installation)
    return GatewayParts(
        settings=settings.http,
        registry=installation.registry,
        catalogue=installation.catalogue,
        sources=registered_sources(installation),
        authenticator=Authenticator(auth, settings.clients, KeyStore(_keys(auth))),
        acceptance=Acceptance(publisher, reader),
        partitions=settings.broker.streams.partitions,
        timeline=timelines.find,
        original=timelines.original,
        audit_read=_audit_read(client),
        asyncapi=msgspec.json.encode(asyncapi.document(installation)),
        readiness=ReadinessProbe(client, system),
        metrics=metrics.exposition,
        usage_of=_usage_of(client, installation),
        observer=GatewayObserver(Spans(settings.tracing, "gateway")),
        usage=counts,
    )


def _usage_of(client: Client, installation: Installation) -> Callable[[str], Awaitable[list[VersionUsage]]]:
    reader = LedgerReader(client)
    retained = RetainedEvents(reader, installation.settings.broker.streams.partitions)
    one_at_a_time = asyncio.Lock()

    async def usage_of(contract: str) -> list[VersionUsage]:
        try:
            async with asyncio.timeout(USAGE_SECONDS), one_at_a_time:
                counts = await retained.counts()
        except TimeoutError:  # what was read is kept: the next one who asks waits less
            raise BrokerUnavailable("the retained events are still being counted") from None
        return await read_usage(reader, contract, installation.registry.contract(contract).versions, counts)

    return usage_of


def _keys(auth: AuthSettings) -> Callable[[], Awaitable[bytes]]:
    return keys_from_url(auth.jwks_url) if auth.jwks_url else keys_from_file(Path(auth.jwks_file))


def _audit_read(client: Client) -> Callable[[str, str], Awaitable[None]]:
    async def audit_read(event_id: str, actor: str) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        record = AuditRecord(act="read", subject_id=event_id, actor=actor, at=now)
        message = Outgoing(
            subject=subjects.audit("read", event_id, 1),
            body=msgspec.json.encode(record),
            headers=with_id(uuid.uuid4().hex, {}),
        )
        await publish_until_kept(client, message)

    return audit_read


async def _serve(app: object, listener: socket.socket, installation: Installation, client: Client) -> None:
    http = installation.settings.http
    config = uvicorn.Config(
        app,  # type: ignore[arg-type]  # Litestar's ASGI types are its own
        http=BoundedHttpProtocol,
        ws="none",
        loop="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        ssl_certfile=http.tls_certificate_file or None,
        ssl_keyfile=http.tls_key_file or None,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    lost = asyncio.create_task(_until_lost(client))
    await asyncio.wait((serving, lost), return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    lost.cancel()
    await serving
    await asyncio.gather(lost, return_exceptions=True)
    if not lost.cancelled():
        lost.result()


async def _run_all(client: Client, works: list[Awaitable[None]], stop: asyncio.Event) -> None:
    """Run until one ends; then the others are stopped, and an error of any is the process's own."""
    tasks = [asyncio.ensure_future(work) for work in works]
    lost = asyncio.create_task(_until_lost(client))
    try:
        await asyncio.wait((lost, *tasks), return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.set()
        lost.cancel()
        results = await asyncio.gather(*tasks, lost, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


async def _until_lost(client: Client) -> None:
    """Wait until the connection is closed for good, which reconnecting does not mend; a new process does.

    Raises: BrokerUnavailable.
    """
    while not client.is_closed:  # noqa: ASYNC110 - nats-py has nothing to wait for here
        await asyncio.sleep(LOOK_SECONDS)
    raise BrokerUnavailable("the broker closed the connection for good")
