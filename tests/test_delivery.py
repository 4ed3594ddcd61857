"""The delivery process against a real broker: each signal of an owner leads to exactly one next state."""

import asyncio
import contextlib
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from contracts import headers, ids, subjects
from contracts.errors import BrokerUnavailable
from contracts.records import Outcome, Receipt, ReceiptEntry, TimerRecord, Verdict, VerdictKind
from gateway.embedded_broker import EmbeddedBroker
from routing.broker.api import StoredMessage, StreamReader, request_api
from routing.broker.commit import Outgoing, publish
from routing.broker.streams import SECOND, StreamSettings, apply
from routing.dead_letters import DeadLetters
from routing.delivery.effects import Armed, Buried, Effect, Redelivered, Refused
from routing.delivery.feed import Input
from routing.delivery.observer import SilentDeliveryObserver, Stall
from routing.delivery.process import DeliveryProcess, inputs
from routing.delivery.settings import DeliverySettings
from routing.intake import item_of_stored
from routing.owners import OwnerSettings
from routing.replays import Replays

OWNER = "finance"
CATEGORY = "invoice-mismatch"
SETTINGS = DeliverySettings(retry_pause_seconds=0.1, stop_patience_seconds=1.0)
OWNERS = {
    name: OwnerSettings(
        title=name, contact=f"{name}@example.com", max_attempts=3, retry_delays_seconds=(0.01,)
    )
    for name in (OWNER, "review")
}

Connect = Callable[[str], Awaitable[Client]]
Eventually = Callable[..., Awaitable[object]]


class Journal(SilentDeliveryObserver):
    """Counts what delivery reports."""

    def __init__(self) -> None:
        self.heard: Counter[tuple[str, ...]] = Counter()
        self.stalls: list[str] = []

    def verdict(self, owner: str, kind: str) -> None:
        self.heard["verdict", owner, kind] += 1

    def refused(self, owner: str, why: str) -> None:
        self.heard["refused", owner, why] += 1

    def retried(self, owner: str) -> None:
        self.heard["retried", owner] += 1

    def dead_letter(self, lane: str, code: str) -> None:
        self.heard["dead", lane, code] += 1

    def stuck(self, reason: Stall) -> None:
        self.stalls.append(f"stuck {reason}")

    def unstuck(self, reason: Stall) -> None:
        self.stalls.append(f"unstuck {reason}")


class Lane:
    """One owner's lane as the test sees it: what stands in it, what the owner says, what becomes of it."""

    def __init__(self, ours: Client, owner: Client, reader: StreamReader) -> None:
        self.ours = ours
        self.owner = owner
        self.reader = reader

    async def deliver(self, number: int = 1, owner: str = OWNER) -> StoredMessage:
        """Publish a first attempt as the router does."""
        event = ids.event_id("pos-demo", str(number))
        exception = ids.exception_id(event, CATEGORY, "line:1")
        sent = {
            headers.DELIVERY: ids.delivery_id(exception, owner),
            headers.EXCEPTION: exception,
            headers.EVENT: event,
            headers.SOURCE: "pos-demo",
            headers.CONTRACT: "pos-poslog-transaction@1.0.0",
            headers.INTAKE: str(number),
            headers.ATTEMPT: "1",
            headers.CYCLE: "1",
            headers.TRACE: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        }
        body = msgspec.json.encode({"data": {"exception": {"category": CATEGORY, "number": number}}})
        message = Outgoing(subject=subjects.delivery(owner, CATEGORY, "p2"), body=body, headers=sent)
        return await self.at((await publish(self.ours, message)).sequence)

    async def at(self, sequence: int) -> StoredMessage:
        stored = await self.reader.at(subjects.OUT_STREAM, sequence)
        assert stored is not None
        return stored

    async def say(self, of: StoredMessage, kind: str, **said: object) -> StoredMessage:
        """Give a verdict on an attempt as the owner; return it as stored. `said` replaces what is true."""
        truth: dict[str, object] = {
            "verdict": VerdictKind(kind),
            "sequence": of.sequence,
            "cycle": int(of.headers[headers.CYCLE]),
            "attempt": int(of.headers[headers.ATTEMPT]),
        }
        return await self.say_raw(of, msgspec.json.encode(Verdict(**{**truth, **said})))

    async def say_raw(self, attempt: StoredMessage, body: bytes) -> StoredMessage:
        subject = subjects.result(OWNER, attempt.headers[headers.DELIVERY])
        sequence = (await publish(self.owner, Outgoing(subject=subject, body=body, headers={}))).sequence
        stored = await self.reader.at(subjects.RESULTS_STREAM, sequence)
        assert stored is not None
        return stored

    async def attempts(self) -> list[StoredMessage]:
        return [stored async for stored in self.reader.scan(subjects.OUT_STREAM, "out.>")]

    async def dead_letters(self) -> list[StoredMessage]:
        return [stored async for stored in self.reader.scan(subjects.DEAD_LETTERS_STREAM, "dlq.>")]

    async def dead_codes(self) -> list[str]:
        return [stored.headers[headers.REASON] for stored in await self.dead_letters()]

    async def attempt_numbered(self, number: int) -> StoredMessage | None:
        found = [stored for stored in await self.attempts() if stored.headers[headers.ATTEMPT] == str(number)]
        return found[0] if found else None

    async def is_drained(self) -> bool:
        """Whether delivery has acknowledged each input there is, and no timer runs."""
        for stream, consumer in (
            (subjects.RESULTS_STREAM, "delivery"),
            (subjects.ADVISORIES_STREAM, "delivery"),
            (subjects.TIMERS_STREAM, "delivery"),
            (subjects.OUT_STREAM, "dead-letters"),
        ):
            found = await request_api(self.ours, f"CONSUMER.INFO.{stream}.{consumer}")
            if found["num_pending"] or found["num_ack_pending"]:
                return False
        return not await self.reader.counts(subjects.TIMERS_STREAM, "timer.>")

    async def pull(self, batch: int = 1, seconds: float = 2.0) -> list[Msg]:
        """Pull as a bare client of the owner."""
        pull = await self.owner.jetstream().pull_subscribe_bind(f"w-{OWNER}", stream=subjects.OUT_STREAM)
        try:
            return await pull.fetch(batch, timeout=seconds)
        finally:
            await pull.unsubscribe()


