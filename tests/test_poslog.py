"""The POSLog adapter: which item it cuts, what a receipt means, what it never says."""

import os
import random
import re
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from poslog_files import (
    ADAPTER,
    ARTS,
    GTIN,
    KEY,
    NEGATIVE,
    REGISTRY,
    SOURCE,
    VOID,
    WEIGHED,
    categories,
    decoded,
    elements,
    file,
    line,
    meant,
    only_fact,
    reward,
    says_nothing,
    survives,
    transaction,
)

from adapters.catalogue import Catalogue
from adapters.conformance import RECEIVED_AT, Sample, meaning, run, samples
from adapters.pos import ADAPTERS
from contracts.canon import as_document
from contracts.canonical import Category, Fact, FactKind
from contracts.documents import Arrival, Message
from contracts.errors import (
    ContractUnknown,
    ContractViolated,
    RequestInvalid,
    RequestUnreadable,
    Unmapped,
)

OWN = [pytest.param(sample, id=sample.case) for sample in samples("pos", "poslog")]

REPOSITORY = Path(__file__).resolve().parent.parent
REAL_SAMPLES = Path(os.environ.get("CROSSDOCK_SAMPLES", REPOSITORY.parent / "shared" / "samples"))
REAL_FOLDER = REAL_SAMPLES / "pos" / "ncr-acs-poslog"
REAL = sorted(REAL_FOLDER.rglob("*.xml"))


@pytest.mark.parametrize("sample", OWN)
def test_sample_means_what_is_written_beside_it(sample: Sample) -> None:
    items = run(ADAPTER, sample, REGISTRY, SOURCE)
    assert [meaning(item) for item in items] == sample.expected.items


class TestRealFiles:
    """Receipts of a real shop, which we may read and not keep."""

    @pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
    def test_real_file_is_understood_and_raises_no_alarm(self, path: Path) -> None:
        message = Message(body=path.read_bytes(), media_type="application/xml")
        assert Catalogue(ADAPTERS).for_message("pos", message) is ADAPTER
        for arrival in ADAPTER.split(message):
            document = REGISTRY.validate(ADAPTER.decode(arrival))
            normalised = ADAPTER.normalise(document, SOURCE, RECEIVED_AT)
            assert normalised.exceptions == ()
            assert len(normalised.facts) == ("RetailTransaction" in document.tree)
            for fact in normalised.facts:
                REGISTRY.validate(as_document(fact))

    def test_lines_and_tax_of_real_receipts_make_their_totals(self) -> None:
        """Voids, rewards and prices of several pieces are read right where a receipt comes out even."""
        if not REAL:
            pytest.skip(f"no POSLog file below {REAL_FOLDER}; set CROSSDOCK_SAMPLES")
        arrivals = [each for path in REAL for each in ADAPTER.split(Message(body=path.read_bytes()))]
        facts = [
            fact
            for arrival in arrivals
            for fact in ADAPTER.normalise(ADAPTER.decode(arrival), SOURCE, RECEIVED_AT).facts
        ]
        assert len(facts) > 10
        assert [fact.key for fact in facts if not comes_out_even(fact)] == []


def comes_out_even(fact: Fact) -> bool:
    lines = sum(Decimal(each.amount.amount) for each in fact.lines if each.amount)
    tax = Decimal(fact.tax.amount if fact.tax else 0)
    return fact.total is not None and lines + tax == Decimal(fact.total.amount)


