"""Orders that customers collect: promised, picked, told; and what keeps them from being ready."""

from dataclasses import dataclass

from simulator.faults import Fault
from simulator.flows.flow import Report, Reporter, World, chance_of, toward
from simulator.formats.webhooks import Webhooks, line_key
from simulator.retailer import Shelf, Store
from simulator.sources import ORDERS
from simulator.times import DAY, HOUR
from simulator.words import moment, state

_REASONS = {
    "stock_not_found": ("item not found", "not on shelf"), "status_sync": ("status not sent", "picked"),
    "pick_backlog": ("queue", "short of staff"), "transfer_late": ("transfer late", "truck late"),
    "payment_hold": ("payment on hold", "fraud check"), "notify_fail": ("not informed", "mail failed"),
}  # fmt: skip
_OF_ONE_ITEM = frozenset({"stock_not_found", "transfer_late"})
_METHODS = ("Click and Collect", "Store Pickup", "Collect in Store")
# how many orders more than one a fault makes late, at one store
_SPREADS = {"stock_not_found": 0.0, "status_sync": 0.6, "transfer_late": 0.5, "payment_hold": 0.0}
# for how many hours orders have been late when somebody notices: mean
_LATE = {"payment_hold": 6.0, "transfer_late": 4.0, "notify_fail": 3.0, "status_sync": 2.5}


@dataclass(slots=True)
class _Order:
    """One order: how much of it is picked, and who knows. `transfer` is how many hours off its goods are.

    `is_known` says that order management heard from the store, which then tells the customer.
    """

    lines: int
    picked: int
    on_hand: float
    reserved: float
    transfer: float = 0.0
    is_held: bool = False
    is_known: bool = True
    is_told: bool = False

    def pick(self) -> None:
        """Have all of it ready; who knows is told."""
        self.picked = self.lines
        self.is_told = self.is_known