@pytest.fixture
async def lane(connect_as: Connect) -> Lane:
    ours = await connect_as("delivery")
    reader = StreamReader(await connect_as("operator"))
    return Lane(ours, await connect_as(f"owner-{OWNER}"), reader)


@pytest.fixture
def journal() -> Journal:
    return Journal()


@pytest.fixture
async def running(connect_as: Connect, journal: Journal) -> AsyncIterator[None]:
    """The delivery process, for the length of the test."""
    process = DeliveryProcess(await connect_as("delivery"), SETTINGS, OWNERS, journal)
    stop = asyncio.Event()
    task = asyncio.create_task(process.run(stop))
    yield
    stop.set()
    await task


@pytest.fixture
def steps(lane: Lane) -> dict[str, Input]:
    """Delivery's inputs, to run by hand: a step that is run and not acknowledged is one before a crash."""
    return {f"{source.stream}/{source.consumer}": source for source in inputs(lane.ours, OWNERS)}


async def run_step(source: Input, stored: StoredMessage) -> list[Effect]:
    return [effect async for effect in source.take(stored)]


async def make_impatient(connect_as: Connect) -> None:
    """Give the owner's consumer a short `ack_wait`."""
    provisioner = await connect_as("provisioner")
    call = f"{subjects.OUT_STREAM}.w-{OWNER}"
    config = (await request_api(provisioner, f"CONSUMER.INFO.{call}"))["config"]
    config["ack_wait"] = SECOND // 5
    wanted = {"stream_name": subjects.OUT_STREAM, "config": config}
    await request_api(provisioner, f"CONSUMER.CREATE.{call}.{config['filter_subject']}", wanted)


