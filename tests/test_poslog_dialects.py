"""The POSLog adapter on what only some tills write: other places and spellings of one and the same thing."""

import time

import msgspec
import pytest
from poslog_files import (
    GTIN,
    NEGATIVE,
    SOURCE,
    VOID,
    WEIGHED,
    categories,
    decoded,
    file,
    line,
    meant,
    only_fact,
    reward,
    says_nothing,
    survives,
    transaction,
)

from adapters.conformance import RECEIVED_AT
from contracts.canonical import Category, FactKind, FactLine, RetailException
from contracts.errors import ContractViolated, Unmapped

HEAD = "<EndDateTime>2026-03-14T09:00:00</EndDateTime>"
NEW_PRICE = "<PreviousPrice>5.00</PreviousPrice><NewPrice>4.00</NewPrice>"


def modifier(inside: str = "", method: str = "PriceOverride", more: str = "") -> str:
    return f'<RetailPriceModifier MethodCode="{method}" {more}>{inside}</RetailPriceModifier>'


def overridden(*modifiers: str, amount: str = "4.00", **members: str) -> str:
    return line(1, ExtendedAmount=amount, more="".join(modifiers), **members)


def only_exception(body: bytes) -> RetailException:
    (exception,) = meant(body).exceptions
    return exception


def only_line(body: bytes) -> FactLine:
    (sold,) = only_fact(body).lines
    return sold


PROMOTION = modifier('<Amount Action="Subtract">0.50</Amount><PromotionID>881</PromotionID>', "Promotion")

WITHOUT_REASON = {
    "by its method": overridden(modifier()),
    "with both prices": overridden(modifier(NEW_PRICE)),
    "with a prefix": overridden(modifier(NEW_PRICE, "dtv:PRICE_OVERRIDE")),
    "with an empty reason": overridden(modifier(NEW_PRICE + "<ReasonCode/>")),
    "with a reason of zero": overridden(modifier(NEW_PRICE + "<ReasonCode>0</ReasonCode>")),
    "with a reason that is none": overridden(modifier(NEW_PRICE + "<ReasonCode>N/A</ReasonCode>")),
    "with its method for a reason": overridden(modifier("<ReasonCode>PRICE_OVERRIDE</ReasonCode>")),
    "by its reason alone": overridden(
        "<RetailPriceModifier><ReasonCode>PRICE_OVERRIDE</ReasonCode></RetailPriceModifier>"
    ),
    "with an approval": overridden(
        modifier(NEW_PRICE), "<OperatorBypassApproval><ApproverID>77</ApproverID></OperatorBypassApproval>"
    ),
    "with a benefit": overridden(modifier(NEW_PRICE, more='DiscountBenefit="Customer"')),
    "an element": overridden("<PriceOverride>4.00</PriceOverride>"),
    "an element of the line": overridden().replace(
        "<Sale", "<x:PriceOverride xmlns:x='u'>Y</x:PriceOverride><Sale"
    ),
    "an attribute": overridden().replace("<Sale", '<Sale PriceOverride="true"'),
    "to half the price": overridden(modifier(), amount="2.50"),
    "of a service": overridden(modifier(), ItemType="Service"),
    "written as a discount": overridden(
        modifier('<Amount Action="Subtract">1.00</Amount>'),
        DiscountAmount="1.00",
        ExtendedDiscountAmount="1.00",
    ),
    "in the actual price": overridden(modifier(), amount="5.00", ActualSalesUnitPrice="4.00"),
    "as the regular price": overridden(modifier(NEW_PRICE), RegularSalesUnitPrice="4.00"),
    "beside a promotion": overridden(modifier(NEW_PRICE), PROMOTION, amount="3.50"),
    "after a voided reason": overridden(
        modifier("<ReasonCode>Damaged</ReasonCode>", more='VoidFlag="true"'), modifier(NEW_PRICE)
    ),
}
NO_DISCREPANCY = {
    "with a reason": overridden(modifier(NEW_PRICE + "<ReasonCode>12</ReasonCode>")),
    "with a reason in an attribute": overridden(modifier(NEW_PRICE, more='ReasonCode="Damaged"')),
    "with a reason in words": overridden("<PriceOverride><Reason>price match</Reason></PriceOverride>"),
    "with a reason of the line": overridden(modifier(NEW_PRICE), ReasonCode="Damaged"),
    "the last one with a reason": overridden(
        modifier(NEW_PRICE), modifier(NEW_PRICE + "<ReasonCode>12</ReasonCode>")
    ),
    "by a promotion": overridden(modifier(NEW_PRICE + "<PromotionID>881</PromotionID>")),
    "without effect": overridden(modifier("<PreviousPrice>5.00</PreviousPrice>"), amount="5.00"),
    "named so without effect": overridden("<PriceOverride>true</PriceOverride>", amount="5.00"),
    "switched off": overridden("<PriceOverride>false</PriceOverride>", PROMOTION),
    "voided": overridden(modifier(NEW_PRICE, more='VoidFlag="true"'), amount="5.00"),
    "allowed and not made": overridden(amount="5.00").replace("<Sale", '<Sale PriceOverrideFlag="true"'),
    "of a tax": overridden("<Tax><PriceOverride>1</PriceOverride></Tax>", amount="5.00"),
    "beside a promotion, unknown to what": overridden(modifier(), PROMOTION),
    "beside a reward, unknown to what": overridden(modifier(), OperatorSequence="4")
    + reward(2, "4", "-1.00"),
    "a markdown": overridden(modifier(NEW_PRICE, "Markdown")),
    "a coupon": overridden(modifier(NEW_PRICE, "Coupon")),
    "of a deposit": overridden(modifier(NEW_PRICE), ItemType="Deposit"),
    "of a bottle refund": overridden(modifier(NEW_PRICE), ItemType=NEGATIVE, amount="-4.00"),
    "of a voided line": overridden(modifier(NEW_PRICE)).replace("<LineItem", f"<LineItem {VOID}") + line(2),
    "of a return": line(1, "Return", ExtendedAmount="4.00", more=modifier(NEW_PRICE)),
}


