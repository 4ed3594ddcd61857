"""S/4HANA business events: which are recognised, how each mode and version is read, and what they mean."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest

from adapters.catalogue import Catalogue
from adapters.conformance import RECEIVED_AT, demo_source, samples
from adapters.erp import ADAPTERS
from adapters.erp.s4_events.adapter import S4EventsAdapter
from adapters.erp.s4_events.event_type import EventType, event_type
from adapters.framing import messages
from contracts.canon import as_document
from contracts.canonical import Fact, FactKind, Normalised, RetailException
from contracts.documents import Arrival, Document, Message
from contracts.errors import ContractViolated, EventError, RequestInvalid, RequestUnreadable, Unmapped
from contracts.registry import Registry

ADAPTER = S4EventsAdapter()
REGISTRY = Registry.load()
SOURCE = demo_source("erp")
SAMPLES = {each.case: each for each in samples("erp", "s4_events")}
INVOICE = "sap.s4.beh.supplierinvoice.v1.SupplierInvoice"
HEADERS = {
    "content-type": "application/json",
    "ce-specversion": "1.0",
    "ce-id": "7c11aa40-10d2-4c0e-b7be-7f0a90d5c001",
    "ce-type": "sap.s4.beh.materialdocument.v1.MaterialDocument.Created.v1",
    "ce-source": "/default/sap.s4.beh/731004417",
    "ce-time": "2026-11-20T09%3A20:11Z",
}


def event(kind: str, data: Any, **attributes: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0", "id": "A-1", "type": kind, "source": "/default/sap.s4.beh/1",
        "time": "2026-11-20T09:14:05Z", "data": data,
    } | attributes  # fmt: skip


def message(tree: Any, headers: dict[str, str] | None = None) -> Message:
    body = tree if isinstance(tree, bytes) else json.dumps(tree).encode()
    return Message(body=body, media_type="application/json", headers=headers or {})


def document(tree: Any, headers: dict[str, str] | None = None) -> Document:
    (arrival,) = ADAPTER.split(message(tree, headers))
    return ADAPTER.decode(arrival)


def meant(tree: Any, headers: dict[str, str] | None = None) -> Normalised:
    """What one event means, after it was held against its contract."""
    return ADAPTER.normalise(REGISTRY.validate(document(tree, headers)), SOURCE, RECEIVED_AT)


def fact(tree: Any, headers: dict[str, str] | None = None) -> Fact:
    (only,) = meant(tree, headers).facts
    return only


def blocked(name: str = "PaymentBlocked", **members: Any) -> tuple[RetailException, ...]:
    return meant(event(f"{INVOICE}.{name}.v1", {"SupplierInvoice": "5105600418"} | members)).exceptions


# what is recognised


def test_real_events_keep_the_contract_and_show_no_exception(samples_folder: Path) -> None:
    files = list((samples_folder / "erp" / "sap-s4-cloudevents").glob("*.json"))
    assert files
    for path in files:
        found = Catalogue(ADAPTERS).for_message("erp", message(path.read_bytes()))
        assert isinstance(found, S4EventsAdapter)
        assert meant(path.read_bytes()).exceptions == ()


def test_no_other_payload_of_an_erp_is_recognised(samples_folder: Path) -> None:
    files = [path for path in (samples_folder / "erp").rglob("*") if path.is_file()]
    others = [path for path in files if "cloudevents" not in path.parent.name]
    assert len(others) > 5
    for path in others:
        assert not ADAPTER.recognises(message(path.read_bytes())), path.name


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{}", b"<a/>", b'{"specversion": "1.0", "type": "com.example.thing"}',
        b'{"type": "sap.s4.beh.product.v1.Product.Created.v1"}', b'{"eventType": "BO.Product.Changed"}',
    ],
)  # fmt: skip
def test_what_is_no_event_of_s4hana_is_not_recognised(body: bytes) -> None:
    assert not ADAPTER.recognises(message(body))


def test_headers_tell_an_event_in_binary_mode() -> None:
    assert ADAPTER.recognises(message({}, HEADERS))
    other = {"ce-type": "com.example.thing", "ce-source": "/x", "x-note": "sap.s4"}
    assert not ADAPTER.recognises(message({}, HEADERS | other))


# the type


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{INVOICE}.Created.v1", ("supplierinvoice", "Created")),
        (f"{INVOICE}.Created", ("supplierinvoice", "Created")),
        ("sap.s4.beh.salesorder.v1.SalesOrder.Block.Released.v1", ("salesorder", "Block.Released")),
        ("sap.s4.beh.businesspartner.v1.Changed.v1", ("businesspartner", "Changed")),
        ("acme/dev/ce/sap/s4/beh/purchaseorder/v1/PurchaseOrder/Approved/v1", ("purchaseorder", "Approved")),
        ("BO.BusinessPartner.Changed", ("businesspartner", "Changed")),
        ("sap/S4HANAOD/c123/BO/SalesOrder/Created", ("salesorder", "Created")),
        ("acme.stores.Opened.v1", ("", "")),
        ("sap.s4.beh", ("", "")),
    ],
)  # fmt: skip
def test_type_names_the_object_and_what_happened_to_it(text: str, expected: tuple[str, str]) -> None:
    assert event_type(text) == EventType(name=expected[0], event=expected[1])


# modes and versions


def test_binary_mode_means_what_structured_mode_means() -> None:
    data = {"MaterialDocument": "5000001877", "MaterialDocumentYear": "2026"}
    structured = event(HEADERS["ce-type"], data, id=HEADERS["ce-id"], time="2026-11-20T09:20:11Z")
    assert fact(data, HEADERS) == fact(structured)
    assert document(data, HEADERS).source_event_id == HEADERS["ce-id"]
    assert fact(structured).kind is FactKind.STOCK_MOVEMENT
    assert fact(structured).key == "5000001877:2026"


def test_older_names_of_attributes_are_read_in_both_modes() -> None:
    data = {"KEY": [{"PURCHASEORDER": "4500038811"}]}
    old = {
        "cloudEventsVersion": "0.1", "eventID": "E-1", "eventType": "BO.PurchaseOrder.Changed",
        "eventTime": "2026-11-20T09:14:05Z", "source": "https://erp.example.com", "data": data,
    }  # fmt: skip
    headers = {f"ce-{name.lower()}": str(value) for name, value in old.items() if name != "data"}
    assert ADAPTER.recognises(message(old))
    assert ADAPTER.recognises(message(data, headers))
    assert fact(old) == fact(data, headers)
    assert fact(old).key == "4500038811"
    assert fact(old).occurred_at == "2026-11-20T09:14:05+00:00"
    assert document(old).source_event_id == "E-1"


def test_events_of_a_batch_are_events_of_their_own() -> None:
    batch = json.dumps([event(f"{INVOICE}.Created.v1", {"SupplierInvoice": number}) for number in "123"])
    found = list(messages(Message(body=batch.encode(), media_type="application/cloudevents-batch+json")))
    assert [fact(each.body).key for each in found] == ["1", "2", "3"]
    assert all(ADAPTER.recognises(each) for each in found)


@pytest.mark.parametrize(
    "time", ["/Date(1795166045000)/", "/Date(1795166045000+0060)/", "2026-11-20T09:14:05Z"]
)
def test_time_may_be_written_as_odata_does(time: str) -> None:
    found = fact(event(f"{INVOICE}.Created.v1", {"SupplierInvoice": "1"}, time=time))
    assert found.occurred_at == "2026-11-20T09:14:05+00:00"


def test_time_of_the_object_stands_in_for_the_events_own() -> None:
    tree = event("sap.s4.beh.salesorder.v1.SalesOrder.Created.v1", {"SalesOrder": "77"}, time=None)
    assert fact(tree).occurred_at == RECEIVED_AT
    tree["data"]["EventRaisedDateTime"] = "2026-11-20T10:00:00Z"
    assert fact(tree).occurred_at == "2026-11-20T10:00:00+00:00"


# facts


def test_facts_are_thin_and_name_their_object() -> None:
    found = fact(event(f"{INVOICE}.Posted.v1", {"SupplierInvoice": 5105600417, "FiscalYear": 2026}))
    assert (found.kind, found.key, found.status) == (FactKind.INVOICE, "5105600417:2026", "Posted")
    assert [(one.kind, one.id) for one in found.references] == [("invoice", "5105600417")]
    assert found.lines == ()


@pytest.mark.parametrize(
    ("name", "member", "kind"),
    [
        ("inbounddelivery", "DeliveryDocument", FactKind.SHIPMENT),
        ("outbounddelivery", "OutboundDelivery", FactKind.SHIPMENT),
        ("salesorder", "SalesOrder", FactKind.SALES_ORDER),
        ("billingdocument", "BillingDocument", FactKind.INVOICE),
        ("physicalinventorydocument", "PhysicalInventoryDocument", FactKind.STOCK_COUNT),
        ("customerreturn", "CustomerReturn", FactKind.RETURN),
        ("product", "Product", FactKind.ITEM),
    ],
)
def test_each_object_of_ours_becomes_a_fact(name: str, member: str, kind: FactKind) -> None:
    found = fact(event(f"sap.s4.beh.{name}.v1.Thing.Created.v1", {member: "0080004411"}))
    assert (found.kind, found.key) == (kind, "0080004411")
    REGISTRY.validate(as_document(found))


def test_objects_that_become_no_fact_are_accepted() -> None:
    for kind in ("sap.s4.beh.marketingcampaign.v1.MarketingCampaign.Completed.v1", "acme.stores.Opened.v1"):
        assert meant(event(kind, {"Whatever": ["x"]})) == Normalised()
        assert meant(event(kind, None)) == Normalised()


def test_purchase_order_has_the_business_key_of_its_other_documents() -> None:
    kind = "sap.s4.beh.purchaseorder.v1.PurchaseOrder.Created.v1"
    assert document(event(kind, {"PurchaseOrder": "0004711"})).business_key == "po:4711"
    assert document(event("acme.stores.Opened.v1", None)).business_key == "event:other"


def test_object_of_ours_without_its_number_can_not_be_understood() -> None:
    with pytest.raises(Unmapped, match="/data/SupplierInvoice"):
        meant(event(f"{INVOICE}.Created.v1", {"FiscalYear": "2026"}))


def test_users_go_no_further() -> None:
    data = {"SalesOrder": "77", "CreatedByUser": "PKELLER", "SalesOrderType": "OR"}
    extensions = fact(event("sap.s4.beh.salesorder.v1.SalesOrder.Created.v1", data)).extensions
    assert extensions == {"/data/SalesOrderType": "OR"}


# exceptions


@pytest.mark.parametrize("name", ["PaymentBlocked", "BlockedForPayment", "PaymentBlock.Set", "Blocked"])
def test_invoice_that_is_blocked_for_payment_is_an_exception(name: str) -> None:
    (found,) = blocked(name)
    assert (found.category, found.key) == ("invoice-mismatch", "payment-block")
    assert (found.expected.value, found.actual.value) == ("free for payment", "blocked for payment")
    assert found.missing == ("gr_exists", "p_inv_po", "q_inv_gr")


def test_blocking_reason_is_a_block_whatever_the_event_is_called() -> None:
    (found,) = blocked(
        "Created", PaymentBlockingReason="R", InvoiceGrossAmount="1840.5", DocumentCurrency="EUR"
    )
    assert found.actual.value == "blocked for payment: R"
    assert found.money_at_risk is not None
    assert (found.money_at_risk.amount, found.money_at_risk.currency) == ("1840.50", "EUR")
    assert [each.pointer for each in found.evidence] == ["/type", "/data/PaymentBlockingReason"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Created", ""), ("Created", " "), ("Posted", ""), ("PaymentBlockReleased", "R"), ("Unblocked", "R"),
        ("PaymentBlockRemoved", "A"), ("ReleasedForPayment", ""), ("Canceled", "R"), ("Cancelled", ""),
    ],
)  # fmt: skip
def test_invoice_that_is_free_or_gone_is_none(name: str, reason: str) -> None:
    assert blocked(name, PaymentBlockingReason=reason) == ()


def test_changed_invoice_repeats_its_block_and_a_release_ends_it() -> None:
    def conditions(name: str, reason: str) -> list[str | None]:
        members = {"SupplierInvoice": "5105600418", "PaymentBlockingReason": reason}
        found = meant(event(f"{INVOICE}.{name}.v1", members)).conditions
        assert {each.subject for each in found} <= {"5105600418:payment-block"}
        return [each.exception for each in found]

    assert conditions("PaymentBlocked", "R") == conditions("Changed", "R") == ["payment-block"]
    assert conditions("PaymentBlockReleased", "") == conditions("Canceled", "R") == [None]
    assert conditions("Changed", "") == []


def test_block_of_another_object_is_none() -> None:
    kind = "sap.s4.beh.purchaseorder.v1.PurchaseOrder.ItemBlocked.v1"
    assert meant(event(kind, {"PurchaseOrder": "4500038811"})).exceptions == ()


@pytest.mark.parametrize(
    ("name", "is_exception"),
    [("DifferencePosted", True), ("Counted", False), ("Posted", False), ("Created", False)],
)
def test_count_is_an_exception_once_its_difference_is_posted(name: str, is_exception: bool) -> None:
    kind = f"sap.s4.beh.physicalinventorydocument.v1.PhysicalInventoryDocument.{name}.v1"
    found = meant(event(kind, {"PhysicalInventoryDocument": "100000234"})).exceptions
    assert bool(found) is is_exception


# what is refused


def test_event_without_an_id_or_with_data_that_is_none_breaks_the_contract() -> None:
    tree = event(f"{INVOICE}.Created.v1", {"SupplierInvoice": "1"})
    for change in ({"id": None}, {"type": 7}, {"data": "1"}, {"data": [1]}):
        with pytest.raises(ContractViolated):
            meant(tree | change)


def test_id_of_a_thousand_characters_is_refused() -> None:
    with pytest.raises(RequestInvalid, match="id"):
        document(event(f"{INVOICE}.Created.v1", {}, id="x" * 1000))


@pytest.mark.parametrize("body", [b"[]", b"7", b'{"id": NaN}', b"\xff", b'"sap.s4"'])
def test_what_is_no_json_object_is_unreadable(body: bytes) -> None:
    with pytest.raises(RequestUnreadable):
        ADAPTER.decode(Arrival(body=body))


def test_damage_ends_in_a_verdict() -> None:
    wrong: tuple[Any, ...] = (None, 7, "", [], {}, "x" * 5000, {"KEY": 1}, {"KEY": [7]}, {"KEY": {"x": {}}})
    for sample in SAMPLES.values():
        tree = json.loads(sample.message.body)
        places = [(tree, name) for name in tree]
        places += (
            [(tree["data"], name) for name in tree["data"]] if isinstance(tree.get("data"), dict) else []
        )
        for holder, name in places:
            kept = holder[name]
            for value in wrong:
                holder[name] = value
                with contextlib.suppress(EventError):
                    meant(tree)
            holder[name] = kept
