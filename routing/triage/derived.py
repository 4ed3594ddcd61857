"""What the exception itself and triage's memory say, in the features' own units."""

import math
from collections.abc import Callable, Mapping, Sequence

from contracts.canonical import Category, Fact, FactKind
from routing.fact_context import joinable
from routing.items import FoundException, NormalisedItem
from routing.triage.conditions import PACK_SIZES
from routing.triage.feature_table import INDEX
from routing.triage.feature_values import NAN, Values
from routing.triage.memory import Memory, batches_of, moment, units_apart
from routing.triage.memory_facts import amount_of
from routing.triage.memory_records import (
    DAY,
    HOUR,
    SIBLINGS_LIMIT,
    ItemRecord,
    OrderRecord,
    StockRecord,
    StoreRecord,
)
from routing.triage.reading import Reading
from routing.triage.words import (
    ITEM_UNKNOWN,
    LABEL_SIDE,
    MESSAGE_REFUSED,
    REFUSED_GOODS,
    REST_FOLLOWS,
    UNREACHABLE,
)

NO_EQUAL_REFUND_MINUTES = 1440.0
_LARGEST_Z = 8.0
_PACKS = sorted(PACK_SIZES)


class Subject:
    """One exception, and what is known of its place, item and orders.

    `at` is when it was detected, `now` when it reached us.
    """

    __slots__ = ("at", "category", "exception", "found", "item", "item_record", "memory", "normalised",
                 "now", "place", "ratio", "stock", "store", "units")  # fmt: skip

    def __init__(
        self, found: FoundException, normalised: NormalisedItem, memory: Memory, at: float, now: float
    ) -> None:
        exception = found.exception
        self.found, self.exception, self.category = found, exception, exception.category
        self.normalised, self.memory, self.at, self.now = normalised, memory, at, now
        self.place = joinable(exception.place.id) if exception.place else ""
        self.item = joinable(exception.item.id) if exception.item else ""
        self.store = memory.stores.get(self.place)
        self.item_record = memory.items.get(self.item) if self.item else None
        self.stock = memory.stock.get((self.place, self.item)) if self.item else None
        self.units = units_apart(found)
        self.ratio = _ratio(found)

    def hours_since(self, moment_: float) -> float:
        """Return the hours from a moment to the exception; NaN for no moment."""
        return (self.at - moment_) / HOUR

    @property
    def facts(self) -> Sequence[Fact]:
        return self.normalised.facts

    def orders(self) -> list[OrderRecord]:
        """Return what is known of the purchase orders that it names."""
        numbers = [joinable(one.id) for one in self.exception.references if one.kind == "purchase-order"]
        found = (self.memory.orders.get(number) for number in dict.fromkeys(numbers))
        return [order for order in found if order is not None]


def derive(subject: Subject, values: Values) -> None:
    """Put all that can be derived; what the exception says of itself is as old as it (hot path)."""
    _similar(subject, values)
    if subject.store is not None:
        _of_store(subject, subject.store, values)
    if subject.item_record is not None:
        _of_item(subject, subject.item_record, values)
    if subject.stock is not None:
        _of_stock(subject, subject.stock, values)
    partner = subject.exception.partner
    if partner is not None:
        supplier = subject.memory.suppliers.get(joinable(partner.id))
        if supplier is not None:
            in_full = supplier.in_full
            values.put(INDEX["supplier_otif"], in_full.value, subject.hours_since(in_full.at))
    own = _OF_CATEGORY.get(subject.category)
    if own is not None:
        own(subject, values)


def _similar(subject: Subject, values: Values) -> None:
    memory, store = subject.memory, subject.store
    if subject.place:
        seen = store.similar.get(subject.category) if store else None
        values.put(INDEX["sim_store_1h"], float(seen.count(subject.now)) if seen else 0.0)
        values.put(INDEX["store_exc_rate"], store.exceptions.count(subject.now) / 7.0 if store else 0.0)
    if subject.item:
        record = subject.item_record
        values.put(INDEX["sim_sku_24h"], float(record.exceptions.count(subject.now)) if record else 0.0)
    others = len(subject.normalised.exceptions) - 1
    for batch in batches_of(subject.found, subject.normalised.item.arrival.file):
        seen = memory.batches.get(batch)
        if seen is not None:
            others = max(others, seen.count(subject.now))
    values.put(INDEX["sim_batch"], float(others))
    if any(one.kind == "promotion" for one in subject.exception.references):
        values.put(INDEX["promo_active"], 1.0)


