"""What an acknowledgement of the broker is worth, looked up and not believed."""

from typing import Literal

import msgspec
from nats.aio.client import Client

from contracts import subjects
from contracts.errors import BrokerUnavailable
from routing.broker.api import ApiError, request, request_api

Durability = Literal["fsync", "quorum", "unverified"]

QUORUM_REPLICAS = 3


async def verified_durability(client: Client, system: Client | None) -> Durability:
    """Return `quorum` for three copies, `fsync` where the server says that it syncs every write.

    `system` is a connection to the system account, which alone may ask the server for its settings; without
    one a single copy is `unverified`.

    Raises: BrokerUnavailable, ApiError.
    """
    stream = await request_api(client, f"STREAM.INFO.{subjects.INTAKE_STREAM}")
    if stream["config"].get("num_replicas", 1) >= QUORUM_REPLICAS:
        return "quorum"
    if system is None:
        return "unverified"
    try:
        answer = await request(system, "$SYS.REQ.SERVER.PING.JSZ", b'{"config": true}')
    except (ApiError, BrokerUnavailable):
        return "unverified"
    config = msgspec.json.decode(answer.data).get("data", {}).get("config", {})
    return "fsync" if config.get("sync_always") else "unverified"