@pytest.mark.usefixtures("running")
class TestVerdicts:
    """What an owner says."""

    async def test_done_leaves_nothing_behind(
        self, lane: Lane, journal: Journal, eventually: Eventually
    ) -> None:
        await lane.say(await lane.deliver(), "done")

        await eventually(lambda: journal.heard["verdict", OWNER, "done"])
        await eventually(lane.is_drained)
        assert len(await lane.attempts()) == 1
        assert await lane.dead_letters() == []

    async def test_retry_brings_the_same_delivery_as_the_next_attempt(
        self, lane: Lane, eventually: Eventually
    ) -> None:
        first = await lane.deliver()
        await lane.say(first, "retry", delay_seconds=0.01)

        second = await eventually(lambda: lane.attempt_numbered(2))
        assert isinstance(second, StoredMessage)
        second = await lane.at(second.sequence)
        assert (second.subject, second.body) == (first.subject, first.body)
        changed = {headers.ATTEMPT, headers.MESSAGE_ID}
        assert {k: v for k, v in second.headers.items() if k not in changed} == {
            k: v for k, v in first.headers.items() if k not in changed
        }

    async def test_retries_are_exhausted_after_the_owners_last_attempt(
        self, lane: Lane, eventually: Eventually
    ) -> None:
        first = await lane.deliver()
        for number in (1, 2, 3):
            attempt = await eventually(lambda wanted=number: lane.attempt_numbered(wanted))
            assert isinstance(attempt, StoredMessage)
            await lane.say(attempt, "retry", delay_seconds=0.01, reason="ERP is away")

        (letter,) = await eventually(lane.dead_letters)
        delivery = first.headers[headers.DELIVERY]
        assert letter.subject == subjects.dead_letter(OWNER, delivery, 1)
        assert letter.body == first.body
        assert letter.headers[headers.REASON] == "retries.exhausted"
        assert letter.headers[headers.DETAIL] == "attempt 3 of 3 failed: ERP is away"
        assert letter.headers[headers.ATTEMPT] == "3"
        assert letter.headers[headers.SUBJECT] == first.subject
        assert letter.headers[headers.EVENT] == first.headers[headers.EVENT]
        assert len(await lane.attempts()) == 3

    async def test_reject_is_a_dead_letter_with_the_owners_reason(
        self, lane: Lane, journal: Journal, eventually: Eventually
    ) -> None:
        await lane.say(await lane.deliver(), "reject", reason="closed\r\nstore \u2603")

        (letter,) = await eventually(lane.dead_letters)
        assert letter.headers[headers.REASON] == "owner.rejected"
        assert letter.headers[headers.DETAIL] == "closed??store ?"
        assert letter.headers[headers.ORIGIN] == f"{subjects.OUT_STREAM}:1"
        await eventually(lambda: journal.heard["dead", OWNER, "owner.rejected"] == 1)

    @pytest.mark.parametrize("late", ["reject", "retry"])
    async def test_after_done_nothing_else_counts(
        self, lane: Lane, journal: Journal, eventually: Eventually, late: str
    ) -> None:
        attempt = await lane.deliver()
        await lane.say(attempt, "done")
        await lane.say(attempt, late)

        await eventually(lambda: journal.heard["refused", OWNER, "late"])
        await eventually(lane.is_drained)
        assert await lane.dead_letters() == []
        assert len(await lane.attempts()) == 1

    async def test_after_reject_a_done_changes_nothing(self, lane: Lane, eventually: Eventually) -> None:
        attempt = await lane.deliver()
        await lane.say(attempt, "reject", reason="first word")
        await lane.say(attempt, "done")
        await lane.say(attempt, "reject", reason="last word")

        await eventually(lane.dead_letters)
        await eventually(lane.is_drained)
        (letter,) = await lane.dead_letters()
        assert letter.headers[headers.DETAIL] == "first word"

    async def test_two_retries_of_one_attempt_are_one_rung(self, lane: Lane, eventually: Eventually) -> None:
        attempt = await lane.deliver()
        await lane.say(attempt, "retry", delay_seconds=0.01)
        await eventually(lambda: lane.attempt_numbered(2))
        await lane.say(attempt, "retry", delay_seconds=0.02)

        await eventually(lane.is_drained)
        assert [stored.headers[headers.ATTEMPT] for stored in await lane.attempts()] == ["1", "2"]

    async def test_a_done_that_comes_while_the_timer_runs_saves_the_next_attempt(
        self, lane: Lane, journal: Journal, eventually: Eventually
    ) -> None:
        attempt = await lane.deliver()
        await lane.say(attempt, "retry", delay_seconds=0.5)
        await eventually(lambda: lane.reader.counts(subjects.TIMERS_STREAM, "timer.>"))
        await lane.say(attempt, "done")

        await eventually(lambda: journal.heard["refused", OWNER, "late"])
        await eventually(lane.is_drained)
        assert len(await lane.attempts()) == 1

    @pytest.mark.parametrize(
        ("said", "why"),
        [
            ({"sequence": 4711}, "unfound"),
            ({"sequence": 0}, "unfound"),
            ({"sequence": 1 << 64}, "unfound"),
            ({"cycle": 2}, "foreign"),
            ({"attempt": 2}, "foreign"),
        ],
    )
    async def test_a_lying_verdict_is_dropped(
        self, lane: Lane, journal: Journal, eventually: Eventually, said: dict[str, object], why: str
    ) -> None:
        await lane.say(await lane.deliver(), "reject", **said)

        await eventually(lambda: journal.heard["refused", OWNER, why])
        await eventually(lane.is_drained)
        assert await lane.dead_letters() == []

    async def test_a_verdict_on_another_owners_delivery_is_dropped(
        self, lane: Lane, journal: Journal, eventually: Eventually
    ) -> None:
        await lane.say(await lane.deliver(owner="review"), "reject")

        await eventually(lambda: journal.heard["refused", OWNER, "foreign"])
        await eventually(lane.is_drained)
        assert await lane.dead_letters() == []

    async def test_a_lying_done_does_not_hide_a_true_reject(self, lane: Lane, eventually: Eventually) -> None:
        attempt = await lane.deliver()
        await lane.say(attempt, "done", sequence=4711)
        await lane.say_raw(attempt, b"done!")
        await lane.say(attempt, "reject")

        await eventually(lane.is_drained)
        assert await lane.dead_codes() == ["owner.rejected"]

    async def test_a_verdict_that_cannot_be_read_is_dropped(
        self, lane: Lane, journal: Journal, eventually: Eventually
    ) -> None:
        await lane.say_raw(await lane.deliver(), b'{"verdict": "perhaps", "sequence": 1}')

        await eventually(lambda: journal.heard["refused", OWNER, "unreadable"])
        await eventually(lane.is_drained)

    async def test_an_owners_junk_does_not_stop_another_owners_verdicts(
        self, lane: Lane, journal: Journal, connect_as: Connect, eventually: Eventually
    ) -> None:
        other = await connect_as("owner-review")
        theirs = await lane.deliver(1, owner="review")
        ours = await lane.deliver(2)
        subject = subjects.result("review", theirs.headers[headers.DELIVERY])
        for number in range(200):
            junk = JUNK[number % len(JUNK)]
            await publish(other, Outgoing(subject=subject, body=junk, headers={}))
        await lane.say(ours, "reject")

        await eventually(lane.dead_letters)
        await eventually(lane.is_drained)
        assert await lane.dead_codes() == ["owner.rejected"]
        assert (
            sum(count for heard, count in journal.heard.items() if heard[:2] == ("refused", "review")) == 200
        )
        assert journal.stalls == []