class TestOverrides:
    @pytest.mark.parametrize("lines", WITHOUT_REASON.values(), ids=WITHOUT_REASON)
    def test_override_without_a_reason_is_a_discrepancy(self, lines: str) -> None:
        exception = only_exception(file(transaction(lines)))
        assert exception.category is Category.PRICE_DISCREPANCY
        assert exception.expected.value == "5"
        assert exception.actual.value == ("2.5" if "2.50</Ext" in lines else "4")
        assert exception.missing == ("override_reason",)

    @pytest.mark.parametrize("lines", NO_DISCREPANCY.values(), ids=NO_DISCREPANCY)
    def test_override_with_a_reason_or_without_effect_is_none(self, lines: str) -> None:
        assert categories(file(transaction(lines))) == []

    def test_evidence_says_where_the_override_stands(self) -> None:
        exception = only_exception(file(transaction(overridden(PROMOTION, modifier(NEW_PRICE)))))
        told = {each.pointer: each.value for each in exception.evidence}
        place = "/RetailTransaction/LineItem/0/Sale/RetailPriceModifier/1"
        assert told[f"{place}/@MethodCode"] == "PriceOverride"
        assert told[f"{place}/PreviousPrice"] == "5.00"

    def test_whole_numbers_leave_no_room_for_rounding(self) -> None:
        lines = overridden(modifier(), RegularSalesUnitPrice="5", amount="4")
        assert categories(file(transaction(lines))) == [Category.PRICE_DISCREPANCY]

    def test_price_in_words_is_refused(self) -> None:
        with pytest.raises(ContractViolated, match="NewPrice"):
            meant(file(transaction(overridden(modifier("<NewPrice>half</NewPrice>")))))