def _of_store(subject: Subject, store: StoreRecord, values: Values) -> None:
    values.put(INDEX["store_var_rate"], store.counts.value, subject.hours_since(store.counts.at))
    values.put(INDEX["tlog_lag_h"], store.tlog_lag_hours, subject.hours_since(store.last_sale))


def _of_item(subject: Subject, record: ItemRecord, values: Values) -> None:
    values.put(INDEX["cost_ratio"], record.cost / record.price if record.price > 0.0 else NAN)
    money = subject.exception.money_at_risk
    usual = subject.memory.usual_price.get(money.currency) if money is not None else None
    if usual is not None:
        values.put(INDEX["unit_price"], record.price / math.exp(usual))
    values.put(INDEX["sku_fill30"], record.fill.value, subject.hours_since(record.fill.at))
    values.put(INDEX["h_since_price_chg"], subject.hours_since(record.price_changed_at))


def _of_stock(subject: Subject, stock: StockRecord, values: Values) -> None:
    hours, at = subject.hours_since, subject.at
    rate = stock.units_a_day(at)
    if rate == rate:
        silent = max(0.0, hours(stock.last_sale))
        heard = hours(subject.store.last_sale) if subject.store is not None else silent
        values.put(INDEX["velocity"], rate, heard)
        values.put(INDEX["zero_sales_z"], min(_LARGEST_Z, rate / 24.0 * silent / math.log(10.0)), heard)
    since_count = hours(stock.counted_at)
    values.put(INDEX["days_since_count"], since_count / 24.0)
    values.put(INDEX["last_var"], stock.last_variance, since_count)
    values.put(INDEX["on_hand"], stock.on_hand, hours(stock.on_hand_at))
    values.put(INDEX["h_since_receipt"], hours(stock.last_receipt))
    values.put(INDEX["asn_gap_rel"], stock.receipt_gap, hours(stock.last_receipt))
    values.put(INDEX["gr_lag_h"], stock.posting_lag_hours)
    reserved = [units for units, since in stock.reserved.values() if since > at - 2 * DAY]
    if reserved:
        values.put(INDEX["open_resv"], sum(reserved))
    if subject.units:
        apart = abs(subject.units)
        for name, table in (("transit_rel", stock.in_transit), ("open_transfer_rel", stock.in_transfer)):
            if table:
                total = sum(units for units, _ in table.values())
                values.put(INDEX[name], total / apart, hours(max(since for _, since in table.values())))


def _inventory(subject: Subject, values: Values) -> None:
    _both_sides(subject, values)
    units = subject.units
    if units:
        values.put(INDEX["sibling_opp"], _cancelled(subject, units))


def _cancelled(subject: Subject, units: float) -> float:
    """Return how far the opposite difference of another item in the place cancels this one, 0 to 1."""
    others = [
        other
        for found in subject.normalised.exceptions[:SIBLINGS_LIMIT]
        if found is not subject.found and (other := units_apart(found))
    ]
    if subject.store is not None:
        since, own = subject.at - DAY, subject.item
        others += [other for at, item, other in subject.store.deltas if at > since and item != own]
    best = 0.0
    for other in others:
        if other * units < 0.0:
            best = max(best, 1.0 - abs(units + other) / max(abs(units), abs(other)))
    return best


def _both_sides(subject: Subject, values: Values) -> None:
    if subject.units is not None:
        values.put(INDEX["delta_sl"], subject.units)
    if subject.ratio == subject.ratio:
        values.put(INDEX["delta_rel"], subject.ratio - 1.0)


def _prices(subject: Subject, values: Values) -> None:
    if subject.exception.expected.kind == "unit-price" and subject.ratio == subject.ratio:
        values.put(INDEX["pos_erp_pct"], subject.ratio - 1.0)
    promotions = sum(one.kind == "promotion" for one in subject.exception.references)
    if promotions:
        values.put(INDEX["active_promos"], float(promotions))
    _reach(subject, values)


