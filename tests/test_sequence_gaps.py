"""Numbers that a till left out: when they are reported, and what must never be."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import msgspec
import pytest
from nats.aio.client import Client

from adapters.pos.poslog.adapter import PosLogAdapter
from adapters.pos.poslog.series import series_of
from contracts import headers, ids, subjects
from contracts.canon import as_document
from contracts.canonical import Category, Measure, Place, Reference, RetailException, SeriesPlace
from contracts.documents import Arrival, Message, Source
from contracts.records import Outcome, ReceiptEntry
from contracts.registry import Registry
from gateway.bootstrap import PUBLISHED, install, pipeline
from gateway.data_folder import DataFolder
from routing.broker.api import StreamReader
from routing.broker.commit import Outgoing, publish
from routing.detection import Detectors, FactContext, SequenceGapDetector, identify
from routing.items import NormalisedItem, RouterItem
from routing.router import PartitionRouter, RouterSettings
from routing.series import SeriesSettings
from routing.stages import SilentObserver
from routing.triage.rules import RuleTriage
from routing.triage.taxonomy import Taxonomy

DETECTOR = SequenceGapDetector(SeriesSettings(least_seconds=0))
NOON = datetime.fromisoformat("2026-03-14T12:00:00+00:00")
DAY, NEXT_DAY = "2026-03-14", "2026-03-15"
TILL = "417/3"
FURTHER = range(119, 139)  # the twenty numbers after 118


def place(number: int, day: str | None = DAY, series: str = TILL) -> SeriesPlace:
    return SeriesPlace(
        series=series, number=number, business_day=day, place=Place(kind="store", id="417"),
        document=Reference(kind="transaction", id=f"{series}/{day}/{number}"),
        occurred_at=f"2026-03-14T10:{number % 60:02}:00+01:00",
    )  # fmt: skip


def item_of(
    where: SeriesPlace | None, event: str, *, minutes: float = 0, source: str = "tills", arrival: Arrival
) -> NormalisedItem:
    item = RouterItem(
        sequence=1, partition=0, event_id=event, source=source, contract="c@1.0.0", arrival=arrival,
        received_at=(NOON + timedelta(minutes=minutes)).isoformat(timespec="milliseconds"),
    )  # fmt: skip
    return NormalisedItem(item=item, facts=(), exceptions=(), series=where)


class Till:
    """Sends what a till sends, to one memory, and collects what is reported."""

    def __init__(self, context: FactContext | None = None, detector: SequenceGapDetector = DETECTOR) -> None:
        self.context = FactContext() if context is None else context
        self.detector = detector
        self.sent = 0

    def see(self, where: SeriesPlace | None, event: str = "", **more: object) -> tuple[RetailException, ...]:
        self.sent += 1
        more.setdefault("arrival", Arrival(body=b""))
        event = event or f"event {self.sent}"
        return self.detector.detect(item_of(where, event, **more), self.context)  # type: ignore[arg-type]

    def send(self, *numbers: int, day: str | None = DAY, minutes: float = 0) -> list[str]:
        """Send single messages; return the keys of what each of them reported."""
        return [
            one.key for number in numbers for one in self.see(place(number, day), minutes=minutes)
        ]  # fmt: skip

    def send_file(self, *numbers: int | None, file: str = "f", items: int | None = None) -> list[str]:
        """Send a file; None is a transaction that was not read."""
        found: list[str] = []
        for position, number in enumerate(numbers, 1):
            if number is not None:
                count = len(numbers) if items is None else items
                arrival = Arrival(body=b"", file=file, item=position, items=count)
                found += [one.key for one in self.see(place(number), arrival=arrival)]
        return found


class TestSingleMessages:
    def test_a_gap_is_reported_when_twenty_further_numbers_have_come(self) -> None:
        till = Till()
        assert till.send(114, 118, *FURTHER[:-1]) == []
        assert till.send(FURTHER[-1]) == ["417/3/115-117"]

    def test_a_gap_is_not_reported_within_the_minute_that_a_sender_may_need_to_try_again(self) -> None:
        till = Till(detector=SequenceGapDetector())
        assert till.send(114, 118, *range(119, 300)) == []
        assert till.send(300, minutes=0.9) == []
        assert till.send(301, minutes=1) == ["417/3/115-117"]

    def test_a_gap_is_reported_with_what_is_received_a_quarter_of_an_hour_later(self) -> None:
        till = Till()
        assert till.send(114, 118) == []
        assert till.send(119, minutes=14.9) == []
        assert till.send(120, minutes=15) == ["417/3/115-117"]

    def test_a_gap_is_reported_once(self) -> None:
        till = Till()
        till.send(114, 118, *FURTHER)
        assert till.send(139, 116, 140, *range(141, 200), minutes=60) == []

    def test_each_gap_is_one_exception_however_many_numbers_it_has(self) -> None:
        till = Till()
        assert till.send(100, 900, 903, *range(904, 923)) == ["417/3/101-899"]
        assert till.send(923) == ["417/3/901-902"]

    def test_several_gaps_that_are_due_at_once_are_reported_in_order(self) -> None:
        till = Till()
        till.send(100, 102, 104)
        assert till.send(105, minutes=20) == ["417/3/101-101", "417/3/103-103"]

    def test_before_the_first_number_nothing_is_missing(self) -> None:
        assert Till().send(*range(5_000, 5_050)) == []

    @pytest.mark.parametrize("late", [(115, 116, 117), (117, 116, 115), (116, 115, 117), (116, 117, 115)])
    def test_late_numbers_close_a_gap_in_whatever_order_they_come(self, late: tuple[int, ...]) -> None:
        assert Till().send(114, 118, *late, *FURTHER, 139, 140, minutes=0) == []

    def test_what_late_numbers_leave_open_is_reported(self) -> None:
        till = Till()
        assert till.send(114, 118, 116, *FURTHER) == ["417/3/115-115", "417/3/117-117"]

    def test_a_gap_that_is_being_filled_waits_anew(self) -> None:
        till = Till()
        till.send(114, 160)
        assert till.send(115, minutes=14) == []
        assert till.send(116, 117, minutes=28) == []
        assert till.send(161, minutes=44) == ["417/3/118-159"]

    def test_a_backlog_that_comes_newest_first_is_no_gap(self) -> None:
        assert Till().send(114, *range(300, 114, -1), 301, *range(302, 330)) == []

    def test_requests_side_by_side_shuffle_numbers_and_miss_nothing(self) -> None:
        chance = random.Random(7)
        shuffled = sorted(range(1, 500), key=lambda number: number + 16 * chance.random())
        assert shuffled != sorted(shuffled)
        assert Till().send(*shuffled) == []
        without = [number for number in shuffled if number not in {100, 300, 301}]
        assert sorted(Till().send(*without)) == ["417/3/100-100", "417/3/300-301"]

    def test_duplicates_neither_open_nor_hasten_anything(self) -> None:
        till = Till()
        assert till.send(114, 118, *[118] * 30, *range(100, 115), 119, *[114] * 30) == []

    def test_each_till_of_each_source_has_a_series_of_its_own(self) -> None:
        till = Till()
        for number, series, source in ((1, "417/3", "a"), (5, "417/4", "a"), (9, "417/3", "b")):
            till.see(place(number, series=series), source=source)
        assert till.send(2, minutes=60) == []

    def test_documents_without_a_number_cost_and_change_nothing(self) -> None:
        till = Till()
        assert till.see(None) == ()
        assert len(till.context.series) == 0


class TestNumbersThatStartAnew:
    def test_a_roll_over_is_no_gap(self) -> None:
        assert Till().send(9_998, 9_999, 1, 2, *range(3, 40)) == []

    def test_a_roll_over_out_of_order_is_no_gap(self) -> None:
        assert Till().send(9_997, 1, 9_999, 3, 9_998, 2, *range(4, 40), minutes=0) == []

    def test_a_jump_of_more_than_a_thousand_is_no_gap(self) -> None:
        till = Till()
        assert till.send(114, 1_116, *range(1_117, 1_150)) == []
        assert Till().send(114, 1_115, *range(1_116, 1_136)) == ["417/3/115-1114"]

    def test_a_single_strange_number_does_not_disturb_the_series(self) -> None:
        till = Till()
        assert till.send(114, 999_999, 115, 117, *range(118, 138)) == ["417/3/116-116"]

    def test_a_new_business_day_may_start_with_one(self) -> None:
        till = Till()
        till.send(*range(1, 301))
        assert till.send(*range(1, 290), day=NEXT_DAY) == []

    def test_a_gap_of_yesterday_is_still_reported_when_numbers_start_anew(self) -> None:
        till = Till()
        till.send(298, 300)
        assert till.send(1, day=NEXT_DAY, minutes=600) == ["417/3/299-299"]

    def test_a_late_transaction_of_yesterday_closes_yesterdays_gap(self) -> None:
        till = Till()
        till.send(290, 292)
        till.send(1, 2, day=NEXT_DAY)
        assert till.send(291, 293) == []
        assert till.send(*range(3, 40), day=NEXT_DAY) == []

    def test_what_is_older_than_all_that_is_remembered_says_nothing(self) -> None:
        till = Till()
        till.send(1, 2, day=NEXT_DAY)
        assert till.send(290, 280) == []
        assert till.send(*range(3, 40), day=NEXT_DAY) == []

    def test_the_first_of_a_new_day_may_come_out_of_order(self) -> None:
        till = Till()
        till.send(*range(1, 301))
        assert till.send(2, 1, 4, 3, *range(5, 40), day=NEXT_DAY) == []

    def test_a_series_that_goes_on_over_midnight_has_its_gaps_there_too(self) -> None:
        till = Till()
        till.send(113, 114)
        assert till.send(118, *FURTHER, day=NEXT_DAY) == ["417/3/115-117"]

    def test_a_wrong_date_does_not_silence_a_series(self) -> None:
        till = Till()
        till.send(113, 114)
        till.send(110, day="2099-01-01")
        assert till.send(115, 117, *range(118, 138), day=NEXT_DAY) == ["417/3/116-116"]

    def test_a_series_without_business_days_starts_anew_far_below(self) -> None:
        till = Till()
        assert till.send(9_998, 9_999, 1, 3, *range(4, 24), day=None) == ["417/3/2-2"]


class TestFiles:
    def test_a_gap_between_neighbours_in_a_file_is_reported_with_the_first_behind_it(self) -> None:
        till = Till()
        assert till.send_file(113, 114, 118) == ["417/3/115-117"]

    def test_a_file_whose_length_is_not_known_yet_is_one_too(self) -> None:
        assert Till().send_file(113, 114, 118, items=0) == ["417/3/115-117"]

    def test_a_number_that_came_before_is_not_missing_in_a_file(self) -> None:
        till = Till()
        till.send(110, 112, 115, 116, 117)
        assert till.send_file(113, 114, 118) == []

    def test_only_what_did_not_come_before_is_missing(self) -> None:
        till = Till()
        till.send(112, 116)
        assert till.send_file(113, 114, 118) == ["417/3/115-115", "417/3/117-117"]

    def test_a_gap_before_a_file_waits_as_for_single_messages(self) -> None:
        till = Till()
        till.send(110)
        assert till.send_file(113, 114, 115) == []
        assert till.send_file(111, 112, file="g") == []
        assert till.send_file(*range(116, 150), file="h") == []
        assert till.send(150, minutes=15) == []

    def test_what_could_not_be_read_in_the_file_may_be_what_is_missing(self) -> None:
        till = Till()
        assert till.send_file(113, 114, None, 116, 118) == ["417/3/117-117"]
        assert till.send(119, minutes=15) == ["417/3/115-115"]

    def test_files_side_by_side_miss_nothing(self) -> None:
        till = Till()
        till.send_file(*range(1, 51), file="1")
        assert till.send_file(*range(101, 151), file="3") == []
        assert till.send_file(*range(51, 101), file="2") == []
        assert till.send_file(*range(151, 201), file="4") == []

    def test_a_file_that_never_came_is_reported_a_quarter_of_an_hour_later(self) -> None:
        till = Till()
        till.send_file(*range(1, 51), file="1")
        till.send_file(*range(101, 151), file="3")
        assert till.send(151, minutes=15) == ["417/3/51-100"]

    def test_tills_take_turns_in_a_file(self) -> None:
        till, found = Till(), []
        for position, (number, series) in enumerate(((1, "417/1"), (8, "417/2"), (3, "417/1"), (9, "417/2"))):
            arrival = Arrival(body=b"", file="f", item=position + 1, items=4)
            found += [one.key for one in till.see(place(number, series=series), arrival=arrival)]
        assert found == ["417/1/2-2"]

    def test_a_file_of_one_is_a_single_message(self) -> None:
        till = Till()
        assert till.send_file(114) + till.send_file(118) == []

    def test_a_file_sent_again_reports_nothing_more(self) -> None:
        till = Till()
        till.send_file(113, 114, 118)
        assert till.send_file(113, 114, 118) == []


class TestMemory:
    def test_a_batch_that_is_run_anew_finds_the_same_in_the_same_events(self) -> None:
        till = Till()
        batch = [(place(number), f"event {number}") for number in (114, 118, *FURTHER, 140)]
        before = [till.see(where, event) for where, event in batch]
        again = [till.see(where, event) for where, event in batch]
        assert [len(found) for found in before] == [0] * 21 + [1, 0]
        assert again == before

    @pytest.mark.parametrize("restart_before", range(114, 139))
    def test_a_memory_made_anew_from_the_start_finds_the_same(self, restart_before: int) -> None:
        numbers = (114, 118, *FURTHER)
        known = [number for number in numbers if number < restart_before]
        rest = [number for number in numbers if number >= restart_before]
        till = Till()
        assert till.send(*known) + till.send(*rest) == ["417/3/115-117"]
        again = Till()
        again.send(*known)
        assert again.send(*rest) == ["417/3/115-117"]

    def test_a_memory_that_begins_in_the_middle_takes_no_late_number_for_a_beginning(self) -> None:
        till = Till(FactContext(is_whole=False))
        # 117 and 118 came before what is remembered
        assert till.send(116, 119, *range(120, 150)) == []
        assert till.send(152, minutes=15) + till.send(*range(153, 173), minutes=17) == ["417/3/150-151"]

    def test_a_memory_that_begins_in_a_long_backlog_takes_nothing_for_missing(self) -> None:
        till = Till(FactContext(is_whole=False))
        # the till was offline: 100 to 199 came before what is remembered, 50 to 99 come between new ones
        for late, live in zip(range(50, 100), range(200, 250), strict=True):
            assert till.send(late, live, minutes=late / 10 - 5) == []
        assert till.send(*range(250, 300), minutes=60) == []
        assert till.send(303, *range(304, 324), minutes=61) == ["417/3/300-302"]

    def test_a_memory_that_begins_in_the_middle_still_trusts_the_order_of_a_file(self) -> None:
        till = Till(FactContext(is_whole=False))
        assert till.send_file(116, 117, 120) == ["417/3/118-119"]

    def test_the_series_that_were_silent_longest_are_forgotten(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("routing.series_memory.SeriesMemory.__init__.__defaults__", (2,))
        till = Till()
        for series in ("1", "2", "1", "3"):
            till.see(place(1, series=series))
        assert len(till.context.series) == 2
        till.see(place(5, series="2"))
        assert [one.key for one in till.see(place(5, series="1"), minutes=20)] == []

    def test_one_series_can_not_fill_the_memory(self) -> None:
        till = Till(detector=SequenceGapDetector(SeriesSettings(further_numbers=100_000)))
        till.send(*range(0, 1_000, 2))
        assert till.send(999, minutes=20) == [f"417/3/{n}-{n}" for n in range(799, 998, 2)]

    def test_settings_say_how_long_to_wait_and_what_is_too_large(self) -> None:
        settings = SeriesSettings(further_numbers=2, least_seconds=0, patience_seconds=60, largest_gap=5)
        till = Till(detector=SequenceGapDetector(settings))
        assert till.send(1, 3, 4, 5) == ["417/3/2-2"]
        assert till.send(7) + till.send(8, minutes=1) == ["417/3/6-6"]
        assert till.send(15, 16, 17, 18) == []

    def test_a_largest_gap_of_nought_reports_nothing(self) -> None:
        till = Till(detector=SequenceGapDetector(SeriesSettings(largest_gap=0)))
        assert till.send(114, 116, *range(118, 150), minutes=0) + till.send(160, 170, minutes=60) == []
        assert till.send_file(200, 202, 204) == []

    def test_a_source_that_leaves_out_numbers_by_design_is_left_alone(self) -> None:
        till = Till(detector=SequenceGapDetector(silent={"tills"}))
        assert till.send_file(1, 3, 5) == []
        assert len(till.context.series) == 0


def reported() -> RetailException:
    till = Till()
    till.send(114, 118)
    (exception,) = till.see(place(119), minutes=15)
    return exception


def test_the_exception_says_what_is_missing_and_between_what() -> None:
    exception = reported()
    assert exception.category is Category.INVENTORY_VARIANCE
    assert exception.expected == Measure(kind="status", value="transactions 115 to 117")
    assert exception.actual == Measure(kind="status", value="missing")
    assert exception.place == Place(kind="store", id="417")
    assert exception.references == (
        Reference(kind="transaction", id="417/3/2026-03-14/114"),
        Reference(kind="transaction", id="417/3/2026-03-14/118"),
    )
    assert [(one.pointer, one.value) for one in exception.evidence] == [
        ("/series/417~13/number_before", "114"),
        ("/series/417~13/number_after", "118"),
    ]
    assert exception.occurred_at == place(118).occurred_at
    assert exception.detected_at == "2026-03-14T12:15:00.000+00:00"
    assert "money_at_risk" in exception.missing
    Registry.load(PUBLISHED).validate(as_document(exception))


def test_one_missing_number_is_named_alone_and_without_a_time_it_is_when_it_was_noticed() -> None:
    till = Till()
    till.see(place(1))
    till.see(msgspec.structs.replace(place(3), occurred_at=None))
    (exception,) = till.see(place(4), minutes=15)
    assert exception.expected.value == "transaction 2"
    assert exception.occurred_at == exception.detected_at


def test_triage_takes_it_for_unposted_sales_without_a_person() -> None:
    item = item_of(None, "event", arrival=Arrival(body=b"")).item
    (decision,) = RuleTriage(Taxonomy.load()).decide(identify([reported()], item, "pos"))
    assert (decision.root_cause, decision.team) == ("INV.unposted_sales", "store_systems")
    assert (decision.review, decision.confidence) == (False, 0.85)
    assert "transactions 115 to 117" in decision.reasons[0]


def test_several_detectors_are_one() -> None:
    class Telling:
        def detect(self, item: NormalisedItem, context: FactContext) -> tuple[RetailException, ...]:
            return (reported(),)

    found = Detectors(Telling(), Telling()).detect(
        item_of(None, "e", arrival=Arrival(body=b"")), FactContext()
    )
    assert len(found) == 2


SOURCE = Source(name="pos-demo", system="pos", time_zone="Europe/Berlin", currency="EUR", hash_key=b"k")


class TestPosLog:
    def test_a_transaction_says_its_number_till_day_and_time(self) -> None:
        tree = {
            "RetailStoreID": "417", "WorkstationID": "3", "BusinessDayDate": DAY, "SequenceNumber": "000114",
            "EndDateTime": "2026-03-14T09:00:00",
        }  # fmt: skip
        found = series_of(tree, SOURCE)
        assert found is not None
        assert (found.series, found.number, found.business_day) == (TILL, 114, DAY)
        assert found.occurred_at == "2026-03-14T09:00:00+01:00"
        assert found.document.id == "417/3/2026-03-14/000114"
        assert [one.name for one in found.assumed] == ["time_zone"]

    @pytest.mark.parametrize(
        "changed",
        [
            {"SequenceNumber": "A-7"}, {"SequenceNumber": ["1", "2"]}, {"SequenceNumber": "1" * 16},
            {"SequenceNumber": "٣"}, {"WorkstationID": "w" * 210}, {"RetailStoreID": ""},
        ],
    )  # fmt: skip
    def test_what_can_not_be_counted_is_in_no_series(self, changed: dict[str, object]) -> None:
        tree = {
            "RetailStoreID": "417", "WorkstationID": "3", "BusinessDayDate": DAY, "SequenceNumber": "1",
        } | changed  # fmt: skip
        assert series_of(tree, SOURCE) is None

    def test_a_time_that_is_none_costs_only_the_time(self) -> None:
        tree = {
            "RetailStoreID": "4/17", "WorkstationID": "3", "BusinessDayDate": DAY, "SequenceNumber": "1",
            "EndDateTime": "2026-02-31T09:00:00",
        }  # fmt: skip
        found = series_of(tree, SOURCE)
        assert found is not None
        assert (found.series, found.occurred_at) == ("4~117/3", None)


def transaction(number: int, kind: str) -> str:
    return (
        "<Transaction><RetailStoreID>417</RetailStoreID><WorkstationID>3</WorkstationID>"
        f"<BusinessDayDate>{DAY}</BusinessDayDate><SequenceNumber>{number:06}</SequenceNumber>"
        f"<EndDateTime>2026-03-14T09:{number % 60:02}:00</EndDateTime>{kind}</Transaction>"
    )


SIGN_ON = "<ControlTransaction><OperatorSignOn/></ControlTransaction>"
TRAINING = '<RetailTransaction TrainingModeFlag="true"></RetailTransaction>'
SALE = (
    "<RetailTransaction><LineItem><SequenceNumber>1</SequenceNumber><Sale><ItemID>100</ItemID>"
    "<RegularSalesUnitPrice>5.00</RegularSalesUnitPrice><ExtendedAmount>5.00</ExtendedAmount>"
    "<Quantity>1</Quantity></Sale></LineItem></RetailTransaction>"
)


def poslog(numbers: Iterable[int]) -> Message:
    kinds = (SIGN_ON, SALE, TRAINING)
    body = "".join(transaction(number, kinds[number % 3]) for number in numbers)
    return Message(body=f"<POSLog>{body}</POSLog>".encode(), media_type="application/xml")


class Settled(SilentObserver):
    def __init__(self) -> None:
        self.entries: list[ReceiptEntry] = []

    def item_settled(self, item: RouterItem, entry: ReceiptEntry, cause: Exception | None) -> None:
        assert cause is None
        self.entries.append(entry)

    def stuck(self, partition: int, reason: str) -> None:
        assert not reason


async def accept(client: Client, *numbers: int, redo: bool = False) -> None:
    """Publish a file's transactions as the gateway does, or a replay of them."""
    adapter = PosLogAdapter()
    for arrival in adapter.split(poslog(numbers)):
        event = ids.event_id("pos-demo", adapter.decode(arrival).source_event_id or "")
        sent = {
            headers.EVENT: event, headers.SOURCE: "pos-demo", headers.FILE: arrival.file,
            headers.CONTRACT: "pos-poslog-transaction@1.0.0", headers.DIGEST: ids.body_digest(arrival.body),
            headers.ITEM: f"{arrival.item}/{arrival.items}", headers.MEDIA_TYPE: arrival.media_type,
        }  # fmt: skip
        subject = subjects.intake(0, "pos-demo", "pos-poslog-transaction")
        if redo:
            subject, sent[headers.CYCLE] = subjects.redo(0, "normalise", event, 2), "2"
        await publish(client, Outgoing(subject=subject, body=arrival.body, headers=sent))