JUNK = (
    b"\xff",
    b'{"verdict":"reject","sequence":1,"reason":"\xff"}',
    b'{"verdict":"done","sequence":1,"x":' + b"[" * 60_000,
    b"[" * 60_000,
    b'{"verdict":"retry","sequence":-1}',
    b'{"verdict":"retry","sequence":1' + b"0" * 40 + b"}",
    b'{"verdict":"retry","sequence":1,"delay_seconds":NaN}',
    b'{"verdict":"retry","sequence":1,"delay_seconds":1e999}',
    b'{"verdict":"retry","sequence":1,"cycle":1' + b"0" * 30 + b"}",
    b'{"verdict":"retry","sequence":1,"attempt":-5,"delay_seconds":-1e300}',
)


@pytest.mark.usefixtures("running")
class TestBareClients:
    """What an owner does that speaks NATS alone."""

    async def test_an_ack_is_taken_for_what_it_is(self, lane: Lane, eventually: Eventually) -> None:
        await lane.deliver()
        (message,) = await lane.pull()
        await message.ack_sync()

        await eventually(lane.is_drained)
        assert await lane.dead_letters() == []
        assert len(await lane.attempts()) == 1

    async def test_a_nak_brings_the_same_attempt_at_once(self, lane: Lane, eventually: Eventually) -> None:
        await lane.deliver()
        (message,) = await lane.pull()
        await message.nak()
        (again,) = await lane.pull()

        assert again.metadata.num_delivered == 2
        await again.ack_sync()
        await eventually(lambda: lane.reader.counts(subjects.ADVISORIES_STREAM))
        await eventually(lane.is_drained)
        assert len(await lane.attempts()) == 1

    async def test_naks_alone_use_up_the_attempt_and_a_late_term_still_rejects(
        self, lane: Lane, eventually: Eventually
    ) -> None:
        await lane.deliver()
        for _ in range(3):
            (message,) = await lane.pull()
            assert (message.headers or {})[headers.ATTEMPT] == "1"
            await message.nak()
        (following,) = await lane.pull(seconds=4)
        assert (following.headers or {})[headers.ATTEMPT] == "2"
        assert await lane.dead_letters() == []

        await lane.owner.publish(message.reply, b"+TERM never")
        await eventually(lane.dead_letters)
        assert await lane.dead_codes() == ["owner.rejected"]

    async def test_a_retry_after_a_term_does_not_bring_the_delivery_back(
        self, lane: Lane, eventually: Eventually
    ) -> None:
        first = await lane.deliver()
        (message,) = await lane.pull()
        await lane.owner.publish(message.reply, b"+TERM never")
        await eventually(lane.dead_letters)
        await lane.say(first, "retry", delay_seconds=0.01)

        await eventually(lane.is_drained)
        assert await lane.dead_codes() == ["owner.rejected"]
        assert len(await lane.attempts()) == 1

    async def test_a_term_is_a_rejection_with_its_reason(self, lane: Lane, eventually: Eventually) -> None:
        await lane.deliver()
        (message,) = await lane.pull()
        await lane.owner.publish(message.reply, b"+TERM the store is closed")

        (letter,) = await eventually(lane.dead_letters)
        assert letter.headers[headers.REASON] == "owner.rejected"
        assert letter.headers[headers.DETAIL] == "the store is closed"

    async def test_a_verdict_goes_before_the_term_that_follows_it(
        self, lane: Lane, eventually: Eventually
    ) -> None:
        attempt = await lane.deliver()
        (message,) = await lane.pull()
        await lane.say(attempt, "done")
        await message.term()

        await eventually(lambda: lane.reader.counts(subjects.ADVISORIES_STREAM))
        await eventually(lane.is_drained)
        assert await lane.dead_letters() == []

    async def test_silence_is_a_failed_attempt_and_in_the_end_a_dead_letter(
        self, lane: Lane, connect_as: Connect, eventually: Eventually
    ) -> None:
        await make_impatient(connect_as)
        await lane.deliver()
        pull = await lane.owner.jetstream().pull_subscribe_bind(f"w-{OWNER}", stream=subjects.OUT_STREAM)
        seen: Counter[str] = Counter()

        async def stay_silent() -> None:
            while True:
                with contextlib.suppress(TimeoutError):
                    for message in await pull.fetch(1, timeout=0.5):
                        seen[(message.headers or {})[headers.ATTEMPT]] += 1

        silent = asyncio.create_task(stay_silent())
        await eventually(lane.dead_letters, 10)
        silent.cancel()

        assert seen == {"1": 3, "2": 3, "3": 3}
        (letter,) = await lane.dead_letters()
        assert letter.headers[headers.REASON] == "retries.exhausted"
        assert letter.headers[headers.DETAIL] == "attempt 3 of 3 failed: no verdict in 3 deliveries"


