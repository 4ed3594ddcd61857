"""Reads what the ledger needs from the broker."""

from collections.abc import Mapping

from nats.aio.client import Client

from contracts import subjects
from ledger.conservation import Balance, balance
from ledger.reading import Cut, Position, Positions
from routing.broker.api import ApiError, StreamReader, request_api
from routing.broker.streams import CONSUMER_NOT_FOUND


class LedgerReader(StreamReader):
    """Reads streams for the ledger."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self._broker = client

    async def cut(self, stream: str) -> Cut:
        """Return what the stream holds now. Raises: BrokerUnavailable."""
        answer = await request_api(self._broker, f"STREAM.INFO.{stream}", {"deleted_details": True})
        state = answer["state"]
        first, last = max(state["first_seq"], 1), state["last_seq"]
        # an empty stream names a removed message that it never had
        gaps = (gap for gap in state.get("deleted") or () if first <= gap <= last)
        return Cut(first=first, last=last, removed=frozenset(gaps))


async def read_balance(client: Client, consumers: Mapping[str, str]) -> Balance:
    """Return the balance now; `consumers` maps owners to their consumers.

    Raises: ApiError, BrokerUnavailable.
    """
    return await balance(LedgerReader(client), await read_positions(client, consumers))


async def read_positions(client: Client, consumers: Mapping[str, str]) -> Positions:
    """Return where consumers are now. Raises: ApiError, BrokerUnavailable."""
    owners: dict[str, Position] = {}
    for owner, consumer in consumers.items():
        try:
            owners[owner] = await _position(client, subjects.OUT_STREAM, consumer)
        except ApiError as error:
            if error.err_code != CONSUMER_NOT_FOUND:
                raise
    return Positions(
        owners=owners,
        verdicts=await _position(client, subjects.RESULTS_STREAM, "delivery"),
        timers=await _position(client, subjects.TIMERS_STREAM, "delivery"),
        advisories=await _position(client, subjects.ADVISORIES_STREAM, "delivery"),
    )


async def _position(client: Client, stream: str, consumer: str) -> Position:
    found = await request_api(client, f"CONSUMER.INFO.{stream}.{consumer}")
    return Position(
        delivered=found["delivered"]["stream_seq"],
        ack_floor=found["ack_floor"]["stream_seq"],
        ack_pending=found["num_ack_pending"],
    )
