"""Business Central webhooks: which are recognised, how bundles are cut, and what a notification means."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from adapters.conformance import RECEIVED_AT, demo_source, samples
from adapters.erp.business_central.adapter import BusinessCentralAdapter
from contracts.canonical import FactKind, Normalised
from contracts.documents import Arrival, Message
from contracts.errors import ContractUnknown, ContractViolated, RequestTooLarge, RequestUnreadable, Unmapped
from contracts.registry import Registry

ADAPTER = BusinessCentralAdapter()
REGISTRY = Registry.load()
SOURCE = demo_source("erp")
SAMPLES = {each.case: each for each in samples("erp", "business_central")}
COMPANY, RECORD = "5f3f0b1e-6c2d-4f6a-9a0e-2b7d11c4e901", "0b5e7a10-1111-4c1c-8a5b-90c4f3a0d000"


def cut(body: bytes) -> list[Arrival]:
    return list(ADAPTER.split(Message(body=body, media_type="application/json")))


def notification(**members: Any) -> dict[str, Any]:
    tree: dict[str, Any] = json.loads(SAMPLES["purchase-invoice-created"].message.body)
    return tree["value"][0] | members  # type: ignore[no-any-return]  # it is JSON


def meant(**members: Any) -> Normalised:
    (arrival,) = cut(json.dumps({"value": [notification(**members)]}).encode())
    return ADAPTER.normalise(REGISTRY.validate(ADAPTER.decode(arrival)), SOURCE, RECEIVED_AT)


def test_a_real_bundle_is_cut_and_each_notification_observed_or_a_fact(samples_folder: Path) -> None:
    body = (samples_folder / "erp" / "d365-business-central" / "webhook_notification.json").read_bytes()
    assert ADAPTER.recognises(Message(body=body, media_type="application/json"))
    arrivals = cut(body)
    documents = [REGISTRY.validate(ADAPTER.decode(arrival)) for arrival in arrivals]
    kinds = [
        [fact.kind for fact in ADAPTER.normalise(document, SOURCE, RECEIVED_AT).facts]
        for document in documents
    ]
    assert kinds == [[FactKind.ITEM], [], [], []]
    assert [(each.item, each.items) for each in arrivals] == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_no_other_payload_of_an_erp_is_recognised(samples_folder: Path) -> None:
    for path in (samples_folder / "erp").rglob("*"):
        if path.is_file() and path.parent.name != "d365-business-central":
            assert not ADAPTER.recognises(Message(body=path.read_bytes())), path.name


def test_the_bytes_of_a_notification_stay_as_they_came() -> None:
    first, second = b'{ "subscriptionId" : "a",\r\n "n":1.0,"changeType":"\\u0061" }', b'{"x":[{}, "]}"]}'
    body = b'\xef\xbb\xbf{"value" : [' + first + b" ,\n" + second + b'], "more": {"value": []}}'
    assert [arrival.body for arrival in cut(body)] == [
        b'{"value":[' + first + b"]}",
        b'{"value":[' + second + b"]}",
    ]
    alone = b'\xef\xbb\xbf{ "value" : [' + first + b"] }\n"
    (arrival,) = cut(alone)
    assert (arrival.body, arrival.items) == (alone, 1)
    assert ADAPTER.decode(arrival).tree["value"][0]["changeType"] == "a"


@pytest.mark.parametrize(
    ("resource", "kind"),
    [
        (f"api/v2.0/companies({COMPANY})/items({RECORD})", FactKind.ITEM),
        (f"/api/v1.0/companies({COMPANY})/purchaseOrders({RECORD})", FactKind.PURCHASE_ORDER),
        (f"https://host/v2.0/t/e/api/v2.0/companies({COMPANY})/salesInvoices({RECORD})/", FactKind.INVOICE),
        (f"api/a/b/v1.0/companies({COMPANY})/purchaseReceipts({RECORD})?$select=id", FactKind.RECEIPT),
        (f"api/v2.0/companies({COMPANY})/itemLedgerEntries(42)", FactKind.STOCK_MOVEMENT),
        (f"api/v2.0/companies({COMPANY})/customers({RECORD})", None),
        (f"api/v2.0/companies({COMPANY})/items", None),
        (f"api/v2.0/companies({COMPANY})/items()", None),
        (f"api/v2.0/companies({COMPANY})/items({RECORD})/picture", None),
        ("items", None),
        ("?", None),
        ("(" * 4000, None),
    ],
)
def test_the_resource_says_what_changed(resource: str, kind: FactKind | None) -> None:
    facts = meant(resource=resource, changeType="updated").facts
    assert [fact.kind for fact in facts] == ([kind] if kind else [])


def test_a_fact_names_the_record_and_its_company_and_never_the_secret() -> None:
    (fact,) = meant().facts
    assert fact.key == f"purchaseInvoices:{RECORD}"
    assert (fact.place.id if fact.place else "", fact.status) == (COMPANY, "created")
    assert fact.occurred_at == "2026-11-25T08:01:12+00:00"
    assert notification()["clientState"] not in str(fact)


@pytest.mark.parametrize("change", ["deleted", "collection", "Collection", "moved"])
def test_other_changes_are_observed(change: str) -> None:
    assert meant(changeType=change) == Normalised()


def test_the_secret_is_told_by_no_violation() -> None:
    (arrival,) = cut(json.dumps({"value": [notification(clientState=["the-secret"])]}).encode())
    with pytest.raises(ContractViolated) as caught:
        REGISTRY.validate(ADAPTER.decode(arrival))
    assert "the-secret" not in str([each.detail for each in caught.value.violations]) + caught.value.detail


def test_notifications_of_one_record_stay_in_order() -> None:
    keys = {
        ADAPTER.decode(cut(json.dumps({"value": [notification(changeType=change)]}).encode())[0]).business_key
        for change in ("created", "updated", "deleted")
    }
    assert keys == {f"bc:{COMPANY}:purchaseInvoices:{RECORD}"}


@pytest.mark.parametrize("body", [b"", b"7", b"[]", b'{"value":[}', b"x", b'{"value":[' * 9000])
def test_what_is_no_object_is_unreadable(body: bytes) -> None:
    with pytest.raises(RequestUnreadable):
        cut(body)


def test_what_is_neither_a_bundle_nor_an_event_says_what_is_expected() -> None:
    (arrival,) = cut(b'{"subscriptionId":"a","changeType":"updated"}')
    with pytest.raises(ContractUnknown, match="value or eventName"):
        ADAPTER.decode(arrival)
    for body in (b'{"value":7}', b'{"value":{}}', b'{"value":null}', b'{"value":[7]}'):
        (arrival,) = cut(body)
        with pytest.raises(ContractViolated):
            REGISTRY.validate(ADAPTER.decode(arrival))
    assert cut(b'{"value":[]}') == []


def test_an_event_of_an_extension_is_observed_and_its_key_is_its_company() -> None:
    event = SAMPLES["external-business-event"].message
    assert ADAPTER.recognises(event)
    (arrival,) = cut(event.body)
    document = REGISTRY.validate(ADAPTER.decode(arrival))
    assert document.business_key == f"bc:{COMPANY}:salesorderposted"
    assert ADAPTER.normalise(document, SOURCE, RECEIVED_AT) == Normalised()


def test_a_bundle_of_far_more_than_a_batch_is_refused() -> None:
    with pytest.raises(RequestTooLarge):
        cut(b'{"value":[' + b"1," * 100_001 + b"1]}")


@pytest.mark.parametrize("value", [None, True, 7, "x", "", [], ["x"], {}, {"a": 1}, "9999-99-99T00:00:00Z"])
def test_no_value_of_any_member_breaks_more_than_its_event(value: Any) -> None:
    for name in notification():
        with suppress(ContractViolated, Unmapped):
            meant(**{name: value})
