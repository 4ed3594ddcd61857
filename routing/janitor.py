"""Makes room in XD_INTAKE once it is 80 % full: removes what is routed and whose dead letters are kept."""

import asyncio

import structlog
from nats.aio.client import Client

from contracts import subjects
from contracts.errors import BrokerUnavailable
from routing.broker.api import ApiError, StreamReader, request_api
from routing.receipts import last_receipt

FULL_SHARE = 0.8
PAUSE_SECONDS = 5.0

log = structlog.get_logger()


async def keep_room(client: Client, partitions: int, stop: asyncio.Event) -> None:
    """Look every five seconds until `stop`."""
    while not stop.is_set():
        try:
            removed = await make_room(client, partitions)
            if removed:
                log.info("routed items were removed from a full stream", stream="XD_INTAKE", items=removed)
        except (ApiError, BrokerUnavailable) as error:
            log.warning("the intake stream could not be looked at", error=str(error))
        try:
            await asyncio.wait_for(stop.wait(), PAUSE_SECONDS)
        except TimeoutError:
            continue


async def make_room(client: Client, partitions: int) -> int:
    """Purge below the routers' receipts where the stream is nearly full; return how many items went.

    Nothing goes while a receipt waits for its dead letters: they are made from the bytes in this stream.

    Raises: ApiError, BrokerUnavailable.
    """
    found = await request_api(client, f"STREAM.INFO.{subjects.INTAKE_STREAM}")
    limit = found["config"].get("max_bytes", -1)
    if limit <= 0 or found["state"]["bytes"] < FULL_SHARE * limit:
        return 0
    reader = StreamReader(client)
    receipts = [await last_receipt(reader, partition) for partition in range(partitions)]
    follower = await request_api(client, f"CONSUMER.INFO.{subjects.OUT_STREAM}.dead-letters")
    if follower["num_pending"] or follower["num_ack_pending"] or not all(receipts):
        return 0
    through = min(receipt.receipt.through for receipt in receipts if receipt is not None)
    # the follower was read after the receipts, so it has seen every receipt up to `through`
    purged = await request_api(client, f"STREAM.PURGE.{subjects.INTAKE_STREAM}", {"seq": through + 1})
    return int(purged["purged"])
