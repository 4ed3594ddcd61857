"""Makes room in XD_INTAKE once it is 80 % full: removes what is routed and whose dead letters are kept."""

import asyncio
from collections.abc import Mapping

import msgspec
import structlog
from nats.aio.client import Client

from contracts import subjects
from contracts.errors import BrokerUnavailable
from contracts.records import Receipt
from routing.broker.api import ApiError, request, request_api

FULL_SHARE = 0.8
TIGHT_SHARE = 0.95
PAUSE_SECONDS = 5.0

log = structlog.get_logger()

_receipts = msgspec.json.Decoder(Receipt)


async def keep_room(client: Client, partitions: int, context_items: int, stop: asyncio.Event) -> None:
    """Look every five seconds until `stop`."""
    while not stop.is_set():
        try:
            removed = await make_room(client, partitions, context_items)
            if removed:
                log.info("routed items were removed from a full stream", stream="XD_INTAKE", items=removed)
        except (ApiError, BrokerUnavailable) as error:
            log.warning("the intake stream could not be looked at", error=str(error))
        try:
            await asyncio.wait_for(stop.wait(), PAUSE_SECONDS)
        except TimeoutError:
            continue


async def make_room(client: Client, partitions: int, context_items: int) -> int:
    """Purge what is routed where the stream is nearly full; return how many items went.

    The last `context_items` before a partition's receipt stay, because `detect` reads them at a restart,
    unless the stream is 95 % full without them. An item stays for as long as its receipt waits for its dead
    letters: they are made from the bytes in this stream.

    Raises: ApiError, BrokerUnavailable.
    """
    if await _full_share(client) < FULL_SHARE:
        return 0
    routed = await _routed(client, partitions)
    removed = await _purge(client, routed, context_items)
    if await _full_share(client) >= TIGHT_SHARE:
        removed += await _purge(client, routed, 0)
    return removed


async def _full_share(client: Client) -> float:
    """Return how full the stream is, 0..1; a stream without a limit is never full."""
    found = await request_api(client, f"STREAM.INFO.{subjects.INTAKE_STREAM}")
    limit = found["config"].get("max_bytes", -1)
    return float(found["state"]["bytes"] / limit) if limit > 0 else 0.0


async def _routed(client: Client, partitions: int) -> dict[int, int]:
    """Return for each partition how far it is routed and its dead letters are kept; 0 is not at all."""
    follower = await request_api(client, f"CONSUMER.INFO.{subjects.OUT_STREAM}.dead-letters")
    followed = follower["ack_floor"]["stream_seq"]
    return {partition: await _through(client, partition, followed) for partition in range(partitions)}


async def _through(client: Client, partition: int, followed: int) -> int:
    """Return how far the last receipt at or before `followed` in XD_OUT says that a partition is routed."""
    if not followed:
        return 0
    ask = {"multi_last": [subjects.receipt(partition)], "up_to_seq": followed}
    # one subject has one last message; the mark of the end that comes after it finds nobody waiting
    answer = await request(client, f"$JS.API.DIRECT.GET.{subjects.OUT_STREAM}", msgspec.json.encode(ask))
    found = answer.headers or {}
    if "Nats-Sequence" in found:
        return _receipts.decode(answer.data).through
    if found.get("Status") == "404":
        return 0
    raise BrokerUnavailable(f"a direct get from {subjects.OUT_STREAM} answered {found.get('Status')}")


async def _purge(client: Client, routed: Mapping[int, int], context_items: int) -> int:
    removed = 0
    for partition, through in routed.items():
        below = through - context_items + 1
        if below <= 1:
            continue  # a purge below 0 is one without a limit
        for kind in ("in", "redo"):
            ask = {"filter": f"{kind}.{partition}.>", "seq": below}
            purged = await request_api(client, f"STREAM.PURGE.{subjects.INTAKE_STREAM}", ask)
            removed += int(purged["purged"])
    return removed
