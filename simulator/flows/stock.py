"""What happens to stock without a document, or with the wrong one: theft, loss, mistakes."""

from simulator.faults import Fault
from simulator.flows.flow import World, chance_of
from simulator.formats.dropfile import Files
from simulator.retailer import Shelf, Store
from simulator.times import DAY, HOUR


class Stock:
    """A flow. It changes what is there or what is believed, and leaves it to counts to notice."""

    def __init__(self, world: World, files: Files) -> None:
        self._world = world
        self._chance = chance_of(world, "stock")
        self._files = files
        self._slips = 0

    def run(self, day: int) -> None:
        """Let a day's mishaps happen."""
        injections = {
            "shrink": self._shrink, "misplaced": self._misplace, "unposted_transfer": self._half_post,
            "misscan_uom": self._confuse, "count_error": self._miscount,
        }  # fmt: skip
        for root, inject in injections.items():
            for fault in self._world.faults.of_day(f"INV.{root}", share=0.88):
                store = self._chance.choice(self._world.retailer.stores)
                inject(fault, store, self._shelf(store, root), day)
        self._move_ordinarily(day)

    def _shelf(self, store: Store, root: str) -> Shelf:
        """Return where it happens: where nothing else is the matter, and where it is likely."""
        chance = self._chance
        least = 3 if root in {"shrink", "misplaced"} else 0  # nothing is lost where nothing is
        there = [shelf for shelf in store.shelves if shelf.physical - shelf.hidden >= least] or store.shelves
        free = [shelf for shelf in there if not shelf.faults] or there
        if root == "shrink" and chance.happens(0.7):
            free = [shelf for shelf in free if shelf.item.is_often_stolen] or free
            return min(chance.sample(free, min(3, len(free))), key=lambda shelf: shelf.last_variance)
        if root == "misplaced":
            return max(chance.sample(free, min(3, len(free))), key=lambda shelf: shelf.physical)
        return chance.choice(free)

    def _shrink(self, fault: Fault, store: Store, shelf: Shelf, day: int) -> None:
        """Take away units, without a document."""
        share = self._chance.uniform(0.25, 1.0) * (0.5 + 0.5 * fault.strength)
        lost = min(shelf.physical, max(2, round(shelf.physical * share)))
        shelf.physical -= lost
        self._note(fault, shelf, day, self._chance.uniform(12, 110))

    def _misplace(self, fault: Fault, store: Store, shelf: Shelf, day: int) -> None:
        """Put units where neither customers nor counters look."""
        free = shelf.physical - shelf.hidden
        shelf.hidden += max(2, round(free * self._chance.uniform(0.3, 1.0) * (0.5 + 0.5 * fault.strength)))
        self._note(fault, shelf, day, self._chance.uniform(8, 90))

    def _half_post(self, fault: Fault, store: Store, shelf: Shelf, day: int) -> None:
        """Book one side of a transfer: what left and did not go, or what went and was not booked."""
        chance, units = self._chance, self._chance.choice((3, 4, 6, 6, 12))
        at = day * DAY + round(chance.uniform(8, 18) * HOUR)
        if chance.happens(0.55):
            shelf.book -= units
            shelf.open_transfer -= units
            self._send_movement(
                store, shelf, at, -units, "transfer out", chance.happens(0.6 + 0.35 * fault.strength)
            )
        else:
            shelf.physical -= min(units, shelf.physical)
            shelf.open_transfer += units
            other = next((s for s in chance.sample(self._world.retailer.stores, 1)), store)
            self._send_movement(other, shelf, at, units, f"transfer in from {store.id}", True)
        self._note(fault, shelf, day, chance.uniform(10, 60))

    def _confuse(self, fault: Fault, store: Store, shelf: Shelf, day: int) -> None:
        """Take an item for its sibling, or a pack for a piece."""
        chance, sibling = self._chance, shelf.item.sibling
        other = store.shelf_of(sibling) if sibling else None
        if other is not None and not other.faults and chance.happens(0.8):
            units = chance.choice((2, 3, 4, 6, 8))
            shelf.book -= units
            other.book += units
            self._note(fault, shelf, day, 20.0)
            other.faults.append(fault)
            other.due_at = shelf.due_at
            return
        packs = chance.choice((1, 1, 2))
        shelf.book -= packs * (shelf.item.pack - 1) * chance.choice((1, 1, -1))
        self._note(fault, shelf, day, 20.0)

    def _miscount(self, fault: Fault, store: Store, shelf: Shelf, day: int) -> None:
        """Let the next count be wrong; a later one shows it."""
        shelf.faults.append(fault)
        shelf.due_at = day * DAY

    def _note(self, fault: Fault, shelf: Shelf, day: int, hours: float) -> None:
        shelf.faults.append(fault)
        shelf.due_at = day * DAY + round((8 + self._chance.random() * hours) * HOUR)

    def _move_ordinarily(self, day: int) -> None:
        """Let stores move and write off goods as they should."""
        for store in self._world.retailer.stores:
            if not self._chance.happens(0.12):
                continue
            shelf = self._chance.choice(store.shelves)
            units = min(self._chance.choice((1, 2, 3, 6)), shelf.physical - shelf.hidden)
            if units > 0:
                shelf.physical -= units
                shelf.book -= units
                at = day * DAY + round(self._chance.uniform(8, 18) * HOUR)
                why = self._chance.choice(("transfer out", "waste", "return to vendor", "own use"))
                self._send_movement(store, shelf, at, -units, why, True)

    def _send_movement(
        self, store: Store, shelf: Shelf, at: int, units: int, why: str, is_sent: bool
    ) -> None:
        self._slips += 1
        if is_sent:
            slip = f"M{self._slips:06}"
            line = (shelf.item.id, units, why, f"T{self._slips:06}" if "transfer" in why else "")
            self._world.outbox.send(at, self._files.movement(store.id, slip, at, [line]))
