"""Features: what the model sees of an exception, from itself, its sender and what came before."""

import hashlib
import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from contracts.canonical import (
    Category,
    Circumstance,
    Fact,
    FactKind,
    FactLine,
    Item,
    Measure,
    Money,
    Partner,
    Place,
    Quantity,
    Reference,
    RetailException,
)
from contracts.documents import Arrival
from routing.items import FoundException, NormalisedItem, RouterItem
from routing.triage.feature_table import CODES, CONTRACT, FEATURES, NAMES, SYSTEMS
from routing.triage.features import features_of, system_of
from routing.triage.memory import EVENTS_LIMIT, Memory
from routing.triage.memory_records import REFUNDS_LIMIT, Recent
from routing.triage.taxonomy import Taxonomy

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
STORE = Place(kind="store", id="0042")
MILK = Item(id="4711")
DOCUMENTED = Path(__file__).parent.parent / "docs" / "triage.md"


def at(hours_ago: float) -> str:
    return (NOW - timedelta(hours=hours_ago)).isoformat()


def units(value: str) -> Quantity:
    return Quantity(value=value, unit="EA")


def euros(amount: str, currency: str = "EUR") -> Money:
    return Money(amount=amount, currency=currency)


def exception(
    category: Category = Category.INVENTORY_VARIANCE,
    expected: str = "10",
    actual: str = "6",
    *,
    kind: str = "quantity",
    unit: str | None = "EA",
    references: tuple[Reference, ...] = (),
    context: tuple[Circumstance, ...] = (),
    partner: Partner | None = None,
    money: Money | None = None,
    item: Item | None = MILK,
) -> RetailException:
    return RetailException(
        category=category,
        key="k",
        expected=Measure(kind=kind, value=expected, unit=unit),  # type: ignore[arg-type]  # one of the kinds
        actual=Measure(kind=kind, value=actual, unit=unit),  # type: ignore[arg-type]  # one of the kinds
        occurred_at=at(1),
        detected_at=at(0),
        place=STORE,
        item=item,
        references=references,
        context=context,
        partner=partner,
        money_at_risk=money,
    )


def event(
    number: int,
    facts: Sequence[Fact] = (),
    exceptions: Sequence[RetailException] = (),
    hours_ago: float = 0.0,
) -> NormalisedItem:
    event_id = f"event-{number}"
    return NormalisedItem(
        item=RouterItem(
            sequence=number,
            partition=0,
            event_id=event_id,
            source="store-app-north",
            contract="exception-inventory-variance@1.1.0",
            arrival=Arrival(body=b""),
            received_at=at(hours_ago),
        ),
        facts=tuple(facts),
        exceptions=tuple(
            FoundException(
                exception_id=f"{event_id}-{place}",
                event_id=event_id,
                source="store-app-north",
                system="canonical",
                contract="exception-inventory-variance@1.1.0",
                exception=one,
            )
            for place, one in enumerate(exceptions)
        ),
    )


class Router:
    """Events one after the other; each vector is as the router computes it."""

    def __init__(self) -> None:
        self.memory = Memory()
        self._number = 0

    def take(
        self, *facts: Fact, exceptions: Sequence[RetailException] = (), hours_ago: float = 0.0
    ) -> list[dict[str, float]]:
        self._number += 1
        item = event(self._number, facts, exceptions, hours_ago)
        received_at = (NOW - timedelta(hours=hours_ago)).timestamp()
        found = [features_of(one, item, self.memory, received_at) for one in item.exceptions]
        self.memory.remember(item, received_at)
        return [dict(zip(NAMES, np.frombuffer(one.values, "<f4").tolist(), strict=True)) for one in found]

    def one(self, asked: RetailException, *facts: Fact) -> dict[str, float]:
        return self.take(*facts, exceptions=[asked])[0]


def fact(kind: FactKind, *lines: FactLine, hours_ago: float, key: str = "", **members: object) -> Fact:
    return Fact(
        kind=kind,
        key=key or f"{kind}-{hours_ago}",
        occurred_at=at(hours_ago),
        place=STORE,
        lines=lines,
        **members,  # type: ignore[arg-type]  # of a fact
    )


