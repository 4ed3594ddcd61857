"""Timelines from real streams: items spread over receipts, conflicts, and what the intake no longer holds."""

from collections.abc import Awaitable, Callable

import msgspec
import pytest
from nats.aio.client import Client

from contracts import headers, ids, subjects
from contracts.records import DeliveryEntry, Outcome, Receipt, ReceiptEntry
from gateway.timeline import Timelines
from routing.broker.api import StreamReader, request_api
from routing.broker.commit import Outgoing, publish
from routing.delivery.receipts import Receipts
from routing.replays import Replays

Connect = Callable[[str], Awaitable[Client]]

EVENT = ids.event_id("pos-demo", "7")


class Streams:
    """Writes what gateway, router and delivery would."""

    def __init__(self, gateway: Client, router: Client, delivery: Client, operator: Client) -> None:
        self.gateway = gateway
        self.router = router
        self.delivery = delivery
        self.operator = operator
        self.reader = StreamReader(operator)

    async def accept(self, partition: int = 0, event: str = EVENT, digest: str = "digest") -> int:
        sent = {headers.EVENT: event, headers.SOURCE: "pos-demo", headers.DIGEST: digest}
        subject = subjects.intake(partition, "pos-demo", "pos-poslog-transaction")
        return (await publish(self.gateway, Outgoing(subject=subject, body=b"{}", headers=sent))).sequence

    async def settle(self, through: int, *entries: ReceiptEntry, partition: int = 0) -> None:
        """Publish deliveries and receipt; then make the dead letters, as delivery does."""
        named = [delivery for entry in entries for delivery in entry.deliveries]
        for delivery in named:
            await self.send(delivery, 1)
        receipt = Receipt(partition=partition, through=through, entries=entries, batch_size=len(named) + 1)
        message = Outgoing(subject=subjects.receipt(partition), body=msgspec.json.encode(receipt), headers={})
        sequence = (await publish(self.router, message)).sequence
        stored = await self.reader.at(subjects.OUT_STREAM, sequence)
        assert stored is not None
        async for _ in Receipts(self.delivery, StreamReader(self.delivery)).take(stored):
            pass

    async def send(self, delivery: DeliveryEntry, attempt: int) -> None:
        sent = {headers.DELIVERY: delivery.delivery, headers.ATTEMPT: str(attempt), headers.CYCLE: "1"}
        subject = subjects.delivery(delivery.owner, delivery.category, delivery.priority)
        await publish(self.router, Outgoing(subject=subject, body=b"{}", headers=sent))


def entry_of(
    sequence: int, *lines: int, event: str = EVENT, outcome: Outcome = Outcome.OBSERVED, **said: object
) -> ReceiptEntry:
    """Return an entry with a delivery for each line."""
    deliveries = tuple(
        DeliveryEntry(
            delivery=ids.delivery_id(str(line), "finance"), exception=ids.exception_id(EVENT, "x", str(line)),
            owner="finance", category="invoice-mismatch", priority="p2", offset=offset,
        )
        for offset, line in enumerate(lines)
    )  # fmt: skip
    entry = ReceiptEntry(
        sequence=sequence, event=event, source="pos-demo", contract="c@1.0.0",
        outcome=Outcome.WITH_EXCEPTIONS if lines else outcome, digest="digest", deliveries=deliveries,
    )  # fmt: skip
    return msgspec.structs.replace(entry, **said)


@pytest.fixture
async def streams(connect_as: Connect) -> Streams:
    return Streams(*[await connect_as(user) for user in ("gateway", "router", "delivery", "operator")])


@pytest.mark.parametrize("is_hinted", [True, False])
async def test_an_item_that_is_spread_over_receipts_is_shown_whole(streams: Streams, is_hinted: bool) -> None:
    other = ids.event_id("pos-demo", "other")
    timelines = Timelines(streams.reader, 2)
    await streams.accept(event=other)
    sequence = await streams.accept()
    await streams.accept(1, event=other)
    first = entry_of(1, event=other)
    await streams.settle(1, first, entry_of(sequence, 1, 2))
    await streams.settle(3, entry_of(3, event=other), partition=1)
    hint = sequence if is_hinted else None
    half = await timelines.find(EVENT, hint)
    assert half is not None
    assert [(run.outcome, len(run.deliveries)) for run in half.runs] == [("in_progress", 2)]

    # another partition's receipt and a retry come between the parts
    await streams.settle(1, entry_of(sequence, 3))
    await streams.send(entry_of(sequence, 1).deliveries[0], 2)
    await streams.settle(sequence, entry_of(sequence, 4, 5))
    found = await timelines.find(EVENT, hint)
    assert found is not None
    (run,) = found.runs
    assert run.outcome == "with_exceptions"
    assert [delivery.delivery_id for delivery in run.deliveries] == [
        ids.delivery_id(str(line), "finance") for line in range(1, 6)
    ]
    for delivery in run.deliveries:
        stored = await streams.reader.at(subjects.OUT_STREAM, delivery.sequence)
        assert stored is not None
        assert stored.headers[headers.DELIVERY] == delivery.delivery_id


@pytest.mark.parametrize("is_hinted", [True, False])
async def test_an_event_whose_bytes_are_gone_is_told_from_its_receipt(
    streams: Streams, connect_as: Connect, is_hinted: bool
) -> None:
    sequence = await streams.accept()
    await streams.settle(sequence, entry_of(sequence, 1))
    provisioner = await connect_as("provisioner")
    await request_api(provisioner, f"STREAM.PURGE.{subjects.INTAKE_STREAM}")

    timelines = Timelines(streams.reader, 1)
    found = await timelines.find(EVENT, sequence if is_hinted else None)
    assert found is not None
    assert (found.source, found.contract) == ("pos-demo", "c@1.0.0")
    (run,) = found.runs
    assert (run.outcome, run.accepted_at, len(run.deliveries)) == ("with_exceptions", "", 1)
    assert await timelines.original(EVENT) is None


async def test_conflicting_documents_and_their_replays_are_runs_of_the_event(streams: Streams) -> None:
    conflict = {"outcome": Outcome.DEAD, "stage": "decode", "code": "request.conflict"}
    await streams.accept()
    await streams.settle(1, entry_of(1))
    await streams.accept(digest="second")
    await streams.accept(digest="third")
    await streams.settle(3, entry_of(2, **conflict, digest="second"), entry_of(3, **conflict, digest="third"))
    replayed = await Replays(streams.operator).replay(ids.event_id(EVENT, "third"), "sre")
    timelines = Timelines(streams.reader, 1)

    found = await timelines.find(EVENT)
    assert found is not None
    assert [(run.sequence, run.cycle, run.outcome) for run in found.runs] == [
        (1, 1, "observed"), (2, 1, "dead"), (3, 1, "dead"), (replayed.sequence, 2, "in_progress"),
    ]  # fmt: skip
    letters = [run.dead_letters[0] for run in found.runs[1:3]]
    assert [letter.id for letter in letters] == [ids.event_id(EVENT, name) for name in ("second", "third")]
    assert [letter.replayed_by for letter in letters] == ["", "sre"]
    hinted = await timelines.find(EVENT, 3)
    assert hinted is not None
    assert [run.sequence for run in hinted.runs] == [3, replayed.sequence]
    original = await timelines.original(EVENT)
    assert original is not None
    assert original.sequence == 1
