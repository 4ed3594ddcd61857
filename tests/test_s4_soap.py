"""S/4HANA SOAP messages: which are recognised, how the document is found in one, and what it means."""

import random
from contextlib import suppress
from pathlib import Path

import pytest

from adapters.catalogue import Catalogue
from adapters.conformance import RECEIVED_AT, demo_source, samples
from adapters.erp import ADAPTERS
from adapters.erp.s4_soap.adapter import S4SoapAdapter
from contracts.canon import as_document
from contracts.canonical import Fact, FactKind, Normalised, RetailException
from contracts.documents import Arrival, Document, Message
from contracts.errors import (
    ContractUnknown,
    ContractViolated,
    EventError,
    RequestInvalid,
    RequestUnreadable,
    Unmapped,
)
from contracts.registry import Registry

ADAPTER = S4SoapAdapter()
REGISTRY = Registry.load()
SOURCE = demo_source("erp")
SAMPLES = {each.case: each for each in samples("erp", "s4_soap")}


def message(body: bytes) -> Message:
    return Message(body=body, media_type="application/soap+xml")


def edited(case: str, *changes: tuple[str, str]) -> bytes:
    """A sample with texts replaced, wherever they stand."""
    text = SAMPLES[case].message.body.decode()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text.encode()


def document(body: bytes) -> Document:
    (arrival,) = ADAPTER.split(message(body))
    return ADAPTER.decode(arrival)


def meant(body: bytes) -> Normalised:
    """What a message means, after it was held against its contract."""
    return ADAPTER.normalise(REGISTRY.validate(document(body)), SOURCE, RECEIVED_AT)


def fact(body: bytes) -> Fact:
    (only,) = meant(body).facts
    return only


def differences(body: bytes) -> list[tuple[str, str, str]]:
    return [(each.key, each.expected.value, each.actual.value) for each in meant(body).exceptions]


def exception(body: bytes) -> RetailException:
    (only,) = meant(body).exceptions
    return only


# what is recognised


def test_real_messages_keep_their_contracts_and_show_no_exception(samples_folder: Path) -> None:
    files = list((samples_folder / "erp" / "sap-s4-soap").glob("*.xml"))
    assert files
    for path in files:
        found = Catalogue(ADAPTERS).for_message("erp", message(path.read_bytes()))
        assert isinstance(found, S4SoapAdapter)
        normalised = meant(path.read_bytes())
        assert normalised.exceptions == ()
        for each in normalised.facts:
            REGISTRY.validate(as_document(each))


def test_real_invoice_is_read_to_its_cents(samples_folder: Path) -> None:
    invoice = fact((samples_folder / "erp/sap-s4-soap/P2P_InvoiceRequest.xml").read_bytes())
    (line,) = invoice.lines
    assert invoice.total is not None
    assert invoice.tax is not None
    assert (invoice.total.amount, invoice.tax.amount, invoice.total.currency) == ("42.84", "6.84", "EUR")
    assert line.unit_price is not None
    assert line.unit_price.amount == "12.00"
    assert [(one.kind, one.id, one.line) for one in line.references] == [
        ("purchase-order", "4500006405", "000010")
    ]


def test_no_other_payload_of_an_erp_is_recognised(samples_folder: Path) -> None:
    files = [path for path in (samples_folder / "erp").rglob("*") if path.is_file()]
    others = [path for path in files if path.parent.name != "sap-s4-soap"]
    assert len(others) > 5
    for path in others:
        assert not ADAPTER.recognises(message(path.read_bytes())), path.name


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"<a/>", b"<Invoice/>", b"MessageHeader", b"<INVOIC02><IDOC/></INVOIC02>"]
)
def test_what_is_no_message_is_not_recognised(body: bytes) -> None:
    assert not ADAPTER.recognises(message(body))


def test_envelope_prefix_namespace_and_encoding_do_not_matter() -> None:
    bare = fact(SAMPLES["invoice"].message.body)
    text = SAMPLES["invoice"].message.body.decode()
    declaration, _, root = text.partition("\n")
    for envelope in ("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"):
        wrapped = f'<S:Envelope xmlns:S="{envelope}"><S:Header/><S:Body>{root}</S:Body></S:Envelope>'
        assert fact(wrapped.encode()) == bare
        assert fact(("\ufeff" + wrapped.replace("\n", "\r\n")).encode()) == bare
    plain = text.replace("n0:", "").replace(' xmlns:n0="http://sap.com/xi/EDI"', "")
    assert fact(plain.encode()) == bare
    utf16 = text.replace("UTF-8", "UTF-16").encode("utf-16")
    assert ADAPTER.recognises(message(utf16))
    assert fact(utf16) == bare
    assert fact(text.replace("InvoiceRequest", "InvoiceRequest_In").encode()) == bare
    assert declaration.startswith("<?xml")


