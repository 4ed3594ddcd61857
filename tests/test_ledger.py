"""The ledger against a real broker: what is missing or doubled is seen, whatever else adds up."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest
from nats.aio.client import Client

from contracts import headers, ids, subjects
from contracts.records import DeliveryEntry, Outcome, Receipt, ReceiptEntry, Verdict, VerdictKind
from gateway.balance import read_balance
from gateway.cli.ledger import lines
from ledger.conservation import Balance
from ledger.deliveries import DeliveryBalance
from routing.broker.api import StreamReader, request_api
from routing.broker.commit import Outgoing, publish
from routing.broker.streams import owner_consumer
from routing.dead_letters import keep, make_dead_letter
from routing.delivery.process import DeliveryProcess
from routing.delivery.settings import DeliverySettings
from routing.owners import OwnerSettings

OWNER = "finance"
CATEGORY = "invoice-mismatch"
CONSUMERS = {owner: owner_consumer(owner) for owner in (OWNER, "review")}

Connect = Callable[[str], Awaitable[Client]]
Eventually = Callable[..., Awaitable[object]]


class Books:
    """Writes into the streams what the processes would, right or wrong, and reads the balance."""

    def __init__(
        self, gateway: Client, router: Client, owner: Client, provisioner: Client, operator: Client
    ) -> None:
        self.gateway = gateway
        self.operator = operator
        self.router = router
        self.owner = owner
        self.provisioner = provisioner
        self.reader = StreamReader(operator)

    async def accept(self, count: int, partition: int = 0) -> list[int]:
        """Accept items; return their sequences in the intake."""
        subject = subjects.intake(partition, "pos-demo", "pos-poslog-transaction")
        sent = [
            await publish(self.gateway, Outgoing(subject=subject, body=b"{}", headers={}))
            for _ in range(count)
        ]
        return [published.sequence for published in sent]

    async def settle(self, through: int, *entries: ReceiptEntry, partition: int = 0) -> int:
        """Publish the entries' deliveries and their receipt; return its sequence in XD_OUT."""
        placed: list[ReceiptEntry] = []
        offset = 0
        for entry in entries:
            named = []
            for delivery in entry.deliveries:
                await publish(self.router, _attempt(entry, delivery))
                named.append(msgspec.structs.replace(delivery, offset=offset))
                offset += 1
            placed.append(msgspec.structs.replace(entry, deliveries=tuple(named)))
        receipt = Receipt(partition=partition, through=through, entries=tuple(placed), batch_size=offset + 1)
        message = Outgoing(subject=subjects.receipt(partition), body=msgspec.json.encode(receipt), headers={})
        return (await publish(self.router, message)).sequence

    async def say(self, kind: VerdictKind, sequence: int, entry: ReceiptEntry) -> None:
        """Give a verdict on the first attempt of the entry's first delivery, at `sequence` of XD_OUT."""
        subject = subjects.result(OWNER, entry.deliveries[0].delivery)
        body = msgspec.json.encode(Verdict(verdict=kind, sequence=sequence, delay_seconds=600))
        await publish(self.owner, Outgoing(subject=subject, body=body, headers={}))

    async def remove(self, stream: str, sequence: int) -> None:
        await request_api(self.provisioner, f"STREAM.MSG.DELETE.{stream}", {"seq": sequence})

    async def balance(self) -> Balance:
        return await read_balance(self.operator, CONSUMERS)

    async def lane(self) -> DeliveryBalance:
        return (await self.balance()).by_owner[OWNER]


def _attempt(entry: ReceiptEntry, delivery: DeliveryEntry) -> Outgoing:
    sent = {
        headers.DELIVERY: delivery.delivery,
        headers.EVENT: entry.event,
        headers.SOURCE: entry.source,
        headers.ATTEMPT: "1",
        headers.CYCLE: str(entry.cycle),
    }
    return Outgoing(subject=subjects.delivery(delivery.owner, CATEGORY, "p2"), body=b"{}", headers=sent)