class TestCrashes:
    """A process that dies between a step and its acknowledgement gets the same input again."""

    async def test_a_reject_that_comes_twice_leaves_one_dead_letter(
        self, lane: Lane, steps: dict[str, Input]
    ) -> None:
        said = await lane.say(await lane.deliver(), "reject")
        verdicts = steps["XD_RESULTS/delivery"]

        first, second = await run_step(verdicts, said), await run_step(verdicts, said)
        assert isinstance(first[0], Buried)
        assert not any(isinstance(effect, Buried) for effect in second)
        assert await lane.dead_codes() == ["owner.rejected"]

    async def test_a_retry_that_comes_twice_arms_one_timer_and_makes_one_attempt(
        self, lane: Lane, steps: dict[str, Input], eventually: Eventually
    ) -> None:
        said = await lane.say(await lane.deliver(), "retry", delay_seconds=0.01)
        verdicts, timers = steps["XD_RESULTS/delivery"], steps["XD_TIMERS/delivery"]

        assert isinstance((await run_step(verdicts, said))[0], Armed)
        assert not any(isinstance(effect, Armed) for effect in await run_step(verdicts, said))
        due = await eventually(lambda: lane.reader.last(subjects.TIMERS_STREAM, "due.*"))
        assert isinstance(due, StoredMessage)
        # the crash came after the timer had fired and before the verdict was acknowledged
        assert not any(isinstance(effect, Armed) for effect in await run_step(verdicts, said))
        assert isinstance((await run_step(timers, due))[0], Redelivered)
        assert await run_step(timers, due) == []
        assert not any(isinstance(effect, Armed) for effect in await run_step(verdicts, said))
        assert [stored.headers[headers.ATTEMPT] for stored in await lane.attempts()] == ["1", "2"]
        assert await lane.reader.counts(subjects.TIMERS_STREAM, "timer.>") == {}

    async def test_the_guard_against_a_second_rung_holds_beyond_the_brokers_window(
        self, lane: Lane, steps: dict[str, Input]
    ) -> None:
        attempt = await lane.deliver()
        said = await lane.say(attempt, "retry", delay_seconds=60)
        # as after ten minutes: the attempt came due, and the broker has forgotten its message id
        delivery = attempt.headers[headers.DELIVERY]
        record = TimerRecord(owner=OWNER, delivery=delivery, sequence=1, cycle=1, attempt=2, reason="")
        sent = {
            "Nats-Schedule": "@at 2020-01-01T00:00:00Z",
            "Nats-Schedule-Target": subjects.due(delivery),
        }
        await publish(
            lane.ours,
            Outgoing(subject=subjects.timer(delivery, 1), body=msgspec.json.encode(record), headers=sent),
        )
        effects = await run_step(steps["XD_RESULTS/delivery"], said)
        assert isinstance(effects[0], Refused)

    async def test_a_receipt_that_comes_twice_leaves_one_dead_letter_for_each_dead_item(
        self, lane: Lane, steps: dict[str, Input], connect_as: Connect
    ) -> None:
        receipt = await dead_items(await connect_as("gateway"), await connect_as("router"), lane, 3)
        receipts = steps["XD_OUT/dead-letters"]

        first, second = await run_step(receipts, receipt), await run_step(receipts, receipt)
        assert (len(first), len(second)) == (3, 0)
        assert await lane.dead_codes() == ["adapter.unmapped"] * 3

    async def test_a_receipt_that_was_half_done_is_finished(
        self, lane: Lane, steps: dict[str, Input], connect_as: Connect
    ) -> None:
        receipt = await dead_items(await connect_as("gateway"), await connect_as("router"), lane, 3)
        receipts = steps["XD_OUT/dead-letters"]

        half = receipts.take(receipt)
        await anext(half)
        await half.aclose()
        assert len(await run_step(receipts, receipt)) == 2
        assert len(await lane.dead_letters()) == 3

    async def test_a_term_advisory_that_comes_twice_leaves_one_dead_letter(
        self, lane: Lane, steps: dict[str, Input], eventually: Eventually
    ) -> None:
        await lane.deliver()
        (message,) = await lane.pull()
        await message.term()
        advisory = await eventually(lambda: lane.reader.last(subjects.ADVISORIES_STREAM, ">"))
        assert isinstance(advisory, StoredMessage)

        sweeper = steps["XD_ADVISORIES/delivery"]
        assert len(await run_step(sweeper, advisory)) == 1
        assert await run_step(sweeper, advisory) == []
        assert await lane.dead_codes() == ["owner.rejected"]

    async def test_a_reject_and_the_term_that_follows_it_are_one_dead_letter(
        self, lane: Lane, steps: dict[str, Input], eventually: Eventually
    ) -> None:
        attempt = await lane.deliver()
        (message,) = await lane.pull()
        said = await lane.say(attempt, "reject", reason="said")
        await lane.owner.publish(message.reply, b"+TERM termed")
        advisory = await eventually(lambda: lane.reader.last(subjects.ADVISORIES_STREAM, ">"))
        assert isinstance(advisory, StoredMessage)

        await run_step(steps["XD_ADVISORIES/delivery"], advisory)
        await run_step(steps["XD_RESULTS/delivery"], said)
        (letter,) = await lane.dead_letters()
        assert letter.headers[headers.DETAIL] == "said"