class TestItems:
    def test_file_is_cut_at_its_transactions_with_their_bytes_unchanged(self) -> None:
        one, two = transaction(SequenceNumber="1"), transaction(SequenceNumber="2")
        arrivals = list(ADAPTER.split(Message(body=file(one, two))))
        assert [(arrival.item, arrival.items) for arrival in arrivals] == [(1, 2), (2, 2)]
        assert arrivals[1].body == file(two)
        assert [ADAPTER.decode(each).source_event_id for each in arrivals] == [
            "417/3/2026-03-14/1",
            "417/3/2026-03-14/2",
        ]

    def test_any_namespace_is_read(self) -> None:
        body = file(transaction()).replace(ARTS.encode(), b"urn:another")
        assert ADAPTER.recognises(Message(body=body))
        assert decoded(body).tree == decoded(file(transaction())).tree

    def test_other_xml_is_not_recognised(self) -> None:
        for body in (b"<INVOIC02/>", b"{}", b"", b"<POSLogs/>", b"<POSLog"):
            assert not ADAPTER.recognises(Message(body=body))

    def test_other_xml_is_refused_as_unknown_when_it_comes_so_far(self) -> None:
        with pytest.raises(ContractUnknown, match="root element is INVOIC02"):
            decoded(b"<INVOIC02><Transaction/></INVOIC02>")

    def test_poslog_without_a_transaction_is_unreadable(self) -> None:
        with pytest.raises(RequestUnreadable, match="holds no Transaction"):
            decoded(file())

    def test_item_with_two_transactions_is_unreadable(self) -> None:
        with pytest.raises(RequestUnreadable, match="2 Transaction elements"):
            ADAPTER.decode(Arrival(body=file(transaction(), transaction())))

    def test_empty_transaction_is_refused_for_each_member_that_it_lacks(self) -> None:
        with pytest.raises(ContractViolated) as refused:
            meant(file("<Transaction/>"))
        assert {violation.path for violation in refused.value.violations} == {
            f"/POSLog/Transaction/{name}" for name in KEY
        }

    @pytest.mark.parametrize("declared", ["ISO-8859-1", "windows-1252", "UTF-16"])
    def test_declared_encoding_is_kept_in_each_item(self, declared: str) -> None:
        text = f'<?xml version="1.0" encoding="{declared}"?>' + file(
            transaction(SequenceNumber="1"), transaction(line(1, Description="KÄSE"))
        ).decode("utf-8")
        message = Message(body=text.encode(declared))
        assert ADAPTER.recognises(message)
        if declared == "UTF-16":
            message = Message(body=(text.replace(transaction(SequenceNumber="1"), "")).encode(declared))
        *_, last = ADAPTER.split(message)
        assert ADAPTER.decode(last).tree["RetailTransaction"]["LineItem"][0]["Sale"]["Description"] == "KÄSE"


class TestHostileFiles:
    @pytest.mark.parametrize(
        "prolog",
        [
            '<!DOCTYPE POSLog [<!ENTITY a "x">]>',
            '<!DOCTYPE POSLog [<!ENTITY a SYSTEM "file:///etc/hostname">]>',
            '<!DOCTYPE POSLog SYSTEM "http://127.0.0.1:1/poslog.dtd">',
        ],
    )
    def test_document_type_is_refused_with_its_own_reason(self, prolog: str) -> None:
        message = Message(body=prolog.encode() + file(transaction()))
        assert ADAPTER.recognises(message)
        with pytest.raises(RequestUnreadable, match="document type"):
            list(ADAPTER.split(message))

    def test_undeclared_entity_is_refused(self) -> None:
        with pytest.raises(RequestUnreadable):
            decoded(file(transaction(line(1, Description="&xxe;"))))

    def test_nesting_of_ten_thousand_is_refused(self) -> None:
        with pytest.raises(RequestUnreadable, match="deeper"):
            decoded(file(transaction("<a>" * 10_000 + "</a>" * 10_000)))

    @pytest.mark.parametrize("declared", ["big5", "utf-7", "nonsense", "hex"])
    def test_encoding_that_nobody_reads_is_refused(self, declared: str) -> None:
        with pytest.raises(RequestUnreadable):
            decoded(f'<?xml version="1.0" encoding="{declared}"?>'.encode() + file(transaction()))


class TestIdentity:
    def test_each_part_of_the_key_counts(self) -> None:
        others = {
            "RetailStoreID": "418",
            "WorkstationID": "4",
            "SequenceNumber": "8",
            "BusinessDayDate": "2026-03-15",
        }
        ids = {decoded(file(transaction(**{name: value}))).source_event_id for name, value in others.items()}
        assert len(ids | {decoded(file(transaction())).source_event_id}) == 5

    def test_parts_that_hold_the_separator_stay_apart(self) -> None:
        one = decoded(file(transaction(RetailStoreID="1/2", WorkstationID="3"))).source_event_id
        other = decoded(file(transaction(RetailStoreID="1", WorkstationID="2/3"))).source_event_id
        assert one != other

    def test_order_is_kept_by_store(self) -> None:
        assert decoded(file(transaction())).business_key == "store:417"

    def test_store_is_found_among_the_business_units(self) -> None:
        units = (
            '<BusinessUnit><UnitID TypeCode="Region">north</UnitID></BusinessUnit>'
            '<BusinessUnit><UnitID TypeCode="RetailStore" Name="Lindenhof">417</UnitID></BusinessUnit>'
        )
        body = file(transaction(RetailStoreID="").replace("<WorkstationID>", f"{units}<WorkstationID>"))
        assert decoded(body).source_event_id == decoded(file(transaction())).source_event_id
        assert decoded(body).business_key == "store:417"

    @pytest.mark.parametrize("store", ["4" * 300, "4\n17", "4&#9;17"])
    def test_id_that_can_not_be_one_is_refused(self, store: str) -> None:
        with pytest.raises(RequestInvalid):
            decoded(file(transaction(RetailStoreID=store)))

    @pytest.mark.parametrize("name", KEY)
    def test_missing_part_of_the_key_is_refused_by_its_name(self, name: str) -> None:
        body = file(transaction(**{name: ""}, EndDateTime=""))
        assert decoded(body).source_event_id is None
        with pytest.raises(ContractViolated) as refused:
            meant(body)
        assert [(each.pointer, each.keyword) for each in refused.value.violations] == [
            (f"/{name}", "required")
        ]

    def test_repeated_sequence_number_is_refused(self) -> None:
        body = file(
            transaction().replace("<EndDateTime>", "<SequenceNumber>10</SequenceNumber><EndDateTime>")
        )
        assert decoded(body).source_event_id is None
        with pytest.raises(ContractViolated, match="SequenceNumber"):
            meant(body)