@asynccontextmanager
async def routing(client: Client, folder: DataFolder, observer: Settled) -> AsyncIterator[None]:
    """Run the router of the packaged settings, which waits for no sender to try again."""
    parts = pipeline(install(folder, None, {"CROSSDOCK__SERIES__LEAST_SECONDS": "0"}), observer)
    router = PartitionRouter(client, 0, parts, RouterSettings(), observer)
    stop = asyncio.Event()
    task = asyncio.create_task(router.run(stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, 5)


async def test_the_running_router_tells_store_operations_which_transactions_never_came(
    connect_as, data_folder, eventually
):
    gateway, client = await connect_as("gateway"), await connect_as("router")
    observer = Settled()
    async with routing(client, data_folder, observer):
        await accept(gateway, 113, 114, 118, 119)
        await eventually(lambda: len(observer.entries) == 4)
    outcomes = [entry.outcome for entry in observer.entries]
    assert outcomes == [Outcome.OBSERVED, Outcome.OBSERVED, Outcome.WITH_EXCEPTIONS, Outcome.OBSERVED]
    (delivery,) = [one async for one in StreamReader(gateway).scan(subjects.OUT_STREAM, "out.>")]
    assert delivery.subject.split(".")[1] == "store-ops"
    told = msgspec.json.decode(delivery.body)["data"]
    assert told["exception"]["expected"]["value"] == "transactions 115 to 117"
    assert told["triage"]["root_cause"] == "INV.unposted_sales"


async def test_a_router_that_was_restarted_still_knows_what_is_missing(connect_as, data_folder, eventually):
    gateway, client = await connect_as("gateway"), await connect_as("router")
    observer = Settled()
    for numbers in ((114,), (118,), FURTHER):
        async with routing(client, data_folder, observer):
            settled = len(observer.entries) + len(numbers)
            for number in numbers:
                await accept(gateway, number)
            await eventually(lambda settled=settled: len(observer.entries) == settled)
    with_exceptions = [entry.outcome is Outcome.WITH_EXCEPTIONS for entry in observer.entries]
    assert with_exceptions == [False] * 21 + [True]
    found = [one async for one in StreamReader(gateway).scan(subjects.OUT_STREAM, "out.>")]
    assert len(found) == 1


async def test_a_restarted_router_knows_what_was_replayed(connect_as, data_folder, eventually):
    gateway, client = await connect_as("gateway"), await connect_as("router")
    observer = Settled()
    async with routing(client, data_folder, observer):
        await accept(gateway, 114)
        await accept(gateway, 118)
        await accept(await connect_as("operator"), 115, 116, 117, redo=True)
        await eventually(lambda: len(observer.entries) == 5)
    async with routing(client, data_folder, observer):
        for number in FURTHER:
            await accept(gateway, number)
        await eventually(lambda: len(observer.entries) == 25)
    assert {entry.outcome for entry in observer.entries} == {Outcome.OBSERVED}
