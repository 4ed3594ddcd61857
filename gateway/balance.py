"""Reads what the ledger needs from the broker."""

from collections.abc import Mapping

from msgspec import Struct
from nats.aio.client import Client

from contracts import subjects
from ledger.conservation import Balance, balance
from routing.broker.api import StreamReader, request_api


class ConsumerPosition(Struct, frozen=True, kw_only=True):
    """How far an owner's consumer is, in sequences of XD_OUT."""

    delivered: int
    ack_floor: int
    ack_pending: int


async def read_balance(client: Client, consumers: Mapping[str, str]) -> Balance:
    """Return the balance now; `consumers` maps owners to their consumers. Raises: BrokerUnavailable."""
    positions = {owner: await _position(client, consumer) for owner, consumer in consumers.items()}
    return await balance(StreamReader(client), positions)


async def _position(client: Client, consumer: str) -> ConsumerPosition:
    found = await request_api(client, f"CONSUMER.INFO.{subjects.OUT_STREAM}.{consumer}")
    return ConsumerPosition(
        delivered=found["delivered"]["stream_seq"],
        ack_floor=found["ack_floor"]["stream_seq"],
        ack_pending=found["num_ack_pending"],
    )