class TestTimesAndMoney:
    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            ("2026-07-01T12:00:00", "2026-07-01T12:00:00+02:00"),
            ("2026-03-29T02:30:00", "2026-03-29T02:30:00+01:00"),  # skipped: the offset before the change
            ("2026-10-25T02:30:00", "2026-10-25T02:30:00+02:00"),  # came twice: the first
        ],
    )
    def test_time_without_offset_is_the_source_s_own(self, written: str, expected: str) -> None:
        fact = only_fact(file(transaction(line(1), EndDateTime=written)))
        assert fact.occurred_at == expected
        assert ("time_zone", "Europe/Berlin") in {(each.name, each.value) for each in fact.assumed}

    def test_offset_in_the_document_wins(self) -> None:
        fact = only_fact(file(transaction(line(1), EndDateTime="2026-07-01T12:00:00-05:00")))
        assert fact.occurred_at == "2026-07-01T12:00:00-05:00"
        assert fact.assumed == ()

    def test_day_that_no_month_has_is_ours_to_look_at(self) -> None:
        with pytest.raises(Unmapped, match="/EndDateTime"):
            meant(file(transaction(line(1), EndDateTime="2026-02-30T12:00:00")))

    @pytest.mark.parametrize("code", ["", "XXX"])
    def test_currency_that_is_none_is_the_source_s_own(self, code: str) -> None:
        fact = only_fact(file(transaction(line(1), CurrencyCode=code)))
        assert fact.lines[0].amount == msgspec.structs.replace(fact.lines[0].amount, currency="EUR")
        assert ("currency", "EUR") in {(each.name, each.value) for each in fact.assumed}


