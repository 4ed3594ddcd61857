"""ShipBob: which documents are recognised, what they mean, and which errors come out."""

import json
from pathlib import Path
from typing import Any

import pytest

from adapters.catalogue import Catalogue
from adapters.conformance import RECEIVED_AT, demo_source, samples
from adapters.framing import messages
from adapters.wms import ADAPTERS
from adapters.wms.shipbob.adapter import ShipBobAdapter
from contracts.canon import as_document
from contracts.canonical import Category, FactKind, Normalised
from contracts.documents import Arrival, Message
from contracts.errors import ContractUnknown, ContractViolated, EventError, RequestInvalid, RequestUnreadable
from contracts.registry import Registry

ADAPTER = ShipBobAdapter()
REGISTRY = Registry.load()
SOURCE = demo_source("wms")
SAMPLES = {each.case: each for each in samples("wms", "shipbob")}


def body_of(case: str) -> Any:
    return json.loads(SAMPLES[case].message.body)


def message(document: Any, headers: dict[str, str] | None = None) -> Message:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return Message(body=body, media_type="application/json", headers=headers or {})


def meant(document: Any) -> Normalised:
    """What one document means, after it was held against its contract."""
    (arrival,) = ADAPTER.split(message(document))
    return ADAPTER.normalise(REGISTRY.validate(ADAPTER.decode(arrival)), SOURCE, RECEIVED_AT)


def order(*items: dict[str, Any], **members: Any) -> Normalised:
    """What a completed receiving order means that holds these items."""
    line = {"inventory_id": 1, "sku": "A", "expected_quantity": 10, "received_quantity": 10}
    quantities = [line | {"inventory_id": number} | item for number, item in enumerate(items, 1)]
    return meant(body_of("receiving-order-complete") | {"inventory_quantities": quantities} | members)


# what is recognised


def test_own_documents_are_recognised_also_one_by_one() -> None:
    for sample in SAMPLES.values():
        for each in messages(sample.message):
            assert ADAPTER.recognises(each), sample.case


def test_payloads_of_other_vendors_are_not_recognised(samples_folder: Path) -> None:
    files = [path for path in samples_folder.rglob("*.json") if path.parent.name != "shipbob"]
    assert len(files) > 20
    for path in files:
        whole = Message(body=path.read_bytes(), media_type="application/json")
        assert not ADAPTER.recognises(whole), path.name


def test_documents_of_other_adapters_of_a_warehouse_stay_theirs() -> None:
    catalogue = Catalogue(ADAPTERS)
    for sample in samples("wms"):
        for each in messages(sample.message):
            assert catalogue.for_message("wms", each).format == sample.format, sample.case


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"<a/>", b'{"items": []}', b'"inventory_quantities"'])
def test_what_has_no_mark_of_shipbob_is_not_recognised(body: bytes) -> None:
    assert not ADAPTER.recognises(message(body))


def test_real_receiving_orders_and_boxes_are_understood(samples_folder: Path) -> None:
    for name in ("wro_1.json", "wro_boxes_response_completed.json"):
        file = Message(body=(samples_folder / "wms" / "shipbob" / name).read_bytes())
        for each in messages(file):
            assert ADAPTER.recognises(each)
            normalised = meant(each.body)
            assert [fact.kind for fact in normalised.facts] == [FactKind.RECEIPT]
            assert not normalised.exceptions
            REGISTRY.validate(as_document(normalised.facts[0]))


def test_a_product_is_refused_by_name(samples_folder: Path) -> None:
    file = Message(body=(samples_folder / "wms" / "shipbob" / "products_2_0.json").read_bytes())
    for each in messages(file):
        assert ADAPTER.recognises(each)
        with pytest.raises(ContractUnknown, match="a product of ShipBob is not read"):
            meant(each.body)


def test_a_webhook_of_another_topic_is_refused_by_name() -> None:
    shipped = message({"order_id": 1, "reference_id": "R-1"}, {"x-webhook-topic": "order.shipped"})
    assert ADAPTER.recognises(shipped)
    with pytest.raises(ContractUnknown, match="a shipment of ShipBob is not read"):
        ADAPTER.decode(next(ADAPTER.split(shipped)))


def test_a_page_says_how_it_should_be_sent() -> None:
    with pytest.raises(ContractUnknown, match="as an array"):
        meant({"items": [body_of("receiving-order-short")], "next": None})


# who says what it is called


def test_the_message_id_of_a_webhook_is_the_events_own_id() -> None:
    (arrival,) = ADAPTER.split(message(body_of("box"), {"webhook-id": "msg_1"}))
    assert arrival.source_event_id == "msg_1"


def test_a_message_id_that_cannot_be_one_is_refused() -> None:
    with pytest.raises(RequestInvalid, match="webhook-id"):
        list(ADAPTER.split(message(body_of("box"), {"webhook-id": "x" * 300})))


def test_orders_are_grouped_by_purchase_order() -> None:
    decoded = ADAPTER.decode(Arrival(body=SAMPLES["receiving-order-short"].message.body))
    assert decoded.business_key == "po:PO-55202"
    decoded = ADAPTER.decode(Arrival(body=SAMPLES["receiving-order-not-stowed"].message.body))
    assert decoded.business_key == "wro:510013"


# what a receiving order means


def test_received_and_announced_stand_side_by_side() -> None:
    (fact,) = meant(body_of("receiving-order-short")).facts
    assert fact.kind is FactKind.RECEIPT
    assert fact.key == "wro:510012"
    assert fact.occurred_at == "2026-11-23T16:02:41+00:00"
    assert fact.place is not None
    assert (fact.place.kind, fact.place.id) == ("dc", "77")
    assert [(each.kind, each.id) for each in fact.references] == [
        ("purchase-order", "PO-55202"),
        ("receipt", "510012"),
    ]
    line = fact.lines[0]
    assert line.quantity is not None
    assert line.expected_quantity is not None
    assert (line.quantity.value, line.expected_quantity.value) == ("90", "120")


