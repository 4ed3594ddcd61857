"""Detection: what no document says alone, found once, whichever document comes first."""

from collections.abc import Sequence
from decimal import Decimal

import pytest
from msgspec.structs import replace

from contracts import ids
from contracts.canonical import (
    Category,
    Condition,
    Fact,
    FactKind,
    FactLine,
    Item,
    Measure,
    Money,
    Partner,
    Quantity,
    Reference,
    RetailException,
)
from contracts.documents import Arrival
from contracts.errors import Unmapped
from routing.detection import Detector, FactContext, InvoiceDetector, identify, without_known_conditions
from routing.fact_context import FACTS_PER_ORDER_LIMIT
from routing.items import FoundException, NormalisedItem, RouterItem
from routing.triage.rules import RuleTriage
from routing.triage.taxonomy import Taxonomy

TAXONOMY = Taxonomy.load()
NOW = "2026-11-23T09:00:00+00:00"
DETECTOR: Detector = InvoiceDetector(TAXONOMY)


COLA = Item(id="000000000000310120")
NUMBER = "4500031207"


def po(number: str, line: str | None = None) -> Reference:
    return Reference(kind="purchase-order", id=number, line=line)


def line(
    number: str = "10",
    quantity: str = "100",
    price: str | None = "5.00",
    *,
    item: Item | None = COLA,
    unit: str = "EA",
    currency: str = "EUR",
    bills: Reference | None = None,
) -> FactLine:
    return FactLine(
        line=number,
        item=item,
        quantity=Quantity(value=quantity, unit=unit),
        unit_price=Money(amount=price, currency=currency) if price else None,
        references=(bills,) if bills else (),
    )


def order(*lines: FactLine, number: str = NUMBER, partner: Partner | None = None) -> Fact:
    return Fact(
        kind=FactKind.PURCHASE_ORDER, key=number, occurred_at="2026-11-01T08:00:00+01:00", partner=partner,
        references=(po(number),), lines=lines or (line(),),
    )  # fmt: skip


def invoice(*lines: FactLine, number: str = "TL-88120", partner: Partner | None = None) -> Fact:
    references = {one.id: po(one.id) for each in lines for one in each.references}
    return Fact(
        kind=FactKind.INVOICE, key=number, occurred_at="2026-11-20T08:00:00+01:00", partner=partner,
        references=(Reference(kind="invoice", id=number), *references.values()), lines=lines,
    )  # fmt: skip


def billed(quantity: str = "100", price: str | None = "5.00", *, number: str = "TL-88120") -> Fact:
    return invoice(line("1", quantity, price, bills=po(NUMBER, "00010")), number=number)


def item_of(event: str, *facts: Fact) -> NormalisedItem:
    item = RouterItem(
        sequence=1, partition=0, event_id=event, source="erp-demo", contract="c@1.0.0",
        arrival=Arrival(body=b""), received_at="2026-11-23T09:00:00+00:00",
    )  # fmt: skip
    return NormalisedItem(item=item, facts=facts, exceptions=())


def run(context: FactContext, event: str, *facts: Fact) -> tuple[RetailException, ...]:
    """Do what the router does with one item."""
    exceptions = DETECTOR.detect(item_of(event, *facts), context)
    context.remember(facts)
    return exceptions


def both_orders(an_order: Fact, an_invoice: Fact) -> tuple[RetailException, ...]:
    """Return what is found, having checked that the order of arrival makes no difference."""
    context, other = FactContext(), FactContext()
    assert run(context, "order", an_order) == ()
    order_first = run(context, "invoice", an_invoice)
    assert run(other, "invoice", an_invoice) == ()
    assert run(other, "order", an_order) == order_first
    return order_first


