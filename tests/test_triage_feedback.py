"""What owners find out comes back: root causes, deliveries that were another's, and cases made of both."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from nats.aio.client import Client
from test_router import running
from test_triage_router import LAG, Desk
from triage_models import TAXONOMY, write

from contracts import headers, ids, subjects
from contracts.records import Verdict, VerdictKind
from crossdock_sdk import Delivery, Done, Reassign, Reject, Retry
from crossdock_sdk.answers import verdict_on
from gateway.balance import read_balance
from gateway.bootstrap import install
from gateway.case_export import CaseExport
from gateway.decisions import Decisions
from routing.broker.api import StoredMessage, StreamReader
from routing.broker.commit import Outgoing, publish
from routing.broker.streams import owner_consumer
from routing.delivery.observer import SilentDeliveryObserver
from routing.delivery.process import DeliveryProcess
from routing.delivery.settings import DeliverySettings
from routing.owners import OwnerSettings
from routing.routes import RouteTable

OWNERS = {
    name: OwnerSettings(
        title=name, contact=f"{name}@example.com", max_attempts=3, retry_delays_seconds=(0.01,)
    )
    for name in ("store-ops", "finance", "review", "inventory-control")
}
SETTINGS = DeliverySettings(retry_pause_seconds=0.1, stop_patience_seconds=1.0)


class Labels(SilentDeliveryObserver):
    """Counts what delivery reports of labels and verdicts."""

    def __init__(self) -> None:
        self.heard: Counter[tuple[str, ...]] = Counter()
        self.ended = 0

    def verdict(self, owner: str, kind: str) -> None:
        self.heard[owner, kind] += 1
        self.ended += 1

    def refused(self, owner: str, why: str) -> None:
        self.heard[owner, why] += 1
        self.ended += 1

    def labelled(self, owner: str, kind: str, *, is_known: bool) -> None:
        self.heard[owner, kind, "taken" if is_known else "dropped"] += 1

    def dead_letter(self, lane: str, code: str) -> None:
        self.heard[lane, code] += 1


class House:
    """A router with a model, a delivery process, and owners who say what the test wants."""

    def __init__(self, desk: Desk, connect: Any, eventually: Any, labels: Labels, routes: RouteTable) -> None:
        self.desk = desk
        self.reader = desk.reader
        self.labels = labels
        self.routes = routes
        self._connect = connect
        self._eventually = eventually

    async def route(self, *numbers: int) -> None:
        done = len(self.desk.settled.entries) + len(numbers)
        async with running(self.desk.router):
            for number in numbers:
                await self.desk.send(range(number, number + 1))
            await self._eventually(lambda: len(self.desk.settled.entries) == done)

    async def lane(self, owner: str) -> list[StoredMessage]:
        return [stored async for stored in self.reader.scan(subjects.OUT_STREAM, f"out.{owner}.>")]

    async def say(self, attempt: StoredMessage, kind: str, **said: str) -> None:
        owner = attempt.subject.split(".")[1]
        cycle = int(attempt.headers[headers.CYCLE])
        verdict = Verdict(verdict=VerdictKind(kind), sequence=attempt.sequence, cycle=cycle, **said)
        subject = subjects.result(owner, attempt.headers[headers.DELIVERY])
        client: Client = await self._connect(f"owner-{owner}")
        ended = self.labels.ended
        await publish(client, Outgoing(subject=subject, body=msgspec.json.encode(verdict), headers={}))
        await self._eventually(lambda: self.labels.ended > ended)

    async def cases(self) -> tuple[list[Any], Counter[str]]:
        export = CaseExport(self.reader, TAXONOMY, self.routes, {"tills": "pos"})
        return await export.cases(), export.skipped


@pytest.fixture
async def house(connect_as, tmp_path, eventually, data_folder) -> AsyncIterator[House]:  # type: ignore[no-untyped-def]
    gateway, client = await connect_as("operator"), await connect_as("router")
    desk = Desk(tmp_path / "models", client, await connect_as("gateway"), batch_limit_ms=500.0)
    desk.reader = StreamReader(gateway)
    write(desk.root, favoured={LAG: 4.0})
    labels, stop = Labels(), asyncio.Event()
    process = DeliveryProcess(await connect_as("delivery"), SETTINGS, OWNERS, labels, TAXONOMY.leaves)
    task = asyncio.create_task(process.run(stop))
    yield House(desk, connect_as, eventually, labels, install(data_folder, None, {}).routes)
    stop.set()
    await asyncio.wait_for(task, 5)


async def test_a_named_root_cause_makes_a_case_with_the_features_of_the_decision(house):
    await house.route(1, 2, 3)
    first, second, third = await house.lane("store-ops")
    await house.say(first, "done", root_cause="PRC.label_not_changed")
    await house.say(second, "done", root_cause="PRC.the_moon")
    await house.say(third, "done")
    assert house.labels.heard["store-ops", "root_cause", "taken"] == 1
    assert house.labels.heard["store-ops", "root_cause", "dropped"] == 1
    (case,), skipped = await house.cases()
    triage = msgspec.json.decode(first.body)["data"]["triage"]
    assert (case.truth, case.truth_from, case.audited) == ("PRC.label_not_changed", "verdict", False)
    assert (case.decided.by, case.decided.root_cause, case.decided.model) == (
        "small@1.0.0",
        LAG,
        "small@1.0.0",
    )
    assert msgspec.to_builtins(case)["vector"] == triage["features"]["vector"]
    assert case.decided_at < case.closed_at
    assert skipped == {"unknown root cause": 1, "nobody named a cause": 2}


async def test_a_reassigned_delivery_reaches_the_right_owner_once_and_becomes_a_case(house):
    await house.route(1)
    (first,) = await house.lane("store-ops")
    await house.say(first, "reassign", owner="finance", reason="a matter of invoices")
    await house.say(first, "reassign", owner="finance", reason="said twice")
    (passed,) = await house.lane("finance")
    exception = first.headers[headers.EXCEPTION]
    assert passed.headers[headers.DELIVERY] == ids.delivery_id(exception, "finance")
    event = msgspec.json.decode(passed.body)
    assert event["id"] == ids.delivery_id(exception, "finance")
    assert event["data"]["route"]["owners"] == ["store-ops", "finance"]
    assert event["data"]["route"]["passed_on_by"] == "store-ops"
    await house.say(passed, "done")
    (case,), _ = await house.cases()
    assert (case.truth_from, case.owner, case.passed_on) == ("reassign", "finance", ("store-ops",))
    # of prices only the urgent go to finance too, so nothing is proven of the cause
    assert case.truth == ""


async def test_who_took_a_delivery_over_narrows_its_cause_down(house):
    await house.route(1)
    (first,) = await house.lane("store-ops")
    export = CaseExport(house.reader, TAXONOMY, house.routes, {"tills": "pos"})
    (found,) = await Decisions(house.reader).find(first.headers[headers.EXCEPTION])
    assert set(export._candidates(found, "store-ops")) == {
        leaf.id for leaf in TAXONOMY.leaves.values() if leaf.id.startswith("PRC.")
    }
    assert export._candidates(found, "finance") == ()


async def test_passing_back_or_to_nobody_is_a_dead_letter_that_says_so(house, connect_as):
    await house.route(1, 2)
    first, second = await house.lane("store-ops")
    await house.say(first, "reassign", owner="finance")
    (passed,) = await house.lane("finance")
    await house.say(passed, "reassign", owner="store-ops")
    await house.say(second, "reassign", owner="the-moon", root_cause="PRC.zone_mapping")
    letters = [
        stored.headers[headers.DETAIL]
        async for stored in house.reader.scan(subjects.DEAD_LETTERS_STREAM, "dlq.>")
    ]
    assert letters == [
        "reassigned to store-ops, which has had it",
        "reassigned to 'the-moon', which is no owner",
    ]
    assert house.labels.heard["store-ops", "owner", "dropped"] == 1
    assert len(await house.lane("store-ops")) == 2
    # a dead letter is no loss of what was learnt
    (case,), _ = await house.cases()
    assert case.truth == "PRC.zone_mapping"
    balance = await read_balance(
        await connect_as("operator"), {name: owner_consumer(name) for name in OWNERS}
    )
    assert balance.faults == []
    lines = balance.by_owner
    assert (lines["store-ops"].done, lines["store-ops"].dead, lines["finance"].dead) == (1, 1, 1)


async def test_an_audited_case_is_marked_and_has_what_its_reviewer_was_not_shown(house):
    house.desk.triage._audited_below = 1 << 32
    await house.route(1)
    (first,) = await house.lane("store-ops")
    assert msgspec.json.decode(first.body)["data"]["triage"]["root_cause"] == ""
    await house.say(first, "done", root_cause=LAG)
    (case,), _ = await house.cases()
    assert case.audited
    assert (case.truth, case.decided.root_cause, case.decided.model_root_cause) == (LAG, LAG, LAG)


async def test_what_an_owner_says_of_anothers_delivery_makes_no_case(house, connect_as):
    await house.route(1)
    (first,) = await house.lane("store-ops")
    lie = Verdict(verdict=VerdictKind.DONE, sequence=first.sequence, root_cause="PRC.zone_mapping")
    subject = subjects.result("finance", first.headers[headers.DELIVERY])
    await publish(
        await connect_as("owner-finance"),
        Outgoing(subject=subject, body=msgspec.json.encode(lie), headers={}),
    )
    assert (await house.cases())[0] == []


async def test_the_commands_explain_a_decision_and_export_cases(house, data_folder, tmp_path):
    await house.route(1)
    (first,) = await house.lane("store-ops")
    await house.say(first, "done", root_cause=LAG)
    exception = first.headers[headers.EXCEPTION]
    status, told = await _run("explain", exception, "--json", "--data", str(data_folder.path))
    assert status == 0, told
    (found,) = msgspec.json.decode(told)
    assert found["decision"]["decided_by"] == "small@1.0.0"
    assert found["decision"]["autonomy"]["bound_by"] == "category"
    difference = next(one for one in found["features"] if one["name"] == "pos_erp_pct")
    assert (difference["value"], difference["unit"]) == (1.0, "ratio")
    status, told = await _run("explain", exception, "--data", str(data_folder.path))
    for part in (
        LAG,
        "small@1.0.0",
        "not ruled out",
        "autonomy L3, bound by category",
        "pos_erp_pct = 1 ratio",
    ):
        assert part in told
    status, told = await _run("explain", "x" * 26, "--data", str(data_folder.path))
    assert status == 1
    out = tmp_path / "closed.ndjson"
    status, told = await _run("cases", "--out", str(out), "--data", str(data_folder.path))
    assert status == 0, told
    assert told.startswith("1 cases, 0 of them audited")
    (line,) = out.read_text().splitlines()
    assert msgspec.json.decode(line)["truth"] == LAG


async def _run(*arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", "triage", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await asyncio.wait_for(process.communicate(), 30)
    return process.returncode or 0, out.decode()


DELIVERY = Delivery(
    id="d", exception_id="e", event_id="v", category="c", priority="p1", attempt=1, cycle=1, sequence=7,
    exception={}, triage={}, route={}, source="s", contract="c", trace="", body=b"",
)  # fmt: skip


def test_the_sdk_says_root_cause_and_owner_within_what_the_wire_takes():
    said = verdict_on(DELIVERY, Done(root_cause="INV.shrink"))
    assert (said.verdict.value, said.root_cause) == ("done", "INV.shrink")
    said = verdict_on(DELIVERY, Reassign(owner="finance", reason="r" * 999, root_cause="c" * 999))
    assert (said.verdict.value, said.owner, len(said.reason), len(said.root_cause)) == (
        "reassign",
        "finance",
        300,
        64,
    )
    assert verdict_on(DELIVERY, Reject(reason="no", root_cause="INV.shrink")).root_cause == "INV.shrink"
    assert verdict_on(DELIVERY, Retry()).root_cause == ""
