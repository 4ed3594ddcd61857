"""Room in XD_INTAKE: what is routed goes, partition by partition, and nothing that is still needed."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest
from nats.aio.client import Client

from contracts import subjects
from contracts.records import Receipt
from routing.broker.api import StreamReader, request_api
from routing.broker.commit import Outgoing, publish
from routing.broker.streams import MIB
from routing.janitor import keep_room, make_room

ITEM = bytes(10_000)
FULL = 90  # items of ITEM's size in a stream of one MiB: 86 %
TIGHT = 103  # 98 %

Connect = Callable[[str], Awaitable[Client]]


@pytest.fixture
def stream_settings(stream_settings):
    return msgspec.structs.replace(stream_settings, intake_limit_bytes=MIB)


class Streams:
    """Plays gateway, router and delivery, as far as the janitor sees them."""

    def __init__(self, gateway: Client, router: Client, delivery: Client, operator: Client) -> None:
        self.router = router
        self._gateway, self._delivery, self._operator = gateway, delivery, operator

    async def accept(self, count: int, partition: int = 0) -> int:
        """Put items into a partition; return the last one's sequence."""
        sequence = 0
        for _ in range(count):
            item = Outgoing(subject=subjects.intake(partition, "till", "sale"), body=ITEM, headers={})
            sequence = (await publish(self._gateway, item)).sequence
        return sequence

    async def redo(self) -> int:
        item = Outgoing(subject=subjects.redo(0, "decode", "e1", 2), body=ITEM, headers={})
        return (await publish(self._operator, item)).sequence

    async def route(self, through: int, partition: int = 0) -> None:
        body = msgspec.json.encode(Receipt(partition=partition, through=through))
        await publish(self.router, Outgoing(subject=subjects.receipt(partition), body=body, headers={}))

    async def follow(self, count: int) -> None:
        """Acknowledge receipts as delivery does once their dead letters are kept."""
        pull = await self._delivery.jetstream().pull_subscribe_bind("dead-letters", stream="XD_OUT")
        taken = await pull.fetch(count, timeout=2)
        assert len(taken) == count
        for message in taken:
            await message.ack_sync()
        await pull.unsubscribe()

    async def held(self) -> dict[str, list[int]]:
        """Return the sequences that are left, by partition (`in.0`)."""
        found: dict[str, list[int]] = {}
        async for stored in StreamReader(self._gateway).scan(subjects.INTAKE_STREAM, ">"):
            found.setdefault(".".join(stored.subject.split(".")[:2]), []).append(stored.sequence)
        return found


@pytest.fixture
async def streams(connect_as: Connect) -> Streams:
    users = ("gateway", "router", "delivery", "operator")
    return Streams(*[await connect_as(user) for user in users])


async def test_a_stream_with_room_is_left_alone(streams):
    await streams.accept(50)
    await streams.route(50)
    await streams.follow(1)
    assert await make_room(streams.router, 1, 0) == 0
    assert len((await streams.held())["in.0"]) == 50


async def test_routed_items_and_replays_go_and_unrouted_ones_never(streams):
    await streams.redo()
    await streams.accept(FULL)
    await streams.route(41)
    await streams.follow(1)
    assert await make_room(streams.router, 1, 0) == 41
    assert await streams.held() == {"in.0": list(range(42, FULL + 2))}


async def test_the_items_that_detect_reads_at_a_restart_stay(streams):
    last = await streams.accept(FULL)
    await streams.route(last)
    await streams.follow(1)
    assert await make_room(streams.router, 1, 30) == FULL - 30
    assert len((await streams.held())["in.0"]) == 30


async def test_a_memory_deeper_than_what_is_routed_keeps_everything(streams):
    last = await streams.accept(FULL)
    await streams.route(last)
    await streams.follow(1)
    for context_items in (last, last + 1, 2000):
        assert await make_room(streams.router, 1, context_items) == 0


async def test_a_stream_that_stays_tight_gives_up_the_items_for_detect_too(streams):
    last = await streams.accept(TIGHT)
    await streams.route(last - 3)
    await streams.follow(1)
    assert await make_room(streams.router, 1, 2000) == TIGHT - 3
    assert (await streams.held())["in.0"] == [last - 2, last - 1, last]


async def test_neither_a_quiet_nor_an_unused_partition_holds_the_others_back(streams):
    await streams.accept(5, partition=1)  # 1..5, and only 2 of them are routed
    last = await streams.accept(FULL - 5, partition=0)
    await streams.route(2, partition=1)
    await streams.route(last - 1, partition=0)
    await streams.follow(2)
    assert await make_room(streams.router, 3, 0) == 2 + FULL - 6
    assert await streams.held() == {"in.0": [last], "in.1": [3, 4, 5]}


async def test_nothing_goes_whose_receipt_waits_for_its_dead_letters(streams):
    last = await streams.accept(TIGHT)
    await streams.route(20)
    await streams.route(last)
    assert await make_room(streams.router, 1, 0) == 0
    await streams.follow(1)
    assert await make_room(streams.router, 1, 0) == 20
    await streams.accept(20)
    await streams.follow(1)
    assert await make_room(streams.router, 1, 0) == TIGHT - 20
    assert len((await streams.held())["in.0"]) == 20


async def test_the_loop_makes_room_until_it_is_stopped(streams, eventually):
    last = await streams.accept(FULL)
    await streams.route(last)
    await streams.follow(1)
    stop = asyncio.Event()
    loop = asyncio.create_task(keep_room(streams.router, 1, 0, stop))

    async def is_empty() -> bool:
        state = (await request_api(streams.router, f"STREAM.INFO.{subjects.INTAKE_STREAM}"))["state"]
        return state["messages"] == 0

    await eventually(is_empty)
    stop.set()
    await asyncio.wait_for(loop, 2)