async def dead_items(gateway: Client, router: Client, lane: Lane, count: int) -> StoredMessage:
    """Accept items, and write the receipt that says that they died; return the receipt."""
    entries = []
    for number in range(1, count + 1):
        event = ids.event_id("pos-demo", f"poison-{number}")
        sent = {
            headers.EVENT: event,
            headers.SOURCE: "pos-demo",
            headers.CONTRACT: "pos-poslog-transaction@1.0.0",
            headers.MEDIA_TYPE: "application/xml",
        }
        subject = subjects.intake(0, "pos-demo", "pos-poslog-transaction")
        accepted = await publish(
            gateway, Outgoing(subject=subject, body=b"<poison/>%d" % number, headers=sent)
        )
        entries.append(
            ReceiptEntry(
                sequence=accepted.sequence,
                event=event,
                source="pos-demo",
                contract="pos-poslog-transaction@1.0.0",
                outcome=Outcome.DEAD,
                stage="normalise",
                code="adapter.unmapped",
                detail="$.poison: makes no sense",
            )
        )
    receipt = Receipt(partition=0, through=count, entries=tuple(entries), batch_size=1)
    message = Outgoing(subject=subjects.receipt(0), body=msgspec.json.encode(receipt), headers={})
    return await lane.at((await publish(router, message)).sequence)