def line(quantity: str = "1", expected: str | None = None, price: Money | None = None) -> FactLine:
    return FactLine(
        line="1",
        item=MILK,
        quantity=units(quantity),
        expected_quantity=units(expected) if expected else None,
        unit_price=price,
    )


def test_the_contract_is_97_names_in_an_order_that_never_changes() -> None:
    taxonomy = Taxonomy.load()
    assert CONTRACT == "triage.features/1"
    assert len(NAMES) == len(set(NAMES)) == 97
    assert NAMES[16:] == taxonomy.file.evidence
    assert tuple(CODES) == taxonomy.file.label_order
    assert {taxonomy.categories[category].code for category in CODES.values()} == set(CODES)
    digest = hashlib.sha256("\n".join(NAMES).encode()).hexdigest()
    assert digest.startswith("c448a09a52e027c4"), "another list of features is another contract"


def test_the_documents_table_of_features_is_that_of_the_code() -> None:
    rows = [
        f"| `{one.name}` | {one.meaning} | {one.unit} | {one.transform} | {one.maximum_age_hours:g} |"
        for one in FEATURES[16:]
    ]
    documented = DOCUMENTED.read_text().splitlines()
    assert [row for row in rows if row not in documented] == []


def test_an_exception_says_its_category_system_and_difference() -> None:
    vector = Router().one(exception())
    assert [name for name in NAMES[:16] if vector[name] == 1.0] == ["rt_INV", "src_store_app"]
    assert vector["delta_rel"] == pytest.approx(-0.4)
    assert vector["delta_sl"] == pytest.approx(-math.log1p(4))
    assert math.isnan(vector["refund_z"])


@pytest.mark.parametrize(
    ("source", "system", "expected"),
    [
        ("pos-demo", "pos", "pos"), ("store-app", "canonical", "store_app"),
        ("price-hub", "canonical", "price"),
        ("wfm", "canonical", "wfm"), ("workforce", "canonical", "wfm"), ("poster", "canonical", ""),
    ],
)  # fmt: skip
def test_a_canonical_sender_says_its_kind_by_the_first_word_of_its_name(
    source: str, system: str, expected: str
) -> None:
    found = event(1, exceptions=[exception()]).exceptions[0]
    assert (
        system_of(
            FoundException(
                exception_id="x",
                event_id="e",
                source=source,
                system=system,
                contract="c",
                exception=found.exception,
            )
        )
        == expected
    )
    assert expected in (*SYSTEMS, "")


def test_what_a_sender_states_is_transformed_from_its_own_unit() -> None:
    stated = (
        Circumstance(name="on_hand", value="24"),
        Circumstance(name="shrink_risk", value="1"),
        Circumstance(name="last_var", value="-3"),
        Circumstance(name="unit_price", value="2"),
        Circumstance(name="H", value="4"),  # for the money formula, not for the model
    )
    vector = Router().one(exception(context=stated))
    assert vector["on_hand"] == pytest.approx(math.log1p(24))
    assert vector["shrink_risk"] == 1.0
    assert vector["last_var"] == pytest.approx(-math.log1p(3))
    assert vector["unit_price"] == pytest.approx(math.log(2))


@pytest.mark.parametrize(
    ("hours_ago", "is_there"), [(0.0, True), (23.0, True), (25.0, False), (-1.0, False), (-0.05, True)]
)
def test_a_value_that_is_too_old_or_from_the_future_is_missing(hours_ago: float, is_there: bool) -> None:
    stated = (Circumstance(name="open_resv", value="6", as_of=at(hours_ago)),)
    vector = Router().one(exception(context=stated))
    assert math.isnan(vector["open_resv"]) is not is_there


def test_hours_since_something_go_on_after_they_were_stated() -> None:
    stated = (Circumstance(name="h_since_receipt", value="5", as_of=at(3)),)
    assert Router().one(exception(context=stated))["h_since_receipt"] == pytest.approx(math.log1p(8))


@pytest.mark.parametrize(("stated_hours_ago", "wins"), [(1.0, "stated"), (20.0, "derived")])
def test_a_senders_word_wins_over_what_is_derived_unless_it_is_older(
    stated_hours_ago: float, wins: str
) -> None:
    router = Router()
    router.take(fact(FactKind.STOCK_COUNT, line("7", "9"), hours_ago=10), hours_ago=10)
    stated = (Circumstance(name="on_hand", value="3", as_of=at(stated_hours_ago)),)
    vector = router.one(exception(context=stated))
    assert vector["on_hand"] == pytest.approx(math.log1p(3 if wins == "stated" else 7))