class TestSale:
    def test_item_keeps_its_zeros_and_gets_a_gtin_only_where_it_is_called_one(self) -> None:
        identity = '<POSIdentity POSIDType="{}"><POSItemID>09521234500018</POSItemID></POSIdentity>'
        lines = line(1, ItemID="00000100", more=identity.format("GTIN")) + line(
            2, more=identity.format("PLU")
        )
        first, second = (each.item for each in only_fact(file(transaction(lines))).lines)
        assert first
        assert (first.id, first.gtin) == ("00000100", "09521234500018")
        assert second
        assert second.gtin is None

    def test_weight_without_a_unit_is_not_given_one(self) -> None:
        weighed = line(1, attributes='acs:weightItem="true"', Quantity="0.42", ExtendedAmount="2.10")
        fact = only_fact(file(transaction(weighed)))
        assert fact.lines[0].quantity
        assert (fact.lines[0].quantity.value, fact.lines[0].quantity.unit) == ("0.42", "weight")
        assert "unit_of_weight" in {each.name for each in fact.assumed}

    def test_whole_number_may_be_a_weight(self) -> None:
        fact = only_fact(file(transaction(line(1, attributes=WEIGHED))))
        assert fact.lines[0].quantity
        assert fact.lines[0].quantity.unit == "weight"

    def test_unit_that_the_document_says_is_taken(self) -> None:
        body = file(transaction(line(1))).replace(b"<Quantity>1", b'<Quantity UnitOfMeasureCode="KGM">1.5')
        fact = only_fact(body.replace(b"<ExtendedAmount>5.00", b"<ExtendedAmount>7.50"))
        assert fact.lines[0].quantity
        assert (fact.lines[0].quantity.value, fact.lines[0].quantity.unit) == ("1.5", "KGM")
        assert "unit_of_weight" not in {each.name for each in fact.assumed}

    def test_reward_is_taken_off_the_line_that_it_is_for_and_its_summary_is_not(self) -> None:
        lines = line(1, OperatorSequence="7") + reward(2, "7", "-1.50") + reward(3, "0", "-1.50")
        (sold,) = only_fact(file(transaction(lines))).lines
        assert sold.amount
        assert sold.discount
        assert (sold.amount.amount, sold.discount.amount) == ("3.50", "1.50")
        assert [(each.kind, each.id) for each in sold.references] == [("promotion", "881")]

    def test_reward_for_no_line_is_taken_off_none(self) -> None:
        lines = line(1) + reward(2, "", "-1.50") + reward(3, "0", "-1.50")
        (sold,) = only_fact(file(transaction(lines))).lines
        assert sold.discount is None

    @pytest.mark.parametrize(
        "voided",
        [
            reward(2, "7", "-1.50").replace("<LineItem>", '<LineItem VoidFlag="true">'),
            reward(2, "7", "-1.50")
            + reward(3, "7", "1.50").replace("<LineItem>", '<LineItem VoidFlag="true">'),
        ],
    )
    def test_voided_reward_is_not_taken_off(self, voided: str) -> None:
        (sold,) = only_fact(file(transaction(line(1, OperatorSequence="7") + voided))).lines
        assert sold.amount
        assert (sold.amount.amount, sold.discount) == ("5.00", None)

    def test_promotion_number_of_zero_is_none(self) -> None:
        given = reward(2, "7", "-1.50").replace("881", "0")
        (sold,) = only_fact(file(transaction(line(1, OperatorSequence="7") + given))).lines
        assert sold.references == ()

    def test_count_of_offers_is_no_money(self) -> None:
        lines = line(1, OperatorSequence="7") + reward(2, "7", "1", category="CustomOffer")
        (sold,) = only_fact(file(transaction(lines))).lines
        assert sold.amount
        assert sold.amount.amount == "5.00"

    def test_price_of_several_pieces_becomes_the_price_of_one(self) -> None:
        lines = line(1, RegularSalesUnitPrice="5.00", Quantity="13", ExtendedAmount="16.25")  # 4 for 5.00
        fact = only_fact(file(transaction(lines)))
        assert fact.lines[0].regular_unit_price
        assert fact.lines[0].regular_unit_price.amount == "1.25"
        assert "regular_unit_price" in {each.name for each in fact.assumed}

    def test_price_of_three_pieces_without_an_exact_third_is_left_out(self) -> None:
        fact = only_fact(file(transaction(line(1, RegularSalesUnitPrice="2.00", ExtendedAmount="0.67"))))
        assert fact.lines[0].regular_unit_price is None

    def test_half_price_by_a_discount_is_no_price_of_two(self) -> None:
        fact = only_fact(file(transaction(line(1, ExtendedDiscountAmount="2.50", ExtendedAmount="2.50"))))
        (sold,) = fact.lines
        assert sold.regular_unit_price
        assert sold.discount
        assert (sold.regular_unit_price.amount, sold.discount.amount) == ("5.00", "2.50")

    def test_taxes_of_the_lines_are_the_tax_where_no_total_says_it(self) -> None:
        tax = "<LineItem><SequenceNumber>2</SequenceNumber><Tax><Amount>0.{}</Amount></Tax></LineItem>"
        voided = tax.format("99").replace("<LineItem>", '<LineItem VoidFlag="true">')
        fact = only_fact(file(transaction(line(1) + tax.format("35") + tax.format("40") + voided)))
        assert fact.tax
        assert fact.tax.amount == "0.75"

    def test_total_in_words_is_nobody_s_business(self) -> None:
        totals = '<Total TotalType="InWords">FIVE EUROS</Total>'
        totals += '<Total TotalType="TransactionGrandAmount">5.00</Total>'
        fact = only_fact(file(transaction(line(1) + totals)))
        assert fact.total
        assert fact.total.amount == "5.00"


