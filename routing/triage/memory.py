"""What triage remembers of one partition: recent facts and exceptions, by store, item, supplier and order.

It is bounded; who makes a new one fills it by running `detect` over the recent items again. It holds no names
of people: actors and customers are keyed hashes already.
"""

import math
from collections.abc import Sequence
from datetime import datetime

from contracts.canonical import Category, Money
from routing.fact_context import joinable
from routing.items import FoundException, NormalisedItem
from routing.triage.memory_facts import KEEPING
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
)

STOCK_LIMIT = 100_000
ITEMS_LIMIT = 50_000
STORES_LIMIT = 5_000
SUPPLIERS_LIMIT = 5_000
ORDERS_LIMIT = 20_000
CUSTOMERS_LIMIT = 20_000
BATCHES_LIMIT = 2_000
EVENTS_LIMIT = 5_000
LARGEST_PRICE = 1e12  # beyond it a mean would never come back

_PRICES = frozenset({Category.PRICE_DISCREPANCY, Category.FAILED_PRICE_UPDATE})
_BATCHES = frozenset({"promotion", "idoc", "shipment", "delivery"})


class Memory:
    """The recent past, as far as it may help to find a cause.

    `knows_receipts` and `knows_refunds` say that such facts come at all: without them their absence says
    nothing.
    """

    def __init__(self) -> None:
        self.stock: Recent[tuple[str, str], StockRecord] = Recent(STOCK_LIMIT)
        self.stores: Recent[str, StoreRecord] = Recent(STORES_LIMIT)
        self.items: Recent[str, ItemRecord] = Recent(ITEMS_LIMIT)
        self.suppliers: Recent[str, SupplierRecord] = Recent(SUPPLIERS_LIMIT)
        self.orders: Recent[str, OrderRecord] = Recent(ORDERS_LIMIT)
        self.customers: Recent[str, Sightings] = Recent(CUSTOMERS_LIMIT)
        self.batches: Recent[str, Sightings] = Recent(BATCHES_LIMIT)
        self.usual_price: dict[str, float] = {}  # by currency, a mean of logarithms
        self.knows_receipts = self.knows_refunds = False
        self._events: Recent[str, bool] = Recent(EVENTS_LIMIT)

    def remember(self, item: NormalisedItem, received_at: float) -> None:
        """Take what one item says, facts and exceptions; one that comes again says nothing new (hot path).

        `received_at` is when it reached us, in seconds since 1970.
        """
        event_id = item.item.event_id
        if self._events.get(event_id):
            return
        self._events.put(event_id, True)
        for fact in item.facts:
            keep = KEEPING.get(fact.kind)
            if keep is not None:
                place = joinable(fact.place.id) if fact.place else ""
                keep(self, fact, place, moment(fact.occurred_at, received_at), received_at)
        for found in item.exceptions:
            self._note(found, item.item.arrival.file, received_at)

    def learn_price(self, money: Money | None, item: ItemRecord) -> None:
        """Note an item's price, and what prices usually are in its currency."""
        if money is None or not 0.0 < (price := float(money.amount)) < LARGEST_PRICE:
            return
        item.price = price
        logarithm = math.log(price)
        usual = self.usual_price.get(money.currency, logarithm)
        self.usual_price[money.currency] = usual + 0.002 * (logarithm - usual)

    def _note(self, found: FoundException, file: str, at: float) -> None:
        exception = found.exception
        item = joinable(exception.item.id) if exception.item else ""
        if exception.place is not None:
            place = joinable(exception.place.id)
            store = self.stores.take(place, StoreRecord)
            store.exceptions.add(at)
            store.similar.setdefault(exception.category, Sightings(HOUR)).add(at)
            if exception.category in _PRICES and item:
                self.items.take(item, ItemRecord).trouble(place, at)
            delta = units_apart(found)
            if delta and exception.category is Category.INVENTORY_VARIANCE:
                store.deltas.append((at, item, delta))
        if item:
            self.items.take(item, ItemRecord).exceptions.add(at)
        for batch in batches_of(found, file):
            self.batches.take(batch, _sightings_of_a_day).add(at)


def moment(text: str, otherwise: float) -> float:
    """Return an RFC 3339 time as seconds since 1970; a leap second, which Python lacks, is `otherwise`."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return otherwise


def units_apart(found: FoundException) -> float | None:
    """Return actual minus expected of two quantities in one unit, None for anything else."""
    expected, actual = found.exception.expected, found.exception.actual
    if expected.kind != "quantity" or actual.kind != "quantity" or expected.unit != actual.unit:
        return None
    return float(actual.value) - float(expected.value)


def batches_of(found: FoundException, file: str) -> Sequence[str]:
    """Return what an exception shares with others of its batch: file, promotion, IDoc, shipment, delivery."""
    shared = [f"{one.kind}:{one.id}" for one in found.exception.references if one.kind in _BATCHES]
    return [f"file:{file}", *shared] if file else shared


def _sightings_of_a_day() -> Sightings:
    return Sightings(DAY)
