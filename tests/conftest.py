"""What many tests share: a real broker, connections to it, samples, and waiting for a condition."""

import asyncio
import inspect
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client

from gateway.data_folder import DataFolder
from gateway.embedded_broker import EmbeddedBroker
from gateway.settings import BrokerSettings
from routing.broker.connection import connect
from routing.broker.streams import MIB, StreamSettings, apply

OWNERS = ("store-ops", "inventory-control", "finance", "review")
REPOSITORY = Path(__file__).resolve().parent.parent

pytest_plugins = ("http_face",)

Connect = Callable[[str], Awaitable[Client]]
Eventually = Callable[..., Awaitable[Any]]


@pytest.fixture
def owners() -> tuple[str, ...]:
    """The owners that the broker has accounts and consumers for."""
    return OWNERS


@pytest.fixture
def stream_settings() -> StreamSettings:
    """Small limits; override the fixture in a test module for others."""
    return StreamSettings(
        intake_limit_bytes=64 * MIB,
        out_limit_bytes=64 * MIB,
        results_limit_bytes=16 * MIB,
        dead_letters_limit_bytes=16 * MIB,
        advisories_limit_bytes=16 * MIB,
        audit_limit_bytes=16 * MIB,
    )


@pytest.fixture
def data_folder(tmp_path: Path) -> DataFolder:
    """A data folder of the test's own."""
    return DataFolder(tmp_path / "crossdock")


@pytest.fixture
async def broker(
    data_folder: DataFolder, owners: tuple[str, ...], stream_settings: StreamSettings
) -> AsyncIterator[EmbeddedBroker]:
    """A real nats-server with every account, stream and consumer."""
    embedded = EmbeddedBroker(data_folder, owners, BrokerSettings(streams=stream_settings))
    await embedded.start()
    try:
        client = await connect(embedded.credentials("provisioner"), "test")
        try:
            await apply(client, stream_settings, [(owner, 256) for owner in owners])
        finally:
            await client.close()
        yield embedded
    finally:
        await embedded.stop()


@pytest.fixture
async def connect_as(broker: EmbeddedBroker) -> AsyncIterator[Connect]:
    """Connect as one of `permissions.users(owners)`; the connection is closed after the test."""
    clients: list[Client] = []

    async def connected(user: str) -> Client:
        client = await connect(broker.credentials(user), f"test-{user}")
        clients.append(client)
        return client

    yield connected
    for client in clients:
        await client.close()


@pytest.fixture
def eventually() -> Eventually:
    """Wait until a condition (a function or a coroutine function) is true, and return what it gave."""

    async def wait(condition: Callable[[], Any], seconds: float = 5.0) -> Any:
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            found = condition()
            if inspect.isawaitable(found):
                found = await found
            if found:
                return found
            assert asyncio.get_running_loop().time() < deadline, f"not true within {seconds} s: {condition}"
            await asyncio.sleep(0.01)

    return wait


@pytest.fixture(scope="session")
def samples_folder() -> Path:
    """Real payloads of vendors; they are not part of this repository."""
    folder = Path(os.environ.get("CROSSDOCK_SAMPLES") or REPOSITORY.parent / "shared" / "samples")
    if not folder.is_dir():
        pytest.skip("no folder of real payloads: name one in CROSSDOCK_SAMPLES")
    return folder