class TestWhatWasNotSold:
    @pytest.mark.parametrize(
        "lines",
        [
            line(1) + line(2, ItemID="200") + line(3, "Sale", VOID, Quantity="-1", ExtendedAmount="-5.00"),
            line(1) + line(2, ItemID="200") + line(3, "Sale", VOID, Quantity="-1"),
            line(1, "Sale", VOID) + line(2, ItemID="200"),
            line(1)
            + line(2, ItemID="200")
            + "<LineItem><SequenceNumber>3</SequenceNumber><Void><ItemLink>1</ItemLink></Void></LineItem>",
        ],
        ids=[
            "taken back",
            "taken back with a positive amount",
            "marked where it stands",
            "by a Void element",
        ],
    )
    def test_voided_line_is_not_sold(self, lines: str) -> None:
        assert [sold.line for sold in only_fact(file(transaction(lines))).lines] == ["2"]

    def test_void_takes_back_one_of_two_like_lines(self) -> None:
        lines = line(1) + line(2) + line(3, "Sale", VOID, Quantity="-1", ExtendedAmount="-5.00")
        assert [sold.line for sold in only_fact(file(transaction(lines))).lines] == ["1"]

    def test_void_of_a_part_leaves_the_rest(self) -> None:
        lines = line(1, Quantity="4", ExtendedAmount="20.00")
        lines += line(2, "Sale", VOID, Quantity="-1", ExtendedAmount="-5.00")
        normalised = meant(file(transaction(lines)))
        (fact,) = normalised.facts
        assert [each.quantity.value for each in fact.lines if each.quantity] == ["4", "-1"]
        assert fact.kind is FactKind.SALE
        assert normalised.exceptions == ()

    @pytest.mark.parametrize(
        "flag", ["TrainingModeFlag", "CancelFlag", "VoidedFlag", "SuspendFlag", "SuspendedFlag"]
    )
    def test_transaction_that_did_not_happen_says_nothing(self, flag: str) -> None:
        returned = line(1, "Return", ExtendedAmount="500.00")
        assert says_nothing(meant(file(transaction(returned, f'{flag}="true"'))))
        assert not says_nothing(meant(file(transaction(returned, f'{flag}="false"'))))

    @pytest.mark.parametrize(
        ("status", "happened"),
        [("Finished", True), ("Voided", False), ("Suspended", False), ("acs:Canceled", False)],
    )
    def test_status_that_is_not_final_says_nothing(self, status: str, happened: bool) -> None:
        retail = f'<RetailTransaction TransactionStatus="{status}">'.encode()
        normalised = meant(file(transaction(line(1))).replace(b"<RetailTransaction>", retail))
        assert bool(normalised.facts) is happened

    def test_sign_on_says_nothing(self) -> None:
        control = "<ControlTransaction><OperatorSignOn/></ControlTransaction>"
        body = file(
            f"<Transaction>{elements(KEY | {'EndDateTime': '2026-03-14T09:00:00'})}{control}</Transaction>"
        )
        assert says_nothing(meant(body))


MODIFIER = "<RetailPriceModifier><Amount>1</Amount></RetailPriceModifier>"

UNEXPLAINED = {
    "more": line(1, ExtendedAmount="5.60"),
    "less": line(1, ExtendedAmount="4.40"),
    "nothing": line(1, ExtendedAmount="0.00"),
    "more for several": line(1, Quantity="3", ExtendedAmount="16.20"),
    "actual price": line(1, ActualSalesUnitPrice="5.40"),
    "empty reasons": line(1, DiscountAmount="0.00", ReasonCode="0", ExtendedAmount="5.60"),
    "weight": line(1, attributes=WEIGHED, Quantity="1.10", ExtendedAmount="6.60"),
    "approval of an operator": line(1, attributes='OperatorOverride="true"', ExtendedAmount="6.00"),
    "reason of a tax": line(1, ExtendedAmount="5.60", more="<Tax><Reason>Charged</Reason></Tax>"),
    "reward of another line": line(1, OperatorSequence="4", ExtendedAmount="5.60") + reward(2, "3", "-1.00"),
}
EXPLAINED = {
    "discount": line(1, ExtendedAmount="4.00", DiscountAmount="1.00"),
    "reason": line(1, ExtendedAmount="4.00", ReasonCode="Damaged"),
    "price modifier": line(1, ExtendedAmount="4.00", more=MODIFIER),
    "keyed price": line(1, attributes='acs:keyedPrice="true"', ExtendedAmount="4.00"),
    "reward": line(1, OperatorSequence="4", ExtendedAmount="4.00") + reward(2, "4", "-1.00"),
    "regular price of zero": line(1, RegularSalesUnitPrice="0.00", ExtendedAmount="4.00"),
    "no regular price": line(1, RegularSalesUnitPrice="", ExtendedAmount="4.00"),
    "fee": line(1, ItemType="Fee", ExtendedAmount="4.00"),
    "one of three for 5.00": line(1, ExtendedAmount="1.67"),
    "two for 9.00": line(1, Quantity="2", ExtendedAmount="9.00"),
    "the second of two for 9.00": line(1) + line(2, ExtendedAmount="4.00"),
    "a cent": line(1, ExtendedAmount="5.01"),
    "less than half a percent": line(1, RegularSalesUnitPrice="50.00", ExtendedAmount="50.20"),
    "weight to two digits": line(1, attributes=WEIGHED, Quantity="0.33", ExtendedAmount="1.67"),
    "label of a scale": line(1, ItemID="00217743000000", Quantity="0.21", ExtendedAmount="1.32"),
    "label with 13 digits": line(1, ExtendedAmount="1.32", more=GTIN.format("02177430000006")),
    "bottle refund": line(1, ItemType=NEGATIVE, ExtendedAmount="-80.00"),
    "bottle refund, counted down": line(1, ItemType=NEGATIVE, Quantity="-1", ExtendedAmount="-80.00"),
    "bottle refund as a return": line(1, "Return", ItemType=NEGATIVE, ExtendedAmount="80.00"),
}