class Collection:
    """A flow. Order management reports orders that are late, or about to be; a stock system what it lacks."""

    def __init__(self, world: World, webhooks: Webhooks) -> None:
        self._world = world
        self._chance = chance_of(world, "collection")
        self._webhooks = webhooks
        self._reporter = Reporter(world, "order")
        self._number = 500_000
        self._queues: dict[int, float] = {}  # a store's orders today against what it can pick

    def run(self, day: int) -> None:
        """Let a day's orders be picked and collected."""
        self._queues = {}
        faults, chance, stores = self._world.faults, self._chance, self._world.retailer.stores
        for fault in faults.of_day("CNC.pick_backlog"):
            store = chance.choice(stores)
            queue = toward(0.95, chance.within(1.15, 3.0, 1.75, 0.4), fault.strength)
            self._queues[store.index] = queue
            begin = day * DAY + round(chance.uniform(9, 16) * HOUR)
            for _ in range(1 + chance.count(2.5)):
                self._be_late(fault, store, begin + round(chance.uniform(0, 3) * HOUR))
        for root, more in _SPREADS.items():
            for fault in faults.of_day(f"CNC.{root}"):
                store = chance.choice(stores)
                for _ in range(1 + chance.count(more)):
                    self._be_late(fault, store, day * DAY + round(chance.uniform(9, 20) * HOUR))
        for fault in faults.of_day("CNC.notify_fail"):
            begin = day * DAY + round(chance.uniform(9, 19) * HOUR)
            for _ in range(1 + chance.count(1.5)):
                self._be_late(fault, chance.choice(stores), begin + round(chance.uniform(0, 2) * HOUR))
        self._cover_ordinarily(day)

    def _be_late(self, fault: Fault, store: Store, at: int) -> None:
        """Let one order be late, and whoever sees it say so."""
        root, chance = fault.root_cause.removeprefix("CNC."), self._chance
        shelf = chance.choice(store.shelves)
        if root in _OF_ONE_ITEM and chance.happens(0.3):
            self._lack(fault, store, shelf, at)
            return
        order = self._order(store, shelf)
        before = self._seen(order, store)
        self._go_wrong(order, root, fault.strength)
        if fault.is_misleading:
            self._go_wrong(order, chance.choice(("payment_hold", "transfer_late", "status_sync")), 0.5)
        age = chance.wait(_LATE.get(root, 1.5) * self._world.settings.lag) - 0.2
        values: dict[str, float | None] = dict(self._seen(order, store))
        values |= {"age_vs_promise": age, "hours_late": max(0.0, age)}
        self._number += 1
        number, promised = f"CC{self._number}", at - round(age * HOUR)
        is_by_time, moments = chance.happens(0.6), self._world.calendar.moment
        self._reporter.send(
            Report(
                sender=ORDERS, fault=fault, store=store, at=at, occurred_at=min(promised, at), key=number,
                item=shelf.item if root in _OF_ONE_ITEM or chance.happens(0.3) else None,
                references=(("sales-order", number),),
                expected=moment(moments(promised)) if is_by_time else state("ready for collection"),
                actual=moment(moments(at)) if is_by_time else state(self._state(order)),
                reason=self._reason(root), values=values, before=before,
                at_risk=round(chance.lognormvariate(8.1, 0.7)),
            )
        )  # fmt: skip

    def _order(self, store: Store, shelf: Shelf) -> _Order:
        """Return an order on its way, by what the store can pick today."""
        chance = self._chance
        lines = chance.choice((1, 1, 2, 3, 4))
        queue = self._queue(store)
        begun = chance.happens(max(0.05, 0.75 - 0.35 * queue))  # where many wait, few are begun
        return _Order(
            lines=lines,
            picked=chance.randrange(lines + 1) if begun else 0,
            on_hand=float(max(0, shelf.book)),
            reserved=float(1 + chance.count(1.5)),
            is_held=chance.happens(0.02),
            is_told=chance.happens(0.08),
        )

    def _queue(self, store: Store) -> float:
        found = self._queues.get(store.index)
        if found is None:
            busy = 0.35 if self._chance.happens(self._world.settings.peak) else 0.0
            found = self._queues[store.index] = self._chance.within(0.2, 2.5, 0.8 + busy, 0.22)
        return found

    def _go_wrong(self, order: _Order, root: str, strength: float) -> None:
        chance = self._chance
        match root:
            case "stock_not_found":
                # the record promises a few, and the picker finds none
                order.on_hand = float(chance.choice((1, 1, 2, 3, 5)))
                order.picked = order.lines - 1 if chance.happens(0.4 + 0.5 * strength) else 0
            case "status_sync":
                order.is_known = chance.happens(0.8 * (1 - strength))
                order.pick()
            case "pick_backlog":
                order.picked = order.picked if chance.happens(0.2) else 0
            case "transfer_late":
                order.transfer = toward(0.5, 2 + chance.wait(18), strength) if chance.happens(0.85) else 0.0
                order.on_hand = float(chance.choice((0, 0, 0, 1, 3)))
                order.picked = 0 if chance.happens(0.85) else order.picked
            case "payment_hold":
                order.is_held = chance.happens(0.35 + 0.6 * strength)
                order.picked = 0
            case "notify_fail":
                order.pick()
                order.is_told = chance.happens(0.25 * (1 - strength))

    def _seen(self, order: _Order, store: Store) -> dict[str, float]:
        """Return what order management sees of an order now, whatever the reason."""
        chance = self._chance
        is_ready = order.picked == order.lines
        differs = (is_ready and not order.is_known) or chance.happens(0.05)
        return {
            "pick_frac": order.picked / order.lines,
            "pick_queue": self._queue(store) + chance.gauss(0, 0.05),
            "transfer_eta": order.transfer,
            "pay_hold": float(order.is_held),
            "notify_sent": float(order.is_told),
            "oms_store_mismatch": float(differs),
            "on_hand": order.on_hand,
            "open_resv": order.reserved,
        }

    def _state(self, order: _Order) -> str:
        """Return the order's state as order management has it."""
        if self._chance.happens(self._world.settings.misreported):
            return self._chance.choice(("open", "in picking", "picked"))
        if order.is_held:
            return self._chance.choice(("payment hold", "open"))
        if order.picked < order.lines:
            return "in picking" if order.picked else "open"
        return "picked" if order.is_known else "in picking"

    def _reason(self, root: str) -> str:
        """Return what somebody wrote beside the order, if anything."""
        chance = self._chance
        if not chance.happens(0.3):
            return ""
        if chance.happens(self._world.settings.misreported * 2):
            root = chance.choice(tuple(_REASONS))
        return chance.choice(_REASONS[root])

    def _lack(self, fault: Fault, store: Store, shelf: Shelf, at: int) -> None:
        """Let the store's stock system say that it can't cover an order."""
        chance = self._chance
        self._number += 1
        ordered = chance.choice((1, 1, 2, 3))
        is_all = fault.root_cause == "CNC.transfer_late"
        lines = [(1, shelf.item.id, ordered, ordered if is_all else chance.randrange(1, ordered + 1))]
        other = chance.choice(store.shelves)
        if other is not shelf:
            lines.append((2, other.item.id, 1, 0))
        truths = (fault.truth(line_key(shelf.item.id, 1)),)
        number, method = f"CC{self._number}", chance.choice(_METHODS)
        self._world.outbox.send(at, self._webhooks.backorder(at, number, store.id, lines, method, truths))

    def _cover_ordinarily(self, day: int) -> None:
        """Let stock systems tell of orders that they can cover, and of parcels that they can't."""
        chance = self._chance
        for _ in range(chance.count(0.12 * len(self._world.retailer.stores))):
            store = chance.choice(self._world.retailer.stores)
            shelf = chance.choice(store.shelves)
            self._number += 1
            is_parcel = chance.happens(0.4)
            lines = [(1, shelf.item.id, 2, 1 if is_parcel else 0)]
            at = day * DAY + round(chance.uniform(8, 20) * HOUR)
            method = "Parcel" if is_parcel else chance.choice(_METHODS)
            post = self._webhooks.backorder(at, f"CC{self._number}", store.id, lines, method)
            self._world.outbox.send(at, post)
