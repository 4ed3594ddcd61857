"""One exception as features are derived of it: both sides, and what triage remembers of its surroundings."""

from collections.abc import Sequence

from contracts.canonical import Fact
from routing.fact_context import joinable
from routing.items import FoundException, NormalisedItem
from routing.triage.feature_values import NAN
from routing.triage.memory import Memory, units_apart
from routing.triage.memory_records import HOUR, OrderRecord


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


def _ratio(found: FoundException) -> float:
    """Return actual over expected of two numbers, NaN where there is none."""
    expected, actual = found.exception.expected, found.exception.actual
    if expected.kind in {"status", "time"} or expected.kind != actual.kind:
        return NAN
    below = float(expected.value)
    return float(actual.value) / below if below else NAN