class TestPrices:
    @pytest.mark.parametrize("lines", UNEXPLAINED.values(), ids=UNEXPLAINED)
    def test_price_that_nothing_explains_is_a_discrepancy(self, lines: str) -> None:
        assert categories(file(transaction(lines))) == [Category.PRICE_DISCREPANCY]

    @pytest.mark.parametrize("lines", EXPLAINED.values(), ids=EXPLAINED)
    def test_price_with_a_right_reason_is_none(self, lines: str) -> None:
        assert categories(file(transaction(lines))) == []

    def test_discrepancy_says_prices_of_one_and_money_of_all(self) -> None:
        body = file(transaction(line(4, ItemID="0017", Quantity="3", ExtendedAmount="16.20")))
        (exception,) = meant(body).exceptions
        assert (exception.key, exception.expected.value, exception.actual.value) == ("4/0017", "5", "5.4")
        assert exception.money_at_risk
        assert (exception.money_at_risk.amount, exception.money_at_risk.currency) == ("1.20", "EUR")
        assert {each.pointer: each.value for each in exception.evidence} == {
            "/RetailTransaction/LineItem/0/Sale/RegularSalesUnitPrice": "5.00",
            "/RetailTransaction/LineItem/0/Sale/ExtendedAmount": "16.20",
            "/RetailTransaction/LineItem/0/Sale/Quantity": "3",
        }

    def test_lines_with_one_number_keep_keys_of_their_own(self) -> None:
        lines = line(1, ExtendedAmount="5.60") + line(1, ExtendedAmount="5.70")
        assert [each.key for each in meant(file(transaction(lines))).exceptions] == ["1/100", "1/100/2"]


LINK = (
    '<TransactionLink ReasonCode="{}"><RetailStoreID>417</RetailStoreID><WorkstationID>2</WorkstationID>'
    "<SequenceNumber>640</SequenceNumber><BusinessDayDate>2026-03-02</BusinessDayDate></TransactionLink>"
)


class TestReturns:
    @pytest.mark.parametrize(
        "lines",
        [
            line(1, "Return", ExtendedAmount="50.00"),
            line(1, "Return", ExtendedAmount="-50.00", Quantity="-1"),
            line(1, "Sale", ExtendedAmount="50.00", Quantity="-1"),
            line(1, "Return", ExtendedAmount="50.00") + LINK.format("Resume"),
            line(1, "Return", ExtendedAmount="50.00", OriginalReceipt="null"),
        ],
    )
    def test_refund_of_fifty_without_a_sale_is_an_anomaly(self, lines: str) -> None:
        (exception,) = meant(file(transaction(lines))).exceptions
        assert exception.category is Category.REFUND_ANOMALY
        assert exception.money_at_risk
        assert exception.money_at_risk.amount == "50.00"

    @pytest.mark.parametrize(
        "lines",
        [
            line(1, "Return", ExtendedAmount="49.99"),
            line(1, "Return", ExtendedAmount="500.00", more=LINK.format("Return")),
            line(1, "Return", ExtendedAmount="500.00") + LINK.format("Return"),
            line(1, "Return", ExtendedAmount="500.00").replace("<Return", LINK.format("Return") + "<Return"),
            line(1, "Return", ExtendedAmount="500.00", OriginalReceipt="417-640"),
            line(1, "Return", ExtendedAmount="500.00", ItemType="DepositRefund"),
        ],
    )
    def test_refund_below_fifty_with_its_sale_or_of_a_deposit_is_none(self, lines: str) -> None:
        assert categories(file(transaction(lines))) == []

    def test_exchange_is_a_sale_and_a_return_with_positive_figures_and_no_total(self) -> None:
        total = '<Total TotalType="TransactionGrandAmount">-7.00</Total>'
        body = file(transaction(line(1) + line(2, "Sale", Quantity="-1", ExtendedAmount="-12.00") + total))
        sale, returned = meant(body).facts
        assert (sale.kind, returned.kind) == (FactKind.SALE, FactKind.RETURN)
        assert returned.lines[0].quantity
        assert returned.lines[0].amount
        assert (returned.lines[0].quantity.value, returned.lines[0].amount.amount) == ("1", "12.00")
        assert (sale.total, returned.total) == (None, None)

    @pytest.mark.parametrize("amount", ["-10.00", "10.00"])
    def test_refund_is_less_by_the_reward_that_was_given(self, amount: str) -> None:
        lines = line(1, "Return", OperatorSequence="4", ExtendedAmount="59.00") + reward(2, "4", amount)
        normalised = meant(file(transaction(lines)))
        assert normalised.facts[0].lines[0].amount
        assert normalised.facts[0].lines[0].amount.amount == "49.00"
        assert normalised.exceptions == ()

    def test_returned_bottles_are_a_sale_that_gives_money(self) -> None:
        fact = only_fact(file(transaction(line(1, "Return", ItemType=NEGATIVE, ExtendedAmount="80.00"))))
        assert fact.kind is FactKind.SALE
        assert fact.lines[0].amount
        assert (fact.lines[0].amount.amount, fact.lines[0].reason) == ("-80.00", NEGATIVE)

    def test_return_names_the_transaction_that_it_links_to(self) -> None:
        fact = only_fact(file(transaction(line(1, "Return", more=LINK.format("Return")))))
        assert [each.id for each in fact.lines[0].references] == ["417/2/2026-03-02/640"]


