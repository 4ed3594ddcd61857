"""Orders that customers collect: promised, picked, told; and what keeps them from being ready."""

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


class Collection:
    """A flow. Order management reports an order that is late, or about to be; a warehouse what it lacks."""

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
        faults, chance = self._world.faults, self._chance
        for fault in faults.of_day("CNC.pick_backlog"):
            store = chance.choice(self._world.retailer.stores)
            self._queues[store.index] = toward(0.95, chance.within(1.15, 3.0, 1.75, 0.4), fault.strength)
            begin = day * DAY + round(chance.uniform(9, 16) * HOUR)
            for _ in range(1 + chance.count(2.5)):
                self._be_late(fault, store, begin + round(chance.uniform(0, 3) * HOUR))
        spreads = {"stock_not_found": 0.0, "status_sync": 0.6, "transfer_late": 0.5, "payment_hold": 0.0}
        for root, more in spreads.items():
            for fault in faults.of_day(f"CNC.{root}"):
                store = chance.choice(self._world.retailer.stores)
                for _ in range(1 + chance.count(more)):
                    self._be_late(fault, store, day * DAY + round(chance.uniform(9, 20) * HOUR))
        for fault in faults.of_day("CNC.notify_fail"):
            begin = day * DAY + round(chance.uniform(9, 19) * HOUR)
            for _ in range(1 + chance.count(1.5)):
                store = chance.choice(self._world.retailer.stores)
                self._be_late(fault, store, begin + round(chance.uniform(0, 2) * HOUR))
        self._cover_ordinarily(day)

    def _be_late(self, fault: Fault, store: Store, at: int) -> None:
        """Let one order be late, and whoever sees it say so."""
        root = fault.root_cause.removeprefix("CNC.")
        shelf = self._chance.choice(store.shelves)
        if root in _OF_ONE_ITEM and self._chance.happens(0.3):
            self._lack(fault, store, shelf, at)
            return
        self._number += 1
        age = self._age(root)
        promised = at - round(age * HOUR)
        values, before = self._known(fault, root, store, shelf, at)
        values["age_vs_promise"] = age
        values["hours_late"] = max(0.0, age)
        order, moments = f"CC{self._number}", self._world.calendar.moment
        is_by_time = self._chance.happens(0.6)
        self._reporter.send(
            Report(
                sender=ORDERS, fault=fault, store=store, at=at, occurred_at=min(promised, at), key=order,
                item=shelf.item if root in _OF_ONE_ITEM or self._chance.happens(0.3) else None,
                references=(("sales-order", order),),
                expected=moment(moments(promised)) if is_by_time else state("ready for collection"),
                actual=moment(moments(at)) if is_by_time else state(self._state(values)),
                reason=self._reason(root), values=values, before=before,
                at_risk=round(self._chance.lognormvariate(8.1, 0.7)),
            )
        )  # fmt: skip

    def _age(self, root: str) -> float:
        """Return for how many hours it has been late: less for what is seen as it happens."""
        late = {"payment_hold": 6.0, "transfer_late": 4.0, "notify_fail": 3.0, "status_sync": 2.5}.get(
            root, 1.5
        )
        return self._chance.wait(late * self._world.settings.lag) - 0.2

    def _known(
        self, fault: Fault, root: str, store: Store, shelf: Shelf, at: int
    ) -> tuple[dict[str, float | None], dict[str, float]]:
        """Return what order management sees of an order in this store now, and what it saw before."""
        chance, strength = self._chance, fault.strength
        queue = self._queues.get(store.index)
        if queue is None:
            peak = self._world.settings.peak
            queue = self._queues[store.index] = chance.within(
                0.2, 2.5, 0.8 + (0.35 if chance.happens(peak) else 0), 0.22
            )
        lines = chance.choice((1, 1, 2, 3, 4))
        picked = chance.randrange(lines + 1) / lines if chance.happens(0.4) else 0.0
        usual: dict[str, float] = {
            "pick_frac": picked, "pick_queue": queue + chance.gauss(0, 0.05), "transfer_eta": 0.0,
            "pay_hold": float(chance.happens(0.02)), "notify_sent": float(chance.happens(0.15)),
            "oms_store_mismatch": float(chance.happens(0.06)), "on_hand": float(max(0, shelf.book)),
            "open_resv": float(1 + chance.count(1.5)), "promo_active": float(bool(shelf.promotion)),
        }  # fmt: skip
        before = dict(usual)
        match root:
            case "stock_not_found":
                usual["pick_frac"] = (lines - 1) / lines if chance.happens(0.5 + 0.4 * strength) else 0.0
                usual["on_hand"] = float(chance.choice((1, 1, 2, 3, 5)))
            case "status_sync":
                usual["pick_frac"] = 1.0 if chance.happens(0.5 + 0.45 * strength) else picked
                usual["oms_store_mismatch"] = float(chance.happens(0.2 + 0.7 * strength))
                usual["notify_sent"] = float(chance.happens(0.2))
            case "pick_backlog":
                usual["pick_frac"] = 0.0 if chance.happens(0.75) else picked
            case "transfer_late":
                usual["transfer_eta"] = (
                    toward(0.5, 2 + chance.wait(18), strength) if chance.happens(0.85) else 0.0
                )
                usual["on_hand"] = float(chance.choice((0, 0, 0, 1, 3)))
                usual["pick_frac"] = 0.0 if chance.happens(0.85) else picked
            case "payment_hold":
                usual["pay_hold"] = float(chance.happens(0.35 + 0.6 * strength))
                usual["pick_frac"] = 0.0
            case "notify_fail":
                usual["pick_frac"] = 1.0 if chance.happens(0.5 + 0.45 * strength) else picked
                usual["notify_sent"] = float(chance.happens(0.05))
        if fault.is_misleading:
            self._mislead(usual)
        return dict(usual), before

    def _mislead(self, values: dict[str, float]) -> None:
        chance = self._chance
        name, value = chance.choice(
            (("pick_queue", values["pick_queue"] + 0.6), ("pay_hold", 1.0), ("oms_store_mismatch", 1.0),
             ("transfer_eta", 1 + chance.wait(8)), ("on_hand", 0.0))
        )  # fmt: skip
        values[name] = value

    def _state(self, values: dict[str, float | None]) -> str:
        picked = values["pick_frac"] or 0.0
        if self._chance.happens(self._world.settings.misreported):
            return self._chance.choice(("open", "in picking", "picked"))
        if values["pay_hold"]:
            return self._chance.choice(("payment hold", "open"))
        return "picked" if picked == 1 else "in picking" if picked else "open"

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
        self._number += 1
        ordered = self._chance.choice((1, 1, 2, 3))
        missing = (
            ordered if fault.root_cause == "CNC.transfer_late" else self._chance.randrange(1, ordered + 1)
        )
        lines = [(1, shelf.item.id, ordered, missing)]
        other = self._chance.choice(store.shelves)
        if other is not shelf:
            lines.append((2, other.item.id, 1, 0))
        post = self._webhooks.backorder(
            at, f"CC{self._number}", store.id, lines, self._chance.choice(_METHODS),
            (fault.truth(line_key(shelf.item.id, 1)),),
        )  # fmt: skip
        self._world.outbox.send(at, post)

    def _cover_ordinarily(self, day: int) -> None:
        """Let stock systems tell of orders that they can cover, and of parcels that they can't."""
        chance = self._chance
        for _ in range(chance.count(0.12 * len(self._world.retailer.stores))):
            store = chance.choice(self._world.retailer.stores)
            shelf = chance.choice(store.shelves)
            self._number += 1
            is_parcel = chance.happens(0.4)
            line = (1, shelf.item.id, 2, 1 if is_parcel else 0)
            at = day * DAY + round(chance.uniform(8, 20) * HOUR)
            method = "Parcel" if is_parcel else chance.choice(_METHODS)
            self._world.outbox.send(
                at, self._webhooks.backorder(at, f"CC{self._number}", store.id, [line], method)
            )
