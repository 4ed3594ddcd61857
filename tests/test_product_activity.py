"""UBL ProductActivity: what each activity means, and what senders may leave out or write otherwise."""

from pathlib import Path

import pytest

from adapters.conformance import RECEIVED_AT, demo_source
from adapters.pos.product_activity.adapter import ProductActivityAdapter
from contracts.canonical import Normalised
from contracts.documents import Arrival, Message
from contracts.errors import ContractUnknown, ContractViolated, RequestUnreadable, Unmapped
from contracts.registry import Registry

ADAPTER = ProductActivityAdapter()
ITEM = "<Item><StandardItemIdentification><ID>4012345600018</ID></StandardItemIdentification></Item>"
SOLD = f'<SalesItem><Quantity unitCode="EA">3</Quantity>{ITEM}</SalesItem>'

PLACE = "<ActivityOriginLocation><ID>0042</ID></ActivityOriginLocation>"


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.load()


def report(
    code: str = "SALES", items: str = SOLD, *, head: str = "", line: str = PLACE, issued: str = "2026-11-24"
) -> bytes:
    return (
        f"<ProductActivity><ID>PA-1</ID><IssueDate>{issued}</IssueDate>{head}<SupplyChainActivityDataLine><ID>1</ID>"
        f"<SupplyChainActivityTypeCode>{code}</SupplyChainActivityTypeCode>{line}{items}"
        "</SupplyChainActivityDataLine></ProductActivity>"
    ).encode()


def meaning(body: bytes, registry: Registry) -> Normalised:
    [arrival] = ADAPTER.split(Message(body=body, media_type="application/xml"))
    return ADAPTER.normalise(registry.validate(ADAPTER.decode(arrival)), demo_source("pos"), RECEIVED_AT)


@pytest.mark.parametrize(
    ("code", "kind", "quantity"),
    [
        ("SALES", "sale", "3"),
        ("Sales", "sale", "3"),
        ("RETURNS", "return", "3"),
        ("RECEIPTS", "stock-movement", "3"),
        ("SHIPMENTS", "stock-movement", "-3"),
    ],
)
def test_each_activity_that_moves_stock_is_a_fact(registry, code, kind, quantity):
    [fact] = meaning(report(code), registry).facts
    assert (fact.kind.value, fact.lines[0].quantity.value, fact.status) == (kind, quantity, code)
    assert (fact.place.id, fact.lines[0].item.gtin) == ("0042", "4012345600018")


@pytest.mark.parametrize("code", ["ON_HAND", "on-hand", "On hand"])
def test_stock_on_hand_is_what_the_book_says_and_nobody_counted(registry, code):
    [fact] = meaning(report(code), registry).facts
    assert fact.kind.value == "stock-count"
    assert (fact.lines[0].quantity, fact.lines[0].expected_quantity.value) == (None, "3")


@pytest.mark.parametrize("code", ["ORDERS", "EMERGENCY_ORDERS", "CANCELED_ORDERS", "FORECAST", "ZZZ"])
def test_sums_of_orders_and_activities_of_a_senders_own_are_accepted_and_no_fact(registry, code):
    assert meaning(report(code), registry) == Normalised()


def test_what_was_sold_and_is_negative_came_back(registry):
    items = SOLD + f'<SalesItem><Quantity unitCode="EA">-2</Quantity>{ITEM}</SalesItem>'
    found = meaning(report(items=items), registry).facts
    assert [(fact.kind.value, fact.lines[0].quantity.value) for fact in found] == [
        ("sale", "3"),
        ("return", "2"),
    ]


def period(end: str, time: str = "") -> str:
    clock = f"<EndTime>{time}</EndTime>" if time else ""
    return f"<ActivityPeriod><EndDate>{end}</EndDate>{clock}</ActivityPeriod>"


@pytest.mark.parametrize(
    ("head", "line", "occurred_at"),
    [
        ("", "", "2026-11-24T00:00:00+01:00"),
        ("<IssueTime>12:00:01.000</IssueTime>", "", "2026-11-24T12:00:01+01:00"),
        ("<IssueTime>12:00:01.0000000Z</IssueTime>", "", "2026-11-24T12:00:01+00:00"),
        (period("2026-11-23"), "", "2026-11-23T00:00:00+01:00"),
        (period("2026-12-31"), "", "2026-11-24T00:00:00+01:00"),
        ("<ActivityPeriod/>", period("2026-11-22Z", "18:00:00"), "2026-11-22T18:00:00+00:00"),
    ],
)
def test_an_activity_is_over_at_the_end_of_its_period_or_when_it_was_reported(
    registry, head, line, occurred_at
):
    [fact] = meaning(report(head=head, line=line), registry).facts
    assert fact.occurred_at == occurred_at


