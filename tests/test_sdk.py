"""The SDK against a real broker, as an owner with an owner's rights and no more."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from nats.aio.client import Client

import crossdock_sdk
from contracts import headers, ids, records, subjects
from contracts.errors import BrokerUnavailable
from crossdock_sdk import (
    Answer,
    Credentials,
    CredentialsUnusable,
    Delivery,
    Done,
    Owner,
    Reject,
    Retry,
    Seen,
    read_credentials,
)
from crossdock_sdk.answers import verdict_on
from crossdock_sdk.patient_pull import PatientJetStream
from gateway.data_folder import DataFolder
from gateway.embedded_broker import EmbeddedBroker
from routing.broker.api import StreamReader, request_api
from routing.broker.commit import BrokerFull, Outgoing, publish, publish_until_kept
from routing.broker.streams import SECOND, StreamSettings, apply
from routing.delivery.process import DeliveryProcess
from routing.delivery.settings import DeliverySettings
from routing.owners import OwnerSettings

NAME = "finance"
USER = f"owner-{NAME}"
EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "owner.py"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

Connect = Callable[[str], Awaitable[Client]]
Eventually = Callable[..., Awaitable[object]]
Handler = Callable[[Delivery], Awaitable[Answer]]


class Lane:
    """What the router and delivery see of the owner."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.reader = StreamReader(client)

    async def deliver(
        self, number: int = 1, *, attempt: int = 1, category: str = "invoice-mismatch", **exception: object
    ) -> str:
        """Publish an attempt and return the delivery's id; waits out a broker that is away."""
        event = ids.event_id("pos-demo", str(number))
        delivery = ids.delivery_id(ids.exception_id(event, category, "line:1"), NAME)
        sent = {
            headers.DELIVERY: delivery,
            headers.EXCEPTION: ids.exception_id(event, category, "line:1"),
            headers.EVENT: event,
            headers.SOURCE: "pos-demo",
            headers.CONTRACT: "pos-poslog-transaction@1.0.0",
            headers.ATTEMPT: str(attempt),
            headers.CYCLE: "1",
            headers.TRACE: TRACE,
            headers.MESSAGE_ID: f"{delivery}.{attempt}",
        }
        found = {"exception": exception, "triage": {"priority": "p2"}, "route": {"row": "all"}}
        message = Outgoing(
            subject=subjects.delivery(NAME, category, "p2"),
            body=msgspec.json.encode({"specversion": "1.0", "data": found}),
            headers=sent,
        )
        await publish_until_kept(self.client, message, patience_seconds=15)
        return delivery

    async def verdicts(self) -> list[records.Verdict]:
        return [
            msgspec.json.decode(stored.body, type=records.Verdict)
            async for stored in self.reader.scan(subjects.RESULTS_STREAM, f"result.{NAME}.*")
        ]

    async def consumer(self) -> dict[str, Any]:
        found: dict[str, Any] = await request_api(
            self.client, f"CONSUMER.INFO.{subjects.OUT_STREAM}.w-{NAME}"
        )
        return found

    async def is_settled(self) -> bool:
        """Whether the owner has acknowledged everything."""
        found = await self.consumer()
        return not found["num_pending"] and not found["num_ack_pending"]


@pytest.fixture
async def lane(connect_as: Connect) -> Lane:
    return Lane(await connect_as("operator"))


@pytest.fixture
def credentials_file(broker: EmbeddedBroker, data_folder: DataFolder) -> Path:
    return data_folder.credentials_file(USER)


@asynccontextmanager
async def serving(owner: Owner, handler: Handler) -> AsyncIterator[None]:
    owner.on_delivery(handler)
    stop = asyncio.Event()
    task = asyncio.create_task(owner.serve(stop))
    try:
        yield
    finally:
        stop.set()
        await task


async def make_impatient(connect_as: Connect) -> None:
    """Give the owner's consumer a short `ack_wait`."""
    provisioner = await connect_as("provisioner")
    call = f"{subjects.OUT_STREAM}.w-{NAME}"
    config = (await request_api(provisioner, f"CONSUMER.INFO.{call}"))["config"]
    config["ack_wait"] = SECOND * 3 // 10
    wanted = {"stream_name": subjects.OUT_STREAM, "config": config}
    await request_api(provisioner, f"CONSUMER.CREATE.{call}.{config['filter_subject']}", wanted)