def test_an_exception_says_what_was_read_and_what_is_missing() -> None:
    first = meant(body_of("receiving-order-short")).exceptions[0]
    assert first.category is Category.SUPPLIER_SHORT_SHIPMENT
    assert [each.value for each in first.evidence] == ["120", "90", "Completed"]
    assert first.missing == ("unit_cost",)
    assert [(each.name, each.value) for each in first.assumed] == [("unit", "EA")]


@pytest.mark.parametrize(
    "status",
    ["Awaiting", "Processing", "Arrived", "PartiallyArrived", "PartiallyArrivedAtHub", "ArrivedAtHub",
     "ProcessingAtHub", "InternalTransfer", "Incomplete", "Cancelled", "SomethingNew"],
)  # fmt: skip
def test_nothing_is_short_while_more_may_come(status: str) -> None:
    assert not order({"received_quantity": 4, "stowed_quantity": 0}, status=status).exceptions


def test_more_than_announced_is_no_exception() -> None:
    assert not order({"received_quantity": 12, "stowed_quantity": 12}).exceptions


def test_a_quantity_that_is_not_known_is_no_exception() -> None:
    assert not order(
        {"received_quantity": None, "stowed_quantity": None}, {"received_quantity": ""}
    ).exceptions


@pytest.mark.parametrize(("stowed", "found"), [(10, 0), (9, 0), (8, 1), (0, 1)])
def test_two_units_that_were_counted_and_not_stowed_are_a_variance(stowed: int, found: int) -> None:
    exceptions = order({"stowed_quantity": stowed}).exceptions
    assert [each.category for each in exceptions] == [Category.INVENTORY_VARIANCE] * found


def test_an_item_can_be_short_and_not_stowed() -> None:
    exceptions = order({"received_quantity": 7, "stowed_quantity": 3}).exceptions
    assert [(each.category, each.expected.value, each.actual.value) for each in exceptions] == [
        (Category.SUPPLIER_SHORT_SHIPMENT, "10", "7"),
        (Category.INVENTORY_VARIANCE, "7", "3"),
    ]


def test_one_sku_in_two_inventories_makes_two_exceptions() -> None:
    exceptions = order({"received_quantity": 7}, {"received_quantity": 8}).exceptions
    assert [each.key for each in exceptions] == ["A:1", "A:2"]


def test_numbers_may_be_texts_and_a_sku_may_be_absent() -> None:
    exceptions = order({"sku": None, "expected_quantity": "10", "received_quantity": "6.5"}).exceptions
    assert [(each.key, each.actual.value) for each in exceptions] == [("1:1", "6.5")]


def test_what_is_only_announced_is_on_its_way() -> None:
    (fact,) = meant(body_of("receiving-order-awaiting")).facts
    assert fact.kind is FactKind.SHIPMENT
    assert fact.lines[0].quantity is not None
    assert fact.lines[0].quantity.value == "120"
    assert fact.lines[0].expected_quantity is None


def test_who_works_at_the_dock_goes_no_further() -> None:
    said = json.dumps([each.extensions for each in meant(body_of("receiving-order-short")).facts])
    assert "shipbob.example" not in said
    assert "5550142200" not in said
    assert "Elizabeth" in said


# what a box means


def test_a_box_is_never_an_exception_by_itself() -> None:
    for box in body_of("boxes"):
        assert not meant(box).exceptions


def test_lots_of_a_box_are_lines_of_their_own() -> None:
    (fact,) = meant(body_of("boxes")[1]).facts
    assert [line.line for line in fact.lines] == ["9100:L78", "9101"]
    assert fact.occurred_at == "2026-11-23T12:10:36+00:00"


def test_a_box_that_has_not_arrived_is_on_its_way() -> None:
    (fact,) = meant(body_of("boxes")[2]).facts
    assert fact.kind is FactKind.SHIPMENT
    assert fact.occurred_at == RECEIVED_AT


# what is wrong


@pytest.mark.parametrize("body", [b"", b"{", b'"text"', b"7", b"\xff\xfe", b"[" * 200])
def test_what_is_no_json_object_is_unreadable(body: bytes) -> None:
    with pytest.raises(RequestUnreadable):
        ADAPTER.decode(Arrival(body=body))


@pytest.mark.parametrize("wrong", [None, "text", 7, [], {}, True, [[]], {"a": {}}])
@pytest.mark.parametrize("case", ["receiving-order-short", "box"])
def test_a_member_of_another_shape_crashes_nothing(case: str, wrong: Any) -> None:
    whole = body_of(case)
    for name in whole:
        try:
            normalised = meant(whole | {name: wrong})
        except EventError:
            continue
        for canonical in (*normalised.facts, *normalised.exceptions):
            REGISTRY.validate(as_document(canonical))


def test_an_order_without_items_breaks_its_contract() -> None:
    with pytest.raises(ContractViolated):
        meant(body_of("receiving-order-short") | {"inventory_quantities": None})


def test_long_names_are_shortened_to_what_a_fact_takes_and_stay_apart() -> None:
    items = [{"sku": "S" * 300 + end, "inventory_id": "7" * 100 + end} for end in "12"]
    found = order(*({"received_quantity": 1} | item for item in items))
    canonical = (*found.facts, *found.exceptions)
    assert len(canonical) == 3
    for each in canonical:
        REGISTRY.validate(as_document(each))
    assert len({line.line for line in found.facts[0].lines}) == 2