def test_goods_are_received_where_they_end_and_sent_where_they_begin(registry):
    line = (
        "<ActivityOriginLocation><ID>DC-1</ID></ActivityOriginLocation>"
        "<ActivityFinalLocation><ID>S-9</ID></ActivityFinalLocation>"
    )
    [received] = meaning(report("RECEIPTS", line=line), registry).facts
    [sent] = meaning(report("SHIPMENTS", line=line), registry).facts
    assert (received.place.id, sent.place.id) == ("S-9", "DC-1")


def price(amount: str, base: str = "", kind: str = "TaxInclusivePrice") -> str:
    of = f"<BaseQuantity>{base}</BaseQuantity>" if base else ""
    return f"<{kind}><PriceAmount>{amount}</PriceAmount>{of}</{kind}>"


@pytest.mark.parametrize(
    ("written", "found"),
    [
        (price("2.50").replace("<PriceAmount>", '<PriceAmount currencyID="SEK">'), ("2.50", "SEK")),
        (price("25", "10"), ("2.50", "EUR")),
        (price("1", "3"), None),
        (price("1", "0"), ("1.00", "EUR")),
        ("<TaxInclusivePrice/>" + price("2", kind="TaxExclusivePrice"), ("2.00", "EUR")),
        (price("2", kind="TaxExclusivePrice") + price("3"), ("3.00", "EUR")),
        (price("999999999999999", "0.000000001"), ("999999999999999000000000.00", "EUR")),
    ],
)
def test_the_price_is_that_of_one(registry, written, found):
    items = f"<SalesItem><Quantity>1</Quantity>{written}{ITEM}</SalesItem>"
    [fact] = meaning(report(items=items), registry).facts
    price_of_one = fact.lines[0].unit_price
    assert (price_of_one and (price_of_one.amount, price_of_one.currency)) == found


def test_lines_with_one_number_are_facts_of_their_own(registry):
    body = report()
    line = body[body.index(b"<Supply") : body.index(b"</ProductActivity>")]
    found = meaning(body.replace(line, line * 3), registry).facts
    assert [fact.key for fact in found] == ["PA-1:1", "PA-1:1:2", "PA-1:1:3"]


def test_the_id_of_the_event_is_the_senders_number_with_the_sender(registry):
    sender = (
        "<SenderParty><PartyIdentification><ID schemeID='GLN'>40123</ID></PartyIdentification></SenderParty>"
    )
    assert ADAPTER.decode(Arrival(body=report())).source_event_id == "PA-1"
    assert ADAPTER.decode(Arrival(body=report(head=sender))).source_event_id == "40123:PA-1"


def test_people_of_the_parties_do_not_travel(registry):
    line = (
        "<SellerSupplierParty><Party><PartyIdentification><ID>S1</ID></PartyIdentification>"
        "<Contact><Name>Kim Doe</Name></Contact><Person><FamilyName>Doe</FamilyName></Person></Party>"
        "<SellerContact><Name>Kim Doe</Name></SellerContact></SellerSupplierParty>"
    )
    found = meaning(report(line=line), registry)
    assert found.facts[0].partner.id == "S1"
    assert "Doe" not in repr(found)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"<ProductActivity>", RequestUnreadable),
        (b"<!DOCTYPE x []><ProductActivity/>", RequestUnreadable),
        (b"<Invoice/>", ContractUnknown),
        (b"<ProductActivity/>", ContractViolated),
        (report(items=""), ContractViolated),
        (report(items="<SalesItem><Quantity>three</Quantity><Item/></SalesItem>"), ContractViolated),
        (report(issued="2026-02-30"), Unmapped),
    ],
)
def test_what_cannot_be_read_is_said(registry, body, error):
    with pytest.raises(error):
        meaning(body, registry)


def test_only_a_product_activity_is_recognised():
    assert ADAPTER.recognises(Message(body=b"\xef\xbb\xbf<u:ProductActivity xmlns:u='urn:x'/>"))
    assert not ADAPTER.recognises(Message(body=b"<POSLog/>"))
    assert not ADAPTER.recognises(Message(body=b'{"ProductActivity": 1}'))


def test_the_example_of_the_standard_is_a_movement(samples_folder: Path, registry: Registry):
    for file in sorted(samples_folder.rglob("UBL-ProductActivity-*.xml")):
        found = meaning(file.read_bytes(), registry)
        assert found.facts
        assert found.exceptions == ()