def test_a_price_above_the_orders_is_found_whichever_comes_first() -> None:
    (exception,) = both_orders(order(), billed(price="5.50"))
    assert exception.category is Category.INVOICE_MISMATCH
    assert exception.expected == Measure(kind="unit-price", value="5.00", unit="EUR")
    assert exception.actual == Measure(kind="unit-price", value="5.50", unit="EUR")
    assert exception.money_at_risk == Money(amount="50.00", currency="EUR")
    assert exception.occurred_at == "2026-11-20T08:00:00+01:00"
    assert exception.detected_at == "2026-11-23T09:00:00+00:00"
    assert exception.references == (
        Reference(kind="invoice", id="TL-88120", line="1"),
        Reference(kind="purchase-order", id=NUMBER, line="10"),
    )
    assert [(one.pointer, one.value) for one in exception.evidence] == [
        ("/invoice/TL-88120/lines/1/unit_price", "5.50"),
        ("/purchase-order/4500031207/lines/10/unit_price", "5.00"),
    ]
    assert exception.missing == ()


def test_more_billed_than_ordered_is_found_and_says_that_the_receipt_is_missing() -> None:
    (exception,) = both_orders(order(), billed(quantity="112"))
    assert exception.expected == Measure(kind="quantity", value="100", unit="EA")
    assert exception.actual == Measure(kind="quantity", value="112", unit="EA")
    assert exception.money_at_risk == Money(amount="60.00", currency="EUR")
    assert exception.missing == ("gr_exists", "q_inv_gr")


def test_price_and_quantity_are_two_exceptions_with_keys_of_their_own() -> None:
    exceptions = both_orders(order(), billed(quantity="200", price="6.00"))
    assert [exception.actual.kind for exception in exceptions] == ["unit-price", "quantity"]
    found = identify(exceptions, item_of("invoice").item, "erp")
    assert len({one.exception_id for one in found}) == 2


@pytest.mark.parametrize(
    ("quantity", "price", "is_found"),
    [
        ("100", "5.25", False),  # 25.00, the whole absolute tolerance
        ("100", "5.26", True),
        ("100", "4.75", False),
        ("100", "4.74", True),  # billed cheaper is a difference, too
        ("1000", "5.10", False),  # 100.00, the whole 2 %
        ("1000", "5.11", True),
        ("105", "5.00", False),
        ("106", "5.00", True),
        ("40", "5.00", False),  # a part of an order may be billed
    ],
)
def test_the_tolerance_is_the_taxonomys(quantity: str, price: str, is_found: bool) -> None:
    ordered = order(line(quantity="1000" if quantity == "1000" else "100"))
    assert bool(both_orders(ordered, billed(quantity, price))) is is_found


def bill(*, number: str = NUMBER, order_line: str | None = None, item: Item | None = COLA) -> Fact:
    """Return an invoice of one line that is dearer than ordered."""
    return invoice(line("1", "100", "6.00", item=item, bills=po(number, order_line)))


OURS, THEIRS = Item(id="A-1", gtin="9521001001335"), Item(id="B-2", gtin="09521001001335")


@pytest.mark.parametrize(
    ("an_order", "an_invoice"),
    [
        pytest.param(order(number=f"000{NUMBER}"), bill(order_line="10"), id="order number with zeros"),
        pytest.param(order(line("00010")), bill(number=f" {NUMBER}", order_line="10"), id="line with zeros"),
        pytest.param(order(line(item=Item(id="310120"))), bill(order_line="10"), id="item with zeros"),
        pytest.param(order(line(item=OURS)), bill(order_line="10", item=THEIRS), id="GTIN and line"),
        pytest.param(order(line(item=OURS)), bill(item=THEIRS), id="GTIN"),
        pytest.param(order(line(item=None)), bill(order_line="10"), id="no item in the order"),
        pytest.param(order(line("7")), bill(), id="item alone"),
        pytest.param(order(line("7"), line("8", item=OURS)), bill(), id="item among others"),
        pytest.param(
            order(), replace(invoice(line("1", "100", "6.00")), references=(po(NUMBER),)), id="only order"
        ),
        pytest.param(replace(order(), references=()), bill(), id="the order's own key"),
        pytest.param(order(partner=Partner(role="supplier", id="1")), bill(), id="one partner unknown"),
    ],
)
def test_lines_are_joined_by_order_and_line_else_by_order_and_item(an_order: Fact, an_invoice: Fact) -> None:
    (exception,) = both_orders(an_order, an_invoice)
    assert exception.actual.value == "6.00"


