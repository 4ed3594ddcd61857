"""What tills sell: transaction after transaction, at the till's own prices, and those that never arrive."""

from collections.abc import Callable

from simulator.faults import Fault
from simulator.flows.flow import World, chance_of
from simulator.formats.poslog import SoldLine, Tills, is_noticed, line_key
from simulator.messages import Truth
from simulator.outbox import Post
from simulator.retailer import CASHIERS, Shelf, Store
from simulator.times import DAY, HOUR

_LINES = 5
_SILENT_PRICES = frozenset({"PRC.promo_overlap", "PRC.api_sync_lag"})

# makes the document of a transaction when its till and number are known
Transaction = Callable[[str, int], Post]


class Rings:
    """The transactions of a day before they have numbers: sales, and what else is rung up at a till."""

    def __init__(self) -> None:
        self._of_store: dict[int, list[tuple[int, int, Transaction]]] = {}

    def add(self, store: Store, at: int, transaction: Transaction, till: int = -1) -> None:
        """Ring up at this second, at a certain till or at any."""
        self._of_store.setdefault(store.index, []).append((at, till, transaction))

    def take(self, store: Store) -> list[tuple[int, int, Transaction]]:
        """Return a store's transactions in order of time."""
        return sorted(self._of_store.pop(store.index, []), key=lambda each: each[0])


class Sales:
    """A flow, the last of a day: then all is known that a till rings up."""

    def __init__(self, world: World, tills: Tills, rings: Rings) -> None:
        self._world = world
        self._chance = chance_of(world, "sales")
        self._tills, self._rings = tills, rings
        self._held: list[tuple[int, Shelf, int]] = []  # sold and not booked: until when, where, how many

    def run(self, day: int) -> None:
        """Sell for a day."""
        self._book_late(day)
        silent = self._silent_tills(day)
        weekend = 1.35 if self._world.calendar.weekday(day) > 3 else 0.9
        for store in self._world.retailer.stores:
            self._sell(store, day, weekend, silent.get(store.index))
            self._ring(store, day, silent.get(store.index))

    def _silent_tills(self, day: int) -> dict[int, tuple[Fault, int, int, bool]]:
        """Return the stores whose tills lose or hold their log today: fault, from, to, lost or not."""
        found = {}
        for fault in self._world.faults.of_day("INV.unposted_sales"):
            store = self._chance.choice(self._world.retailer.stores)
            begin = day * DAY + round(self._chance.uniform(8, 15) * HOUR)
            end = begin + round((2 + self._chance.wait(5) * (0.4 + 0.6 * fault.strength)) * HOUR)
            is_lost = self._chance.happens(0.6)
            found[store.index] = (fault, begin, end, is_lost)
            store.queue_held = (begin, end if is_lost else end + round(self._chance.wait(14) * HOUR))
        return found

    def _book_late(self, day: int) -> None:
        due = [each for each in self._held if each[0] < day * DAY]
        self._held = [each for each in self._held if each[0] >= day * DAY]
        for _, shelf, units in due:
            shelf.book -= units

    def _sell(
        self, store: Store, day: int, weekend: float, silent: tuple[Fault, int, int, bool] | None
    ) -> None:
        """Take goods from the shelves, and ring them up in baskets."""
        chance = self._chance
        basket: list[tuple[Shelf, int]] = []
        for shelf in store.shelves:
            units = min(chance.count(shelf.velocity * weekend), shelf.physical - shelf.hidden)
            if units > 0:
                shelf.physical -= units
                basket.append((shelf, units))
        chance.shuffle(basket)
        for first in range(0, len(basket), _LINES):
            at = day * DAY + round(chance.within(8.0, 21.0, 14.5, 3.2) * HOUR)
            sold = basket[first : first + _LINES]
            for shelf, units in sold:
                self._book(shelf, units, at, silent)
            self._rings.add(store, at, self._sale(store, at, sold))

    def _book(self, shelf: Shelf, units: int, at: int, silent: tuple[Fault, int, int, bool] | None) -> None:
        if silent is None or not silent[1] <= at < silent[2]:
            shelf.book -= units
            return
        fault, _, end, is_lost = silent
        if not is_lost:
            self._held.append((end, shelf, units))
        if units >= 2 and not shelf.faults and self._chance.happens(0.5):
            shelf.faults.append(fault)
            shelf.due_at = at + round(self._chance.uniform(1, 20) * HOUR)

    def _ring(self, store: Store, day: int, silent: tuple[Fault, int, int, bool] | None) -> None:
        """Give each transaction its number, and send it: at once, late or never."""
        for at, wanted, transaction in self._rings.take(store):
            till = store.tills[wanted if wanted >= 0 else self._chance.randrange(len(store.tills))]
            number, till.number = till.number, till.number + 1
            if silent is None or not silent[1] <= at < silent[2]:
                self._world.outbox.send(at, transaction(till.id, number))
                continue
            fault, _, _, is_lost = silent
            self._world.outbox.lose(f"{store.id}/{till.id}", number, fault)
            if not is_lost:
                released = store.queue_held[1] + number % 97
                self._world.outbox.send(released, transaction(till.id, number))

    def _sale(self, store: Store, at: int, sold: list[tuple[Shelf, int]]) -> Transaction:
        lines: list[SoldLine] = []
        truths: list[Truth] = []
        for shelf, units in sold:
            line, fault = self._line(shelf, units, at)
            lines.append(line)
            if fault:
                truths.append(fault.truth(line_key(len(lines), shelf.item.id)))
        cashier = self._chance.randrange(CASHIERS)

        def transaction(till: str, number: int) -> Post:
            return self._tills.sale(store.id, till, number, at, cashier, lines, tuple(truths))

        return transaction

    def _line(self, shelf: Shelf, units: int, at: int) -> tuple[SoldLine, Fault | None]:
        """Return a line at the till's price, and the fault where nothing explains that price."""
        item, chance, fault = shelf.item, self._chance, shelf.price_fault
        if fault is None or not shelf.price_since <= at < shelf.price_until:
            if chance.happens(0.01):
                reduced = round(shelf.till * 0.7)
                return SoldLine(
                    item.id, units, shelf.regular, reduced, previous=shelf.till, reason="damaged"
                ), None
            if fault:  # not yet, or no longer
                return SoldLine(item.id, units, shelf.erp_price, shelf.erp_price), None
            return SoldLine(item.id, units, shelf.regular, shelf.till, shelf.promotion), None
        if fault.root_cause in _SILENT_PRICES and shelf.till != shelf.regular:
            if is_noticed(shelf.regular, shelf.till) and shelf.price_told < 6:
                shelf.price_told += 1
                return SoldLine(item.id, 1, shelf.regular, shelf.till), fault
            return SoldLine(item.id, units, shelf.till, shelf.till), None
        is_dearer = shelf.label < shelf.till - 1 and shelf.label < shelf.till * 0.994
        if is_dearer and shelf.price_told < 6 and chance.happens(0.6):
            shelf.price_told += 1
            return SoldLine(item.id, units, shelf.regular, shelf.label, previous=shelf.regular), fault
        return SoldLine(item.id, units, shelf.till, shelf.till), None