def _reach(subject: Subject, values: Values) -> None:
    if subject.item_record is not None:
        stores = subject.item_record.stores
        values.put(
            INDEX["stores_affected"], float(sum(since > subject.at - DAY for since in stores.values()))
        )
    if subject.store is not None:
        values.put(INDEX["price_file_age"], subject.hours_since(subject.store.price_file_at))


def _price_updates(subject: Subject, values: Values) -> None:
    _reach(subject, values)
    exception = subject.exception
    if exception.expected.kind == "time":
        expected = moment(exception.expected.value, NAN)
        values.put(INDEX["eff_offset_h"], (moment(exception.actual.value, NAN) - expected) / HOUR)
    reading = Reading(subject.found)
    if reading.stated_reason:
        for name, states in _ACKNOWLEDGEMENTS:
            values.put(INDEX[name], float(states(reading)))


_ACKNOWLEDGEMENTS = (
    ("ack_timeout", UNREACHABLE),
    ("ack_schema", MESSAGE_REFUSED),
    ("ack_notfound", ITEM_UNKNOWN),
    ("ack_device", LABEL_SIDE),
)


def _collections(subject: Subject, values: Values) -> None:
    expected, actual = subject.exception.expected, subject.exception.actual
    if expected.kind == "time":
        promised = moment(expected.value, NAN)
        values.put(INDEX["age_vs_promise"], (moment(actual.value, subject.at) - promised) / HOUR)
    if expected.kind == "quantity" and subject.ratio == subject.ratio:
        values.put(INDEX["pick_frac"], min(1.0, max(0.0, subject.ratio)))
        values.put(INDEX["delta_rel"], subject.ratio - 1.0)


def _invoices(subject: Subject, values: Values) -> None:
    kind, ratio = subject.exception.expected.kind, subject.ratio
    if ratio == ratio:
        values.put(INDEX["uom_near_pack"], near_a_pack(ratio))
        if kind == "unit-price":
            values.put(INDEX["p_inv_po"], ratio - 1.0)
        elif kind == "amount":
            values.put(INDEX["tax_freight"], max(0.0, 1.0 - 1.0 / ratio) if ratio > 0.0 else NAN)
    _against_receipts(subject, values)
    partner = subject.exception.partner
    supplier = subject.memory.suppliers.get(joinable(partner.id)) if partner else None
    if supplier is not None:
        values.put(INDEX["dup_score"], _likeness(subject, supplier.invoices))


def _against_receipts(subject: Subject, values: Values) -> None:
    orders = subject.orders()
    if not orders:
        return
    received = sum(order.received.get(subject.item, 0.0) for order in orders)
    if subject.memory.knows_receipts:
        values.put(INDEX["gr_exists"], float(any(order.received for order in orders)))
    exception = subject.exception
    billed = float(exception.actual.value) if exception.actual.kind == "quantity" else NAN
    if received > 0.0:
        values.put(INDEX["q_inv_gr"], billed / received - 1.0)
        ordered = sum(order.ordered.get(subject.item, 0.0) for order in orders)
        values.put(INDEX["q_gr_po"], received / ordered - 1.0 if ordered > 0.0 else NAN)
    for order in orders:
        values.put(INDEX["po_rev_age"], subject.hours_since(order.revised_at))


def _likeness(subject: Subject, invoices: Sequence[tuple[str, float, float]]) -> float:
    """Return how like an earlier invoice of the supplier this one is: 1 for the same amount, then falling."""
    numbers = {one.id for one in subject.exception.references if one.kind == "invoice"}
    totals = [
        abs(float(fact.total.amount))
        for fact in subject.facts
        if fact.kind is FactKind.INVOICE and fact.total
    ]
    likeness = 0.0
    for number, amount, _ in invoices:
        if number in numbers:
            continue
        for total in totals:
            larger = max(abs(amount), total)
            if larger > 0.0:
                likeness = max(likeness, 1.0 - 20.0 * abs(abs(amount) - total) / larger)
    return likeness