class TestWhen:
    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            ("<EndDateTime>2026-03-14T09:00:00Z</EndDateTime>", "2026-03-14T09:00:00+00:00"),
            (
                '<EndDateTime T="1">2026-03-14T09:00:00Z</EndDateTime><EndDateTime T="2">2026-03-14T09:01:00Z'
                "</EndDateTime>",
                "2026-03-14T09:01:00+00:00",
            ),
            (
                "<EndDateTime/><BeginDateTime>2026-03-14T08:58:00Z</BeginDateTime><ReceiptDateTime>"
                "2026-03-14T08:59:00Z</ReceiptDateTime>",
                "2026-03-14T08:59:00+00:00",
            ),
            ("<BeginDateTime>2026-03-14T08:58:00.31Z</BeginDateTime>", "2026-03-14T08:58:00+00:00"),
            (
                '<POSLogDateTime TypeCode="Transaction">2026-03-14T08:57:00Z</POSLogDateTime>'
                '<POSLogDateTime TypeCode="Message">2026-03-15T04:00:00Z</POSLogDateTime>',
                "2026-03-14T08:57:00+00:00",
            ),
        ],
    )
    def test_time_is_the_nearest_to_the_end(self, written: str, expected: str) -> None:
        fact = only_fact(file(transaction(line(1), BusinessDayDate="").replace(HEAD, written)))
        assert fact.occurred_at == expected
        assert (fact.business_day, fact.key) == ("2026-03-14", "417/3/2026-03-14/9")

    def test_receipt_s_own_time_counts_where_there_is_no_other(self) -> None:
        receipt = "<ReceiptDateTime>2026-03-14T08:59:00Z</ReceiptDateTime>"
        assert only_fact(file(transaction(receipt + line(1), EndDateTime=""))).occurred_at == (
            "2026-03-14T08:59:00+00:00"
        )

    def test_business_day_without_any_time_leaves_the_time_of_receipt(self) -> None:
        fact = only_fact(file(transaction(line(1), EndDateTime="")))
        assert fact.occurred_at == RECEIVED_AT
        assert ("occurred_at", "received_at") in {(each.name, each.value) for each in fact.assumed}

    @pytest.mark.parametrize(
        "written",
        ["2026-03-14", "2026-03-14T00:00:00", "2026-03-14+01:00", "2026-03-14Z", "<Date>2026-03-14</Date>"],
    )
    def test_business_day_is_a_day_however_it_is_written(self, written: str) -> None:
        body = file(transaction(line(1), BusinessDayDate=written))
        assert decoded(body).source_event_id == "417/3/2026-03-14/9"

    def test_neither_day_nor_time_is_refused(self) -> None:
        with pytest.raises(ContractViolated, match="BusinessDayDate"):
            meant(file(transaction(line(1), BusinessDayDate="", EndDateTime="")))


class TestWho:
    @pytest.mark.parametrize(
        "written",
        [
            "<OperatorID>5512</OperatorID>",
            '<OperatorID OperatorName="Jana M">5512</OperatorID>',
            '<OperatorID AssociateID="5512" OperatorName="Jana M"/>',
            "<OperatorID><WorkerID>5512</WorkerID></OperatorID>",
            "<OperatorID>5512</OperatorID><OperatorID>5513</OperatorID>",
        ],
    )
    def test_operator_is_the_same_person_however_written(self, written: str) -> None:
        plain = only_fact(file(transaction(line(1), OperatorID="5512")))
        assert plain.actor
        assert only_fact(file(transaction(line(1)).replace(HEAD, HEAD + written))).actor == plain.actor

    def test_free_properties_of_xstore_go_no_further(self) -> None:
        properties = (
            "<PosTransactionProperties><PosTransactionPropertyCode>EMAIL</PosTransactionPropertyCode>"
            "<PosTransactionPropertyValue>MARK@example.com</PosTransactionPropertyValue></PosTransactionProperties>"
        )
        in_line = "<LineItemProperty><LineItemPropertyValue>MARK</LineItemPropertyValue></LineItemProperty>"
        body = file(transaction(line(1, more=in_line)).replace(HEAD, HEAD + properties))
        assert "MARK" not in msgspec.json.encode(meant(body)).decode()


