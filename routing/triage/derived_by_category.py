"""What the exception itself and triage's memory say of each category, in the features' own units."""

import math
from collections.abc import Callable, Mapping, Sequence

from contracts.canonical import Category, Fact, FactKind
from routing.fact_context import joinable
from routing.triage.conditions import PACK_SIZES
from routing.triage.feature_table import INDEX
from routing.triage.feature_values import NAN, Values
from routing.triage.memory import moment, units_apart
from routing.triage.memory_facts import amount_of
from routing.triage.memory_records import DAY, HOUR, SIBLINGS_LIMIT, StoreRecord
from routing.triage.reading import Reading
from routing.triage.subject import Subject
from routing.triage.words import (
    ITEM_UNKNOWN,
    LABEL_SIDE,
    MESSAGE_REFUSED,
    REFUSED_GOODS,
    REST_FOLLOWS,
    UNREACHABLE,
)

NO_EQUAL_REFUND_MINUTES = 1440.0
_PACKS = sorted(PACK_SIZES)

# looked up once: a name for each place in the vector
_ACTIVE_PROMOS = INDEX["active_promos"]
_AGE_VS_PROMISE = INDEX["age_vs_promise"]
_ASN_PO = INDEX["asn_po"]
_CASHIER_Z = INDEX["cashier_z"]
_CUST_RET90 = INDEX["cust_ret90"]
_DAMAGE_NOTE = INDEX["damage_note"]
_DELTA_REL = INDEX["delta_rel"]
_DELTA_SL = INDEX["delta_sl"]
_DUP_MIN = INDEX["dup_min"]
_DUP_SCORE = INDEX["dup_score"]
_EFF_OFFSET_H = INDEX["eff_offset_h"]
_GR_EXISTS = INDEX["gr_exists"]
_ONLINE_LINK = INDEX["online_link"]
_P_INV_PO = INDEX["p_inv_po"]
_PICK_FRAC = INDEX["pick_frac"]
_PO_REV_AGE = INDEX["po_rev_age"]
_POS_ERP_PCT = INDEX["pos_erp_pct"]
_PRICE_FILE_AGE = INDEX["price_file_age"]
_Q_GR_PO = INDEX["q_gr_po"]
_Q_INV_GR = INDEX["q_inv_gr"]
_RECV_ASN = INDEX["recv_asn"]
_REFUND_VS_PAID = INDEX["refund_vs_paid"]
_REFUND_Z = INDEX["refund_z"]
_SHORT_PCT = INDEX["short_pct"]
_SIBLING_OPP = INDEX["sibling_opp"]
_SPLIT_REM = INDEX["split_rem"]
_STORES_AFFECTED = INDEX["stores_affected"]
_TAX_FREIGHT = INDEX["tax_freight"]
_UOM_NEAR_PACK = INDEX["uom_near_pack"]


def _inventory(subject: Subject, values: Values) -> None:
    _both_sides(subject, values)
    units = subject.units
    if units:
        values.put(_SIBLING_OPP, _cancelled(subject, units))


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
        values.put(_DELTA_SL, subject.units)
    if subject.ratio == subject.ratio:
        values.put(_DELTA_REL, subject.ratio - 1.0)


def _prices(subject: Subject, values: Values) -> None:
    if subject.exception.expected.kind == "unit-price" and subject.ratio == subject.ratio:
        values.put(_POS_ERP_PCT, subject.ratio - 1.0)
    promotions = sum(one.kind == "promotion" for one in subject.exception.references)
    if promotions:
        values.put(_ACTIVE_PROMOS, float(promotions))
    _reach(subject, values)


def _reach(subject: Subject, values: Values) -> None:
    if subject.item_record is not None:
        stores = subject.item_record.stores
        values.put(_STORES_AFFECTED, float(sum(since > subject.at - DAY for since in stores.values())))
    if subject.store is not None:
        values.put(_PRICE_FILE_AGE, subject.hours_since(subject.store.price_file_at))


def _price_updates(subject: Subject, values: Values) -> None:
    _reach(subject, values)
    exception = subject.exception
    if exception.expected.kind == "time":
        expected = moment(exception.expected.value, NAN)
        values.put(_EFF_OFFSET_H, (moment(exception.actual.value, NAN) - expected) / HOUR)
    reading = Reading(subject.found)
    if reading.stated_reason:
        for place, states in _ACKNOWLEDGEMENTS:
            values.put(place, float(states(reading)))


_ACKNOWLEDGEMENTS = (
    (INDEX["ack_timeout"], UNREACHABLE),
    (INDEX["ack_schema"], MESSAGE_REFUSED),
    (INDEX["ack_notfound"], ITEM_UNKNOWN),
    (INDEX["ack_device"], LABEL_SIDE),
)


