"""ShipHero webhooks: which are recognised, how they are cut, what they mean, and which errors come out."""

import json
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.conformance import RECEIVED_AT, demo_source, samples
from adapters.wms import ADAPTERS
from contracts.canon import as_document
from contracts.canonical import FactKind, Normalised
from contracts.documents import Arrival, Message
from contracts.errors import (
    ContractUnknown,
    ContractViolated,
    EventError,
    RequestInvalid,
    RequestUnreadable,
    Unmapped,
)
from contracts.registry import Registry

ADAPTER = next(each for each in ADAPTERS if each.format == "shiphero")
REGISTRY = Registry.load()
SOURCE = demo_source("wms")
SAMPLES = {each.case: each for each in samples("wms", "shiphero") if "ndjson" not in each.message.media_type}
FOLDER = Path(__file__).parent.parent / "adapters" / "wms" / "shiphero" / "samples"
MESSAGE_ID = "x-shiphero-message-id"


def body_of(case: str) -> dict[str, Any]:
    tree: dict[str, Any] = json.loads(SAMPLES[case].message.body)
    return tree


def message(webhook: Any, headers: dict[str, str] | None = None) -> Message:
    return Message(
        body=webhook if isinstance(webhook, bytes) else json.dumps(webhook).encode(),
        media_type="application/json",
        headers=headers or {},
    )


def meant(webhook: Any) -> Normalised:
    """What one webhook means, after it was held against its contract."""
    (arrival,) = ADAPTER.split(message(webhook))
    return ADAPTER.normalise(REGISTRY.validate(ADAPTER.decode(arrival)), SOURCE, RECEIVED_AT)


def count(**members: Any) -> Normalised:
    return meant(body_of("cycle-count-variance") | members)


def assumed(normalised: Normalised) -> dict[str, str]:
    return {each.name: each.value for each in normalised.facts[0].assumed}


# what is recognised


def test_no_other_payload_of_a_warehouse_is_recognised(samples_folder: Path) -> None:
    files = [path for path in (samples_folder / "wms").rglob("*") if path.is_file()]
    assert len(files) > 10
    for path in files:
        media_type = "application/xml" if path.suffix == ".xml" else "application/json"
        assert not ADAPTER.recognises(Message(body=path.read_bytes(), media_type=media_type)), path.name


@pytest.mark.parametrize("case", SAMPLES)
def test_own_samples_are_recognised(case: str) -> None:
    assert ADAPTER.recognises(SAMPLES[case].message)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"webhook_type", b"<a/>", b'{"purchase_order": {"id": 1}}', b'"webhook_type"']
)
def test_what_has_no_mark_of_a_webhook_is_not_recognised(body: bytes) -> None:
    assert not ADAPTER.recognises(message(body))


def test_purchase_order_needs_no_webhook_type() -> None:
    webhook = body_of("purchase-order-open")
    assert "webhook_type" not in json.dumps(webhook)
    assert ADAPTER.decode(Arrival(body=json.dumps(webhook).encode())).contract == (
        "wms-shiphero-purchase-order-update"
    )


def test_webhook_of_another_kind_is_unknown_and_the_answer_says_which_are_read() -> None:
    webhook = {"webhook_type": "Tote Complete", "account_id": 7201}
    assert ADAPTER.recognises(message(webhook))
    with pytest.raises(ContractUnknown, match=r"tote complete.*inventory change"):
        ADAPTER.decode(Arrival(body=json.dumps(webhook).encode()))


# message ids


def test_message_id_names_the_event() -> None:
    (arrival,) = ADAPTER.split(message(body_of("return"), {MESSAGE_ID: "5f.2 a/é"}))
    assert arrival.source_event_id == "5f.2 a/é"


@pytest.mark.parametrize("headers", [{}, {MESSAGE_ID: ""}])
def test_without_a_message_id_the_file_names_the_event(headers: dict[str, str]) -> None:
    (arrival,) = ADAPTER.split(message(body_of("return"), headers))
    assert arrival.source_event_id is None
    assert arrival.file


@pytest.mark.parametrize(
    "message_id",
    ["a\nb", "a\r\nXd-Event: b", "a\x00", "a\u2028b", "\x7f", "x" * 257, "x" * 65536],
    ids=["newline", "header", "null", "line-separator", "delete", "257", "64kB"],
)
def test_message_id_that_can_not_be_one_is_refused_by_name(message_id: str) -> None:
    with pytest.raises(RequestInvalid, match=MESSAGE_ID):
        list(ADAPTER.split(message(body_of("return"), {MESSAGE_ID: message_id})))