def test_the_verdict_of_the_sdk_is_the_verdict_of_the_contracts() -> None:
    ours, theirs = (msgspec.inspect.type_info(kind) for kind in (records.Verdict, crossdock_sdk.Verdict))
    assert [(field.name, field.default, field.required) for field in ours.fields] == [
        (field.name, field.default, field.required) for field in theirs.fields
    ]
    assert {kind.value for kind in records.VerdictKind} == {kind.value for kind in crossdock_sdk.VerdictKind}
    said = crossdock_sdk.Verdict(
        verdict=crossdock_sdk.VerdictKind.RETRY, sequence=1, cycle=2, attempt=3, delay_seconds=4.5, reason="r"
    )
    again = msgspec.json.decode(msgspec.json.encode(said), type=records.Verdict)
    assert msgspec.to_builtins(again) == msgspec.to_builtins(said)


@pytest.mark.parametrize(
    ("asked", "sent"), [(5, 5.0), (-1, 0.0), (1e9, 3600.0), (float("nan"), 0.0), (float("inf"), 0.0)]
)
def test_a_delay_fits_the_wire(asked: float, sent: float) -> None:
    assert verdict_on(delivery_of(1), Retry(delay_seconds=asked)).delay_seconds == sent


def test_a_reason_fits_the_wire() -> None:
    verdict = verdict_on(delivery_of(1), Reject(reason="\ud800" + "x" * 1000))
    assert msgspec.json.decode(msgspec.json.encode(verdict), type=records.Verdict).reason == "?" + "x" * 299


def delivery_of(number: int) -> Delivery:
    return Delivery(
        id=f"d{number}", exception_id="", event_id="", category="", priority="", attempt=1, cycle=1,
        sequence=1, exception={}, triage={}, route={}, source="", contract="", trace="", body=b"",
    )  # fmt: skip


