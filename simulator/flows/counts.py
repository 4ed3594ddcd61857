"""Counts: where what is there and what the book says are compared, and who reports the difference."""

from simulator.faults import Fault
from simulator.flows.flow import Report, Reporter, World, chance_of, toward
from simulator.formats.dropfile import Files, count_key
from simulator.formats.idoc import Idocs, difference_key
from simulator.formats.webhooks import Webhooks, stock_key
from simulator.messages import Truth
from simulator.retailer import Item, Shelf, Store
from simulator.sources import STORE_APP
from simulator.times import DAY, HOUR
from simulator.words import pieces

_LEAST_UNITS = 2
_BY_APP, _BY_ERP = 0.32, 0.4  # shares of differences that come otherwise than in a file, one upon the other

# what people write beside a count: the cause, or what they think it is
_REMARKS = {
    "delayed_receipt": ("truck not here yet", "receipt missing"),
    "receiving_variance": ("short in receipt", "carton short received"),
    "shrink": ("empty packaging found", "stolen", "damaged, not booked"),
    "misplaced": ("wrong shelf", "found in other place"),
    "unposted_sales": ("till was offline", ""),
    "unposted_transfer": ("transfer not booked", ""),
    "misscan_uom": ("wrong item scanned", "case pack"),
    "count_error": ("miscounted", "recount"),
}

_MISLEADING = (("transit_rel", 1.2), ("open_transfer_rel", 1.0), ("tlog_lag_h", 6.0), ("shrink_risk", 1.0))


