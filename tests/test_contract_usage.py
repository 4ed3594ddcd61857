"""Who uses which version: counted at the door and in the router, added up, and there after a restart."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from http_face import Face, OpenFace
from nats.aio.client import Client

from contracts import headers, subjects
from contracts.errors import BrokerUnavailable, Violation
from contracts.records import DeliveryEntry, Outcome, Receipt, ReceiptEntry
from contracts.registry import Registry
from contracts.usage import (
    REFUSALS_LIMIT,
    WRITERS_LIMIT,
    Counted,
    UsageRecord,
    add,
    added,
    nothing_counted,
    places_of,
    starred,
)
from gateway.balance import LedgerReader
from gateway.cli import crossdock
from gateway.embedded_broker import EmbeddedBroker
from ledger.contract_usage import RetainedEvents, read_usage
from routing import contract_usage
from routing.broker.commit import Outgoing, commit, publish
from routing.contract_usage import UsageCounts, UsageWriter

NOTE = "paper-note@1.1.0"


def clock(day: int = 1) -> datetime:
    return datetime(2026, 12, day, 8, tzinfo=UTC)


async def used(face: Face, version: str = "1.1.0") -> dict[str, Any]:
    reply = (await face.get("/contracts/paper-note/usage")).json()
    [found] = [each for each in reply["versions"] if each["version"] == version]
    return found


@pytest.fixture
async def writer_of(connect_as: Any) -> Any:
    async def writer(counts: UsageCounts, user: str = "gateway", **more: Any) -> UsageWriter:
        return UsageWriter(
            await connect_as(user), "sent" if user == "gateway" else "read", counts,
            **({"now": clock} | more),
        )  # fmt: skip

    return writer


async def test_what_was_sent_and_refused_is_told_with_when_and_where(
    open_face: OpenFace, writer_of: Any
) -> None:
    counts = UsageCounts()
    face, writer = open_face(usage=counts), await writer_of(counts)
    for number in range(3):
        await face.note({"id": f"n-{number}", "store": "7"})
    await face.note({"id": "n-0", "store": "7"})  # a repeat is no further use
    await face.post("/v1/sources/paper-1/events?dry_run=true", {"id": "n-9", "store": "7"})
    await face.post("/v1/sources/paper-1/events?dry_run=true", {"id": "n-9"})
    await face.note({"id": "n-4", "quantity": -1})
    await face.note({"id": "n-5", "quantity": -2, "store": "7"}, "paper-pinned")
    await face.note({"id": "n-6"}, contract="paper-note@0.9.0")
    assert await writer.flush()
    last = "2026-12-01T08:00:00+00:00"
    assert await used(face) == {
        "contract": "paper-note",
        "version": "1.1.0",
        "senders": [{"name": "paper-1", "count": 3, "last": last}],
        "readers": [],
        "refused": [{"name": "paper-1", "count": 1, "last": last}],
        "refusals": [
            {"source": "paper-1", "keyword": "minimum", "pointer": "/quantity", "count": 1, "last": last},
            {"source": "paper-1", "keyword": "required", "pointer": "/store", "count": 1, "last": last},
        ],
        "retained": 3,
    }
    assert (await used(face, "1.0.0"))["refused"][0]["name"] == "paper-pinned"
    retired = await used(face, "0.9.0")
    assert [(each["keyword"], each["pointer"]) for each in retired["refusals"]] == [("contract.retired", "")]


async def test_usage_is_there_after_a_restart_and_several_gateways_add_up(
    broker: EmbeddedBroker, open_face: OpenFace, writer_of: Any, eventually: Any
) -> None:
    first, second = UsageCounts(), UsageCounts()
    writers = [await writer_of(first), await writer_of(second, now=lambda: clock(2))]
    for counts in (first, second):
        for source in ("paper-1", "paper-2"):
            counts.used(NOTE, source)
    assert all(await asyncio.gather(*(writer.flush() for writer in writers)))
    await broker._child.stop(3)  # the server dies and is started again
    await eventually(lambda: broker.crashes == 1 and broker.pid)
    second.used(NOTE, "paper-2")

    async def flushed() -> bool:
        return bool(await writers[1].flush())

    await eventually(flushed, 10)
    after_restart = await writer_of(UsageCounts())
    assert await after_restart.flush()
    senders = (await used(open_face()))["senders"]
    assert senders == [
        {"name": "paper-1", "count": 2, "last": senders[0]["last"]},
        {"name": "paper-2", "count": 3, "last": "2026-12-02T08:00:00+00:00"},
    ]


async def test_many_writers_at_once_lose_nothing(open_face: OpenFace, writer_of: Any) -> None:
    counts = [UsageCounts() for _ in range(6)]
    writers = [await writer_of(each) for each in counts]
    for _ in range(5):
        for each in counts:
            each.used(NOTE, "paper-1")
            each.refused(NOTE, "paper-1", {("required", "/store")})
        await asyncio.gather(*(writer.flush() for writer in writers))
    found = await used(open_face())
    assert (found["senders"][0]["count"], found["refusals"][0]["count"]) == (30, 30)


async def test_what_the_broker_did_not_acknowledge_is_counted_once(
    open_face: OpenFace, writer_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts, others = UsageCounts(), UsageCounts()
    writer, other = await writer_of(counts), await writer_of(others)

    async def lost_on_the_way(client: Client, message: Outgoing) -> None:
        raise BrokerUnavailable("nothing came there")

    async def lost_on_the_way_back(client: Client, message: Outgoing) -> None:
        await publish(client, message)
        raise BrokerUnavailable("it is there")

    for lost in (lost_on_the_way, lost_on_the_way_back, lost_on_the_way_back):
        counts.used(NOTE, "paper-1")
        monkeypatch.setattr(contract_usage, "publish", lost)
        assert not await writer.flush()
        monkeypatch.setattr(contract_usage, "publish", publish)
        others.used(NOTE, "paper-2")  # another one writes in between
        assert await other.flush()
    assert await writer.flush()
    assert [(each["name"], each["count"]) for each in (await used(open_face()))["senders"]] == [
        ("paper-1", 3), ("paper-2", 3),
    ]  # fmt: skip


async def test_while_the_broker_is_away_events_are_judged_and_counts_wait(
    broker: EmbeddedBroker, open_face: OpenFace, writer_of: Any, eventually: Any
) -> None:
    counts, told = UsageCounts(), []
    face = open_face(usage=counts)
    writer = await writer_of(counts, tell=lambda *heard: told.append(heard))
    await face.note({"id": "n-1"})
    broker._watch.cancel()
    await broker._child.stop(3)
    refused = await face.note({"id": "n-2"})
    assert (refused.status_code, refused.json()["code"]) == (422, "contract.violated")
    assert not await writer.flush()
    assert not await writer.flush()
    broker._watch = asyncio.create_task(broker._keep_running())

    async def flushed() -> bool:
        return bool(await writer.flush())

    await eventually(flushed, 15)
    assert (await used(face))["refused"][0]["count"] == 2
    # metrics hear of each count once, whatever the broker does
    assert sum(sum(counted.refused.values()) for _, _, counted in told) == 2


async def test_a_writer_flushes_once_more_when_it_is_stopped(open_face: OpenFace, writer_of: Any) -> None:
    counts, stop = UsageCounts(), asyncio.Event()
    running = asyncio.create_task((await writer_of(counts)).run(stop))
    await asyncio.sleep(0)
    counts.used(NOTE, "paper-1")
    stop.set()
    await running
    assert (await used(open_face()))["senders"][0]["count"] == 1


async def test_gateways_write_what_was_sent_and_routers_what_is_read(
    open_face: OpenFace, connect_as: Any, writer_of: Any
) -> None:
    counts = UsageCounts()
    counts.used(NOTE, "finance")
    assert await (await writer_of(counts, "router")).flush()
    assert (await used(open_face()))["readers"][0]["name"] == "finance"
    wrong = Outgoing(subject=subjects.usage("sent", "paper-note", "1.1.0"), body=b"{}", headers={})
    with pytest.raises(BrokerUnavailable):
        await publish(await connect_as("router"), wrong)


async def test_what_the_streams_still_hold_is_counted_by_version(
    connect_as: Any, paper_registry: Registry
) -> None:
    gateway, router = await connect_as("gateway"), await connect_as("router")
    for number in range(4):
        sent = {headers.CONTRACT: "paper-note@1.0.0" if number < 2 else NOTE}
        await publish(gateway, Outgoing(subject="in.0.paper-1.paper-note", body=b"{}", headers=sent))
    entries = tuple(
        ReceiptEntry(
            sequence=number, event="e", source="paper-1", contract=contract, outcome=Outcome.WITH_EXCEPTIONS,
            deliveries=(
                DeliveryEntry(
                    delivery="d", exception="x", owner="finance", category="inventory-variance",
                    priority="p1", offset=number - 1, version="1.1.0",
                ),
            ),
        )
        for number, contract in ((1, "paper-note@1.0.0"), (2, "paper-note@1.0.0"), (3, NOTE))
    )  # fmt: skip
    receipt = Receipt(partition=0, through=3, entries=entries, batch_size=4)
    deliveries = [Outgoing(subject="out.finance.x.p1", body=b"{}", headers={}) for _ in range(3)]
    await commit(
        router, [*deliveries, Outgoing(subject="receipt.0", body=msgspec.json.encode(receipt), headers={})]
    )
    reader = LedgerReader(await connect_as("operator"))
    retained = RetainedEvents(reader, 1)
    variance = "exception-inventory-variance@1.1.0"
    # the last item has no receipt yet
    assert await retained.counts() == {"paper-note@1.0.0": 2, NOTE: 2, variance: 3}
    assert await retained.counts() == {"paper-note@1.0.0": 2, NOTE: 2, variance: 3}
    provisioner = await connect_as("provisioner")
    ask = json.dumps({"seq": 3}).encode()
    await provisioner.request(f"$JS.API.STREAM.PURGE.{subjects.INTAKE_STREAM}", ask, timeout=2)
    fresh = await RetainedEvents(reader, 1).counts()
    assert fresh == {NOTE: 2, variance: 3}
    [unused, *_] = await read_usage(reader, "paper-note", ["7.0.0"], fresh)
    assert (unused.version, unused.retained, unused.senders) == ("7.0.0", 0, ())


async def test_the_command_shows_names_counts_and_places(
    broker: EmbeddedBroker, data_folder: Any, writer_of: Any
) -> None:
    counts = UsageCounts()
    counts.used("fact-receipt@1.0.0", "dock")
    counts.refused("fact-receipt@1.0.0", "dock", {("minItems", "/lines")})
    assert await (await writer_of(counts)).flush()
    command = ["contracts", "usage", "--data", str(data_folder.path)]

    def shown(*more: str) -> Any:
        done = CliRunner(env={"COLUMNS": "400"}).invoke(crossdock, [*command, *more])
        assert done.exit_code == 0, done.output
        return done.stdout

    text = await asyncio.to_thread(shown)
    assert "dock 1 (last 2026-12-01T08:00:00+00:00)" in text
    assert "dock minItems /lines 1" in text
    assert "fact-sale" not in text
    rows = json.loads(await asyncio.to_thread(shown, "fact-receipt", "--json"))
    assert [(row["version"], row["senders"][0]["count"]) for row in rows if row["senders"]] == [("1.0.0", 1)]
    missing = await asyncio.to_thread(lambda: CliRunner().invoke(crossdock, [*command, "fact-nothing"]))
    assert missing.exit_code == 1


def test_a_place_is_told_in_the_schemas_own_words(paper_registry: Registry) -> None:
    schema = {
        "$defs": {"line": {"properties": {"qty": {}, "tags": {"items": {"$ref": "#/$defs/tag"}}}}},
        "properties": {
            "lines": {"items": {"$ref": "#/$defs/line"}},
            "extensions": {"additionalProperties": {"properties": {"value": {}}}},
            "choice": {"oneOf": [{"properties": {"a": {"items": {}}}}, {"$ref": "#/$defs/line"}]},
            "a/b": {},
            "0": {},
        },
    }
    schema["$defs"]["tag"] = {"properties": {"name": {}}}
    told = {
        "": "",
        "/lines/17/qty": "/lines/*/qty",
        "/lines/17/tags/3/name": "/lines/*/tags/*/name",
        "/extensions/Anna Berg/value": "/extensions/*/value",
        "/choice/a/3": "/choice/a/*",
        "/choice/qty": "/choice/qty",
        "/anna@example.com": "/*",
        "/a~1b": "/a~1b",
        "/0": "/0",
        "/lines/x/y/z": "/lines/*/*/*",
    }
    assert {pointer: starred(pointer, schema) for pointer in told} == told
    name = "exception-inventory-variance"
    places = places_of(
        tuple(
            Violation(pointer=f"/references/{n}/kind", path="", keyword="enum", detail="Anna")
            for n in range(20)
        ),
        paper_registry.exact(name, "1.1.0").schema,
    )
    assert places == {("enum", "/references/*/kind")}


def test_rows_are_bounded_and_nothing_is_lost_beyond_them() -> None:
    counted = nothing_counted()
    for number in range(REFUSALS_LIMIT + 50):
        add(counted, Counted({}, {"till": 1}, {("till", "type", f"/{number}"): 1}))
    assert len(counted.refusals) == REFUSALS_LIMIT + 1
    assert counted.refusals[("till", "*", "")] == 50
    record = UsageRecord()
    for number in range(WRITERS_LIMIT + 5):
        record = added(record, counted, "2026-12-01T08:00:00+00:00", f"w{number}", 1)
    assert len(record.refusals) <= REFUSALS_LIMIT + 1
    assert sum(each.count for each in record.refusals) == (REFUSALS_LIMIT + 50) * (WRITERS_LIMIT + 5)
    assert len(record.writers) == WRITERS_LIMIT
    assert f"w{WRITERS_LIMIT + 4}" in record.writers