def _collections(subject: Subject, values: Values) -> None:
    expected, actual = subject.exception.expected, subject.exception.actual
    if expected.kind == "time":
        promised = moment(expected.value, NAN)
        values.put(_AGE_VS_PROMISE, (moment(actual.value, subject.at) - promised) / HOUR)
    if expected.kind == "quantity" and subject.ratio == subject.ratio:
        values.put(_PICK_FRAC, min(1.0, max(0.0, subject.ratio)))
        values.put(_DELTA_REL, subject.ratio - 1.0)


def _invoices(subject: Subject, values: Values) -> None:
    kind, ratio = subject.exception.expected.kind, subject.ratio
    if ratio == ratio:
        values.put(_UOM_NEAR_PACK, near_a_pack(ratio))
        if kind == "unit-price":
            values.put(_P_INV_PO, ratio - 1.0)
        elif kind == "amount":
            values.put(_TAX_FREIGHT, max(0.0, 1.0 - 1.0 / ratio) if ratio > 0.0 else NAN)
    _against_receipts(subject, values)
    partner = subject.exception.partner
    supplier = subject.memory.suppliers.get(joinable(partner.id)) if partner else None
    if supplier is not None:
        values.put(_DUP_SCORE, _likeness(subject, supplier.invoices))


def _against_receipts(subject: Subject, values: Values) -> None:
    orders = subject.orders()
    if not orders:
        return
    received = sum(order.received.get(subject.item, 0.0) for order in orders)
    if subject.memory.knows_receipts:
        values.put(_GR_EXISTS, float(any(order.received for order in orders)))
    exception = subject.exception
    billed = float(exception.actual.value) if exception.actual.kind == "quantity" else NAN
    if received > 0.0:
        values.put(_Q_INV_GR, billed / received - 1.0)
        ordered = sum(order.ordered.get(subject.item, 0.0) for order in orders)
        values.put(_Q_GR_PO, received / ordered - 1.0 if ordered > 0.0 else NAN)
    for order in orders:
        values.put(_PO_REV_AGE, subject.hours_since(order.revised_at))


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
        values.put(_SHORT_PCT, 1.0 - ratio)
        values.put(_UOM_NEAR_PACK, near_a_pack(ratio))
        if any(fact.kind in {FactKind.SHIPMENT, FactKind.PURCHASE_ORDER} for fact in subject.facts):
            values.put(_ASN_PO, ratio - 1.0)
        elif any(one.kind in {"shipment", "delivery"} for one in subject.exception.references):
            values.put(_RECV_ASN, ratio - 1.0)
    for order in subject.orders():
        ordered, announced = order.ordered.get(subject.item, NAN), order.announced.get(subject.item, NAN)
        values.put(_ASN_PO, announced / ordered - 1.0 if ordered else NAN)
        if subject.exception.actual.kind == "quantity" and announced > 0.0:
            values.put(_RECV_ASN, float(subject.exception.actual.value) / announced - 1.0)
        values.put(_PO_REV_AGE, subject.hours_since(order.revised_at))
    reading = Reading(subject.found)
    if reading.stated_reason:
        values.put(_DAMAGE_NOTE, float(REFUSED_GOODS(reading)))
        values.put(_SPLIT_REM, float(REST_FOLLOWS(reading)))


def _refunds(subject: Subject, values: Values) -> None:
    references = {one.kind for one in subject.exception.references}
    values.put(_ONLINE_LINK, float("sales-order" in references))
    if subject.exception.expected.kind == "unit-price" and subject.ratio == subject.ratio:
        values.put(_REFUND_VS_PAID, subject.ratio - 1.0)
    store, at = subject.store, subject.at
    for fact in subject.facts:
        if fact.kind is not FactKind.RETURN:
            continue
        if fact.customer:
            seen = subject.memory.customers.get(fact.customer)
            values.put(_CUST_RET90, float(seen.count(at)) if seen else 0.0)
        amount = amount_of(fact)
        if store is None:
            continue
        if amount > 0.0:
            values.put(_REFUND_Z, store.refund_sizes.z(math.log(amount)))
            values.put(_DUP_MIN, _since_equal(store, fact, amount, at))
        if fact.actor:
            values.put(_CASHIER_Z, _of_cashier(store, fact.actor, subject.now))


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


OF_CATEGORY: Mapping[Category, Callable[[Subject, Values], None]] = {
    Category.INVENTORY_VARIANCE: _inventory,
    Category.PRICE_DISCREPANCY: _prices,
    Category.FAILED_PRICE_UPDATE: _price_updates,
    Category.CLICK_AND_COLLECT_DELAY: _collections,
    Category.INVOICE_MISMATCH: _invoices,
    Category.SUPPLIER_SHORT_SHIPMENT: _supplies,
    Category.REFUND_ANOMALY: _refunds,
}
