"""Dynamics 365 Finance business events: which are recognised, what they mean, and which errors come out."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from adapters.conformance import RECEIVED_AT, demo_source, samples
from adapters.erp import ADAPTERS
from adapters.erp.d365_finance.adapter import D365FinanceAdapter
from adapters.erp.d365_finance.times import day, moment
from contracts.canonical import Category, Normalised
from contracts.documents import Document, Message
from contracts.errors import ContractViolated, RequestUnreadable, Unmapped
from contracts.registry import Registry

ADAPTER = D365FinanceAdapter()
REGISTRY = Registry.load()
SOURCE = demo_source("erp")
SAMPLES = {each.case: each for each in samples("erp", "d365_finance")}


def event(case: str, **members: Any) -> dict[str, Any]:
    """A sample with some members changed; one that is None is left out."""
    tree: dict[str, Any] = json.loads(SAMPLES[case].message.body)
    return {name: value for name, value in (tree | members).items() if value is not None}


def decoded(tree: Any) -> Document:
    body = tree if isinstance(tree, bytes) else json.dumps(tree).encode()
    (arrival,) = ADAPTER.split(Message(body=body, media_type="application/json"))
    return ADAPTER.decode(arrival)


def meant(tree: Any) -> Normalised:
    return ADAPTER.normalise(REGISTRY.validate(decoded(tree)), SOURCE, RECEIVED_AT)


def test_a_real_event_is_accepted_and_observed(samples_folder: Path) -> None:
    for file in (samples_folder / "erp" / "d365-finance").iterdir():
        message = Message(body=file.read_bytes(), media_type="application/json")
        assert ADAPTER.recognises(message)
        document = decoded(message.body)
        assert document.source_event_id == json.loads(message.body)["EventId"]
        assert meant(message.body) == Normalised()


def test_no_other_payload_of_an_erp_is_recognised(samples_folder: Path) -> None:
    files = [path for path in (samples_folder / "erp").rglob("*") if path.is_file()]
    assert len(files) > 10
    for path in files:
        media_type = "application/xml" if path.suffix == ".xml" else "application/json"
        claimed = ADAPTER.recognises(Message(body=path.read_bytes(), media_type=media_type))
        assert claimed == (path.parent.name == "d365-finance"), path.name


def test_each_sample_of_the_system_is_recognised_by_one_adapter() -> None:
    for sample in samples("erp"):
        if not sample.message.body.lstrip().startswith(b"["):
            claims = [each.format for each in ADAPTERS if each.recognises(sample.message)]
            assert claims == [sample.format], sample.case


def test_a_confirmed_order_says_supplier_total_and_day() -> None:
    (fact,) = meant(event("purchase-order-confirmed")).facts
    assert (fact.key, fact.occurred_at) == ("purchase-order:nmf1:NMF1-004711", "2026-11-25T08:00:00+00:00")
    assert fact.partner is not None
    assert (fact.partner.role, fact.partner.id) == ("supplier", "V-1001")
    assert fact.total is not None
    assert (fact.total.amount, fact.total.currency) == ("1840.50", "SEK")
    assert (fact.business_day, fact.place.id if fact.place else None) == ("2026-11-24", "nmf1")
    assert fact.assumed == ()
    assert "/InitiatingUserAADObjectId" not in fact.extensions
    assert fact.extensions["/PurchaseJournal"] == "NMF1-004711-1"


def test_an_amount_without_its_currency_is_in_the_sources_and_that_is_said() -> None:
    (fact,) = meant(event("sales-invoice-posted")).facts
    assert fact.total is not None
    assert (fact.total.amount, fact.total.currency) == ("412.75", "EUR")
    assert ("currency", "EUR") in [(each.name, each.value) for each in fact.assumed]


def test_a_customer_is_a_keyed_hash_and_a_supplier_is_named() -> None:
    (fact,) = meant(event("sales-order-confirmed")).facts
    assert fact.partner is None
    assert fact.customer is not None
    assert "C-20044" not in str(fact)
    again = meant(event("sales-order-confirmed", EventId="another")).facts[0]
    assert again.customer == fact.customer


@pytest.mark.parametrize(
    ("status", "count"),
    [("Failed", 1), ("failed", 1), ("Passed", 0), ("PassedWithWarnings", 0), ("NotPerformed", 0), ("", 0)],
)
def test_only_an_invoice_whose_matching_failed_is_an_exception(status: str, count: int) -> None:
    for name in ("MatchStatus", "InvoiceMatchingStatus"):
        members = {"MatchStatus": None, name: status}
        found = meant(event("vendor-invoice-matching-failed", **members)).exceptions
        assert len(found) == count
        if found:
            assert found[0].category is Category.INVOICE_MISMATCH
            assert found[0].money_at_risk is not None
            assert found[0].money_at_risk.amount == "990.00"
            assert {each.pointer for each in found[0].evidence} == {
                f"/{name}", "/BusinessEventId", "/EventId",
            }  # fmt: skip


def test_a_failed_matching_of_anything_else_is_none() -> None:
    for case in ("sales-invoice-posted", "purchase-order-confirmed"):
        assert meant(event(case, MatchStatus="Failed")).exceptions == ()


@pytest.mark.parametrize("case", ["collection-letter", "workflow-work-item", "custom-event", "endpoint-test"])
def test_what_says_nothing_about_trade_is_observed(case: str) -> None:
    assert meant(event(case)) == Normalised()


def test_an_event_of_the_catalogue_without_its_number_is_observed() -> None:
    assert meant(event("purchase-order-confirmed", PurchaseOrderNumber="")) == Normalised()
    assert meant(event("purchase-order-received", ProductReceiptNumber=None)) == Normalised()


def test_ids_of_events_are_read_with_and_without_braces_and_not_where_they_are_empty() -> None:
    for written, read in (
        ("{0A4C9F13-6D52-45E9-B1B7-4E2F9C70D8AA}", "0A4C9F13-6D52-45E9-B1B7-4E2F9C70D8AA"),
        ("A-1", "A-1"),
        ("", None),
        ("{00000000-0000-0000-0000-000000000000}", None),
        (7, "7"),
    ):
        assert decoded(event("endpoint-test", EventId=written)).source_event_id == read


def test_times_come_in_two_forms_and_the_first_day_of_x_plus_plus_is_none() -> None:
    only_date = event("purchase-order-confirmed", EventTimeIso8601=None)
    assert meant(only_date).facts[0].occurred_at == "2026-11-25T08:00:00+00:00"
    never = only_date | {"EventTime": "/Date(-2208988800000)/"}
    (fact,) = meant(never).facts
    assert fact.occurred_at == RECEIVED_AT
    assert [each.name for each in fact.assumed] == ["occurred_at"]
    assert moment("/Date(0)/") == "1970-01-01T00:00:00+00:00"
    assert moment("/Date(1000+0060)/") == "1970-01-01T00:00:01+00:00"
    assert moment("1900-01-01T00:00:00Z") is None
    assert moment("/Date(999999999999999)/") == "/Date(999999999999999)/"
    assert (day("/Date(1795478400000)/"), day("2026-11-24T12:00:00"), day("soon"), day(None)) == (
        "2026-11-24", "2026-11-24", None, None,
    )  # fmt: skip
    with pytest.raises(Unmapped):
        meant(event("purchase-order-confirmed", EventTimeIso8601="yesterday"))


def test_what_carries_an_event_is_taken_off() -> None:
    inner = event("purchase-order-confirmed")
    for carrier in (
        {"id": "1", "eventType": "x", "data": inner, "dataVersion": "0.0"},
        {"specversion": "1.0", "id": "1", "source": "x", "type": "x", "data": inner},
    ):
        assert decoded(carrier) == decoded(inner)
    with_mark = b"\xef\xbb\xbf" + json.dumps(inner).encode()
    assert ADAPTER.recognises(Message(body=with_mark, media_type="application/json"))
    assert decoded(with_mark) == decoded(inner)


def test_what_people_are_called_goes_no_further_whatever_the_member_is_called() -> None:
    personal = {
        "BuyerName": "A. Person", "ContactEmail": "a@example.com", "VendorPhone": "1", "DeliveryStreet": "x",
        "RequesterPersonnelNumber": "7", "Contact": {"Mobile": "2"}, "Custom": {"Anything": "3"},
    }  # fmt: skip
    (fact,) = meant(event("purchase-order-confirmed", **personal)).facts
    assert set(fact.extensions) == {"/PurchaseJournal", "/PurchaseType"}


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"not json", b'{"a":', b"[" * 9000, b'"x"'])
def test_what_is_no_event_is_unreadable(body: bytes) -> None:
    with pytest.raises(RequestUnreadable):
        decoded(body)


@pytest.mark.parametrize("value", [None, True, 7, -7.5, "x", "/Date(x)/", [], ["x"], {}, {"a": 1}, "é" * 300])
def test_no_value_of_any_member_breaks_more_than_its_event(value: Any) -> None:
    tree = event("vendor-invoice-matching-failed")
    for name in tree:
        with suppress(ContractViolated, Unmapped):
            meant(tree | {name: value})


@pytest.mark.parametrize("written", ["0000-00-00", "2026-02-30", "soon", "20261"])
def test_day_outside_the_calendar_is_no_business_day(written: str) -> None:
    tree = json.loads(SAMPLES["purchase-order-confirmed"].message.body)
    assert meant(tree | {"PurchaseOrderDate": written}).facts[0].business_day is None


@pytest.mark.parametrize("written", ["^EK", "E R", "eur", "EURO"])
def test_currency_that_is_no_code_is_the_source_s(written: str) -> None:
    tree = json.loads(SAMPLES["vendor-invoice-posted"].message.body)
    total = meant(tree | {"CurrencyCode": written}).facts[0].total
    assert total is not None
    assert total.currency == SOURCE.currency