def test_receipts_counts_and_shipments_of_the_item_in_the_store_are_remembered() -> None:
    router = Router()
    router.take(fact(FactKind.STOCK_COUNT, line("7", "9"), hours_ago=48), hours_ago=48)
    router.take(fact(FactKind.RECEIPT, line("8", "10"), hours_ago=30), hours_ago=28)
    sent = (Reference(kind="shipment", id="S-1"),)
    router.take(fact(FactKind.SHIPMENT, line("12"), hours_ago=20, references=sent), hours_ago=20)
    vector = router.one(exception())
    assert vector["days_since_count"] == pytest.approx(math.log1p(2))
    assert vector["last_var"] == pytest.approx(-math.log1p(2))
    assert vector["h_since_receipt"] == pytest.approx(math.log1p(30))
    assert vector["gr_lag_h"] == pytest.approx(math.log1p(2))
    assert vector["asn_gap_rel"] == pytest.approx(-0.2)
    assert vector["transit_rel"] == pytest.approx(math.log1p(12 / 4))
    router.take(fact(FactKind.RECEIPT, line("12"), hours_ago=1, references=sent), hours_ago=1)
    assert math.isnan(router.one(exception())["transit_rel"])


def test_a_silence_of_the_tills_is_the_more_unlikely_the_more_was_sold() -> None:
    router = Router()
    for hour in range(240, 60, -1):
        router.take(fact(FactKind.SALE, line("2"), hours_ago=hour), hours_ago=hour)
    other = FactLine(line="1", item=Item(id="9"), quantity=units("1"))
    router.take(fact(FactKind.SALE, other, hours_ago=1), hours_ago=1)
    vector = router.one(exception())
    assert vector["velocity"] > math.log1p(20)
    assert vector["zero_sales_z"] == 8.0
    assert math.isnan(router.one(exception(item=Item(id="9")))["zero_sales_z"])


def test_similar_exceptions_are_counted_by_store_item_and_batch() -> None:
    router = Router()
    promotion = (Reference(kind="promotion", id="P-1"),)
    for _ in range(3):
        router.take(exceptions=[exception(references=promotion)], hours_ago=0.5)
    router.take(exceptions=[exception(Category.WORKFORCE_CONFLICT, item=None)], hours_ago=0.2)
    vector = router.one(exception(references=promotion))
    for name in ("sim_store_1h", "sim_sku_24h", "sim_batch"):
        assert vector[name] == pytest.approx(math.log1p(3)), name
    assert vector["store_exc_rate"] == pytest.approx(math.log1p(4 / 7))
    assert vector["promo_active"] == 1.0


def test_an_event_that_is_run_again_gives_the_same_and_is_remembered_once() -> None:
    router, item = Router(), event(7, exceptions=[exception()])
    first = features_of(item.exceptions[0], item, router.memory, NOW.timestamp())
    router.memory.remember(item, NOW.timestamp())
    router.memory.remember(item, NOW.timestamp())
    assert features_of(item.exceptions[0], item, Memory(), NOW.timestamp()) == first
    assert router.one(exception())["sim_sku_24h"] == pytest.approx(math.log1p(1))


def test_an_opposite_difference_of_another_item_cancels_this_one() -> None:
    other = exception(expected="5", actual="9", item=Item(id="4712"))
    vectors = Router().take(exceptions=[exception(), other])
    assert [vector["sibling_opp"] for vector in vectors] == [1.0, 1.0]
    assert Router().one(exception())["sibling_opp"] == 0.0