def test_message_id_of_256_characters_is_taken() -> None:
    (arrival,) = ADAPTER.split(message(body_of("return"), {MESSAGE_ID: "é" * 256}))
    assert arrival.source_event_id == "é" * 256


# what can't be read


@pytest.mark.parametrize(
    "body",
    [
        b'{"webhook_type": "Inventory Change", "quantity": NaN}',
        b'{"webhook_type": "Inventory Change", "quantity": 1e999}',
        b'{"webhook_type": "Inventory Change", "sku": "\\ud800"}',
        b'{"webhook_type": "Inventory Change", "sku": "\xff"}',
        b'{"webhook_type": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        b'{"webhook_type": ' + b'{"a":' * 70 + b"1" + b"}" * 70 + b"}",
        b'{"webhook_type": "Backorder"',
        b"[]",
        b"7",
    ],
    ids=["nan", "1e999", "surrogate", "latin", "10000-deep", "70-deep", "cut", "array", "number"],
)
def test_what_is_not_one_json_object_is_unreadable(body: bytes) -> None:
    with pytest.raises(RequestUnreadable):
        ADAPTER.decode(Arrival(body=body))


# counts and movements


@pytest.mark.parametrize(
    ("reason", "source", "is_count"),
    [
        ("Cycle count", "mobile", True),
        ("", "cycle_count", True),
        ("PHYSICAL INVENTORY COUNT 2026", "web", True),
        ("Recounted after complaint", "web", True),
        ("stock-take, aisle 4", "web", True),
        ("Order W-1 shipped", "shipping", False),
        ("Discount bundle returned to account stock", "web", False),
        ("Sold over the counter", "web", False),
        (None, None, False),
    ],
)
def test_count_is_told_from_a_movement_by_reason_and_source(
    reason: str | None, source: str | None, is_count: bool
) -> None:
    normalised = count(reason=reason, source=source)
    assert normalised.facts[0].kind is (FactKind.STOCK_COUNT if is_count else FactKind.STOCK_MOVEMENT)
    assert bool(normalised.exceptions) is is_count


@pytest.mark.parametrize(
    ("counted", "is_variance"), [(40, True), (41, False), (42, False), (43, False), (44, True)]
)
def test_count_is_a_variance_from_two_units_on(counted: int, is_variance: bool) -> None:
    assert bool(count(quantity=counted).exceptions) is is_variance


def test_variance_carries_both_sides_where_they_stood_and_what_is_missing() -> None:
    (variance,) = count().exceptions
    assert (variance.expected.value, variance.actual.value) == ("42", "31")
    evidence = {each.pointer: each.value for each in variance.evidence}
    assert evidence["/old_quantity"] == "42"
    assert evidence["/quantity"] == "31"
    assert evidence["/reason"].startswith("Cycle count")
    assert variance.missing == ("unit_cost",)
    assert variance.money_at_risk is None
    assert variance.place is not None
    assert variance.place.id == "410"


def test_variance_of_another_bin_or_lot_has_another_key() -> None:
    keys = {count(**members).exceptions[0].key for members in ({}, {"location_name": "C-9"}, {"lot_id": 7})}
    assert len(keys) == 3


def test_keys_stay_within_their_limit_and_apart() -> None:
    long = "S" * 200
    keys = {count(sku=long, location_name="L" * 80 + end).exceptions[0].key for end in "ab"}
    assert len(keys) == 2
    assert max(map(len, keys)) <= 256


def test_negative_quantity_is_the_change_itself() -> None:
    (variance,) = count(quantity=-4).exceptions
    assert (variance.expected.value, variance.actual.value) == ("42", "38")
    movement = meant(body_of("ordinary-adjustment") | {"quantity": -4}).facts[0]
    assert movement.lines[0].quantity is not None
    assert movement.lines[0].quantity.value == "-4"


def test_movement_is_the_difference_of_the_bin() -> None:
    normalised = meant(body_of("ordinary-adjustment"))
    (line,) = normalised.facts[0].lines
    assert line.quantity is not None
    assert line.quantity.value == "6"
    assert assumed(normalised)["quantity"] == "level after the change"


def test_older_edition_compares_a_count_with_the_warehouse_and_knows_no_movement() -> None:
    older = body_of("cycle-count-variance")
    del older["old_quantity"]
    (variance,) = meant(older).exceptions
    assert variance.expected.value == "118"
    assert variance.missing == ("unit_cost", "bin_on_hand")
    assert meant(older | {"reason": "Put away"}).facts[0].lines[0].quantity is None


def test_count_without_a_previous_level_is_no_variance() -> None:
    assert count(old_quantity=None, previous_on_hand=None).exceptions == ()


def test_person_behind_a_change_is_a_keyed_hash() -> None:
    fact = count().facts[0]
    assert fact.actor is not None
    assert "9035" not in json.dumps(msgspec.to_builtins(fact))


# times


def test_time_without_a_zone_is_the_sources_and_is_said_to_be_assumed() -> None:
    normalised = count(timestamp="2026-07-01 12:00:00")
    assert normalised.facts[0].occurred_at == "2026-07-01T12:00:00+02:00"
    assert assumed(normalised)["time_zone"] == "Europe/Berlin"


def test_time_with_a_zone_is_taken_as_it_is() -> None:
    normalised = count(timestamp="2026-07-01T12:00:00Z")
    assert normalised.facts[0].occurred_at == "2026-07-01T12:00:00+00:00"
    assert "time_zone" not in assumed(normalised)


@pytest.mark.parametrize("timestamp", [None, "", "0000-00-00 00:00:00"])
def test_without_a_time_that_of_receipt_is_assumed(timestamp: str | None) -> None:
    normalised = count(timestamp=timestamp)
    assert normalised.facts[0].occurred_at == RECEIVED_AT
    assert assumed(normalised)["occurred_at"] == "received_at"


def test_day_that_is_in_no_calendar_is_unmapped() -> None:
    with pytest.raises(Unmapped, match="/timestamp"):
        count(timestamp="2026-02-30 10:00:00")


def test_seconds_of_an_older_edition_are_read() -> None:
    webhook = {
        "account_id": 7201,
        "inventory": [
            {"webhook_type": "INVENTORY_UPDATE", "sku": "A", "on_hand": "5", "timestamp": 1714644001.25}
        ],
    }
    assert meant(webhook).facts[0].occurred_at == "2024-05-02T10:00:01+00:00"


# levels


def test_statement_of_book_stock_counts_nothing() -> None:
    (fact,) = meant(body_of("inventory-update")).facts
    (line,) = fact.lines
    assert line.quantity is None
    assert line.expected_quantity is not None
    assert line.expected_quantity.value == "25"
    assert fact.place is not None
    assert fact.place.id == "410"


def test_each_item_of_an_inventory_update_is_a_fact() -> None:
    webhook = body_of("inventory-update")
    webhook["inventory"].append({"sku": "MUG-STONE-350", "on_hand": 7})
    facts = meant(webhook).facts
    assert [fact.key for fact in facts] == ["sku:410:LAMP-DESK-OAK", "sku:MUG-STONE-350"]
    assert "/inventory/1/on_hand" in facts[1].extensions


# purchase orders


@pytest.mark.parametrize(
    ("status", "is_short"),
    [
        ("closed", True),
        ("Closed", True),
        ("received", True),
        ("pending", False),
        ("canceled", False),
        (None, False),
    ],
)
def test_only_a_closed_purchase_order_is_short(status: str | None, is_short: bool) -> None:
    webhook = body_of("purchase-order-closed-short")
    webhook["purchase_order"]["fulfillment_status"] = status
    assert bool(meant(webhook).exceptions) is is_short


def test_short_line_names_order_line_and_supplier_and_over_receipt_is_not_short() -> None:
    (short,) = meant(body_of("purchase-order-closed-short")).exceptions
    assert [(each.id, each.line) for each in short.references] == [("PO-2026-118", "66a01")]
    assert short.partner is not None
    assert short.partner.id == "6120"
    pointers = {each.pointer for each in short.evidence}
    assert {
        "/purchase_order/line_items/0/quantity",
        "/purchase_order/line_items/0/quantity_received",
    } <= pointers


def test_line_that_stands_twice_is_one_exception() -> None:
    webhook = body_of("purchase-order-closed-short")
    webhook["purchase_order"]["line_items"] *= 2
    assert len(meant(webhook).exceptions) == 1


# orders


@pytest.mark.parametrize(
    ("method", "tags", "is_collected"),
    [
        ("In-Store Pickup", [], True),
        ("pickup", [], True),
        ("Standard", "vip, click-and-collect", True),
        ("Standard", ["BOPIS"], True),
        ("Click & Collect", None, True),
        ("UPS scheduled pickup", [], False),
        ("Home 48", ["gift"], False),
        (None, None, False),
    ],
)
def test_only_an_order_that_its_customer_collects_is_delayed(
    method: Any, tags: Any, is_collected: bool
) -> None:
    webhook = body_of("backorder-collected") | {"shipping_method": method, "tags": tags}
    normalised = meant(webhook)
    assert bool(normalised.exceptions) is is_collected
    assert [fact.kind for fact in normalised.facts] == [FactKind.SALES_ORDER]


@pytest.mark.parametrize("change", [{"fulfillment_status": "canceled"}, {"line_items": []}])
def test_order_that_is_over_or_covered_is_not_delayed(change: dict[str, Any]) -> None:
    assert meant(body_of("backorder-collected") | change).exceptions == ()


def test_backorder_line_says_what_is_covered_of_what_was_ordered() -> None:
    short, covered = meant(body_of("backorder")).facts[0].lines
    found = [(line.quantity, line.expected_quantity) for line in (short, covered)]
    assert [(a and a.value, b and b.value) for a, b in found] == [("2", "6"), ("2", "2")]


# personal data, tests of the connection


def test_address_of_a_customer_is_in_no_fact() -> None:
    for case in ("shipment", "backorder"):
        text = json.dumps(msgspec.to_builtins(meant(body_of(case)))).lower()
        assert not any(part in text for part in ("ines example", "ines@", "sample street", "np0004411827"))


@pytest.mark.parametrize("test", ["1", 1, True, "true"])
def test_webhook_that_only_tries_the_connection_means_nothing(test: Any) -> None:
    assert meant(body_of("purchase-order-closed-short") | {"test": test}) == Normalised()


def test_members_that_nobody_knows_break_nothing_and_are_kept() -> None:
    fact = count(colour={"name": "x", "shade": 3}).facts[0]
    assert fact.extensions["/colour/shade"] == "3"


def test_wrong_member_is_named_by_its_pointer() -> None:
    with pytest.raises(ContractViolated) as caught:
        count(quantity="a dozen")
    assert [each.pointer for each in caught.value.violations] == ["/quantity"]


# nothing but our errors


def test_mutated_bytes_raise_nothing_but_errors_of_ours() -> None:
    """20,000 webhooks with 1 to 8 bytes changed, removed or doubled, by a fixed seed."""
    source = random.Random(20261123)
    bodies = [sample.message.body for sample in SAMPLES.values()]
    outcomes = {"read": 0, "refused": 0}
    for _ in range(20_000):
        body = bytearray(source.choice(bodies))
        for _ in range(source.randint(1, 8)):
            place = source.randrange(len(body))
            kind = source.randrange(3)
            if kind == 0:
                body[place] = source.choice(b'0-19.eE"\\{}[],: \x00\xff\xd8nt')
            elif kind == 1:
                del body[place]
            else:
                body[place:place] = body[place : place + source.randint(1, 40)]
        try:
            for arrival in ADAPTER.split(message(bytes(body))):
                document = REGISTRY.validate(ADAPTER.decode(arrival))
                ADAPTER.normalise(document, SOURCE, RECEIVED_AT)
            outcomes["read"] += 1
        except EventError:
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 1000, outcomes


STRANGE = [
    None, True, 0, -1, 1.5, 1e300, 10**30, -(10**300), "", " ", "-", "nan", "1e5", "٣", "x" * 400,
    [], [[]], {}, {"id": 1}, "2026-13-40 99:99:99", "0001-01-01 00:00:00", "9999-12-31 23:59:59", "\u2028",
]  # fmt: skip


@pytest.mark.parametrize("case", SAMPLES)
def test_strange_value_at_any_place_is_refused_or_keeps_the_canonical_contracts(case: str) -> None:
    for place in places(body_of(case)):
        for value in STRANGE:
            try:
                normalised = meant(replaced(body_of(case), place, value))
            except EventError:
                continue
            for canonical in (*normalised.facts, *normalised.exceptions):
                REGISTRY.validate(as_document(canonical))


def places(node: Any, place: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a tree but its root."""
    children: list[tuple[str | int, Any]] = []
    if isinstance(node, dict):
        children = list(node.items())
    elif isinstance(node, list):
        children = list(enumerate(node))
    return [each for name, child in children for each in ((*place, name), *places(child, (*place, name)))]


def replaced(tree: Any, place: tuple[str | int, ...], value: Any) -> Any:
    holder = tree
    for part in place[:-1]:
        holder = holder[part]
    holder[place[-1]] = value
    return tree