def test_message_is_known_by_its_sender_and_id() -> None:
    assert document(SAMPLES["invoice"].message.body).source_event_id == "NORDLAND_B2B:NL-M-0001"
    assert document(edited("invoice", ("<ID>NL-M-0001</ID>", ""))).source_event_id is None
    assert (
        document(edited("invoice", ("ID>NL-M-0001</ID", "UUID>u-1</UUID"))).source_event_id
        == "NORDLAND_B2B:u-1"
    )
    with pytest.raises(RequestInvalid, match="MessageHeader/ID"):
        document(edited("invoice", ("NL-M-0001", "x" * 300)))


def test_order_and_what_answers_it_have_one_business_key() -> None:
    cases = ("order", "confirmation", "delivery", "invoice", "goods-receipt")
    assert {document(SAMPLES[case].message.body).business_key for case in cases} == {"po:4500038811"}
    no_order = edited("invoice", ("<PurchaseOrderID>4500038811</PurchaseOrderID>", ""))
    assert document(no_order).business_key == "invoice:NL-260817"


# facts


def test_times_without_a_zone_are_the_sources_own() -> None:
    order = edited("order", ("2026-11-20T08:15:30Z", "2026-11-20T08:15:30.1234567"))
    assert fact(order).occurred_at == "2026-11-20T08:15:30+01:00"
    assert fact(SAMPLES["order"].message.body).occurred_at == "2026-11-20T08:15:30+00:00"
    assert fact(SAMPLES["invoice"].message.body).occurred_at == "2026-11-19T00:00:00+01:00"
    assert fact(SAMPLES["invoice"].message.body).business_day == "2026-11-19"


def test_order_without_a_quantity_has_what_its_schedule_lines_add_up_to() -> None:
    line = '<RequestedQuantity unitCode="PCE">40.0</RequestedQuantity>'
    (found,) = fact(edited("order", (line, ""))).lines
    assert found.quantity is not None
    assert found.quantity.value == "40"
    (deleted,) = fact(edited("order", ("<ActionCode>01", "<ActionCode>03"))).lines
    assert deleted.reason == "deleted"


def test_order_may_call_its_lines_and_prices_as_its_confirmation_does() -> None:
    plain = edited("order", ("OrderItem>", "Item>"), ("ExpectedNetPrice>", "NetPrice>"))
    assert fact(plain).lines == fact(SAMPLES["order"].message.body).lines
    price = fact(plain).lines[0].unit_price
    assert price is not None
    assert price.amount == "5.00"


def test_confirmation_does_not_take_the_orders_place() -> None:
    (line,) = fact(SAMPLES["confirmation"].message.body).lines
    assert line.expected_quantity is not None
    assert fact(SAMPLES["confirmation"].message.body).key == fact(SAMPLES["order"].message.body).key


def test_credit_memo_is_negative() -> None:
    credit = fact(SAMPLES["credit-memo"].message.body)
    assert credit.total is not None
    assert credit.tax is not None
    assert (credit.total.amount, credit.tax.amount) == ("-59.50", "-9.50")
    assert credit.lines[0].quantity is not None
    assert credit.lines[0].quantity.value == "-10"
    assert meant(edited("credit-memo", (">59.50<", ">-59.50<"))).facts[0].total == credit.total


def test_supplier_is_a_number_and_never_a_name() -> None:
    partner = fact(SAMPLES["invoice"].message.body).partner
    assert partner is not None
    assert (partner.role, partner.id, partner.name) == ("supplier", "17300042", None)
    sender = fact(SAMPLES["confirmation"].message.body).partner
    assert sender is not None
    assert sender.id == "17300042"


def test_goods_movements_go_the_way_that_their_type_says() -> None:
    receipt, movement = meant(SAMPLES["goods-receipt"].message.body).facts
    assert receipt.kind is FactKind.RECEIPT
    assert receipt.lines[0].quantity is not None
    assert receipt.lines[0].quantity.value == "40"
    assert movement.lines[0].quantity is not None
    assert (movement.lines[0].quantity.value, movement.lines[0].reason) == ("-3", "122")
    unknown = fact(edited("count-differences", ("702", "901"), ("701", "901"), ("551", "901")))
    assert [line.quantity for line in unknown.lines] == [None, None, None]


def test_goods_movement_without_an_id_is_known_by_its_time() -> None:
    body = edited("goods-receipt", ("<ID>W-5001</ID>", ""))
    assert meant(body).facts[0].key == "message:WMS11:2026-11-20T08:15:30Z"
    with pytest.raises(Unmapped, match="MessageHeader"):
        meant(body.replace(b"<CreationDateTime>2026-11-20T08:15:30Z</CreationDateTime>", b""))


# exceptions


def test_short_confirmation_says_what_it_is_worth_and_what_is_not_known() -> None:
    short, rejected = meant(SAMPLES["confirmation-short"].message.body).exceptions
    assert short.money_at_risk is not None
    assert (short.money_at_risk.amount, short.missing) == ("75.00", ())
    assert [each.value for each in short.evidence] == ["40.0", "25.0"]
    assert (rejected.actual.value, rejected.missing) == ("0", ("rejected_by",))