def observed(sequence: int) -> ReceiptEntry:
    """Return the entry of an item without exceptions."""
    return ReceiptEntry(
        sequence=sequence,
        event=ids.event_id("pos-demo", str(sequence)),
        source="pos-demo",
        contract="pos-poslog-transaction@1.0.0",
        outcome=Outcome.OBSERVED,
    )


def delivered(sequence: int, count: int = 1) -> ReceiptEntry:
    """Return the entry of an item with deliveries to one owner."""
    entry = observed(sequence)
    exceptions = [ids.exception_id(entry.event, CATEGORY, f"line:{line}") for line in range(count)]
    return msgspec.structs.replace(
        entry,
        outcome=Outcome.WITH_EXCEPTIONS,
        exceptions=count,
        deliveries=tuple(
            DeliveryEntry(
                delivery=ids.delivery_id(exception, OWNER), exception=exception, owner=OWNER,
                category=CATEGORY, priority="p2", offset=0,
            )
            for exception in exceptions
        ),
    )  # fmt: skip


@pytest.fixture
async def books(connect_as: Connect) -> Books:
    users = ("gateway", "router", f"owner-{OWNER}", "provisioner", "operator")
    return Books(*[await connect_as(user) for user in users])


class TestItems:
    """The intake held against the receipts."""

    async def test_nothing_at_all_is_balanced(self, books: Books) -> None:
        found = await books.balance()
        assert (found.items.accepted, found.is_balanced) == (0, True)

    async def test_settled_and_waiting_items_add_up(self, books: Books) -> None:
        await books.accept(5)
        await books.settle(3, observed(1), delivered(2), observed(3))

        found = await books.balance()
        items = found.items
        assert (items.accepted, items.observed, items.with_exceptions, items.in_progress) == (5, 2, 1, 2)
        assert found.is_balanced

    async def test_an_item_without_an_entry_is_missing(self, books: Books) -> None:
        await books.accept(3)
        await books.settle(3, observed(1), observed(3))

        found = await books.balance()
        assert (found.items.missing, found.items.in_progress, found.is_balanced) == (1, 0, False)
        assert found.faults == ["1 items have no outcome: intake sequences 2"]
        assert "in progress 0 + missing 1" in lines(found)[0]

    async def test_a_receipt_that_is_gone_is_missed(self, books: Books) -> None:
        await books.accept(4)
        gone = await books.settle(2, observed(1), observed(2))
        await books.settle(4, observed(3), observed(4))
        await books.remove(subjects.OUT_STREAM, gone)

        found = await books.balance()
        assert (found.items.missing, found.is_balanced) == (2, False)

    async def test_one_lost_and_one_doubled_do_not_make_it_even(self, books: Books) -> None:
        await books.accept(3)
        await books.settle(3, observed(1), observed(1), observed(3))

        found = await books.balance()
        assert (found.items.missing, found.items.doubled, found.is_balanced) == (1, 1, False)
        assert lines(found)[0].endswith("missing 1; 1 doubled")

    async def test_an_item_that_is_spread_over_receipts_counts_once(self, books: Books) -> None:
        await books.accept(2)
        whole = delivered(2, count=3)
        parts = [msgspec.structs.replace(whole, deliveries=(part,)) for part in whole.deliveries]
        await books.settle(1, observed(1), parts[0])
        await books.settle(1, parts[1])
        half = await books.balance()
        assert (half.items.in_progress, half.items.with_exceptions, half.is_balanced) == (1, 0, True)

        await books.settle(2, parts[2])
        found = await books.balance()
        assert (found.items.in_progress, found.items.with_exceptions, found.is_balanced) == (0, 1, True)
        assert found.by_owner[OWNER].deliveries == 3

    async def test_what_was_removed_after_it_was_routed_is_not_missed(self, books: Books) -> None:
        await books.accept(4)
        await books.settle(4, *(observed(sequence) for sequence in range(1, 5)))
        await books.remove(subjects.INTAKE_STREAM, 3)
        assert (await books.balance()).items.accepted == 3
        await request_api(books.provisioner, f"STREAM.PURGE.{subjects.INTAKE_STREAM}")
        await books.accept(1)

        found = await books.balance()
        assert (found.items.accepted, found.items.in_progress, found.is_balanced) == (1, 1, True)

    async def test_what_was_removed_before_it_was_routed_is_a_fault(self, books: Books) -> None:
        await books.accept(4)
        await books.settle(1, observed(1))
        await request_api(books.provisioner, f"STREAM.PURGE.{subjects.INTAKE_STREAM}", {"seq": 4})

        found = await books.balance()
        assert found.faults == ["intake sequences 2 to 3 were removed before they were routed"]
        assert not found.is_balanced

    async def test_streams_of_different_times_are_a_fault(self, books: Books) -> None:
        await books.accept(1)
        await books.settle(7, observed(1))

        found = await books.balance()
        assert not found.is_balanced
        assert "the intake ends at 1, but partition 0 is routed through 7" in found.faults[0]

    async def test_each_partition_has_its_own_end(self, books: Books) -> None:
        await books.accept(1, partition=0)
        await books.accept(1, partition=1)
        await books.accept(2, partition=0)
        await books.settle(4, observed(1), observed(4), partition=0)

        found = await books.balance()
        assert (found.items.missing, found.items.in_progress) == (1, 1)
        assert found.faults == ["1 items have no outcome: intake sequences 3"]