SUPPLIER, CUSTOMER = Partner(role="supplier", id="1"), Partner(role="customer", id="1")
CONFIRMED = replace(line(), expected_quantity=Quantity(value="120", unit="EA"))
OF_TWO = replace(invoice(line("1", "100", "6.00")), references=(po(NUMBER), po("4500031299")))


@pytest.mark.parametrize(
    ("an_order", "an_invoice"),
    [
        pytest.param(order(number="4500031208"), billed(price="6.00"), id="another order"),
        pytest.param(order(line("20")), billed(price="6.00"), id="another line"),
        pytest.param(order(line(item=OURS)), billed(price="6.00"), id="another item"),
        pytest.param(order(line(unit="CS")), billed(price="6.00"), id="another unit"),
        pytest.param(order(line(currency="USD")), billed(price="6.00"), id="another currency"),
        pytest.param(order(line(price=None)), billed("500", None), id="no price at all"),
        pytest.param(order(), billed("-100", "6.00"), id="a credit"),
        pytest.param(order(replace(line(), reason="003")), billed(price="6.00"), id="a cancelled line"),
        pytest.param(order(line("7"), line("8")), bill(), id="an item that stands twice"),
        pytest.param(order(), OF_TWO, id="one of two orders"),
        pytest.param(
            order(partner=SUPPLIER), replace(bill(), partner=CUSTOMER), id="the other side of trade"
        ),
        pytest.param(order(CONFIRMED), billed(price="6.00"), id="a confirmation, not an order"),
    ],
)
def test_what_can_not_be_compared_is_no_exception(an_order: Fact, an_invoice: Fact) -> None:
    assert both_orders(an_order, an_invoice) == ()


def test_a_confirmation_does_not_take_the_orders_place() -> None:
    context = FactContext()
    run(context, "order", order())
    dearer = replace(CONFIRMED, unit_price=Money(amount="6.00", currency="EUR"))
    run(context, "confirmation", order(dearer))
    (exception,) = run(context, "invoice", billed(price="6.00"))
    assert exception.expected.value == "5.00"


def test_the_newest_order_is_what_was_agreed() -> None:
    context = FactContext()
    run(context, "order", order())
    run(context, "change", order(line(price="6.00")))
    assert run(context, "invoice", billed(price="6.00")) == ()


def test_an_order_that_changes_later_does_not_make_an_earlier_invoice_wrong() -> None:
    context = FactContext()
    run(context, "order", order())
    run(context, "invoice", billed())
    assert run(context, "change", order(line(price="4.00"))) == ()


@pytest.mark.parametrize("first", ["order", "invoice"])
def test_a_document_sent_again_under_another_event_id_is_no_second_exception(first: str) -> None:
    context = FactContext()
    facts = {"order": order(), "invoice": billed(price="6.00")}
    second = "invoice" if first == "order" else "order"
    run(context, first, facts[first])
    assert len(run(context, second, facts[second])) == 1
    assert run(context, "again 1", facts["order"]) == ()
    assert run(context, "again 2", facts["invoice"]) == ()


def test_a_corrected_invoice_is_compared_anew() -> None:
    context = FactContext()
    run(context, "order", order())
    assert [one.actual.value for one in run(context, "first", billed(price="6.00"))] == ["6.00"]
    assert [one.actual.value for one in run(context, "second", billed(price="7.00"))] == ["7.00"]


@pytest.mark.parametrize("first", ["order", "invoice"])
def test_a_batch_that_is_run_anew_finds_the_same_in_the_same_events(first: str) -> None:
    facts = {"order": order(), "invoice": billed(price="6.00")}
    batch = [first, "invoice" if first == "order" else "order"]
    context = FactContext()
    before = [run(context, event, facts[event]) for event in batch]
    again = [run(context, event, facts[event]) for event in batch]
    assert [len(found) for found in before] == [0, 1]
    assert again == before


def test_invoice_and_order_in_one_item_are_compared() -> None:
    (exception,) = run(FactContext(), "both", order(), billed(price="6.00"))
    assert exception.actual.value == "6.00"


