"""What each kind of fact leaves in triage's memory."""

import math
from collections.abc import Callable, Mapping
from typing import Protocol

from contracts.canonical import Fact, FactKind, FactLine, Money
from routing.fact_context import joinable, order_numbers
from routing.triage.memory_records import (
    DAY,
    HOUR,
    ItemRecord,
    OrderRecord,
    Recent,
    Sightings,
    StockRecord,
    StoreRecord,
    SupplierRecord,
    bounded,
)

DIFFERS = 0.005  # of what was expected
_CUSTOMER_SPAN = 90 * DAY
_ACTOR_SPAN = 7 * DAY


class Tables(Protocol):
    """What the keeping of facts needs of the memory."""

    stock: Recent[tuple[str, str], StockRecord]
    stores: Recent[str, StoreRecord]
    items: Recent[str, ItemRecord]
    suppliers: Recent[str, SupplierRecord]
    orders: Recent[str, OrderRecord]
    customers: Recent[str, Sightings]
    knows_receipts: bool
    knows_refunds: bool

    def learn_price(self, money: Money | None, item: ItemRecord) -> None: ...


def _sale(memory: Tables, fact: Fact, place: str, at: float, received_at: float) -> None:
    if place:
        store = memory.stores.take(place, StoreRecord)
        store.tlog_lag_hours = max(0.0, received_at - at) / HOUR
        store.last_sale = at
    for line in fact.lines:
        if line.item is None:
            continue
        item = joinable(line.item.id)
        record = memory.items.take(item, ItemRecord)
        memory.learn_price(line.unit_price, record)
        if place and line.quantity is not None:
            memory.stock.take((place, item), StockRecord).sell(float(line.quantity.value), at)


def _return(memory: Tables, fact: Fact, place: str, at: float, received_at: float) -> None:
    memory.knows_refunds = True
    if fact.customer:
        memory.customers.take(fact.customer, lambda: Sightings(_CUSTOMER_SPAN)).add(at)
    amount = amount_of(fact)
    if not place:
        return
    store = memory.stores.take(place, StoreRecord)
    if fact.actor:
        store.all_refunds.add(at)
        store.refunds_by_actor.take(fact.actor, lambda: Sightings(_ACTOR_SPAN)).add(at)
    if amount > 0.0:
        store.refund_sizes.add(math.log(amount))
        store.refunds.append((at, fact.key, amount))


def _count(memory: Tables, fact: Fact, place: str, at: float, received_at: float) -> None:
    store = memory.stores.take(place, StoreRecord) if place else None
    for line in fact.lines:
        if line.item is None or line.quantity is None:
            continue
        counted = float(line.quantity.value)
        record = memory.stock.take((place, joinable(line.item.id)), StockRecord)
        record.counted_at = record.on_hand_at = at
        record.on_hand = counted
        if line.expected_quantity is not None:
            book = float(line.expected_quantity.value)
            record.last_variance = counted - book
            if store is not None:
                store.counts.add(float(abs(counted - book) > DIFFERS * max(abs(book), 1.0)), 1.0, at)


def _movement(memory: Tables, fact: Fact, place: str, at: float, received_at: float) -> None:
    for line in fact.lines:
        if line.item is None or line.quantity is None:
            continue
        record = memory.stock.take((place, joinable(line.item.id)), StockRecord)
        transfers = [one.id for one in (*line.references, *fact.references) if one.kind == "delivery"]
        for transfer in transfers[:1]:
            units = float(line.quantity.value)
            # the other side of the same transfer closes it
            if transfer in record.in_transfer:
                del record.in_transfer[transfer]
            else:
                bounded(record.in_transfer, transfer, (abs(units), at))


def _receipt(memory: Tables, fact: Fact, place: str, at: float, received_at: float) -> None:
    memory.knows_receipts = True
    lag = max(0.0, received_at - at) / HOUR
    documents = [one.id for one in fact.references if one.kind in {"shipment", "delivery"}]
    orders = [memory.orders.take(number, OrderRecord) for number in order_numbers(fact)]
    for order in orders:
        order.received_at = at
    for line in fact.lines:
        if line.item is None or line.quantity is None:
            continue
        item, units = joinable(line.item.id), float(line.quantity.value)
        record = memory.stock.take((place, item), StockRecord)
        record.last_receipt, record.posting_lag_hours = at, lag
        for document in documents:
            record.in_transit.pop(document, None)
        for order in orders[:1]:
            order.received[item] = order.received.get(item, 0.0) + units
        if line.expected_quantity is not None and (expected := float(line.expected_quantity.value)) > 0.0:
            record.receipt_gap = units / expected - 1.0
            _fill(memory, fact, item, units, expected, at)