def conflict(event: str, sequence: int, digest: str) -> ReceiptEntry:
    """Return the entry of another document under the id of an earlier event."""
    return ReceiptEntry(
        sequence=sequence,
        event=event,
        source="pos-demo",
        contract="pos-poslog-transaction@1.0.0",
        outcome=Outcome.DEAD,
        digest=digest,
        stage="decode",
        code="request.conflict",
    )


@pytest.mark.usefixtures("running")
class TestReceipts:
    """What died in the router."""

    async def test_a_dead_item_is_kept_with_its_bytes_and_headers(
        self, lane: Lane, connect_as: Connect, eventually: Eventually
    ) -> None:
        await dead_items(await connect_as("gateway"), await connect_as("router"), lane, 1)

        (letter,) = await eventually(lane.dead_letters)
        event = ids.event_id("pos-demo", "poison-1")
        assert letter.subject == subjects.dead_letter("normalise", event, 1)
        assert letter.body == b"<poison/>1"
        assert letter.headers[headers.REASON] == "adapter.unmapped"
        assert letter.headers[headers.DETAIL] == "$.poison: makes no sense"
        assert letter.headers[headers.ORIGIN] == f"{subjects.INTAKE_STREAM}:1"
        assert letter.headers[headers.SUBJECT] == subjects.intake(0, "pos-demo", "pos-poslog-transaction")
        assert letter.headers[headers.MEDIA_TYPE] == "application/xml"

    async def test_each_conflicting_document_is_kept_with_its_own_bytes(
        self, lane: Lane, steps: dict[str, Input], connect_as: Connect, eventually: Eventually
    ) -> None:
        gateway, router = await connect_as("gateway"), await connect_as("router")
        event = ids.event_id("pos-demo", "conflict")
        entries = []
        for number in (1, 2, 3):
            subject = subjects.intake(0, "pos-demo", "pos-poslog-transaction")
            sent = {headers.EVENT: event, headers.SOURCE: "pos-demo", headers.DIGEST: f"digest{number}"}
            body = b"<document-%d/>" % number
            accepted = await publish(gateway, Outgoing(subject=subject, body=body, headers=sent))
            entries.append(conflict(event, accepted.sequence, f"digest{number}"))
        # beyond the router's memory the same document may be judged again
        again = conflict(event, 3, "digest2")
        receipt = Receipt(partition=0, through=3, entries=(*entries, again), batch_size=1)
        message = Outgoing(subject=subjects.receipt(0), body=msgspec.json.encode(receipt), headers={})
        kept = await lane.at((await publish(router, message)).sequence)

        await eventually(lane.is_drained)
        letters = await lane.dead_letters()
        assert [letter.body for letter in letters] == [
            b"<document-1/>", b"<document-2/>", b"<document-3/>", b"<document-3/>",
        ]  # fmt: skip
        assert {letter.headers[headers.EVENT] for letter in letters} == {event}
        assert letters[0].subject == subjects.dead_letter("decode", ids.event_id(event, "digest1"), 1)
        assert await run_step(steps["XD_OUT/dead-letters"], kept) == []

        shown = await DeadLetters(lane.reader).show(ids.event_id(event, "digest2"))
        assert shown.letter.body == b"<document-2/>"
        operator = await connect_as("operator")
        replayed = await Replays(operator).replay(shown.letter.id, "sre")
        redone = await StreamReader(operator).at(subjects.INTAKE_STREAM, replayed.sequence)
        assert redone is not None
        item = item_of_stored(redone, 0)
        assert (item.event_id, item.cycle, item.arrival.body) == (event, 2, b"<document-2/>")

    async def test_a_dead_item_whose_bytes_are_gone_still_has_its_dead_letter(
        self, lane: Lane, connect_as: Connect, eventually: Eventually
    ) -> None:
        entry = ReceiptEntry(
            sequence=77,
            event=ids.event_id("pos-demo", "gone"),
            source="pos-demo",
            contract="unreadable",
            outcome=Outcome.DEAD,
            stage="decode",
            code="internal.fault",
        )
        receipt = Receipt(partition=0, through=77, entries=(entry,), batch_size=1)
        message = Outgoing(subject=subjects.receipt(0), body=msgspec.json.encode(receipt), headers={})
        await publish(await connect_as("router"), message)

        (letter,) = await eventually(lane.dead_letters)
        assert letter.body == b""
        assert letter.headers[headers.DETAIL].startswith("its bytes were gone")