class TestFigures:
    @pytest.mark.parametrize(
        ("written", "value", "unit"),
        [
            ('<Quantity UnitOfMeasureCode="KGM">1.5', "1.5", "KGM"),
            ('<Quantity Units="0.454" UnitOfMeasureCode="LBR">1', "0.454", "LBR"),
            ('<Quantity Units="0.127" UnitOfMeasureCode="Kg">0.127', "0.127", "Kg"),
            ('<Quantity Units="0.00" UnitOfMeasureCode="EA">1.00000', "1", "EA"),
            ('<Quantity Units="6" UnitOfMeasureCode="6pk">1', "1", "6pk"),
            ('<Quantity Units="1">2</Quantity><Quantity UnitOfMeasureCode="Kg">5.01', "2", "EA"),
        ],
    )
    def test_quantity_comes_with_its_unit(self, written: str, value: str, unit: str) -> None:
        body = file(transaction(line(1, ExtendedAmount="", RegularSalesUnitPrice="")))
        sold = only_line(body.replace(b"<Quantity>1", written.encode()))
        assert sold.quantity
        assert (sold.quantity.value, sold.quantity.unit) == (value, unit)

    @pytest.mark.parametrize(
        ("price", "amount", "found"),
        [
            ('<RegularSalesUnitPrice Quantity="3">', "1.67", False),
            ('<RegularSalesUnitPrice Quantity="2">', "4.00", True),
            ('<RegularSalesUnitPrice Quantity="0">', "5.00", False),
            ('<RegularSalesUnitPrice UnitOfMeasureCode="KGM">', "0.62", False),
        ],
    )
    def test_price_is_for_as_many_as_it_says(self, price: str, amount: str, found: bool) -> None:
        body = file(transaction(line(1, ExtendedAmount=amount)))
        body = body.replace(b"<RegularSalesUnitPrice>", price.encode())
        body = body.replace(b"<Quantity>", b'<Quantity UnitOfMeasureCode="EA">')
        assert bool(categories(body)) is found

    def test_amount_before_the_reductions_that_the_line_tells_is_reduced(self) -> None:
        sold = only_line(
            file(transaction(overridden(PROMOTION, amount="5.00", ExtendedDiscountAmount="0.50")))
        )
        assert sold.amount
        assert sold.discount
        assert (sold.amount.amount, sold.discount.amount) == ("4.50", "0.50")

    def test_amount_after_them_is_not_reduced_again(self) -> None:
        sold = only_line(
            file(transaction(overridden(PROMOTION, amount="4.50", ExtendedDiscountAmount="0.50")))
        )
        assert sold.amount
        assert sold.amount.amount == "4.50"

    def test_currency_of_the_prices_is_the_transaction_s(self) -> None:
        body = file(transaction(line(1), CurrencyCode="XXX"))
        body = body.replace(b"<ExtendedAmount>", b'<ExtendedAmount Currency="GBP">')
        fact = only_fact(body)
        assert fact.lines[0].amount
        assert fact.lines[0].amount.currency == "GBP"
        assert "currency" not in {each.name for each in fact.assumed}

    @pytest.mark.parametrize(
        ("kind", "is_gtin"), [("EAN13", True), ("UPC-A", True), ("PLU", False), ("", False)]
    )
    def test_gtin_is_what_the_till_calls_one(self, kind: str, is_gtin: bool) -> None:
        identity = GTIN.format("9521234500148").replace('"GTIN"', f'"{kind}"')
        sold = only_line(file(transaction(line(1, ItemID="", more=identity))))
        assert sold.item
        assert (sold.item.id, sold.item.gtin) == ("9521234500148", "9521234500148" if is_gtin else None)

    def test_item_may_be_described_by_a_name_in_its_number(self) -> None:
        body = file(transaction(line(1))).replace(b"<ItemID>", b'<ItemID Name="Rain jacket">')
        sold = only_line(body)
        assert sold.item
        assert sold.item.description == "Rain jacket"

    @pytest.mark.parametrize("units", ["999999999999.9", "0.0000000000001"])
    def test_quantity_beyond_measure_breaks_nothing(self, units: str) -> None:
        body = file(transaction(line(1, Quantity="999999999999999", attributes=WEIGHED)))
        survives(body.replace(b"<Quantity>", f'<Quantity Units="{units}">'.encode()))

    def test_quantity_that_no_till_can_count_is_ours_to_look_at(self) -> None:
        body = file(transaction(line(1, Quantity="999999999999999")))
        with pytest.raises(Unmapped, match="Quantity"):
            meant(body.replace(b"<Quantity>", b'<Quantity Units="9999.9">'))