class Counts:
    """A flow. Each store counts a few items a day: those that seem wrong, and others by turns."""

    def __init__(self, world: World, files: Files, idocs: Idocs, webhooks: Webhooks) -> None:
        self._world = world
        self._chance = chance_of(world, "counts")
        self._files, self._idocs, self._webhooks = files, idocs, webhooks
        self._reporter = Reporter(world, "count")
        self._number = 0

    def run(self, day: int) -> None:
        """Count for a day, in stores and in warehouses."""
        for store in self._world.retailer.stores:
            at = day * DAY + round(self._chance.uniform(13, 18) * HOUR)
            due = [shelf for shelf in store.shelves if shelf.faults and shelf.due_at <= at]
            others = [] if self._chance.happens(0.4) and not due else self._chance.sample(store.shelves, 4)
            wanted = due + [shelf for shelf in others if shelf not in due and not shelf.faults]
            self._chance.shuffle(wanted)
            if wanted:
                self._count(store, wanted, at)
        for root in ("shrink", "misscan_uom", "count_error"):
            for fault in self._world.faults.of_day(f"INV.{root}", share=0.12):
                self._count_in_warehouse(fault, day)

    def _count(self, store: Store, shelves: list[Shelf], at: int) -> None:
        self._number += 1
        number = f"C{self._number:06}"
        lines: list[tuple[str, str, int, int, int, str]] = []
        truths: list[Truth] = []
        for shelf in shelves:
            counted = self._counted(shelf)
            fault = self._cause(shelf, counted)
            way = self._chance.random() if fault else 1.0
            if fault and way < _BY_APP:
                self._report(store, shelf, counted, at, fault)
            elif fault and way < _BY_ERP:
                change = counted - shelf.book
                truth = fault.truth(difference_key(shelf.item.id))
                post = self._idocs.difference(
                    at, f"D{number}{len(lines)}", store.id, shelf.item.id, change, (truth,)
                )
                self._world.outbox.send(at, post)
            else:
                place = f"{shelf.item.id[-3:]}-{store.index % 9 + 1}"
                remark = self._remark(fault) if fault else ""
                lines.append((shelf.item.id, place, counted, shelf.book, shelf.item.cost, remark))
                if fault:
                    truths.append(fault.truth(count_key(shelf.item.id, place, len(lines))))
            self._settle(shelf, counted, at, fault)
        if lines:
            post = self._files.count(store.id, number, at, lines, self._chance.randrange(1, 9), tuple(truths))
            self._world.outbox.send(at + round(self._chance.wait(0.4) * HOUR), post)

    def _counted(self, shelf: Shelf) -> int:
        """Return what people count: what they find, one more or less now and then, or quite wrong."""
        found, chance = shelf.physical - shelf.hidden, self._chance
        fault = shelf.faults[0] if shelf.faults else None
        if fault and fault.root_cause == "INV.count_error" and not shelf.again_at:
            error = chance.choice((-6, -4, -3, -2, 2, 3, 4, 6))
            return max(0, found + error) if found + error != shelf.book else found + 2
        if chance.happens(0.06):
            return max(0, found + chance.choice((-1, 1)))
        return found

    def _cause(self, shelf: Shelf, counted: int) -> Fault | None:
        """Return the fault behind a difference that is worth telling, None where there is none."""
        if abs(counted - shelf.book) < _LEAST_UNITS:
            return None
        if not shelf.faults:
            # two small miscounts, one upon the other
            return self._world.faults.new("INV.count_error")
        return shelf.faults[0]

    def _settle(self, shelf: Shelf, counted: int, at: int, fault: Fault | None) -> None:
        """Correct the book, and decide what becomes of the cause."""
        chance = self._chance
        variance = counted - shelf.book
        shelf.last_variance = variance
        if abs(variance) >= _LEAST_UNITS and chance.happens(0.1):
            shelf.due_at = at + round(chance.uniform(20, 50) * HOUR)  # not corrected: it is found again
            return
        shelf.book = counted
        if fault is None:
            if shelf.faults and shelf.due_at <= at:
                shelf.faults.clear()
            return
        root = fault.root_cause
        if root == "INV.count_error" and not shelf.again_at and shelf.faults:
            shelf.again_at = shelf.due_at = at + round(chance.uniform(16, 100) * HOUR)
            return
        if root == "INV.misplaced" and shelf.hidden and chance.happens(0.4):
            shelf.hidden = 0
            shelf.due_at = at + round(chance.uniform(24, 120) * HOUR)
            return
        if root == "INV.delayed_receipt" and shelf.on_the_way:
            shelf.due_at = 1 << 60  # until the rest has come, or is booked
            return
        if root == "INV.misplaced":
            shelf.physical, shelf.hidden = shelf.physical - shelf.hidden, 0
        shelf.faults.clear()
        shelf.again_at = shelf.open_transfer = 0

    def _remark(self, fault: Fault) -> str:
        if not self._chance.happens(0.35):
            return ""
        root = fault.root_cause.removeprefix("INV.")
        if self._chance.happens(self._world.settings.misreported * 2):
            root = self._chance.choice(tuple(_REMARKS))
        return self._chance.choice(_REMARKS[root])

    def _report(self, store: Store, shelf: Shelf, counted: int, at: int, fault: Fault) -> None:
        """Let the store's app tell what was counted, and what it sees beside it."""
        values, before = self._seen(store, shelf, counted, at, fault)
        if fault.is_misleading:
            values |= [self._chance.choice(_MISLEADING)]
        self._reporter.send(
            Report(
                sender=STORE_APP, fault=fault, store=store, at=at + round(self._chance.wait(0.1) * HOUR),
                occurred_at=at, key=shelf.item.id, item=shelf.item,
                expected=pieces(shelf.book), actual=pieces(counted), values=values, before=before,
                at_risk=abs(counted - shelf.book) * shelf.item.cost, reason=self._remark(fault),
            )
        )  # fmt: skip

    def _seen(
        self, store: Store, shelf: Shelf, counted: int, at: int, fault: Fault
    ) -> tuple[dict[str, float | None], dict[str, float]]:
        """Return what the app shows of an item now, and what it showed before."""
        chance, change, held = self._chance, counted - shelf.book, store.queue_held
        usual: dict[str, float] = {
            "tlog_lag_h": chance.wait(0.4), "transit_rel": 0.0, "open_transfer_rel": 0.0,
            "gr_lag_h": chance.wait(2), "on_hand": float(shelf.book), "open_resv": float(chance.count(1.1)),
        }  # fmt: skip
        is_held = held[0] <= at < held[1] + 12 * HOUR
        lag = (at - held[0]) / HOUR if is_held else chance.wait(0.3)
        size = max(1, abs(change))
        waiting = shelf.on_the_way / size
        if not waiting and chance.happens(0.15):
            waiting = chance.uniform(0, 2)  # the next delivery is on its way to every store
        values: dict[str, float | None] = {
            "on_hand": float(shelf.book), "physical": float(counted), "delta_units": float(change),
            "unit_cost": shelf.item.cost / 100, "open_resv": usual["open_resv"],
            "shrink_risk": float(shelf.item.is_often_stolen), "store_var_rate": store.variance_rate,
            "tlog_lag_h": toward(usual["tlog_lag_h"], lag, fault.strength),
            "transit_rel": toward(0.0, waiting, fault.strength),
            "open_transfer_rel": abs(shelf.open_transfer) / size * fault.strength,
            "gr_lag_h": (at - shelf.received_at) / HOUR if shelf.on_the_way else usual["gr_lag_h"],
        }  # fmt: skip
        return values, usual

    def _count_in_warehouse(self, fault: Fault, day: int) -> None:
        """Let a warehouse count a bin, and say why it differs if anybody knows."""
        chance, item = self._chance, self._chance.choice(self._world.retailer.items)
        warehouse = chance.choice(self._world.retailer.warehouses)
        root, book = fault.root_cause.removeprefix("INV."), chance.randrange(30, 400)
        change = (
            -chance.randrange(2, 30) if root == "shrink" else chance.choice((-1, 1)) * self._units(item, root)
        )
        reason = "Cycle count"
        if chance.happens(0.55 * fault.strength + 0.1):
            told = (
                chance.choice(tuple(_REMARKS))
                if chance.happens(self._world.settings.misreported * 2)
                else root
            )
            reason = f"Cycle count: {chance.choice(_REMARKS[told])}".removesuffix(": ")
        place = f"A-{chance.randrange(1, 40):02}-{chance.randrange(1, 9)}"
        at = day * DAY + round(chance.uniform(7, 20) * HOUR)
        truths = (fault.truth(stock_key(item.id, place)),)
        post = self._webhooks.stock_change(
            at, warehouse, item.id, place, book, max(0, book + change), reason, truths
        )
        self._world.outbox.send(at, post)

    def _units(self, item: Item, root: str) -> int:
        if root == "misscan_uom" and self._chance.happens(0.5):
            return item.pack * self._chance.choice((1, 2))
        return self._chance.randrange(2, 24)
