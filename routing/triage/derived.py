"""What triage's memory says of any exception, in the features' own units; its category then adds its part."""

import math

from routing.fact_context import joinable
from routing.triage.derived_by_category import OF_CATEGORY
from routing.triage.feature_table import INDEX
from routing.triage.feature_values import NAN, Values
from routing.triage.memory import batches_of
from routing.triage.memory_records import DAY, ItemRecord, StockRecord, StoreRecord
from routing.triage.subject import Subject

_LARGEST_Z = 8.0

# looked up once: a name for each place in the vector
_ASN_GAP_REL = INDEX["asn_gap_rel"]
_COST_RATIO = INDEX["cost_ratio"]
_DAYS_SINCE_COUNT = INDEX["days_since_count"]
_GR_LAG_H = INDEX["gr_lag_h"]
_H_SINCE_PRICE_CHG = INDEX["h_since_price_chg"]
_H_SINCE_RECEIPT = INDEX["h_since_receipt"]
_LAST_VAR = INDEX["last_var"]
_ON_HAND = INDEX["on_hand"]
_OPEN_RESV = INDEX["open_resv"]
_PROMO_ACTIVE = INDEX["promo_active"]
_SIM_BATCH = INDEX["sim_batch"]
_SIM_SKU_24H = INDEX["sim_sku_24h"]
_SIM_STORE_1H = INDEX["sim_store_1h"]
_SKU_FILL30 = INDEX["sku_fill30"]
_STORE_EXC_RATE = INDEX["store_exc_rate"]
_STORE_VAR_RATE = INDEX["store_var_rate"]
_SUPPLIER_OTIF = INDEX["supplier_otif"]
_TLOG_LAG_H = INDEX["tlog_lag_h"]
_UNIT_PRICE = INDEX["unit_price"]
_VELOCITY = INDEX["velocity"]
_ZERO_SALES_Z = INDEX["zero_sales_z"]
_TRANSIT_REL, _OPEN_TRANSFER_REL = INDEX["transit_rel"], INDEX["open_transfer_rel"]


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
            values.put(_SUPPLIER_OTIF, in_full.value, subject.hours_since(in_full.at))
    own = OF_CATEGORY.get(subject.category)
    if own is not None:
        own(subject, values)


def _similar(subject: Subject, values: Values) -> None:
    memory, store = subject.memory, subject.store
    if subject.place:
        seen = store.similar.get(subject.category) if store else None
        values.put(_SIM_STORE_1H, float(seen.count(subject.now)) if seen else 0.0)
        values.put(_STORE_EXC_RATE, store.exceptions.count(subject.now) / 7.0 if store else 0.0)
    if subject.item:
        record = subject.item_record
        values.put(_SIM_SKU_24H, float(record.exceptions.count(subject.now)) if record else 0.0)
    others = len(subject.normalised.exceptions) - 1
    for batch in batches_of(subject.found, subject.normalised.item.arrival.file):
        seen = memory.batches.get(batch)
        if seen is not None:
            others = max(others, seen.count(subject.now))
    values.put(_SIM_BATCH, float(others))
    if any(one.kind == "promotion" for one in subject.exception.references):
        values.put(_PROMO_ACTIVE, 1.0)


def _of_store(subject: Subject, store: StoreRecord, values: Values) -> None:
    values.put(_STORE_VAR_RATE, store.counts.value, subject.hours_since(store.counts.at))
    values.put(_TLOG_LAG_H, store.tlog_lag_hours, subject.hours_since(store.last_sale))


def _of_item(subject: Subject, record: ItemRecord, values: Values) -> None:
    values.put(_COST_RATIO, record.cost / record.price if record.price > 0.0 else NAN)
    money = subject.exception.money_at_risk
    usual = subject.memory.usual_price.get(money.currency) if money is not None else None
    if usual is not None:
        values.put(_UNIT_PRICE, record.price / math.exp(usual))
    values.put(_SKU_FILL30, record.fill.value, subject.hours_since(record.fill.at))
    values.put(_H_SINCE_PRICE_CHG, subject.hours_since(record.price_changed_at))


def _of_stock(subject: Subject, stock: StockRecord, values: Values) -> None:
    hours, at = subject.hours_since, subject.at
    rate = stock.units_a_day(at)
    if rate == rate:
        silent = max(0.0, hours(stock.last_sale))
        heard = hours(subject.store.last_sale) if subject.store is not None else silent
        values.put(_VELOCITY, rate, heard)
        values.put(_ZERO_SALES_Z, min(_LARGEST_Z, rate / 24.0 * silent / math.log(10.0)), heard)
    since_count = hours(stock.counted_at)
    values.put(_DAYS_SINCE_COUNT, since_count / 24.0)
    values.put(_LAST_VAR, stock.last_variance, since_count)
    values.put(_ON_HAND, stock.on_hand, hours(stock.on_hand_at))
    values.put(_H_SINCE_RECEIPT, hours(stock.last_receipt))
    values.put(_ASN_GAP_REL, stock.receipt_gap, hours(stock.last_receipt))
    values.put(_GR_LAG_H, stock.posting_lag_hours)
    reserved = [units for units, since in stock.reserved.values() if since > at - 2 * DAY]
    if reserved:
        values.put(_OPEN_RESV, sum(reserved))
    if subject.units:
        apart = abs(subject.units)
        for place, table in ((_TRANSIT_REL, stock.in_transit), (_OPEN_TRANSFER_REL, stock.in_transfer)):
            if table:
                total = sum(units for units, _ in table.values())
                values.put(place, total / apart, hours(max(since for _, since in table.values())))