@pytest.mark.usefixtures("running")
class TestBrokerDeath:
    """kill -9 of the broker."""

    async def test_a_timer_survives_it_and_fires_once(
        self, lane: Lane, broker: EmbeddedBroker, eventually: Eventually
    ) -> None:
        await lane.say(await lane.deliver(), "retry", delay_seconds=0.6)
        await eventually(lambda: lane.reader.counts(subjects.TIMERS_STREAM, "timer.>"))
        assert broker.pid is not None
        os.kill(broker.pid, signal.SIGKILL)

        async def has_come_again() -> bool:
            with contextlib.suppress(BrokerUnavailable):
                return await lane.attempt_numbered(2) is not None
            return False

        await eventually(has_come_again, 15)
        assert [stored.headers[headers.ATTEMPT] for stored in await lane.attempts()] == ["1", "2"]
        delivery = (await lane.at(1)).headers[headers.DELIVERY]
        assert await lane.reader.counts(subjects.TIMERS_STREAM) == {subjects.due(delivery): 1}


@pytest.mark.usefixtures("running")
class TestLostConsumer:
    """An operator, or a restored broker, took one of delivery's consumers away."""

    async def test_delivery_says_that_it_is_stuck_and_goes_on_when_the_consumer_is_back(
        self,
        lane: Lane,
        connect_as: Connect,
        journal: Journal,
        eventually: Eventually,
        stream_settings: StreamSettings,
    ) -> None:
        provisioner = await connect_as("provisioner")
        await request_api(provisioner, f"CONSUMER.DELETE.{subjects.RESULTS_STREAM}.delivery")
        await eventually(lambda: journal.stalls == ["stuck input-gone"])
        await lane.say(await lane.deliver(), "reject")

        await apply(provisioner, stream_settings, [])
        await eventually(lane.dead_letters)
        await eventually(lambda: journal.stalls == ["stuck input-gone", "unstuck input-gone"])


class TestFullStream:
    """XD_DLQ without room."""

    @pytest.fixture
    def stream_settings(self, stream_settings: StreamSettings) -> StreamSettings:
        return msgspec.structs.replace(stream_settings, dead_letters_limit_bytes=4096)

    @pytest.mark.usefixtures("running")
    async def test_dead_letters_wait_visibly_and_go_on_without_loss_when_room_is_made(
        self,
        lane: Lane,
        connect_as: Connect,
        journal: Journal,
        eventually: Eventually,
        stream_settings: StreamSettings,
    ) -> None:
        attempts = [await lane.deliver(number) for number in range(20)]
        for attempt in attempts:
            await lane.say(attempt, "reject")
        await eventually(lambda: journal.stalls)
        kept = len(await lane.dead_letters())
        assert 0 < kept < 20
        found = await request_api(lane.ours, f"CONSUMER.INFO.{subjects.RESULTS_STREAM}.delivery")
        assert found["num_ack_pending"] + found["num_pending"] >= 20 - kept
        # the rest of delivery goes on meanwhile
        await lane.say(await lane.deliver(99), "retry", delay_seconds=0.01)
        await eventually(lambda: lane.attempt_numbered(2))
        assert "unstuck dead-letters-full" not in journal.stalls

        roomy = msgspec.structs.replace(stream_settings, dead_letters_limit_bytes=1 << 20)
        await apply(await connect_as("provisioner"), roomy, [])
        await eventually(lane.is_drained)
        assert {letter.headers[headers.DELIVERY] for letter in await lane.dead_letters()} == {
            attempt.headers[headers.DELIVERY] for attempt in attempts
        }
        assert journal.heard["dead", OWNER, "owner.rejected"] == 20
        assert journal.stalls[-1] == "unstuck dead-letters-full"
