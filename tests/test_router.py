"""The router against a real broker: exactly one outcome an item, whatever dies in between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest
from nats.aio.client import Client

from contracts import headers, ids, subjects
from contracts.adapter import Reply, Signature
from contracts.canonical import Category, Measure, Normalised, RetailException
from contracts.documents import Arrival, Document, Message, Source, whole
from contracts.errors import Unmapped
from contracts.records import Outcome, ReceiptEntry
from contracts.registry import Registry
from routing.broker.api import StreamReader, request_api
from routing.broker.commit import Outgoing, publish
from routing.items import RoutedException, RouterItem, TriageDecision, TriagedException
from routing.pipeline import Pipeline
from routing.receipts import decode, find_receipt
from routing.rendering import Renderer
from routing.router import PartitionRouter, RouterSettings
from routing.stages import SilentObserver
from routing.subscriptions import Subscriptions
from routing.triage import Triage

OWNER = "store-ops"
REGISTRY = Registry.load()
SOURCE = Source(name="tills", system="till", time_zone="UTC", currency="EUR", hash_key=b"k")


class TillAdapter:
    """A made-up till whose documents say what shall happen to them."""

    system = "till"
    format = "till"
    title = "made-up till"
    contracts = ("till-event",)
    signature: Signature | None = None
    reply: Reply | None = None

    def recognises(self, message: Message) -> bool:
        return True

    def split(self, message: Message):  # type: ignore[no-untyped-def]  # not used by the router
        yield whole(message)

    def decode(self, arrival: Arrival) -> Document:
        tree = msgspec.json.decode(arrival.body)
        return Document(contract="till-event", tree=tree, business_key="store:1", source_event_id=tree["id"])

    def normalise(self, document: Document, source: Source, received_at: str) -> Normalised:
        if document.tree.get("poison"):
            raise Unmapped("$.poison: this till makes no sense")
        if document.tree.get("bug"):
            raise ZeroDivisionError("a bug of ours")
        return Normalised(
            exceptions=tuple(
                RetailException(
                    category=Category.PRICE_DISCREPANCY,
                    key=f"line:{line}",
                    expected=Measure(kind="unit-price", value="1.00", unit="EUR"),
                    actual=Measure(kind="unit-price", value="2.00", unit="EUR"),
                    occurred_at=received_at,
                    detected_at=received_at,
                )
                for line in range(document.tree.get("exceptions", 0))
            )
        )


class NothingDetected:
    def detect(self, item, context):  # type: ignore[no-untyped-def]
        return ()


class EverythingP3:
    def decide(self, exceptions):  # type: ignore[no-untyped-def]
        return [
            TriageDecision(
                category=found.exception.category, root_cause="PRC.api_sync_lag", confidence=1.0,
                level="store", team="store_manager", severity="P3", priority="p3", review=False,
                decided_by="test", taxonomy="test",
            )
            for found in exceptions
        ]  # fmt: skip


class Owners:
    """Routes everything to the same owners."""

    def __init__(self, *owners: str) -> None:
        self._owners = owners

    def route(self, triaged: TriagedException) -> RoutedException:
        return RoutedException(triaged=triaged, owners=self._owners, row="all")


class Settled(SilentObserver):
    """Collects what the router reports."""

    def __init__(self) -> None:
        self.entries: list[ReceiptEntry] = []
        self.reasons: list[str] = []

    def item_settled(self, item: RouterItem, entry: ReceiptEntry, cause: Exception | None) -> None:
        self.entries.append(entry)

    def stuck(self, partition: int, reason: str) -> None:
        if reason:
            self.reasons.append(reason)


def make_router(
    client: Client,
    observer: Settled,
    owners: tuple[str, ...] = (OWNER,),
    partition: int = 0,
    triage: Triage | None = None,
) -> PartitionRouter:
    pipeline = Pipeline(
        adapter_of=lambda contract: TillAdapter(),
        adapter_for=lambda system, message: TillAdapter(),
        registry=REGISTRY,
        sources={"tills": SOURCE},
        detector=NothingDetected(),
        triage=triage or EverythingP3(),
        routes=Owners(*owners),  # type: ignore[arg-type]  # a fake of the one method that is used
        renderer=Renderer("https://crossdock.test", REGISTRY, Subscriptions(REGISTRY, {})),
        observer=observer,
    )
    return PartitionRouter(client, partition, pipeline, RouterSettings(), observer)


@asynccontextmanager
async def running(router: PartitionRouter) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(router.run(stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, 5)


async def accept(
    client: Client, number: int, message_id: str | None = None, partition: int = 0, **tree: object
) -> str:
    """Publish one item as the gateway does; return its event id."""
    name = f"sale-{number}"
    event = ids.event_id("tills", name)
    body = msgspec.json.encode({"id": name, **tree})
    sent = {
        headers.EVENT: event, headers.SOURCE: "tills", headers.CONTRACT: "till-event@1.0.0",
        headers.DIGEST: ids.body_digest(body),
    }  # fmt: skip
    if message_id:
        sent[headers.MESSAGE_ID] = message_id
    await publish(client, Outgoing(subject=f"in.{partition}.tills.till-event", body=body, headers=sent))
    return event


async def entries(reader: StreamReader) -> list[ReceiptEntry]:
    return [
        entry
        async for stored in reader.scan(subjects.OUT_STREAM, "receipt.0")
        for entry in decode(stored).receipt.entries
        if entry.sequence <= decode(stored).receipt.through
    ]


async def deliveries(reader: StreamReader) -> list[str]:
    found = [stored async for stored in reader.scan(subjects.OUT_STREAM, "out.>")]
    return [stored.headers[headers.DELIVERY] for stored in found]


async def test_each_item_gets_one_outcome_and_each_exception_one_delivery(connect_as, eventually):
    gateway, client = await connect_as("gateway"), await connect_as("router")
    observer = Settled()
    async with running(make_router(client, observer)):
        await accept(gateway, 1)
        await accept(gateway, 2, exceptions=2)
        await accept(gateway, 3, poison=True)
        await accept(gateway, 4, bug=True)
        await eventually(lambda: len(observer.entries) == 4)
    found = {entry.sequence: entry for entry in await entries(StreamReader(gateway))}
    assert [found[n].outcome for n in (1, 2, 3, 4)] == [
        Outcome.OBSERVED, Outcome.WITH_EXCEPTIONS, Outcome.DEAD, Outcome.DEAD,
    ]  # fmt: skip
    assert (found[3].stage, found[3].code) == ("normalise", "adapter.unmapped")
    assert (found[4].stage, found[4].code) == ("normalise", "internal.fault")
    assert len(set(await deliveries(StreamReader(gateway)))) == 2


async def test_a_receipt_names_where_its_deliveries_lie(connect_as, eventually):
    gateway, client = await connect_as("gateway"), await connect_as("router")
    observer = Settled()
    for number in range(5):
        await accept(gateway, number, exceptions=number)
    async with running(make_router(client, observer)):
        await eventually(lambda: len(observer.entries) == 5)
    reader = StreamReader(gateway)
    for sequence in range(1, 6):
        receipt = await find_receipt(reader, 0, sequence)
        assert receipt is not None
        entry = next(entry for entry in receipt.receipt.entries if entry.sequence == sequence)
        assert len(entry.deliveries) == sequence - 1
        for delivery in entry.deliveries:
            stored = await reader.at(subjects.OUT_STREAM, receipt.delivery_sequence(delivery))
            assert stored is not None
            assert stored.headers[headers.DELIVERY] == delivery.delivery
            assert stored.headers[headers.INTAKE] == str(sequence)


async def test_a_restarted_router_resumes_after_the_last_receipt(connect_as, eventually):
    gateway, client = await connect_as("gateway"), await connect_as("router")
    for round_number in range(3):
        observer = Settled()
        for number in range(20):
            await accept(gateway, round_number * 20 + number, exceptions=1)
        async with running(make_router(client, observer)):
            await eventually(lambda seen=observer: len(seen.entries) == 20)
    reader = StreamReader(gateway)
    assert [entry.sequence for entry in await entries(reader)] == list(range(1, 61))
    found = await deliveries(reader)
    assert len(found) == len(set(found)) == 60


async def test_two_routers_of_one_partition_publish_nothing_twice(connect_as, eventually):
    gateway = await connect_as("gateway")
    reader = StreamReader(gateway)
    observers = [Settled(), Settled()]
    routers = [make_router(await connect_as("router"), observer) for observer in observers]
    async with running(routers[0]), running(routers[1]):
        for number in range(200):
            await accept(gateway, number, exceptions=1)

        async def all_done() -> bool:
            return len(await entries(reader)) >= 200

        await eventually(all_done, 20)
    found = await deliveries(reader)
    assert len(found) == len(set(found)) == 200
    assert sorted(entry.sequence for entry in await entries(reader)) == list(range(1, 201))


async def test_a_repeat_beyond_the_brokers_window_is_a_duplicate_also_after_a_restart(connect_as, eventually):
    gateway, client = await connect_as("gateway"), await connect_as("router")
    first, second = Settled(), Settled()
    async with running(make_router(client, first)):
        await accept(gateway, 1, exceptions=1)
        await accept(gateway, 1, exceptions=1)
        await eventually(lambda: len(first.entries) == 2)
    async with running(make_router(client, second)):
        await accept(gateway, 1, exceptions=1)
        await eventually(lambda: len(second.entries) == 1)
    outcomes = [entry.outcome for entry in first.entries + second.entries]
    assert outcomes == [Outcome.WITH_EXCEPTIONS, Outcome.DUPLICATE, Outcome.DUPLICATE]
    assert len(await deliveries(StreamReader(gateway))) == 1


async def test_the_same_id_with_another_document_is_dead_once_and_then_a_duplicate(connect_as, eventually):
    gateway, client = await connect_as("gateway"), await connect_as("router")
    observer = Settled()
    async with running(make_router(client, observer)):
        await accept(gateway, 1, exceptions=1)
        await accept(gateway, 1, exceptions=2)
        await accept(gateway, 1, exceptions=3)
        await accept(gateway, 1, exceptions=2)
        await eventually(lambda: len(observer.entries) == 4)
    assert [(entry.outcome, entry.code) for entry in observer.entries] == [
        (Outcome.WITH_EXCEPTIONS, ""), (Outcome.DEAD, "request.conflict"),
        (Outcome.DEAD, "request.conflict"), (Outcome.DUPLICATE, ""),
    ]  # fmt: skip


async def test_an_item_that_fits_into_a_batch_by_itself_is_not_split(connect_as, eventually):
    gateway, client = await connect_as("gateway"), await connect_as("router")
    observer = Settled()
    for number in range(3):
        await accept(gateway, number, exceptions=600)
    async with running(make_router(client, observer)):
        await eventually(lambda: len(observer.entries) == 3, 20)
    reader = StreamReader(gateway)
    parts = [decode(stored).receipt async for stored in reader.scan(subjects.OUT_STREAM, "receipt.0")]
    assert [part.through for part in parts] == [1, 2, 3]


async def test_streams_that_are_not_of_one_time_stop_the_router_loudly(connect_as, eventually):
    gateway, client = await connect_as("gateway"), await connect_as("router")
    provisioner = await connect_as("provisioner")
    observer = Settled()
    async with running(make_router(client, observer)):
        for number in range(3):
            await accept(gateway, number)
        await eventually(lambda: len(observer.entries) == 3)
    config = (await request_api(provisioner, "STREAM.INFO.XD_INTAKE"))["config"]
    await request_api(provisioner, "STREAM.DELETE.XD_INTAKE")
    await request_api(provisioner, "STREAM.CREATE.XD_INTAKE", config)
    await accept(gateway, 4)
    after = Settled()
    async with running(make_router(client, after)):
        await eventually(lambda: any("not of one time" in reason for reason in after.reasons))
    assert after.entries == []


async def test_each_partition_has_its_own_order_and_receipts(connect_as, eventually):
    gateway, client = await connect_as("gateway"), await connect_as("router")
    observers = [Settled(), Settled()]
    routers = [make_router(client, observer, partition=place) for place, observer in enumerate(observers)]
    async with running(routers[0]), running(routers[1]):
        for number in range(20):
            await accept(gateway, number, partition=number % 2, exceptions=1)
        await eventually(lambda: all(len(observer.entries) == 10 for observer in observers))
    assert [entry.sequence for entry in observers[1].entries] == list(range(2, 21, 2))
    assert len(set(await deliveries(StreamReader(gateway)))) == 20


async def test_an_item_with_more_deliveries_than_a_batch_holds_is_delivered_whole(connect_as, eventually):
    gateway, client = await connect_as("gateway"), await connect_as("router")
    observer = Settled()
    await accept(gateway, 1)
    await accept(gateway, 2, exceptions=2500)
    await accept(gateway, 3, exceptions=1)
    async with running(make_router(client, observer)):
        await eventually(lambda: len(observer.entries) == 3, 20)
    reader = StreamReader(gateway)
    found = await deliveries(reader)
    assert len(found) == len(set(found)) == 2501
    assert [entry.sequence for entry in await entries(reader)] == [1, 2, 3]
    parts = [decode(stored).receipt async for stored in reader.scan(subjects.OUT_STREAM, "receipt.0")]
    assert [part.through for part in parts] == [1, 1, 1, 3]


async def test_a_run_that_ended_between_the_parts_goes_on_with_the_rest_although_routes_changed(
    connect_as, eventually
):
    gateway, client = await connect_as("gateway"), await connect_as("router")
    await accept(gateway, 1, exceptions=2500)
    first, second = Settled(), Settled()
    router = make_router(client, first)
    kept = router._commit

    async def commit_one(batch, stop):  # type: ignore[no-untyped-def]
        await kept(batch, stop)
        raise asyncio.CancelledError

    router._commit = commit_one  # type: ignore[method-assign]  # the process dies after the first part
    with pytest.raises(asyncio.CancelledError):
        await router.run(asyncio.Event())
    assert len(await deliveries(StreamReader(gateway))) == 999
    async with running(make_router(client, second, owners=("finance", OWNER))):
        await eventually(lambda: len(second.entries) == 1, 20)
    found = await deliveries(StreamReader(gateway))
    assert len(found) == len(set(found)) == 5000


async def test_a_broker_that_is_killed_costs_nothing(broker, connect_as, eventually):
    gateway, client = await connect_as("gateway"), await connect_as("router")
    observer = Settled()
    async with running(make_router(client, observer)):
        for number in range(50):
            await accept(gateway, number, exceptions=1)
        broker._child.kill()
        await eventually(lambda: broker.crashes == 1, 10)
        for number in range(50, 100):
            while True:
                try:
                    await accept(gateway, number, message_id=f"m{number}", exceptions=1)
                    break
                except Exception:  # noqa: BLE001 - the broker is away: send again with the same id
                    await asyncio.sleep(0.05)
        await eventually(lambda: len(observer.entries) >= 100, 20)
    reader = StreamReader(gateway)
    found = await deliveries(reader)
    assert len(found) == len(set(found)) == 100


async def test_a_full_out_stream_stalls_the_router_and_loses_nothing(connect_as, eventually, broker):
    gateway, client = await connect_as("gateway"), await connect_as("router")
    provisioner = await connect_as("provisioner")
    config = (await request_api(provisioner, "STREAM.INFO.XD_OUT"))["config"]
    await request_api(provisioner, "STREAM.UPDATE.XD_OUT", {**config, "max_bytes": 20_000})
    observer = Settled()
    async with running(make_router(client, observer)):
        for number in range(30):
            await accept(gateway, number, exceptions=1)
        await eventually(lambda: any("takes no more" in reason for reason in observer.reasons), 10)
        await request_api(provisioner, "STREAM.UPDATE.XD_OUT", config)
        await eventually(lambda: len(observer.entries) == 30, 10)
    found = await deliveries(StreamReader(gateway))
    assert len(found) == len(set(found)) == 30
