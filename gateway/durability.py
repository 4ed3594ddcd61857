"""What an acknowledgement of the broker is worth, looked up and not believed."""

import asyncio
from typing import Literal

import msgspec
from nats.aio.client import Client

from contracts import subjects
from contracts.errors import BrokerUnavailable
from routing.broker.api import ApiError, request, request_api
from routing.broker.connection import Credentials, connect

Durability = Literal["fsync", "quorum", "unverified"]

QUORUM_REPLICAS = 3
PATIENCE_SECONDS = 2.0
FIRST_PAUSE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 3600.0


class SystemAccount:
    """A connection to the broker's system account, which alone may ask a server for its settings.

    It is made when it is first needed; a server that refuses it is asked again ever more seldom.
    """

    def __init__(self, credentials: Credentials | None) -> None:
        self._credentials = credentials
        self._client: Client | None = None
        self._connecting = asyncio.Lock()
        self._pause_seconds = FIRST_PAUSE_SECONDS
        self._try_at = float("-inf")

    async def client(self) -> Client | None:
        """Return the connection, or None without credentials and where the server does not take them."""
        async with self._connecting:
            is_missing = self._client is None or self._client.is_closed
            if is_missing and self._credentials is not None:
                self._client = await self._connected(self._credentials)
            return self._client

    async def close(self) -> None:
        """Close the connection, if there is one."""
        if self._client is not None:
            await self._client.close()

    async def _connected(self, credentials: Credentials) -> Client | None:
        loop = asyncio.get_running_loop()
        if loop.time() < self._try_at:
            return None
        try:
            client = await connect(credentials, "monitor", patience_seconds=PATIENCE_SECONDS)
        except BrokerUnavailable:
            self._try_at = loop.time() + self._pause_seconds
            self._pause_seconds = min(self._pause_seconds * 2, LONGEST_PAUSE_SECONDS)
            return None
        self._pause_seconds = FIRST_PAUSE_SECONDS
        return client


async def verified_durability(client: Client, account: SystemAccount) -> Durability:
    """Return `quorum` for three copies, `fsync` where the server says that it syncs every write.

    A single copy on a server that does not tell us is `unverified`.

    Raises: BrokerUnavailable, ApiError.
    """
    stream = await request_api(client, f"STREAM.INFO.{subjects.INTAKE_STREAM}")
    if stream["config"].get("num_replicas", 1) >= QUORUM_REPLICAS:
        return "quorum"
    system = await account.client()
    if system is None:
        return "unverified"
    try:
        answer = await request(system, "$SYS.REQ.SERVER.PING.JSZ", b'{"config": true}')
    except (ApiError, BrokerUnavailable):
        return "unverified"
    config = msgspec.json.decode(answer.data).get("data", {}).get("config", {})
    return "fsync" if config.get("sync_always") else "unverified"