PERSONAL = {
    "operator": '<OperatorID OperatorName="Zaphod B">MARK-OPERATOR</OperatorID>',
    "receipt text": "<TrailerText><Text>MARK-RECEIPT</Text></TrailerText>",
}
PERSONAL_IN_SALE = {
    "customer": "<Customer><CustomerID>MARK-ID</CustomerID><Name>MARK-NAME</Name><Address><City>MARK-CITY"
    "</City></Address></Customer>",
    "account": "<LoyaltyAccount><LoyaltyCard>MARK-LOYALTY</LoyaltyCard></LoyaltyAccount>",
    "speed": "<acs:PerformanceMetrics><acs:RingTime>MARK-SPEED</acs:RingTime></acs:PerformanceMetrics>",
}
PERSONAL_IN_LINE = {
    "loyalty": "<acs:LoyaltyMembership><acs:LoyaltyID>MARK-CARD</acs:LoyaltyID></acs:LoyaltyMembership>",
    "birthday": '<AgeRestriction Birthdate="MARK-BIRTHDAY">21</AgeRestriction>',
    "signature": '<acs:ElectronicSignature><svg><path d="MARK-STROKE"/></svg></acs:ElectronicSignature>',
    "custom": "<acs:CRMCustomVariable><acs:Value>MARK-CUSTOM</acs:Value></acs:CRMCustomVariable>",
    "gift card": "<acs:CardActivation><acs:AccountNumber>MARK-GIFT</acs:AccountNumber></acs:CardActivation>",
    "tender": '<Tender TenderType="Voucher"><Amount>5.00</Amount><Authorization><AuthorizationCode>MARK-AUTH'
    "</AuthorizationCode><ReferenceNumber>MARK-REF</ReferenceNumber></Authorization><CreditDebit><PrimaryAccountNumber>"
    "MARK-PAN</PrimaryAccountNumber></CreditDebit><Voucher><Number>MARK-VOUCHER</Number></Voucher></Tender>",
}


class TestPersonalData:
    def body(self) -> bytes:
        lines = "".join(
            f"<LineItem><SequenceNumber>{number}</SequenceNumber>{element}</LineItem>"
            for number, element in enumerate(PERSONAL_IN_LINE.values(), 2)
        )
        refund = line(1, "Return", ExtendedAmount="90.00")
        whole = transaction(refund + lines + "".join(PERSONAL_IN_SALE.values()))
        return file(whole.replace("<RetailTransaction>", "".join(PERSONAL.values()) + "<RetailTransaction>"))

    def test_nothing_personal_leaves_the_document(self) -> None:
        normalised = meant(self.body())
        assert normalised.exceptions
        told = msgspec.json.encode(normalised).decode()
        assert "MARK" not in told
        assert "Zaphod" not in told

    def test_what_a_customer_paid_with_stays_without_its_numbers(self) -> None:
        fact = only_fact(self.body())
        assert {"Voucher", "5.00"} <= set(fact.extensions.values())

    def test_operator_and_customer_are_known_again_only_under_one_key(self) -> None:
        fact, again = only_fact(self.body()), only_fact(self.body())
        other_key = msgspec.structs.replace(SOURCE, hash_key=b"another")
        (other,) = meant(self.body(), other_key).facts
        assert fact.actor
        assert fact.customer
        assert (fact.actor, fact.customer) == (again.actor, again.customer)
        assert fact.actor != other.actor
        assert fact.customer != other.customer

    def test_number_of_zeros_is_nobody(self) -> None:
        zeros = "<acs:LoyaltyMembership><acs:LoyaltyID>0000</acs:LoyaltyID></acs:LoyaltyMembership>"
        body = file(transaction(line(1) + f"<LineItem><SequenceNumber>2</SequenceNumber>{zeros}</LineItem>"))
        fact = only_fact(body.replace(b"<EndDateTime>", b"<OperatorID>0</OperatorID><EndDateTime>"))
        assert (fact.actor, fact.customer) == (None, None)

    def test_membership_stands_in_for_a_card_of_zeros(self) -> None:
        member = "<acs:LoyaltyID>0000</acs:LoyaltyID><acs:MembershipID>77</acs:MembershipID>"
        loyalty = f"<acs:LoyaltyMembership>{member}</acs:LoyaltyMembership>"
        body = file(
            transaction(line(1) + f"<LineItem><SequenceNumber>2</SequenceNumber>{loyalty}</LineItem>")
        )
        assert only_fact(body).customer

    def test_what_is_not_mapped_and_not_personal_is_kept_with_the_fact(self) -> None:
        department = '<MerchandiseHierarchy Level="Department">31</MerchandiseHierarchy>'
        fact = only_fact(file(transaction(line(1, more=department))))
        assert fact.extensions["/RetailTransaction/LineItem/0/Sale/MerchandiseHierarchy/#text"] == "31"