class TestDeliveries:
    """The lanes held against what receipts name, verdicts, timers, advisories and dead letters."""

    async def test_one_that_nobody_pulled_is_open(self, books: Books) -> None:
        await books.accept(1)
        await books.settle(1, delivered(1))

        assert await books.lane() == DeliveryBalance(deliveries=1, open=1)

    async def test_a_bare_ack_is_no_verdict(self, books: Books) -> None:
        await books.accept(1)
        await books.settle(1, delivered(1))
        await _pull_and_ack(books)

        assert await books.lane() == DeliveryBalance(deliveries=1, acked=1)

    async def test_done_needs_a_verdict_of_that_cycle_by_that_owner(
        self, books: Books, connect_as: Connect
    ) -> None:
        await books.accept(1)
        entry = delivered(1)
        await books.settle(1, entry)
        lie = msgspec.json.encode(Verdict(verdict=VerdictKind.DONE, sequence=1))
        forged = Outgoing(
            subject=subjects.result("review", entry.deliveries[0].delivery), body=lie, headers={}
        )
        await publish(await connect_as("owner-review"), forged)
        later = msgspec.json.encode(Verdict(verdict=VerdictKind.DONE, sequence=1, cycle=2))
        await publish(
            books.owner,
            Outgoing(subject=subjects.result(OWNER, entry.deliveries[0].delivery), body=later, headers={}),
        )
        assert (await books.lane()).done == 0

        await books.say(VerdictKind.DONE, 1, entry)
        assert await books.lane() == DeliveryBalance(deliveries=1, done=1)

    async def test_a_delivery_that_is_in_no_lane_is_missing(self, books: Books) -> None:
        await books.accept(2)
        await books.settle(2, observed(1), delivered(2, count=3))
        await books.remove(subjects.OUT_STREAM, 2)

        found = await books.balance()
        assert found.by_owner[OWNER] == DeliveryBalance(deliveries=3, open=2, missing=1)
        assert not found.is_balanced
        assert f"deliveries to {OWNER} 3 = done 0 + acked 0 + open 2 + dead 0 + missing 1" in lines(found)

    async def test_a_delivery_that_was_removed_with_age_is_not_missing(self, books: Books) -> None:
        await books.accept(1)
        await books.settle(1, delivered(1, count=2))
        await books.remove(subjects.OUT_STREAM, 1)

        found = await books.balance()
        assert found.by_owner[OWNER] == DeliveryBalance(deliveries=1, open=1)
        assert found.is_balanced

    async def test_a_delivery_that_came_twice_is_doubled(self, books: Books) -> None:
        await books.accept(1)
        entry = delivered(1)
        await books.settle(1, entry)
        await publish(books.router, _attempt(entry, entry.deliveries[0]))

        found = await books.balance()
        assert (found.by_owner[OWNER].doubled, found.is_balanced) == (1, False)

    async def test_a_retry_is_open_before_delivery_takes_it_and_while_its_timer_runs(
        self, books: Books, connect_as: Connect, eventually: Eventually
    ) -> None:
        await books.accept(1)
        entry = delivered(1)
        await books.settle(1, entry)
        await _pull_and_ack(books)
        await books.say(VerdictKind.RETRY, 1, entry)
        assert await books.lane() == DeliveryBalance(deliveries=1, open=1)

        await _deliver_until(
            connect_as, lambda: books.reader.counts(subjects.TIMERS_STREAM, "timer.>"), eventually
        )
        assert await books.lane() == DeliveryBalance(deliveries=1, open=1)

        # what should never happen: delivery took the verdict, and the timer is gone
        await request_api(books.provisioner, f"STREAM.PURGE.{subjects.TIMERS_STREAM}")
        assert await books.lane() == DeliveryBalance(deliveries=1, missing=1)

    async def test_a_termination_is_open_until_it_is_swept_and_then_needs_its_dead_letter(
        self, books: Books, connect_as: Connect, eventually: Eventually
    ) -> None:
        await books.accept(1)
        await books.settle(1, delivered(1))
        pull = await books.owner.jetstream().pull_subscribe_bind(
            owner_consumer(OWNER), stream=subjects.OUT_STREAM
        )
        (message,) = await pull.fetch(1, timeout=2)
        await message.term()
        await eventually(lambda: books.reader.last(subjects.ADVISORIES_STREAM, ">"))
        assert await books.lane() == DeliveryBalance(deliveries=1, open=1)

        await _deliver_until(
            connect_as, lambda: books.reader.last(subjects.DEAD_LETTERS_STREAM, "dlq.>"), eventually
        )
        assert await books.lane() == DeliveryBalance(deliveries=1, dead=1)

        await request_api(books.provisioner, f"STREAM.PURGE.{subjects.DEAD_LETTERS_STREAM}")
        assert await books.lane() == DeliveryBalance(deliveries=1, missing=1)

    async def test_a_dead_letter_settles_its_own_cycle_alone(self, books: Books, connect_as: Connect) -> None:
        await books.accept(1)
        entry = delivered(1)
        await books.settle(1, entry)
        await publish(books.router, _attempt(msgspec.structs.replace(entry, cycle=2), entry.deliveries[0]))
        stored = await books.reader.at(subjects.OUT_STREAM, 1)
        assert stored is not None
        letter = make_dead_letter(
            stored, lane=OWNER, subject_id=entry.deliveries[0].delivery, cycle=1,
            code="owner.rejected", detail="",
        )  # fmt: skip
        await keep(await connect_as("delivery"), letter)

        found = await books.balance()
        assert found.by_owner[OWNER] == DeliveryBalance(deliveries=2, dead=1, open=1)
        assert found.dead_letters == {OWNER: 1}

    async def test_a_lane_that_nobody_can_pull_is_missing(self, books: Books) -> None:
        await books.accept(1)
        await books.settle(1, delivered(1))
        call = f"CONSUMER.DELETE.{subjects.OUT_STREAM}.{owner_consumer(OWNER)}"
        await request_api(books.provisioner, call)

        assert await books.lane() == DeliveryBalance(deliveries=1, missing=1)


async def _pull_and_ack(books: Books) -> None:
    consumer = owner_consumer(OWNER)
    pull = await books.owner.jetstream().pull_subscribe_bind(consumer, stream=subjects.OUT_STREAM)
    for message in await pull.fetch(1, timeout=2):
        await message.ack_sync()


async def _deliver_until(
    connect_as: Connect, condition: Callable[[], Awaitable[object]], eventually: Eventually
) -> None:
    """Run delivery until the condition holds and it has acknowledged its inputs."""
    client = await connect_as("delivery")
    owners = {OWNER: OwnerSettings(title=OWNER, contact="finance@example.com", max_attempts=3)}
    stop = asyncio.Event()
    task = asyncio.create_task(DeliveryProcess(client, DeliverySettings(), owners).run(stop))
    await eventually(condition)
    stop.set()
    await task
    await client.flush()