def test_the_same_invoice_number_for_another_order_is_another_matter() -> None:
    context = FactContext()
    run(context, "orders", order(), order(number="77"))
    run(context, "first", billed(price="6.00"))
    other = invoice(line("1", "100", "6.00", bills=po("77", "10")))
    assert len(run(context, "second", other)) == 1


def test_odd_numbers_are_escaped_in_evidence() -> None:
    (exception,) = both_orders(order(), billed(price="6.00", number="2026/11~7"))
    assert exception.evidence[0].pointer == "/invoice/2026~111~07/lines/1/unit_price"


def test_the_largest_numbers_do_not_break_the_comparison() -> None:
    (exception,) = both_orders(order(line(quantity="9" * 30)), billed(quantity="9" * 30, price="9" * 30))
    assert exception.money_at_risk is not None
    assert Decimal(exception.money_at_risk.amount) > 10**58


def test_a_collective_invoice_of_many_orders_is_compared_line_by_line() -> None:
    context = FactContext()
    count = 2_000
    for number in range(count):
        run(context, f"order {number}", order(number=f"45{number:06}"))
    lines = [line(str(n), "100", "6.00", bills=po(f"45{n:06}", "10")) for n in range(count)]
    assert len(run(context, "invoice", invoice(*lines))) == count


def test_the_context_forgets_the_oldest_orders_first() -> None:
    context = FactContext(limit=3)
    for number in ("1", "2", "3", "4"):
        context.remember([order(number=number)])
    assert len(context) == 3
    assert context.recall(FactKind.PURCHASE_ORDER, "1") == ()
    assert [fact.key for fact in context.recall(FactKind.PURCHASE_ORDER, "4")] == ["4"]


def test_one_order_can_not_fill_the_context() -> None:
    context = FactContext()
    for number in range(FACTS_PER_ORDER_LIMIT + 5):
        context.remember([billed(number=str(number))])
    invoices = context.recall(FactKind.INVOICE, NUMBER)
    assert len(context) == len(invoices) == FACTS_PER_ORDER_LIMIT
    assert invoices[0].key == "5"


def test_the_context_keeps_neither_other_kinds_nor_what_we_do_not_map() -> None:
    context = FactContext()
    context.remember([replace(order(), kind=FactKind.RECEIPT), replace(order(), extensions={"/a": "b"})])
    assert context.recall(FactKind.RECEIPT, NUMBER) == ()
    assert context.recall(FactKind.PURCHASE_ORDER, NUMBER) == (order(),)


def test_the_oldest_claims_are_forgotten_so_that_memory_stays_bounded() -> None:
    context = FactContext(limit=2)
    assert context.claim(("a",), "event 1")
    assert not context.claim(("a",), "event 2")
    assert context.claim(("b",), "event 2")
    assert context.claim(("c",), "event 2")
    assert context.claim(("a",), "event 3")


def test_an_order_that_is_only_named_takes_no_orders_place() -> None:
    """Such as the event that an order was changed, which holds nothing but its number."""
    named = replace(order(), lines=(), status="Changed")
    context = FactContext()
    assert run(context, "named", named) == ()
    assert len(context) == 0
    assert run(context, "order", order()) == ()
    assert run(context, "named again", named) == ()
    assert len(run(context, "invoice", billed(price="5.50"))) == 1


def test_an_order_that_is_only_named_first_leaves_the_joining_to_the_order_itself() -> None:
    context = FactContext()
    assert run(context, "invoice", billed(price="5.50")) == ()
    assert run(context, "named", replace(order(), lines=())) == ()
    assert len(run(context, "order", order())) == 1


def test_an_invoice_that_is_only_named_takes_no_invoices_place() -> None:
    context = FactContext()
    run(context, "invoice", billed(price="5.50"))
    run(context, "named", replace(billed(), lines=(), references=(po(NUMBER),)))
    assert len(run(context, "order", order())) == 1


