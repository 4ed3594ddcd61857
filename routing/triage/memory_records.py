"""What triage remembers of one store, item, supplier or purchase order. Times are seconds since 1970."""

import math
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")
Kept = TypeVar("Kept")

HOUR, DAY = 3600.0, 86_400.0
SALES_MEMORY = 7 * DAY  # what is older counts less than a third
OPEN_LIMIT = 20
REFUNDS_LIMIT = 200
INVOICES_LIMIT = 50
SEEN_LIMIT = 1_000
SIBLINGS_LIMIT = 24


class Recent(Generic[Key, Kept]):
    """A table that forgets what was not used for longest."""

    __slots__ = ("_kept", "_limit")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: OrderedDict[Key, Kept] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Key) -> Kept | None:
        return self._kept.get(key)

    def take(self, key: Key, make: Callable[[], Kept]) -> Kept:
        """Return what is kept under `key`, a new one where there is nothing."""
        kept = self._kept.get(key)
        if kept is None:
            kept = make()
            self.put(key, kept)
        else:
            self._kept.move_to_end(key)
        return kept

    def put(self, key: Key, value: Kept) -> None:
        self._kept[key] = value
        self._kept.move_to_end(key)
        if len(self._kept) > self._limit:
            self._kept.popitem(last=False)


class Sightings:
    """Moments of the last `span` seconds, at most `SEEN_LIMIT`."""

    __slots__ = ("_moments", "_span")

    def __init__(self, span: float) -> None:
        self._span = span
        self._moments: deque[float] = deque(maxlen=SEEN_LIMIT)

    def add(self, at: float) -> None:
        self._moments.append(at)

    def count(self, at: float) -> int:
        """Count those before `at` that are not older than the span."""
        moments = self._moments
        while moments and moments[0] < at - self._span:
            moments.popleft()
        return len(moments)


class Share:
    """How many of the recent ones were so; the older count less and less."""

    __slots__ = ("_of", "_so", "at")

    def __init__(self) -> None:
        self._so = self._of = 0.0
        self.at = -math.inf

    def add(self, so: float, of: float, at: float, keep: float = 0.99) -> None:
        self._so = self._so * keep + so
        self._of = self._of * keep + of
        self.at = max(self.at, at)

    @property
    def value(self) -> float:
        return self._so / self._of if self._of > 0.0 else math.nan


class Spread:
    """Mean and deviation of what came, the older counting less and less."""

    __slots__ = ("_count", "_mean", "_square")

    def __init__(self) -> None:
        self._count = self._mean = self._square = 0.0

    def add(self, value: float) -> None:
        self._count = self._count * 0.995 + 1.0
        step = value - self._mean
        self._mean += step / self._count
        self._square = self._square * 0.995 + step * (value - self._mean)

    def z(self, value: float) -> float:
        """Return how many deviations `value` is from the mean; NaN while too little is known."""
        if self._count < 8.0:
            return math.nan
        return (value - self._mean) / math.sqrt(max(self._square / self._count, 1e-4))


class StockRecord:
    """One item in one place."""

    __slots__ = (
        "counted_at",
        "first_sale",
        "in_transfer",
        "in_transit",
        "last_receipt",
        "last_sale",
        "last_variance",
        "on_hand",
        "on_hand_at",
        "posting_lag_hours",
        "price",
        "price_at",
        "receipt_gap",
        "reserved",
        "sold",
    )  # fmt: skip

    def __init__(self) -> None:
        self.sold = 0.0
        self.first_sale = self.last_sale = math.nan
        self.last_receipt = self.receipt_gap = self.posting_lag_hours = math.nan
        self.counted_at = self.last_variance = math.nan
        self.on_hand = self.on_hand_at = math.nan
        self.price = self.price_at = math.nan
        self.in_transit: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self.in_transfer: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self.reserved: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def sell(self, units: float, at: float) -> None:
        """Count a sale towards the rate."""
        if self.sold and at > self.last_sale:
            self.sold *= math.exp((self.last_sale - at) / SALES_MEMORY)
        self.sold += units
        if self.first_sale != self.first_sale:
            self.first_sale = at
        self.last_sale = at if self.last_sale != self.last_sale else max(self.last_sale, at)

    def units_a_day(self, at: float) -> float:
        """Return the rate of sales; NaN before a day of them is known."""
        known = at - self.first_sale
        if not known > DAY:
            return math.nan
        decayed = self.sold * math.exp(min(0.0, self.last_sale - at) / SALES_MEMORY)
        return decayed / (SALES_MEMORY / DAY * -math.expm1(-known / SALES_MEMORY))


class StoreRecord:
    """One place."""

    __slots__ = (
        "all_refunds", "counts", "deltas", "exceptions", "last_sale", "price_file_at", "refund_sizes",
        "refunds", "refunds_by_actor", "similar", "tlog_lag_hours",
    )  # fmt: skip

    def __init__(self) -> None:
        self.counts = Share()
        self.exceptions = Sightings(7 * DAY)
        self.similar: dict[str, Sightings] = {}
        self.deltas: deque[tuple[float, str, float]] = deque(maxlen=SIBLINGS_LIMIT)  # when, item, units
        self.tlog_lag_hours = self.last_sale = self.price_file_at = math.nan
        self.refund_sizes = Spread()
        self.refunds: deque[tuple[float, str, float]] = deque(maxlen=REFUNDS_LIMIT)  # when, document, amount
        self.all_refunds = Sightings(7 * DAY)
        self.refunds_by_actor: Recent[str, Sightings] = Recent(500)


class ItemRecord:
    """One item, wherever it is."""

    __slots__ = ("cost", "exceptions", "fill", "price", "price_changed_at", "stores")

    def __init__(self) -> None:
        self.exceptions = Sightings(DAY)
        self.stores: OrderedDict[str, float] = OrderedDict()  # with a price trouble, and when
        self.cost = self.price = self.price_changed_at = math.nan
        self.fill = Share()

    def trouble(self, store: str, at: float) -> None:
        """Note a price trouble of the item in a store."""
        self.stores[store] = at
        self.stores.move_to_end(store)
        if len(self.stores) > SEEN_LIMIT:
            self.stores.popitem(last=False)

    def stores_in_trouble(self, at: float) -> int:
        """Count the stores with a price trouble in the day before `at`."""
        stores = self.stores
        while stores and next(iter(stores.values())) < at - DAY:
            stores.popitem(last=False)
        return len(stores)


class SupplierRecord:
    """One supplier: lines on time and in full, and its recent invoices."""

    __slots__ = ("in_full", "invoices")

    def __init__(self) -> None:
        self.in_full = Share()
        self.invoices: deque[tuple[str, float, float]] = deque(maxlen=INVOICES_LIMIT)  # number, amount, when


class OrderRecord:
    """One purchase order: units by item, and when it was last changed."""

    __slots__ = ("announced", "at", "ordered", "received", "received_at", "revised_at")

    def __init__(self) -> None:
        self.ordered: dict[str, float] = {}
        self.announced: dict[str, float] = {}
        self.received: dict[str, float] = {}
        self.at = self.revised_at = self.received_at = math.nan


def bounded(table: "OrderedDict[str, tuple[float, float]]", key: str, value: tuple[float, float]) -> None:
    """Put a value into a small table; the oldest goes first."""
    table[key] = value
    if len(table) > OPEN_LIMIT:
        table.popitem(last=False)