class TestCredentials:
    """The file that an owner gets."""

    def test_it_is_found_through_the_environment(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = tmp_path / "me.json"
        file.write_bytes(msgspec.json.encode(Credentials(url="nats://x", user=USER, password="p")))
        monkeypatch.setenv("CROSSDOCK_OWNER_CREDENTIALS", str(file))
        assert Owner.from_credentials().name == NAME

    def test_without_one_the_owner_is_told_what_to_name(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("CROSSDOCK_OWNER_CREDENTIALS", raising=False)
        with pytest.raises(CredentialsUnusable, match="CROSSDOCK_OWNER_CREDENTIALS"):
            read_credentials()

    @pytest.mark.parametrize("content", [b"", b"{}", b'{"url": "nats://x", "user": "router"}', b'{"url": 1}'])
    def test_what_is_no_owners_is_refused_by_its_name(self, tmp_path: Path, content: bytes) -> None:
        file = tmp_path / "me.json"
        file.write_bytes(content)
        with pytest.raises(CredentialsUnusable, match=r"me\.json"):
            read_credentials(file)

    def test_a_file_of_the_gateway_is_one(self, credentials_file: Path, broker: EmbeddedBroker) -> None:
        found = read_credentials(credentials_file)
        assert (found.owner, found.url) == (NAME, broker.url)
        assert found.inbox_prefix == broker.credentials(USER).inbox_prefix


class TestRefusal:
    """Credentials that the broker does not know."""

    # nats-py leaves the connection that was refused to the garbage collector
    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    async def test_a_wrong_password_ends_it_with_a_sentence(self, broker: EmbeddedBroker) -> None:
        owner = Owner(Credentials(url=broker.url, user=USER, password="wrong"))

        @owner.on_delivery
        async def handle(delivery: Delivery) -> Answer:
            return Done()

        with pytest.raises(CredentialsUnusable, match=f"refuses user `{USER}`"):
            await owner.serve(asyncio.Event())
        gc.collect()


class TestRights:
    """What an owner's user may ask of the broker."""

    async def test_its_own_consumer_and_nothing_of_the_account(self, connect_as: Connect) -> None:
        owner = await connect_as(USER)
        found = await request_api(owner, f"CONSUMER.INFO.{subjects.OUT_STREAM}.w-{NAME}")
        assert found["config"]["filter_subject"] == f"out.{NAME}.*.*"
        others = (
            "INFO",
            f"STREAM.INFO.{subjects.OUT_STREAM}",
            f"CONSUMER.INFO.{subjects.OUT_STREAM}.w-review",
        )
        for answer in await asyncio.gather(
            *(request_api(owner, call) for call in others), return_exceptions=True
        ):
            assert isinstance(answer, BrokerUnavailable)


class TestAnswers:
    """What a handler answers."""

    async def test_a_handler_sees_the_whole_delivery(
        self, lane: Lane, credentials_file: Path, eventually: Eventually
    ) -> None:
        seen: list[Delivery] = []

        async def handle(delivery: Delivery) -> Answer:
            seen.append(delivery)
            return Done()

        async with serving(Owner.from_credentials(credentials_file), handle):
            delivery_id = await lane.deliver(expected="10", actual="9")
            await eventually(lane.is_settled)
        (delivery,) = seen
        event = ids.event_id("pos-demo", "1")
        assert (delivery.id, delivery.event_id) == (delivery_id, event)
        assert delivery.exception_id == ids.exception_id(event, "invoice-mismatch", "line:1")
        assert (delivery.category, delivery.priority) == ("invoice-mismatch", "p2")
        assert (delivery.attempt, delivery.cycle, delivery.sequence) == (1, 1, 1)
        assert delivery.exception == {"expected": "10", "actual": "9"}
        assert (delivery.triage, delivery.route) == ({"priority": "p2"}, {"row": "all"})
        assert (delivery.source, delivery.contract) == ("pos-demo", "pos-poslog-transaction@1.0.0")
        assert delivery.trace == TRACE
        assert msgspec.json.decode(delivery.body)["specversion"] == "1.0"

    @pytest.mark.parametrize(
        ("answer", "verdict"),
        [
            (Done(), {"verdict": "done"}),
            (
                Retry(delay_seconds=30, reason="later"),
                {"verdict": "retry", "delay_seconds": 30.0, "reason": "later"},
            ),
            (Reject(reason="never"), {"verdict": "reject", "reason": "never"}),
        ],
    )
    async def test_each_answer_is_a_verdict_and_then_an_acknowledgement(
        self,
        lane: Lane,
        credentials_file: Path,
        eventually: Eventually,
        answer: Answer,
        verdict: dict[str, object],
    ) -> None:
        async def handle(delivery: Delivery) -> Answer:
            return answer

        async with serving(Owner.from_credentials(credentials_file), handle):
            delivery_id = await lane.deliver()
            await eventually(lane.is_settled)
            await eventually(lane.verdicts)
        stored = await lane.reader.last(subjects.RESULTS_STREAM, subjects.result(NAME, delivery_id))
        assert stored is not None
        assert msgspec.json.decode(stored.body) == {"sequence": 1, **verdict}
        assert stored.headers[headers.MESSAGE_ID] == f"{delivery_id}.1.1.{verdict['verdict']}"
        assert stored.headers[headers.TRACE] == TRACE

    async def test_a_handler_that_raises_means_retry_and_never_term(
        self, lane: Lane, credentials_file: Path, eventually: Eventually
    ) -> None:
        async def handle(delivery: Delivery) -> Answer:
            raise ZeroDivisionError("a bug of the owner's")

        async with serving(Owner.from_credentials(credentials_file), handle):
            await lane.deliver()
            await eventually(lane.is_settled)
            (verdict,) = await lane.verdicts()
        assert (verdict.verdict, verdict.reason) == (records.VerdictKind.RETRY, "ZeroDivisionError")
        assert await lane.reader.counts(subjects.ADVISORIES_STREAM) == {}

    async def test_a_handler_that_answers_nothing_means_retry(
        self, lane: Lane, credentials_file: Path, eventually: Eventually
    ) -> None:
        async def handle(delivery: Delivery) -> Answer:
            return None  # type: ignore[return-value]

        async with serving(Owner.from_credentials(credentials_file), handle):
            await lane.deliver()
            await eventually(lane.is_settled)
            (verdict,) = await lane.verdicts()
        assert (verdict.verdict, verdict.reason) == (
            records.VerdictKind.RETRY,
            "the handler answered NoneType",
        )

    async def test_what_is_no_delivery_is_left_alone(
        self, lane: Lane, credentials_file: Path, eventually: Eventually
    ) -> None:
        handled: list[str] = []

        async def handle(delivery: Delivery) -> Answer:
            handled.append(delivery.id)
            return Done()

        async with serving(Owner.from_credentials(credentials_file), handle):
            subject = subjects.delivery(NAME, "invoice-mismatch", "p2")
            await publish(lane.client, Outgoing(subject=subject, body=b"{}", headers={}))
            delivery_id = await lane.deliver()
            await eventually(lambda: handled)
            await eventually(lane.verdicts)
            assert (await lane.consumer())["num_ack_pending"] == 1
        assert handled == [delivery_id]

    async def test_without_a_handler_it_does_not_serve(self, credentials_file: Path) -> None:
        with pytest.raises(RuntimeError, match="on_delivery"):
            await Owner.from_credentials(credentials_file).serve(asyncio.Event())


class TestRepeats:
    """An attempt that comes again."""

    async def test_a_delivery_that_is_done_is_not_handed_out_again(
        self, lane: Lane, credentials_file: Path, eventually: Eventually, tmp_path: Path
    ) -> None:
        handled: list[int] = []

        async def handle(delivery: Delivery) -> Answer:
            handled.append(delivery.attempt)
            return Done()

        for attempt in (1, 2):  # each in a process of its own, as after a crash before the verdict
            with Seen(tmp_path / "seen.sqlite") as seen:
                async with serving(Owner.from_credentials(credentials_file, seen=seen), handle):
                    await lane.deliver(attempt=attempt)
                    await eventually(lane.is_settled)
        assert handled == [1]
        assert [(said.verdict, said.attempt) for said in await lane.verdicts()] == [("done", 1), ("done", 2)]

    async def test_what_was_not_done_is_handed_out_again(
        self, lane: Lane, credentials_file: Path, eventually: Eventually
    ) -> None:
        handled: list[int] = []

        async def handle(delivery: Delivery) -> Answer:
            handled.append(delivery.attempt)
            return Retry()

        async with serving(Owner.from_credentials(credentials_file, seen=Seen()), handle):
            for attempt in (1, 2):
                await lane.deliver(attempt=attempt)
                await eventually(lane.is_settled)
        assert handled == [1, 2]

    async def test_a_slow_handler_keeps_its_delivery(
        self, lane: Lane, credentials_file: Path, connect_as: Connect, eventually: Eventually
    ) -> None:
        await make_impatient(connect_as)
        handled: list[str] = []

        async def handle(delivery: Delivery) -> Answer:
            handled.append(delivery.id)
            await asyncio.sleep(1.2)  # four times the consumer's patience
            return Done()

        async with serving(Owner.from_credentials(credentials_file), handle):
            await lane.deliver()
            await eventually(lambda: handled)
            await eventually(lane.is_settled)
        assert len(handled) == 1
        assert (await lane.consumer())["delivered"]["consumer_seq"] == 1

    async def test_a_copy_of_what_is_in_hand_is_not_handled_beside_it(
        self,
        lane: Lane,
        credentials_file: Path,
        connect_as: Connect,
        eventually: Eventually,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        # as when the broker hears nothing of the worker for longer than the consumer's patience
        monkeypatch.setattr("crossdock_sdk.worker.BEATS_PER_WAIT", 0.01)
        await make_impatient(connect_as)
        handled: list[str] = []
        go_on = asyncio.Event()

        async def handle(delivery: Delivery) -> Answer:
            handled.append(delivery.id)
            await go_on.wait()
            return Done()

        async def has_come_again() -> bool:
            return (await lane.consumer())["delivered"]["consumer_seq"] > 1

        async with serving(Owner.from_credentials(credentials_file), handle):
            await lane.deliver()
            await eventually(has_come_again)
            go_on.set()
            await eventually(lane.is_settled)
        assert len(handled) == 1
        assert len(await lane.verdicts()) == 1


class TestFullResults:
    """XD_RESULTS without room."""

    @pytest.fixture
    def stream_settings(self, stream_settings: StreamSettings) -> StreamSettings:
        return msgspec.structs.replace(stream_settings, results_limit_bytes=4096)

    async def test_a_verdict_that_cannot_be_kept_leaves_the_delivery_unacknowledged_until_it_can(
        self,
        lane: Lane,
        credentials_file: Path,
        connect_as: Connect,
        eventually: Eventually,
        stream_settings: StreamSettings,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        await make_impatient(connect_as)
        bare = await connect_as(USER)
        filler = Outgoing(subject=f"result.{NAME}.filler", body=b"x" * 300, headers={})
        with pytest.raises(BrokerFull):  # noqa: PT012 - which one finds no room is not known before
            while True:
                await publish(bare, filler)
        handled: list[str] = []

        async def handle(delivery: Delivery) -> Answer:
            handled.append(delivery.id)
            return Done()

        async with serving(Owner.from_credentials(credentials_file), handle):
            delivery_id = await lane.deliver()
            await eventually(lambda: caplog.text.count("is not kept yet") > 2)
            assert (await lane.consumer())["num_ack_pending"] == 1
            roomy = msgspec.structs.replace(stream_settings, results_limit_bytes=1 << 20)
            await apply(await connect_as("provisioner"), roomy, [])
            await eventually(lane.is_settled)
        assert handled == [delivery_id]
        stored = await lane.reader.last(subjects.RESULTS_STREAM, subjects.result(NAME, delivery_id))
        assert stored is not None


class TestServing:
    """Concurrency, the end, and a broker that dies."""

    async def test_as_many_as_asked_for_are_in_hand_and_none_is_taken_ahead(
        self, lane: Lane, credentials_file: Path, eventually: Eventually
    ) -> None:
        in_hand: set[str] = set()
        most: list[int] = []
        go_on = asyncio.Event()

        async def handle(delivery: Delivery) -> Answer:
            in_hand.add(delivery.id)
            most.append(len(in_hand))
            await go_on.wait()
            in_hand.discard(delivery.id)
            return Done()

        async with serving(Owner.from_credentials(credentials_file, concurrency=3), handle):
            for number in range(12):
                await lane.deliver(number)
            await eventually(lambda: len(in_hand) == 3)

            async def is_counted() -> bool:  # the consumer counts what was stored a moment later
                found = await lane.consumer()
                return (found["num_ack_pending"], found["num_pending"]) == (3, 9)

            await eventually(is_counted)
            go_on.set()
            await eventually(lane.is_settled)
        assert max(most) == 3
        assert len(await lane.verdicts()) == 12

    async def test_at_the_end_a_handler_may_finish_and_its_verdict_is_kept(
        self, lane: Lane, credentials_file: Path, eventually: Eventually
    ) -> None:
        started, go_on = asyncio.Event(), asyncio.Event()

        async def handle(delivery: Delivery) -> Answer:
            started.set()
            await go_on.wait()
            return Done()

        owner = Owner.from_credentials(credentials_file)
        owner.on_delivery(handle)
        stop = asyncio.Event()
        task = asyncio.create_task(owner.serve(stop))
        await lane.deliver()
        await started.wait()
        stop.set()
        asyncio.get_running_loop().call_later(0.2, go_on.set)
        await task
        assert len(await lane.verdicts()) == 1
        await eventually(lane.is_settled)

    async def test_what_does_not_finish_in_time_comes_again(
        self, lane: Lane, credentials_file: Path, connect_as: Connect, eventually: Eventually
    ) -> None:
        await make_impatient(connect_as)
        handled: list[int] = []

        async def handle(delivery: Delivery) -> Answer:
            handled.append(len(handled))
            if len(handled) == 1:
                await asyncio.Event().wait()
            return Done()

        async with serving(Owner.from_credentials(credentials_file, stop_patience_seconds=0.1), handle):
            await lane.deliver()
            await eventually(lambda: handled)
        assert await lane.verdicts() == []
        async with serving(Owner.from_credentials(credentials_file), handle):
            await eventually(lane.verdicts)
        assert handled == [0, 1]

    async def test_it_goes_on_after_the_broker_was_killed(
        self, lane: Lane, credentials_file: Path, broker: EmbeddedBroker, eventually: Eventually
    ) -> None:
        handled: set[str] = set()

        async def handle(delivery: Delivery) -> Answer:
            handled.add(delivery.id)
            return Done()

        async with serving(Owner.from_credentials(credentials_file), handle):
            wanted = {await lane.deliver(number) for number in range(10)}
            assert broker.pid is not None
            os.kill(broker.pid, signal.SIGKILL)
            wanted |= {await lane.deliver(number) for number in range(10, 20)}
            await eventually(lambda: handled == wanted, 10)
            await eventually(lambda: lane.reader.counts(subjects.RESULTS_STREAM))
        assert len({said.sequence for said in await lane.verdicts()}) == 20

    async def test_an_outage_leaves_no_requests_behind_that_fetch_too_much(
        self, lane: Lane, connect_as: Connect, broker: EmbeddedBroker, eventually: Eventually
    ) -> None:
        client = await connect_as(USER)
        pull = await PatientJetStream(client).pull_subscribe(
            f"out.{NAME}.*.*",
            durable=f"w-{NAME}",
            stream=subjects.OUT_STREAM,
            pending_msgs_limit=100,
            pending_bytes_limit=1 << 20,
        )
        await broker.stop()
        await eventually(lambda: not client.is_connected)
        for _ in range(5):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(pull.fetch(1, timeout=5), 0.1)
        await broker.start()
        for number in range(10):
            await lane.deliver(number)
        assert len(await pull.fetch(1, timeout=5)) == 1
        found = await lane.consumer()
        assert (found["num_ack_pending"], found["num_pending"]) == (1, 9)

    async def test_a_broker_that_is_away_at_the_start_is_waited_for(
        self, lane: Lane, credentials_file: Path, broker: EmbeddedBroker, eventually: Eventually
    ) -> None:
        handled: list[str] = []

        async def handle(delivery: Delivery) -> Answer:
            handled.append(delivery.id)
            return Done()

        await broker.stop()
        async with serving(Owner.from_credentials(credentials_file), handle):
            await asyncio.sleep(0)
            await broker.start()
            await lane.deliver()
            await eventually(lambda: handled, 10)

    async def test_it_ends_while_the_broker_is_away(
        self, lane: Lane, credentials_file: Path, broker: EmbeddedBroker, eventually: Eventually
    ) -> None:
        handled: list[str] = []

        async def handle(delivery: Delivery) -> Answer:
            handled.append(delivery.id)
            return Done()

        async with asyncio.timeout(10), serving(Owner.from_credentials(credentials_file), handle):
            await lane.deliver()
            await eventually(lane.is_settled)
            await broker.stop()
        assert len(handled) == 1


class TestExample:
    """examples/owner.py, with the delivery process behind it."""

    @pytest.fixture
    async def delivery(self, connect_as: Connect) -> AsyncIterator[None]:
        owners = {NAME: OwnerSettings(title="Finance", contact="finance@example.com")}
        process = DeliveryProcess(await connect_as("delivery"), DeliverySettings(), owners)
        stop = asyncio.Event()
        task = asyncio.create_task(process.run(stop))
        yield
        stop.set()
        await task

    @pytest.mark.usefixtures("delivery")
    async def test_it_does_retries_and_rejects_and_ends_on_sigterm(
        self, lane: Lane, credentials_file: Path, tmp_path: Path, eventually: Eventually
    ) -> None:
        assert len(EXAMPLE.read_text().splitlines()) < 40
        cases = tmp_path / "cases"
        example = await asyncio.create_subprocess_exec(
            sys.executable,
            str(EXAMPLE),
            str(cases),
            env={**os.environ, "CROSSDOCK_OWNER_CREDENTIALS": str(credentials_file)},
        )
        try:
            done = await lane.deliver(1)
            later = await lane.deliver(2, missing=["unit_cost"])
            rejected = await lane.deliver(3, category="refund-anomaly")
            await eventually((cases / f"{later}.json").exists, 15)
            await eventually(lane.is_settled)
            (letter,) = [stored async for stored in lane.reader.scan(subjects.DEAD_LETTERS_STREAM, "dlq.>")]
        finally:
            example.send_signal(signal.SIGTERM)
            status = await asyncio.wait_for(example.wait(), 10)
        assert status == 0
        assert {file.stem for file in cases.glob("*.json")} == {done, later}
        assert letter.headers[headers.DELIVERY] == rejected
        assert letter.headers[headers.DETAIL] == "refund-anomaly is not ours"
        said = [(verdict.verdict.value, verdict.attempt) for verdict in await lane.verdicts()]
        assert sorted(said) == [("done", 1), ("done", 2), ("reject", 1), ("retry", 1)]
