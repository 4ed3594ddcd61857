"""Prices as they change, and where ERP, till and shelf come to hold different ones."""

from simulator.faults import Fault
from simulator.flows.flow import World, chance_of
from simulator.flows.price_audits import PriceAudits, usual_price
from simulator.formats.dropfile import Files
from simulator.retailer import Item, Shelf, Store
from simulator.times import DAY, HOUR

_DISCOUNTS = (10, 15, 20, 25, 30, 40)
# how many shelves of a store a fault reaches, and for how many hours
_REACH = {
    "promo_file_fail": (4.0, 20), "api_sync_lag": (3.0, 14), "label_not_changed": (0.2, 60),
    "zone_mapping": (6.0, 40), "promo_overlap": (1.5, 40),
}  # fmt: skip


class Prices:
    """A flow. Tills show some differences by what they charge; people with the store's app find others."""

    def __init__(self, world: World, files: Files) -> None:
        self._world = world
        self._chance = chance_of(world, "prices")
        self._files = files
        self._audits = PriceAudits(world)
        self._promotions = 0
        self._wrong: list[
            tuple[Fault, Store, Shelf, int]
        ] = []  # where an audit may find something, from when
        for store in world.retailer.stores:
            for shelf in store.shelves:
                _set_all(shelf, usual_price(store, shelf.item))

    def run(self, day: int) -> None:
        """Change a day's prices, and let some go wrong."""
        self._recover(day)
        self._change(day)
        for root, (reach, hours) in _REACH.items():
            for fault in self._world.faults.of_day(f"PRC.{root}"):
                store = self._chance.choice(self._world.retailer.stores)
                self._go_wrong(fault, root, store, day, 1 + self._chance.count(reach), hours)
        for fault in self._world.faults.of_day("PRC.master_data_error"):
            self._key_wrong(fault, day)
        self._audits.run(day)

    def _recover(self, day: int) -> None:
        for store in self._world.retailer.stores:
            for shelf in store.shelves:
                if shelf.price_fault and shelf.price_until <= day * DAY:
                    _set_all(shelf, usual_price(store, shelf.item))

    def _change(self, day: int) -> None:
        """Give items other prices, and let every store that has them answer."""
        chance, retailer = self._chance, self._world.retailer
        changing = chance.sample(retailer.items, max(1, len(retailer.items) // 12))
        changed: dict[str, tuple[Item, int, str]] = {}
        for item in changing:
            if chance.happens(0.4):
                self._promotions += 1
                changed[item.id] = (item, chance.choice(_DISCOUNTS), f"P{self._promotions:04}")
            else:
                item.price = max(49, round(item.price * chance.uniform(0.88, 1.15)) // 10 * 10 + 9)
                changed[item.id] = (item, 0, "")
        for store in retailer.stores:
            affected = [
                shelf for shelf in store.shelves if shelf.item.id in changed and not shelf.price_fault
            ]
            if affected:
                self._send_batch(store, affected, changed, day)

    def _send_batch(
        self, store: Store, shelves: list[Shelf], changed: dict[str, tuple[Item, int, str]], day: int
    ) -> None:
        at = day * DAY + round(self._chance.uniform(3.5, 6.5) * HOUR)
        lines: list[tuple[str, int, int, str, str]] = []
        for shelf in shelves:
            item, discount, promotion = changed[shelf.item.id]
            old, usual = shelf.till, usual_price(store, item)
            shelf.price_since = at
            _set_all(shelf, usual)
            if promotion:
                shelf.erp_price = shelf.till = shelf.label = usual * (100 - discount) // 100
                shelf.promotion, shelf.promotions = promotion, 1
            words = f"promotion {promotion}" if promotion else ""
            lines.append((item.id, shelf.erp_price, old, "OK", words))
        if not self._world.circumstances.is_down("prices", store.index, at):
            self._world.outbox.send(at, self._files.answers(store.id, f"B{day:04}", at, lines, ()))

    def _go_wrong(self, fault: Fault, root: str, store: Store, day: int, reach: int, hours: int) -> None:
        """Let the systems of a store disagree on some of its prices."""
        chance = self._chance
        free = [shelf for shelf in store.shelves if not shelf.price_fault]
        free.sort(key=lambda shelf: -shelf.velocity)
        begin = day * DAY + round(chance.uniform(5, 10) * HOUR)
        until = begin + round((10 + chance.wait(hours) * self._world.settings.lag) * HOUR)
        promotion = f"P{chance.randrange(1, max(2, self._promotions)):04}"
        size = 0.4 + 0.6 * fault.strength
        zone = chance.choice((1.07, 0.93, 1.04, 0.96))
        for shelf in chance.sample(free[: reach * 3], min(reach, len(free[: reach * 3]))):
            usual = usual_price(store, shelf.item)
            _set_all(shelf, usual)
            shelf.price_fault, shelf.price_until, shelf.price_told = fault, until, 0
            changed = begin - round(chance.wait(2) * HOUR)
            match root:
                case "promo_file_fail":
                    shelf.erp_price = shelf.label = round(
                        usual * (100 - chance.choice(_DISCOUNTS) * size) / 100
                    )
                    shelf.promotion, shelf.promotions = promotion, 1
                case "api_sync_lag":
                    self._lag(shelf, usual, size)
                case "label_not_changed":
                    shelf.label = round(
                        usual * (1 - chance.choice((1, 1, -1)) * chance.uniform(0.03, 0.25) * size)
                    )
                    changed = begin - round(chance.wait(20) * HOUR)
                case "zone_mapping":
                    shelf.regular = shelf.till = round(usual * zone)
                    shelf.label = usual if chance.happens(0.5) else shelf.till
                case "promo_overlap":
                    first, second = chance.choice(_DISCOUNTS), chance.choice((5, 10, 15, 20, 30)) * size
                    shelf.erp_price = shelf.label = round(usual * (100 - first) / 100)
                    shelf.till = round(shelf.erp_price * (100 - second) / 100)
                    shelf.promotion, shelf.promotions = promotion, chance.choice((2, 2, 3))
            shelf.price_since = min(changed, begin)
            self._audits.expect(fault, store, shelf, begin)

    def _lag(self, shelf: Shelf, usual: int, size: float) -> None:
        """Leave the till, or only what it charges, on the price before the last change."""
        chance = self._chance
        old = round(usual * (1 + chance.choice((-1, 1, 1)) * chance.uniform(0.03, 0.2) * size))
        shelf.till = old
        if chance.happens(0.45):
            shelf.regular = old

    def _key_wrong(self, fault: Fault, day: int) -> None:
        """Give one item a wrong price everywhere."""
        chance, item = self._chance, self._chance.choice(self._world.retailer.items)
        begin = day * DAY + round(chance.uniform(4, 9) * HOUR)
        until = begin + round((8 + chance.wait(20)) * HOUR)
        factor = (
            chance.choice((10.0, 0.1, 1.9, 1.5, 0.5))
            if chance.happens(fault.strength)
            else chance.choice((1.2, 0.8))
        )
        having = [(store, shelf) for store in self._world.retailer.stores if (shelf := store.shelf_of(item))]
        for store, shelf in having:
            if shelf.price_fault:
                continue
            usual = usual_price(store, item)
            wrong = max(1, round(usual * factor))
            shelf.erp_price = shelf.regular = shelf.till = wrong
            shelf.label = usual if factor > 1 and chance.happens(0.5) else wrong
            shelf.price_fault, shelf.price_until, shelf.price_since, shelf.price_told = fault, until, begin, 0
            self._audits.expect(fault, store, shelf, begin)


def _set_all(shelf: Shelf, amount: int) -> None:
    """Give the shelf one price that all systems agree on."""
    shelf.erp_price = shelf.regular = shelf.till = shelf.label = amount
    shelf.promotion, shelf.promotions, shelf.price_fault, shelf.price_until = "", 0, None, 0
