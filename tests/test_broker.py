"""Publishing, pulling and reading against a real broker, where the network and the senders are unkind."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import msgspec
import pytest

from contracts import headers, ids, subjects
from contracts.errors import InternalFault
from routing.broker.api import StreamReader
from routing.broker.commit import Outgoing, publish, with_id
from routing.broker.connection import connect
from routing.broker.publisher import Publisher
from routing.broker.streams import MIB, StreamSettings
from routing.intake import IntakeReader


@pytest.fixture
def stream_settings() -> StreamSettings:
    return StreamSettings(intake_limit_bytes=256 * MIB, out_limit_bytes=64 * MIB)


def item(number: int, body: bytes = b"x", **more: str) -> Outgoing:
    sent = {headers.EVENT: ids.event_id("tills", str(number)), headers.SOURCE: "tills", **more}
    return Outgoing(subject="in.0.tills.till-event", body=body, headers=sent)


class CuttingProxy:
    """Stands between a client and the broker; can swallow what the broker sends, and cut the connection."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._writers: list[asyncio.StreamWriter] = []
        self.swallows = False
        self.port = 0

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()
            self.cut()

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers += [writer, back]
        with suppress(OSError):
            await asyncio.gather(self._pass(reader, back, False), self._pass(there, writer, True))

    async def _pass(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, can_swallow: bool
    ) -> None:
        while chunk := await source.read(65_536):
            if not (can_swallow and self.swallows):
                target.write(chunk)


async def test_messages_that_a_broken_connection_swallowed_are_read_without_waiting_for_more(
    broker, connect_as, eventually
):
    gateway = await connect_as("gateway")
    proxy = CuttingProxy(broker.port)
    async with proxy.listening():
        known = broker.credentials("router")
        credentials = msgspec.structs.replace(known, url=f"nats://127.0.0.1:{proxy.port}")
        client = await connect(credentials, "test-router")
        intake = IntakeReader(client, 0, 0)
        read: list[int] = []

        async def reads(last: int) -> bool:
            with suppress(Exception):  # the connection is cut: the router tries again too
                read.extend(each.sequence for each in await intake.take(10, 0.2))
            return last in read

        await publish(gateway, item(1))
        await eventually(lambda: reads(1), 5)
        proxy.swallows = True
        await publish(gateway, item(2))
        await publish(gateway, item(3))
        proxy.cut()
        proxy.swallows = False
        await eventually(lambda: reads(3), 15)
        assert read == [1, 2, 3]
        await intake.close()
        await client.close()


async def test_a_scan_goes_on_where_the_broker_cuts_a_batch(connect_as):
    gateway, operator = await connect_as("gateway"), await connect_as("operator")
    for number in range(20):
        await publish(gateway, item(number, b"x" * (4 * MIB)))
    found = [each.sequence async for each in StreamReader(operator).scan(subjects.INTAKE_STREAM, "in.>")]
    assert found == list(range(1, 21))


async def test_a_header_that_looks_like_the_brokers_own_word_hides_nothing(connect_as):
    gateway, router = await connect_as("gateway"), await connect_as("router")
    for number in range(3):
        await publish(gateway, item(number, **{"Status": "100", "Nats-Sequence": "77"}))
    reader = StreamReader(gateway)
    found = [each.sequence async for each in reader.scan(subjects.INTAKE_STREAM, "in.>")]
    assert found == [1, 2, 3]
    stored = await reader.at(subjects.INTAKE_STREAM, 2)
    assert stored is not None
    assert stored.sequence == 2
    intake = IntakeReader(router, 0, 0)
    assert [each.sequence for each in await intake.take(10)] == [1, 2, 3]
    await intake.close()


async def test_headers_that_make_no_sense_stop_nobody(connect_as):
    gateway, router = await connect_as("gateway"), await connect_as("router")
    await publish(gateway, item(1, **{headers.ITEM: "many/²", headers.CYCLE: "-1", headers.EVENT: "../x"}))
    intake = IntakeReader(router, 0, 0)
    (read,) = await intake.take(10)
    await intake.close()
    assert (read.arrival.item, read.arrival.items, read.cycle) == (1, 1, 1)
    assert ids.is_id(read.event_id)


async def test_a_pull_that_nobody_takes_from_holds_a_bounded_number_of_bytes(connect_as):
    gateway, router = await connect_as("gateway"), await connect_as("router")
    for number in range(60):
        await publish(gateway, item(number, b"x" * MIB))
    intake = IntakeReader(router, 0, 0)
    read = [each.sequence for each in await intake.take(1)]
    # a request of our own comes back after whatever the broker had to send before it
    for _ in range(3):
        await StreamReader(router).state(subjects.INTAKE_STREAM)
    assert router.stats["in_bytes"] < 40 * MIB
    while len(read) < 60:
        read += [each.sequence for each in await intake.take(100)]
    assert read == list(range(1, 61))
    await intake.close()


async def test_one_repeat_in_a_group_is_told_apart_from_its_neighbours(connect_as):
    gateway = await connect_as("gateway")
    first = await publish(gateway, Outgoing(subject="in.0.a.b", body=b"1", headers=with_id("same", {})))
    publisher = Publisher(gateway)
    futures = [
        publisher.publish(
            Outgoing(subject="in.0.a.b", body=b"2", headers=with_id("same" if n == 5 else f"id{n}", {}))
        )
        for n in range(40)
    ]
    publisher.start()
    results = await asyncio.gather(*futures)
    await publisher.stop()
    assert [n for n, each in enumerate(results) if each.is_duplicate] == [5]
    assert results[5].sequence == first.sequence
    assert len({each.sequence for each in results}) == 40


async def test_one_message_that_the_broker_refuses_does_not_fail_its_group(connect_as):
    gateway = await connect_as("gateway")
    publisher = Publisher(gateway)
    futures = [
        publisher.publish(
            Outgoing(
                subject="in.0.a.b", body=b"x", headers={"Nats-Expected-Stream": "OTHER"} if n == 7 else {}
            )
        )
        for n in range(20)
    ]
    publisher.start()
    results = await asyncio.gather(*futures, return_exceptions=True)
    await publisher.stop()
    assert [n for n, each in enumerate(results) if isinstance(each, Exception)] == [7]
    assert isinstance(results[7], InternalFault)


async def test_a_group_that_the_broker_dies_on_is_kept_once(broker, connect_as, eventually):
    gateway = await connect_as("gateway")
    publisher = Publisher(gateway)
    publisher.start()
    futures = []
    for number in range(600):
        futures.append(
            publisher.publish(Outgoing(subject="in.0.a.b", body=b"x", headers=with_id(f"n{number}", {})))
        )
        if number == 300:
            await futures[0]
            broker._child.kill()
    results = await asyncio.wait_for(asyncio.gather(*futures), 20)
    await publisher.stop()
    assert len({each.sequence for each in results}) == 600
    assert (await StreamReader(gateway).state(subjects.INTAKE_STREAM))["messages"] == 600