LINK_MEMBERS = "<WorkstationID>2</WorkstationID><SequenceNumber>640</SequenceNumber>"
LINKS = {
    "POSLog 2": "<RetailStoreID>417</RetailStoreID><BusinessDayDate>2026-03-02</BusinessDayDate>"
    f"{LINK_MEMBERS}",
    "POSLog 6": '<BusinessUnit Name="Lindenhof">417</BusinessUnit><BusinessDayDate><Date>2026-03-02</Date>'
    f"</BusinessDayDate>{LINK_MEMBERS}",
    "unit": "<BusinessUnit><UnitID>417</UnitID></BusinessUnit><BusinessDayDate>2026-03-02T00:00:00"
    f"</BusinessDayDate>{LINK_MEMBERS}",
    "its time": "<RetailStoreID>417</RetailStoreID><BeginDateTime>2026-03-02T10:00:00</BeginDateTime>"
    f"{LINK_MEMBERS}",
}
REFUND = {"ExtendedAmount": "90.00"}


class TestLinkedSale:
    @pytest.mark.parametrize("inside", LINKS.values(), ids=LINKS)
    def test_link_is_the_key_of_the_sale_however_written(self, inside: str) -> None:
        link = f"<TransactionLink>{inside}</TransactionLink>"
        normalised = meant(file(transaction(line(1, "Return", more=link, **REFUND))))
        assert [each.id for each in normalised.facts[0].lines[0].references] == ["417/2/2026-03-02/640"]
        assert normalised.exceptions == ()

    def test_link_counts_wherever_it_stands(self) -> None:
        link = f"<TransactionLink>{LINKS['POSLog 2']}</TransactionLink>"
        refund = line(1, "Return", **REFUND)
        for whole in (
            transaction(line(1, "Return", more=f"<ReturnPolicy>{link}</ReturnPolicy>", **REFUND)),
            transaction(refund.replace("<Return", link + "<Return")),
            transaction(link + refund),
            transaction(refund).replace(HEAD, HEAD + link),
        ):
            assert categories(file(whole)) == []

    @pytest.mark.parametrize(
        "link",
        [
            "<TransactionLink/>",
            "<TransactionLink><RetailStoreID>417</RetailStoreID><SequenceNumber/></TransactionLink>",
            "<TransactionLink><RetailStoreID>417</RetailStoreID><SequenceNumber>0</SequenceNumber></TransactionLink>",
            f"<TransactionLink><ReasonCode>Resume</ReasonCode>{LINK_MEMBERS}</TransactionLink>",
            f"<Tender><TransactionLink>{LINK_MEMBERS}</TransactionLink></Tender>",
            "<OriginalItemTaxGroupId>3</OriginalItemTaxGroupId>",
            "<OriginalSalesUnitPrice>90.00</OriginalSalesUnitPrice>",
        ],
    )
    def test_what_names_no_sale_is_no_link(self, link: str) -> None:
        assert categories(file(transaction(line(1, "Return", more=link, **REFUND)))) == [
            Category.REFUND_ANOMALY
        ]

    def test_link_by_a_transaction_s_own_id_is_one(self) -> None:
        link = "<TransactionLink><TransactionID>204QTB7LMN</TransactionID></TransactionLink>"
        normalised = meant(file(transaction(line(1, "Return", more=link, **REFUND))))
        assert [each.id for each in normalised.facts[0].lines[0].references] == ["204QTB7LMN"]
        assert normalised.exceptions == ()