WEIRD = [
    "<Transaction/>",
    "<Transaction>text</Transaction>",
    "<Transaction><RetailTransaction/></Transaction>",
    transaction("<LineItem/><LineItem>text</LineItem>"),
    transaction("<LineItem><SequenceNumber/><Sale/></LineItem>"),
    transaction("<LineItem><SequenceNumber>1</SequenceNumber><Sale/><Return/></LineItem>"),
    transaction(line(1, ExtendedAmount="1e999")),
    transaction(line(1, ExtendedAmount="NaN")),
    transaction(line(1, Quantity="٣")),
    transaction(line(1, Quantity="0.0000000000001", ExtendedAmount="999999999999999")),
    transaction(line(1, Quantity="0", ExtendedAmount="5")),
    transaction(line(1) + "<Total/><Total TotalType='TransactionGrandAmount'>five</Total>"),
    transaction(line(1) + "<TransactionLink/><Tax/><Void/>"),
    transaction(line(1) * 2 + "<SequenceNumber>1</SequenceNumber>"),
    transaction(line(1), EndDateTime="0001-01-01T00:00:00"),
    transaction(line(1, more="<Quantity>2</Quantity>")),
    transaction(line(1, ItemID="x" * 5000, Description="y" * 5000)),
    transaction("<RetailTransaction>" * 30 + "</RetailTransaction>" * 30),
    transaction(RetailStoreID="").replace("<WorkstationID>", "<BusinessUnit/><WorkstationID>"),
]


@pytest.mark.parametrize("weird", WEIRD)
def test_weird_file_is_refused_or_read_and_never_breaks(weird: str) -> None:
    survives(file(weird))


def test_damaged_files_are_refused_or_read_and_never_break() -> None:
    chance = random.Random(417)
    bodies = [sample.message.body for sample in samples("pos", "poslog")]
    bodies += [path.read_bytes() for path in REAL if path.stat().st_size < 9000]
    understood = sum(survives(damaged(chance.choice(bodies), chance)) for _ in range(600))
    assert 100 < understood < 500, "the damage must leave something to refuse and something to understand"


LEAF = re.compile(rb"<([A-Za-z:]+)[^<>/]*>(?:<!\[CDATA\[)?[^<>]*(?:\]\]>)?</\1>")
ODD = [b"", b"-", b"0", b"-1", b"1e9", b"NaN", b"00", b".5", b"999999999999999", b"x" * 300, b"&lt;", b"true"]
BREAKS = [b"<", b">", b"&", b"&#0;", b"\x00", b"\xff", b"]]>", b"<![CDATA[", b'"']


def damaged(body: bytes, chance: random.Random) -> bytes:
    """Spoil some elements without children, and now and then any bytes."""
    for _ in range(chance.randint(1, 4)):
        leaf = chance.choice(list(LEAF.finditer(body)))
        start, end = leaf.span()
        opening, closing = leaf.group().split(b">")[0] + b">", b"</" + leaf.group(1) + b">"
        spoilt = [b"", leaf.group() * 2, opening + chance.choice(ODD) + closing, b"<a/>" + leaf.group()]
        body = body[:start] + chance.choice(spoilt) + body[end:]
        if chance.random() < 0.1:
            place = chance.randrange(len(body))
            body = body[:place] + chance.choice(BREAKS) + body[place + chance.randrange(3) :]
    return body