def test_triage_decides_a_price_difference_and_asks_a_person_about_a_quantity() -> None:
    exceptions = both_orders(order(), billed(quantity="130", price="6.00"))
    price, quantity = RuleTriage(TAXONOMY).decide(identify(exceptions, item_of("invoice").item, "erp"))
    assert (price.root_cause, price.review) == ("IVM.cost_variance", False)
    assert (quantity.root_cause, quantity.review) == ("IVM.qty_short", True)


def exception_with(
    key: str, category: Category = Category.INVENTORY_VARIANCE, actual: str = "1"
) -> RetailException:
    return RetailException(
        category=category, key=key,
        expected=Measure(kind="quantity", value="2", unit="EA"),
        actual=Measure(kind="quantity", value=actual, unit="EA"),
        occurred_at="2026-11-23T08:00:00+00:00", detected_at="2026-11-23T08:00:01+00:00",
    )  # fmt: skip


def identified(
    exceptions: Sequence[RetailException], known: Sequence[FoundException] = ()
) -> tuple[FoundException, ...]:
    return identify(exceptions, item_of("event").item, "wms", known)


def test_an_exceptions_id_depends_on_event_category_and_key_alone() -> None:
    (one,) = identified([exception_with("sku:1")])
    assert one.exception_id == ids.exception_id("event", "inventory-variance", "sku:1")
    assert (one.event_id, one.source, one.system, one.contract) == ("event", "erp-demo", "wms", "c@1.0.0")
    assert identified([exception_with("sku:1", actual="9")])[0].exception_id == one.exception_id


def test_the_same_key_in_two_categories_is_two_exceptions() -> None:
    found = identified([exception_with("1"), exception_with("1", Category.REFUND_ANOMALY)])
    assert len({one.exception_id for one in found}) == 2


@pytest.mark.parametrize("actual", ["1", "0"])
def test_two_exceptions_with_one_key_are_refused_so_that_neither_gets_lost(actual: str) -> None:
    twice = [exception_with("sku:1"), exception_with("sku:1", actual=actual)]
    with pytest.raises(Unmapped, match="two exceptions of category inventory-variance have the key 'sku:1'"):
        identified(twice)
    with pytest.raises(Unmapped):
        identified(twice[1:], known=identified(twice[:1]))


# states that documents tell again


def told(
    event: str, *conditions: Condition, context: FactContext, keys: Sequence[str] = ("payment-block",)
) -> list[str]:
    """Return the keys of what an event with these conditions still reports."""
    item = RouterItem(
        sequence=1, partition=0, event_id=event, source="erp", contract="c@1.0.0", received_at=NOW,
        arrival=Arrival(body=b""),
    )  # fmt: skip
    exceptions = tuple(
        RetailException(
            category=Category.INVOICE_MISMATCH, key=key, occurred_at=NOW, detected_at=NOW,
            expected=Measure(kind="status", value="free"), actual=Measure(kind="status", value="blocked"),
        )
        for key in keys
    )  # fmt: skip
    found = identify(exceptions, item, "erp")
    normalised = NormalisedItem(item=item, facts=(), exceptions=found, conditions=conditions)
    return [each.exception.key for each in without_known_conditions(normalised, context).exceptions]


def test_state_is_told_by_the_first_event_that_tells_it_and_by_a_rerun_of_it() -> None:
    context = FactContext()
    block = Condition(subject="5105600418/payment-block", exception="payment-block")
    assert told("first", block, context=context) == ["payment-block"]
    assert told("second", block, context=context) == []
    assert told("first", block, context=context) == ["payment-block"]


def test_state_that_ended_is_told_when_it_begins_again() -> None:
    context = FactContext()
    block = Condition(subject="5105600418/payment-block", exception="payment-block")
    told("first", block, context=context)
    told("second", Condition(subject=block.subject), context=context, keys=())
    assert told("third", block, context=context) == ["payment-block"]


def test_only_the_exception_of_the_known_state_is_left_out() -> None:
    context = FactContext()
    block = Condition(subject="5105600418/payment-block", exception="payment-block")
    told("first", block, context=context)
    assert told("second", block, context=context, keys=("payment-block", "other")) == ["other"]