class TestWhatCameBack:
    @pytest.mark.parametrize(
        "refund",
        [
            line(1, "Return", **REFUND),
            line(1, "ReturnForPickup", **REFUND),
            line(1, Quantity="-1.0000", **REFUND),
            line(1, ItemType="Return", **REFUND),
            line(1, ItemType="x:Returned", **REFUND),
            line(1, more="<ItemType>Return</ItemType>", **REFUND).replace(' ItemType="Stock"', ""),
            line(1, more="<SalesMode>RETOUR</SalesMode>", **REFUND),
        ],
    )
    def test_return_is_one_however_written(self, refund: str) -> None:
        normalised = meant(file(transaction(refund)))
        assert [fact.kind for fact in normalised.facts] == [FactKind.RETURN]
        assert [each.category for each in normalised.exceptions] == [Category.REFUND_ANOMALY]

    def test_sale_for_pickup_is_a_sale(self) -> None:
        assert only_fact(file(transaction(line(1, "SaleForPickUp")))).kind is FactKind.SALE


class TestVoids:
    def test_void_that_names_its_line_takes_it_back(self) -> None:
        void = line(2, attributes=VOID, more="<ItemLink>1</ItemLink>")
        kept = line(3, ItemID="200")
        assert [each.line for each in only_fact(file(transaction(line(1) + void + kept))).lines] == ["3"]

    def test_void_that_names_a_line_of_another_item_takes_nothing_back(self) -> None:
        void = line(2, attributes=VOID, ItemID="200", more="<ItemLink>1</ItemLink>")
        assert [each.line for each in only_fact(file(transaction(line(1) + void))).lines] == ["1"]

    def test_voided_return_is_no_void_of_a_sale(self) -> None:
        voided = line(2, "Return", VOID, Quantity="-1", ExtendedAmount="-5.00")
        assert [each.line for each in only_fact(file(transaction(line(1) + voided))).lines] == ["1"]

    def test_time_to_match_voids_grows_no_faster_than_the_lines(self) -> None:
        def seconds(count: int) -> float:
            sold = (line(number, ExtendedAmount=f"{number}.00") for number in range(1, count))
            back = (
                line(number, "Sale", VOID, "", Quantity="-1", ExtendedAmount="-0.50")
                for number in range(1, count)
            )
            body = file(transaction("".join((*sold, *back))))
            started = time.perf_counter()
            meant(body)
            return time.perf_counter() - started

        assert seconds(2000) < 12 * seconds(500)

    @pytest.mark.parametrize(
        "attributes",
        [
            'TransactionType="POST_VOID"',
            'TransactionType="PostVoid"',
            'CancelFlag="true"',
            'TrainingModeFlag="1"',
        ],
    )
    def test_transaction_that_takes_back_or_trains_says_nothing(self, attributes: str) -> None:
        assert says_nothing(meant(file(transaction(line(1, "Return", **REFUND), attributes))))

    def test_transaction_that_names_the_one_that_it_voids_says_nothing(self) -> None:
        link = f'<TransactionLink ReasonCode="Voided">{LINKS["POSLog 2"]}</TransactionLink>'
        assert says_nothing(meant(file(transaction(link + line(1, "Return", **REFUND)))))


def test_other_kinds_of_transaction_are_accepted_and_say_nothing() -> None:
    for other in ("TenderControlTransaction", "InventoryControlTransaction", "ForeCourtTransaction"):
        inside = f"<{other}><LineItem VoidFlag='false'><ItemID>1</ItemID></LineItem></{other}>"
        whole = transaction().replace("<RetailTransaction></RetailTransaction>", inside)
        assert says_nothing(meant(file(whole), SOURCE))