def _fill(memory: Tables, fact: Fact, item: str, units: float, expected: float, at: float) -> None:
    memory.items.take(item, ItemRecord).fill.add(min(units, expected), expected, at)
    if fact.partner is not None and fact.partner.role == "supplier":
        supplier = memory.suppliers.take(joinable(fact.partner.id), SupplierRecord)
        supplier.in_full.add(float(units >= expected * (1.0 - DIFFERS)), 1.0, at)


def _shipment(memory: Tables, fact: Fact, place: str, at: float, received_at: float) -> None:
    document = next((one.id for one in fact.references if one.kind in {"shipment", "delivery"}), fact.key)
    orders = [memory.orders.take(number, OrderRecord) for number in order_numbers(fact)]
    for line in fact.lines:
        if line.item is None or line.quantity is None:
            continue
        item, units = joinable(line.item.id), float(line.quantity.value)
        if place:
            bounded(memory.stock.take((place, item), StockRecord).in_transit, document, (units, at))
        for order in orders[:1]:
            order.announced[item] = units


def _purchase_order(memory: Tables, fact: Fact, place: str, at: float, received_at: float) -> None:
    is_confirmation = any(line.expected_quantity is not None for line in fact.lines)
    for number in order_numbers(fact):
        order = memory.orders.take(number, OrderRecord)
        if order.at == order.at and not is_confirmation:
            order.revised_at = at
        order.at = at
        side = order.announced if is_confirmation else order.ordered
        for line in fact.lines:
            if line.item is not None and line.quantity is not None:
                side[joinable(line.item.id)] = float(line.quantity.value)
    for line in fact.lines:
        if line.item is not None and line.unit_price is not None:
            memory.items.take(joinable(line.item.id), ItemRecord).cost = float(line.unit_price.amount)


def _sales_order(memory: Tables, fact: Fact, place: str, at: float, received_at: float) -> None:
    if not place:
        return
    for line in fact.lines:
        wanted = line.expected_quantity or line.quantity
        if line.item is not None and wanted is not None:
            reserved = memory.stock.take((place, joinable(line.item.id)), StockRecord).reserved
            bounded(reserved, fact.key, (float(wanted.value), at))


def _invoice(memory: Tables, fact: Fact, place: str, at: float, received_at: float) -> None:
    if fact.partner is not None and fact.total is not None:
        number = next((one.id for one in fact.references if one.kind == "invoice"), fact.key)
        invoices = memory.suppliers.take(joinable(fact.partner.id), SupplierRecord).invoices
        invoices.append((number, float(fact.total.amount), at))


def _price(memory: Tables, fact: Fact, place: str, at: float, received_at: float) -> None:
    if place:
        memory.stores.take(place, StoreRecord).price_file_at = at
    for line in fact.lines:
        if line.item is None or line.unit_price is None:
            continue
        item = joinable(line.item.id)
        record = memory.items.take(item, ItemRecord)
        before = record.price
        memory.learn_price(line.unit_price, record)
        if before != record.price:
            record.price_changed_at = at
        if place:
            stock = memory.stock.take((place, item), StockRecord)
            stock.price, stock.price_at = record.price, at


def amount_of(fact: Fact) -> float:
    """Return what a return gave back, above zero; 0 where it doesn't say."""
    if fact.total is not None:
        return abs(float(fact.total.amount))
    return abs(sum(_amount(line) for line in fact.lines))


def _amount(line: FactLine) -> float:
    return float(line.amount.amount) if line.amount is not None else 0.0


Keep = Callable[[Tables, Fact, str, float, float], None]  # when it happened, when it reached us

KEEPING: Mapping[FactKind, Keep] = {
    FactKind.SALE: _sale,
    FactKind.RETURN: _return,
    FactKind.STOCK_COUNT: _count,
    FactKind.STOCK_MOVEMENT: _movement,
    FactKind.RECEIPT: _receipt,
    FactKind.SHIPMENT: _shipment,
    FactKind.PURCHASE_ORDER: _purchase_order,
    FactKind.SALES_ORDER: _sales_order,
    FactKind.INVOICE: _invoice,
    FactKind.PRICE: _price,
}