def test_an_invoice_is_held_against_order_and_receipt() -> None:
    router, order = Router(), (Reference(kind="purchase-order", id="PO-1"),)
    router.take(fact(FactKind.PURCHASE_ORDER, line("100"), hours_ago=90, references=order), hours_ago=90)
    asked = exception(Category.INVOICE_MISMATCH, "100", "120", references=order)
    assert math.isnan(router.one(asked)["gr_exists"])  # no receipt of anything is known
    router.take(fact(FactKind.RECEIPT, line("80"), hours_ago=50, references=order), hours_ago=50)
    vector = router.one(asked)
    assert vector["gr_exists"] == 1.0
    assert vector["q_inv_gr"] == pytest.approx(0.5)
    assert vector["q_gr_po"] == pytest.approx(-0.2)
    dearer = exception(
        Category.INVOICE_MISMATCH, "2.00", "24.00", kind="unit-price", unit="EUR", references=order
    )
    assert router.one(dearer)["p_inv_po"] == pytest.approx(11)
    assert router.one(dearer)["uom_near_pack"] == 1.0


def test_a_refund_is_held_against_those_of_its_store() -> None:
    router = Router()
    for number in range(30):
        given = fact(
            FactKind.RETURN, hours_ago=30 - number, key=f"r{number}", total=euros("20.00"),
            actor=f"1:{number % 5}", customer="1:c",
        )  # fmt: skip
        router.take(given, hours_ago=30 - number)
    refund = fact(
        FactKind.RETURN, hours_ago=0, key="mine", total=euros("200.00"), actor="1:0", customer="1:c"
    )
    vector = router.one(exception(Category.REFUND_ANOMALY, "0", "1"), refund)
    assert vector["refund_z"] > 3
    assert vector["cust_ret90"] == pytest.approx(math.log1p(30))
    assert abs(vector["cashier_z"]) < 1
    assert vector["dup_min"] == pytest.approx(math.log1p(1440))
    again = fact(FactKind.RETURN, hours_ago=0, key="again", total=euros("20.00"))
    assert router.one(exception(Category.REFUND_ANOMALY, "0", "1"), again)["dup_min"] < math.log1p(61)


def test_money_counts_as_ratios_only() -> None:
    vectors = []
    for factor, currency in ((1, "EUR"), (100, "JPY")):
        router = Router()
        for hours, price in ((60, 2), (50, 6), (40, 4)):
            sold = line("1", price=euros(str(price * factor), currency))
            router.take(fact(FactKind.SALE, sold, hours_ago=hours), hours_ago=hours)
        vectors.append(
            router.one(
                exception(
                    Category.PRICE_DISCREPANCY, str(4 * factor), str(3 * factor), kind="unit-price",
                    unit=currency, money=euros(str(30 * factor), currency),
                )
            )
        )  # fmt: skip
    names = [name for name in NAMES if not math.isnan(vectors[0][name])]
    assert {"unit_price", "pos_erp_pct"} <= set(names)
    assert [vectors[0][name] for name in names] == pytest.approx(
        [vectors[1][name] for name in names], abs=1e-5
    )


def test_numbers_beyond_all_measure_stay_finite_or_missing() -> None:
    huge = "9" * 400
    router = Router()
    router.take(fact(FactKind.SALE, line(huge, price=euros(huge)), hours_ago=30), hours_ago=30)
    router.take(fact(FactKind.STOCK_COUNT, line(huge, "0"), hours_ago=3), hours_ago=3)
    for asked in (
        exception(expected=huge, actual="-" + huge, context=(Circumstance(name="on_hand", value=huge),)),
        exception(Category.SUPPLIER_SHORT_SHIPMENT, "0", huge),
        exception(Category.INVOICE_MISMATCH, huge, huge, kind="amount", unit="EUR", money=euros(huge)),
    ):
        assert not [name for name, value in router.one(asked).items() if math.isinf(value)]
    assert not math.isnan(router.memory.usual_price.get("EUR", 0.0))


def test_the_memory_is_bounded() -> None:
    memory = Memory()
    for number in range(EVENTS_LIMIT + 10):
        memory.remember(event(number), NOW.timestamp())
    table: Recent[int, int] = Recent(3)
    for number in range(10):
        table.put(number, number)
    assert len(table) == 3
    assert table.get(9) == 9
    assert table.get(0) is None
    router = Router()
    for number in range(REFUNDS_LIMIT + 50):
        router.take(fact(FactKind.RETURN, hours_ago=1, key=str(number), total=euros("1.00")), hours_ago=1)
    store = router.memory.stores.get("42")
    assert store is not None
    assert len(store.refunds) == REFUNDS_LIMIT