def _supplies(subject: Subject, values: Values) -> None:
    ratio = subject.ratio
    if ratio == ratio:
        values.put(INDEX["short_pct"], 1.0 - ratio)
        values.put(INDEX["uom_near_pack"], near_a_pack(ratio))
        if any(fact.kind in {FactKind.SHIPMENT, FactKind.PURCHASE_ORDER} for fact in subject.facts):
            values.put(INDEX["asn_po"], ratio - 1.0)
        elif any(one.kind in {"shipment", "delivery"} for one in subject.exception.references):
            values.put(INDEX["recv_asn"], ratio - 1.0)
    for order in subject.orders():
        ordered, announced = order.ordered.get(subject.item, NAN), order.announced.get(subject.item, NAN)
        values.put(INDEX["asn_po"], announced / ordered - 1.0 if ordered else NAN)
        if subject.exception.actual.kind == "quantity" and announced > 0.0:
            values.put(INDEX["recv_asn"], float(subject.exception.actual.value) / announced - 1.0)
        values.put(INDEX["po_rev_age"], subject.hours_since(order.revised_at))
    reading = Reading(subject.found)
    if reading.stated_reason:
        values.put(INDEX["damage_note"], float(REFUSED_GOODS(reading)))
        values.put(INDEX["split_rem"], float(REST_FOLLOWS(reading)))


def _refunds(subject: Subject, values: Values) -> None:
    references = {one.kind for one in subject.exception.references}
    values.put(INDEX["online_link"], float("sales-order" in references))
    if subject.exception.expected.kind == "unit-price" and subject.ratio == subject.ratio:
        values.put(INDEX["refund_vs_paid"], subject.ratio - 1.0)
    store, at = subject.store, subject.at
    for fact in subject.facts:
        if fact.kind is not FactKind.RETURN:
            continue
        if fact.customer:
            seen = subject.memory.customers.get(fact.customer)
            values.put(INDEX["cust_ret90"], float(seen.count(at)) if seen else 0.0)
        amount = amount_of(fact)
        if store is None:
            continue
        if amount > 0.0:
            values.put(INDEX["refund_z"], store.refund_sizes.z(math.log(amount)))
            values.put(INDEX["dup_min"], _since_equal(store, fact, amount, at))
        if fact.actor:
            values.put(INDEX["cashier_z"], _of_cashier(store, fact.actor, subject.now))


def _since_equal(store: StoreRecord, fact: Fact, amount: float, at: float) -> float:
    minutes = [
        abs(at - when) / 60.0
        for when, key, other in store.refunds
        if key != fact.key and abs(other - amount) < 0.005 and when > at - DAY
    ]
    return min(minutes, default=NO_EQUAL_REFUND_MINUTES)


def _of_cashier(store: StoreRecord, actor: str, now: float) -> float:
    """Return how many deviations of a Poisson count the cashier's refunds are above those of the others."""
    others = len(store.refunds_by_actor) - 1
    if others < 3:
        return NAN
    seen = store.refunds_by_actor.get(actor)
    own = seen.count(now) if seen else 0
    mean = max(0, store.all_refunds.count(now) - own) / others
    return (own - mean) / math.sqrt(max(mean, 1.0))


def near_a_pack(ratio: float) -> float:
    """Return how near two sides are to a usual pack size apart, 1 for exactly, 0 from 10 % off on."""
    if ratio <= 0.0:
        return 0.0
    times = ratio if ratio >= 1.0 else 1.0 / ratio
    off = min(abs(times / pack - 1.0) for pack in _PACKS)
    return max(0.0, 1.0 - 10.0 * off)


def _ratio(found: FoundException) -> float:
    """Return actual over expected of two numbers, NaN where there is none."""
    expected, actual = found.exception.expected, found.exception.actual
    if expected.kind in {"status", "time"} or expected.kind != actual.kind:
        return NAN
    below = float(expected.value)
    return float(actual.value) / below if below else NAN


_OF_CATEGORY: Mapping[Category, Callable[[Subject, Values], None]] = {
    Category.INVENTORY_VARIANCE: _inventory,
    Category.PRICE_DISCREPANCY: _prices,
    Category.FAILED_PRICE_UPDATE: _price_updates,
    Category.CLICK_AND_COLLECT_DELAY: _collections,
    Category.INVOICE_MISMATCH: _invoices,
    Category.SUPPLIER_SHORT_SHIPMENT: _supplies,
    Category.REFUND_ANOMALY: _refunds,
}
