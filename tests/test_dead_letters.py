"""Dead letters against a real broker: kept once, found again, replayed once."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import msgspec
import pytest
from nats.aio.client import Client

from contracts import headers, ids, subjects
from routing.broker.api import StoredMessage, StreamReader
from routing.broker.commit import BrokerFull, Outgoing, publish
from routing.broker.streams import StreamSettings
from routing.dead_letters import (
    DeadLetter,
    DeadLetters,
    DeadLettersFull,
    DeadLetterUnknown,
    SubjectTaken,
    keep,
    make_dead_letter,
)
from routing.intake import item_of_stored
from routing.replays import ReplayRefused, Replays

Connect = Callable[[str], Awaitable[Client]]

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def of_owner(number: int, *, owner: str = "finance", code: str = "owner.rejected") -> DeadLetter:
    """Return the dead letter of a delivery."""
    event = ids.event_id("pos-demo", str(number))
    delivery = ids.delivery_id(ids.exception_id(event, "invoice-mismatch", "line:1"), owner)
    stored = StoredMessage(
        stream=subjects.OUT_STREAM,
        subject=subjects.delivery(owner, "invoice-mismatch", "p2"),
        sequence=number,
        body=b'{"number": %d}' % number,
        headers={
            headers.MESSAGE_ID: "hop-local",
            headers.DELIVERY: delivery,
            headers.EVENT: event,
            headers.SOURCE: "pos-demo",
            headers.ATTEMPT: "3",
            headers.CYCLE: "1",
            headers.TRACE: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        },
        stored_at="",
    )
    return make_dead_letter(stored, lane=owner, subject_id=delivery, cycle=1, code=code, detail="not ours")


def of_stage(number: int, cycle: int = 1) -> DeadLetter:
    """Return the dead letter of an item that the gateway had refused and the router let die."""
    event = ids.event_id("pos-demo", str(number))
    stored = StoredMessage(
        stream=subjects.INTAKE_STREAM,
        subject=subjects.intake(3, "pos-demo", "pos-poslog-transaction"),
        sequence=number,
        body=b"<poison/>",
        headers={
            headers.MESSAGE_ID: "hop-local",
            headers.EVENT: event,
            headers.SOURCE: "pos-demo",
            headers.CONTRACT: "pos-poslog-transaction@1.0.0",
            headers.DIGEST: "digest",
            headers.FILE: "file",
            headers.ITEM: "2/3",
            headers.KEY: "key",
            headers.MEDIA_TYPE: "application/xml",
            headers.REASON: "contract.violated",
            headers.DETAIL: "what the gateway said",
        },
        stored_at="",
    )
    return make_dead_letter(
        stored, lane="normalise", subject_id=event, cycle=cycle, code="adapter.unmapped", detail="$.a: no"
    )


@pytest.fixture
async def delivery(connect_as: Connect) -> Client:
    return await connect_as("delivery")


@pytest.fixture
async def operator(connect_as: Connect) -> Client:
    return await connect_as("operator")


@pytest.fixture
def reader(operator: Client) -> StreamReader:
    return StreamReader(operator)


@pytest.fixture
def replays(operator: Client) -> Replays:
    return Replays(operator, clock=lambda: NOON)


class TestKeeping:
    """Exactly once, by subject."""

    async def test_the_second_of_one_subject_is_the_first(
        self, delivery: Client, reader: StreamReader
    ) -> None:
        letter = of_owner(1)
        assert await keep(delivery, letter)
        assert not await keep(delivery, msgspec.structs.replace(letter, code="retries.exhausted"))

        assert list((await reader.counts(subjects.DEAD_LETTERS_STREAM)).values()) == [1]
        assert (await DeadLetters(reader).show(letter.id)).letter.code == "owner.rejected"

    async def test_the_stream_itself_refuses_a_second_one(self, delivery: Client) -> None:
        letter = of_owner(1)
        await keep(delivery, letter)
        subject = subjects.dead_letter(letter.lane, letter.subject_id, letter.cycle)
        with pytest.raises(BrokerFull):
            await publish(delivery, Outgoing(subject=subject, body=b"", headers={}))

    async def test_another_delivery_on_the_same_subject_is_not_taken_for_kept(self, delivery: Client) -> None:
        letter = of_owner(1)
        await keep(delivery, letter)
        other = msgspec.structs.replace(
            letter, carried={**letter.carried, headers.DELIVERY: of_owner(2).subject_id}
        )
        with pytest.raises(DeadLettersFull):
            await keep(delivery, other)

    async def test_another_arrival_of_the_event_is_not_taken_for_kept(
        self, delivery: Client, reader: StreamReader
    ) -> None:
        letter = of_stage(1)
        await keep(delivery, letter)
        other = msgspec.structs.replace(letter, origin=f"{subjects.INTAKE_STREAM}:2", body=b"<other/>")
        with pytest.raises(SubjectTaken):
            await keep(delivery, other)
        assert not await keep(delivery, letter)

    async def test_fifty_at_the_same_moment_are_one(self, delivery: Client, reader: StreamReader) -> None:
        kept = await asyncio.gather(*(keep(delivery, of_owner(1)) for _ in range(50)))

        assert kept.count(True) == 1
        assert list((await reader.counts(subjects.DEAD_LETTERS_STREAM)).values()) == [1]


class TestFullStream:
    """XD_DLQ without room."""

    @pytest.fixture
    def stream_settings(self, stream_settings: StreamSettings) -> StreamSettings:
        return msgspec.structs.replace(stream_settings, dead_letters_limit_bytes=2048)

    async def test_full_is_not_taken_for_kept(self, delivery: Client, reader: StreamReader) -> None:
        with pytest.raises(DeadLettersFull):  # noqa: PT012 - the one that finds no room is not known before
            for number in range(20):
                last = of_owner(number)
                await keep(delivery, last)

        with pytest.raises(DeadLetterUnknown):
            await DeadLetters(reader).show(last.id)
        assert not await keep(delivery, of_owner(0))  # what is kept stays kept


class TestListing:
    """What an operator sees."""

    async def test_the_newest_come_first_and_filters_narrow_them(
        self, delivery: Client, reader: StreamReader, replays: Replays
    ) -> None:
        letters = [of_owner(number) for number in range(70)]
        letters += [of_owner(70, owner="review", code="retries.exhausted"), of_stage(71)]
        for letter in letters:
            await keep(delivery, letter)
        await replays.replay(letters[5].id, "sre")
        found = DeadLetters(reader)

        newest = [kept.letter.id for kept in await found.list()]
        assert newest == [letter.id for letter in reversed(letters)]
        assert [kept.letter.id for kept in await found.list(limit=2)] == newest[:2]
        assert [kept.letter.lane for kept in await found.list(lane="review")] == ["review"]
        assert [kept.letter.lane for kept in await found.list(code="adapter.unmapped")] == ["normalise"]
        (replayed,) = await found.list(state="replayed")
        assert replayed.letter.id == letters[5].id
        assert len(await found.list(state="open")) == 71

    async def test_none_is_an_empty_list(self, reader: StreamReader) -> None:
        assert await DeadLetters(reader).list() == []

    async def test_one_is_shown_with_everything_it_was_made_of(
        self, delivery: Client, reader: StreamReader
    ) -> None:
        letter = of_owner(1)
        await keep(delivery, letter)

        kept = await DeadLetters(reader).show(letter.subject_id)
        assert kept.state == "open"
        found = msgspec.structs.replace(kept.letter, carried=letter.carried)
        assert found == letter
        assert letter.carried.items() <= kept.letter.carried.items()
        assert headers.MESSAGE_ID not in kept.letter.carried

    @pytest.mark.parametrize("wrong", ["", "*", ">", "x.1", "a" * 26 + ".*", "a" * 26 + ".\u0661", "a" * 26])
    async def test_what_is_no_dead_letter_is_unknown(self, reader: StreamReader, wrong: str) -> None:
        with pytest.raises(DeadLetterUnknown):
            await DeadLetters(reader).show(wrong)


class TestReplaying:
    """What an operator does."""

    async def test_an_owners_goes_back_into_its_lane_as_the_next_cycle(
        self, delivery: Client, reader: StreamReader, replays: Replays
    ) -> None:
        letter = of_owner(1)
        await keep(delivery, letter)
        replayed = await replays.replay(letter.id, "sre")

        sent = await reader.at(subjects.OUT_STREAM, replayed.sequence)
        assert sent is not None
        assert (sent.subject, sent.body) == (letter.subject, letter.body)
        assert sent.headers == {
            **letter.carried,
            headers.CYCLE: "2",
            headers.ATTEMPT: "1",
            headers.MESSAGE_ID: f"{letter.subject_id}.2.1",
        }
        kept = await DeadLetters(reader).show(letter.id)
        assert kept.replay is not None
        assert (kept.state, kept.replay.actor, kept.replay.at) == (
            "replayed",
            "sre",
            "2026-11-23T12:00:00.000+00:00",
        )
        assert kept.replay.detail == f"{subjects.OUT_STREAM}:{replayed.sequence}"

    async def test_a_stages_goes_through_the_router_again_as_it_came(
        self, delivery: Client, reader: StreamReader, replays: Replays
    ) -> None:
        letter = of_stage(1)
        await keep(delivery, letter)
        replayed = await replays.replay(letter.id, "sre")

        sent = await reader.at(subjects.INTAKE_STREAM, replayed.sequence)
        assert sent is not None
        assert sent.subject == subjects.redo(3, "normalise", letter.subject_id, 2)
        item = item_of_stored(sent, 3)
        assert (item.event_id, item.source, item.cycle) == (letter.subject_id, "pos-demo", 2)
        assert (item.contract, item.digest, item.key) == ("pos-poslog-transaction@1.0.0", "digest", "key")
        assert (item.arrival.body, item.arrival.media_type) == (b"<poison/>", "application/xml")
        assert (item.arrival.file, item.arrival.item, item.arrival.items) == ("file", 2, 3)
        # why it died, or was refused, is not part of it
        assert (item.refused_code, item.refused_detail) == ("", "")

    async def test_the_replay_of_a_replay_finds_its_partition(
        self, delivery: Client, reader: StreamReader, replays: Replays
    ) -> None:
        first = of_stage(1)
        second = msgspec.structs.replace(
            first, cycle=2, subject=subjects.redo(3, "normalise", first.subject_id, 2)
        )
        await keep(delivery, first)
        await keep(delivery, second)

        replayed = await replays.replay(first.subject_id, "sre")
        assert replayed.subject == subjects.redo(3, "normalise", first.subject_id, 3)

    @pytest.mark.parametrize("make", [of_owner, of_stage])
    async def test_a_double_click_replays_once(
        self, delivery: Client, reader: StreamReader, replays: Replays, make: Callable[[int], DeadLetter]
    ) -> None:
        letter = make(1)
        await keep(delivery, letter)
        clicks = await asyncio.gather(
            *(replays.replay(letter.id, f"sre-{number}") for number in range(5)), return_exceptions=True
        )

        assert sum(not isinstance(click, BaseException) for click in clicks) == 1
        assert sum(isinstance(click, ReplayRefused) for click in clicks) == 4
        stream = subjects.OUT_STREAM if letter.is_of_owner else subjects.INTAKE_STREAM
        assert (await reader.state(stream))["messages"] == 1
        assert len(await reader.counts(subjects.AUDIT_STREAM, "audit.replayed.>")) == 1

    async def test_what_was_replayed_is_refused_with_a_sentence(
        self, delivery: Client, replays: Replays
    ) -> None:
        letter = of_owner(1)
        await keep(delivery, letter)
        await replays.replay(letter.id, "sre")

        with pytest.raises(ReplayRefused, match=r"was replayed as cycle 2 by sre at 2026-11-23T12:00"):
            await replays.replay(letter.id, "another")

    async def test_a_replay_that_died_too_is_a_dead_letter_of_its_own(
        self, delivery: Client, reader: StreamReader, replays: Replays
    ) -> None:
        letter = of_owner(1)
        await keep(delivery, letter)
        await replays.replay(letter.id, "sre")
        await keep(delivery, msgspec.structs.replace(letter, cycle=2))

        assert (await DeadLetters(reader).show(letter.subject_id)).letter.cycle == 2
        assert (await replays.replay(letter.subject_id, "sre")).cycle == 3

    @pytest.mark.parametrize("make", [of_owner, of_stage])
    async def test_a_replay_that_crashed_before_its_record_is_finished_by_the_next_one(
        self,
        delivery: Client,
        operator: Client,
        reader: StreamReader,
        replays: Replays,
        make: Callable[[int], DeadLetter],
    ) -> None:
        letter = make(1)
        await keep(delivery, letter)
        crashed = Replays(operator, clock=lambda: NOON)

        async def crash(*_: object) -> None:
            raise ConnectionResetError

        crashed._record = crash  # type: ignore[method-assign]
        with pytest.raises(ConnectionResetError):
            await crashed.replay(letter.id, "sre")
        await replays.replay(letter.id, "sre")

        stream = subjects.OUT_STREAM if letter.is_of_owner else subjects.INTAKE_STREAM
        assert (await reader.state(stream))["messages"] == 1
        assert (await DeadLetters(reader).show(letter.id)).state == "replayed"

    async def test_a_replay_that_crashed_is_finished_once_beyond_the_brokers_window(
        self, delivery: Client, operator: Client, reader: StreamReader, replays: Replays
    ) -> None:
        letter = of_owner(1)
        await keep(delivery, letter)
        for number in range(2, 5):  # what else stands in the lane
            await publish(
                operator, Outgoing(subject=letter.subject, body=b"", headers=of_owner(number).carried)
            )
        crashed = Replays(operator, clock=lambda: NOON)

        async def claim_and_crash(*asked: object) -> bool:
            await Replays._claim(crashed, letter, "sre")
            raise ConnectionResetError

        crashed._claim = claim_and_crash  # type: ignore[method-assign]
        with pytest.raises(ConnectionResetError):
            await crashed.replay(letter.id, "sre")
        # without its message id it is as after two minutes, when the broker has forgotten that
        next_cycle = {**letter.carried, headers.CYCLE: "2", headers.ATTEMPT: "1"}
        await publish(operator, Outgoing(subject=letter.subject, body=letter.body, headers=next_cycle))
        replayed = await replays.replay(letter.id, "sre")

        lane = [stored async for stored in reader.scan(subjects.OUT_STREAM, letter.subject)]
        again = [stored.sequence for stored in lane if stored.headers[headers.CYCLE] == "2"]
        assert again == [replayed.sequence]

    async def test_one_without_bytes_is_refused(self, delivery: Client, replays: Replays) -> None:
        letter = msgspec.structs.replace(of_stage(1), body=b"")
        await keep(delivery, letter)
        with pytest.raises(ReplayRefused, match="holds no bytes"):
            await replays.replay(letter.id, "sre")