@pytest.mark.parametrize("confirmed", ["40.0", "39.0", "45.0", ""])
def test_confirmation_that_is_full_or_nearly_is_none(confirmed: str) -> None:
    old = '<ConfirmedOrderQuantityByMaterialAvailableCheck unitCode="PCE">40.0'
    assert differences(edited("confirmation", (old, old.replace("40.0", confirmed)))) == []


def test_confirmation_in_another_unit_is_none() -> None:
    old = 'Check unitCode="PCE">40.0'
    assert differences(edited("confirmation", (old, 'Check unitCode="CT">4.0'))) == []
    assert differences(edited("confirmation", (old, "Check>4.0"))) == [("00010:HV-1010", "40", "4")]


def test_deliveries_on_several_days_are_added_up() -> None:
    text = SAMPLES["confirmation"].message.body.decode()
    a, b = text.index("<ScheduleLine>"), text.index("</ScheduleLine>") + len("</ScheduleLine>")
    halves = text[:a] + text[a:b].replace("40.0", "20.0") * 2 + text[b:]
    assert differences(halves.encode()) == []


@pytest.mark.parametrize(
    "change",
    [
        (
            "<HeaderTax>",
            "<PricingElement><ConditionAmount>100.00</ConditionAmount></PricingElement><HeaderTax>",
        ),
        ("<HeaderTax>", "<UnplannedDeliveryCost>100.00</UnplannedDeliveryCost><HeaderTax>"),
        ('<Amount currencyCode="EUR">95.00</Amount>', ""),
        ('<NetAmount currencyCode="EUR">300.00', '<NetAmount currencyCode="DKK">300.00'),
        ('<NetAmount currencyCode="EUR">300.00</NetAmount>', ""),
        ("<SupplierInvoiceItemTypeCode>", "<ParentItemID>10</ParentItemID><SupplierInvoiceItemTypeCode>"),
        (">695.00<", ">500.00<"),  # without tax
        (">695.00<", ">619.00<"),  # within 25
    ],
)
def test_total_that_something_else_may_explain_is_none(change: tuple[str, str]) -> None:
    assert differences(edited("invoice-total-off", change)) == []


def test_total_off_names_what_it_was_measured_against() -> None:
    found = exception(SAMPLES["invoice-total-off"].message.body)
    assert found.money_at_risk is not None
    assert found.money_at_risk.amount == "100.00"
    assert [each.value for each in found.evidence] == ["695.00", "95.00", "200.00", "300.00"]


@pytest.mark.parametrize(
    "change",
    [
        ('<BaseQuantity unitCode="PCE">', '<BaseQuantity unitCode="CT">'),
        ("</NetPrice>", "</NetPrice><PricingElement><ConditionType>R1</ConditionType></PricingElement>"),
        (">400.00<", ">490.00<"),
    ],
)
def test_line_whose_price_may_mean_something_else_is_none(change: tuple[str, str]) -> None:
    assert differences(edited("invoice-line-off", change)) == []


# what is refused


def test_xml_that_is_no_message_is_unknown_by_name() -> None:
    with pytest.raises(ContractUnknown, match="/Order"):
        ADAPTER.decode(Arrival(body=b"<Order><ID>1</ID></Order>"))
    with pytest.raises(ContractUnknown, match="nothing beside"):
        ADAPTER.decode(Arrival(body=b"<InvoiceRequest><MessageHeader/></InvoiceRequest>"))
    empty = b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body/></e:Envelope>'
    with pytest.raises(ContractUnknown, match="/Envelope"):
        ADAPTER.decode(Arrival(body=empty))


def test_invoice_without_a_number_and_two_invoices_break_the_contract() -> None:
    with pytest.raises(ContractViolated):
        meant(edited("invoice", ("<SupplierInvoiceID>NL-260817</SupplierInvoiceID>", "")))
    with pytest.raises(ContractViolated):
        meant(edited("invoice", ("</Invoice>", "</Invoice><Invoice/>")))


@pytest.mark.parametrize(
    "body", [b"<a", b"<a></b>", b"<!DOCTYPE a []><a><MessageHeader/></a>", b"\xff\xfe\x00"]
)
def test_what_is_no_xml_is_unreadable(body: bytes) -> None:
    with pytest.raises(RequestUnreadable):
        ADAPTER.decode(Arrival(body=body))


def test_empty_elements_say_nothing() -> None:
    for case in ("invoice", "confirmation", "order", "delivery", "goods-receipt"):
        for name in ("Item", "DeliveryItem", "Party", "ScheduleLine", "MessageHeader", "Product", "NetPrice"):
            text = SAMPLES[case].message.body.decode()
            with suppress(ContractViolated, Unmapped):
                meant(text.replace(f"<{name}>", f"<{name}/><{name}>", 1).encode())


def test_damage_ends_in_a_verdict() -> None:
    rng = random.Random(7)
    for sample in SAMPLES.values():
        body = sample.message.body
        for _ in range(60):
            at, length = rng.randrange(len(body)), rng.randrange(1, 40)
            with suppress(EventError):
                meant(body[:at] + rng.choice((b"", b"<x/>", b"9", b"-", b",")) + body[at + length :])
