"""People who scan shelves with the store's app, and what they see of a price that is wrong."""

from simulator.faults import Fault
from simulator.flows.flow import Report, Reporter, World, chance_of
from simulator.retailer import Item, Shelf, Store
from simulator.sources import STORE_APP
from simulator.times import DAY, HOUR
from simulator.words import price

_ZONES = (1.0, 1.0, 1.04, 0.97)
# which share of the wrong shelves is scanned in a day
_AUDITED = {
    "PRC.label_not_changed": 0.45, "PRC.zone_mapping": 0.35, "PRC.promo_file_fail": 0.22,
    "PRC.api_sync_lag": 0.25, "PRC.promo_overlap": 0.25, "PRC.master_data_error": 0.2,
}  # fmt: skip
_MISLEADING = (("zone_mismatch", 1.0), ("active_promos", 2.0), ("price_file_age", 30.0))


def usual_price(store: Store, item: Item) -> int:
    """Return what an item costs in a store's zone, in cents, without a promotion."""
    return round(item.price * _ZONES[store.zone])


class PriceAudits:
    """Finds shelves whose prices differ, some day, if nobody has mended them before."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._chance = chance_of(world, "price-audits")
        self._reporter = Reporter(world, "price")
        self._wrong: list[tuple[Fault, Store, Shelf, int]] = []

    def expect(self, fault: Fault, store: Store, shelf: Shelf, begin: int) -> None:
        """Note that something is wrong with a shelf from this second on."""
        self._wrong.append((fault, store, shelf, begin))

    def run(self, day: int) -> None:
        """Scan for a day."""
        chance, still = self._chance, []
        for fault, store, shelf, begin in self._wrong:
            if shelf.price_fault is not fault or shelf.price_until <= day * DAY:
                continue
            at = max(begin + HOUR, day * DAY + round(chance.uniform(9, 19) * HOUR))
            if at < shelf.price_until and chance.happens(_AUDITED[fault.root_cause]):
                self._report(fault, store, shelf, at)
            else:
                still.append((fault, store, shelf, begin))
        self._wrong = still

    def _report(self, fault: Fault, store: Store, shelf: Shelf, at: int) -> None:
        chance = self._chance
        expected, actual = _sides(store, shelf)
        if expected == actual:
            return
        values, before = self._seen(fault, store, shelf, at)
        if fault.is_misleading:
            values |= [chance.choice(_MISLEADING)]
        names_promotion = shelf.promotion and chance.happens(0.5)
        self._reporter.send(
            Report(
                sender=STORE_APP, fault=fault, store=store, at=at,
                occurred_at=at - round(chance.wait(0.2) * HOUR), key=shelf.item.id, item=shelf.item,
                expected=price(expected), actual=price(actual),
                references=(("promotion", shelf.promotion),) if names_promotion else (),
                values=values, before=before, at_risk=abs(expected - actual),
            )
        )  # fmt: skip

    def _seen(
        self, fault: Fault, store: Store, shelf: Shelf, at: int
    ) -> tuple[dict[str, float | None], dict[str, float]]:
        """Return what the app shows of a shelf now, and what it showed before."""
        chance, strength, root = self._chance, fault.strength, fault.root_cause.removeprefix("PRC.")
        usual: dict[str, float] = {
            "pos_erp_pct": 0.0, "shelf_pos_pct": 0.0, "price_file_age": chance.wait(10), "zone_mismatch": 0.0,
            "active_promos": float(shelf.promotions or chance.happens(0.2)),
        }  # fmt: skip
        values: dict[str, float | None] = {
            **usual,
            "pos_erp_pct": shelf.till / shelf.erp_price - 1,
            "shelf_pos_pct": shelf.label / shelf.till - 1,
            "promo_active": float(bool(shelf.promotion) or chance.happens(0.12)),
            "zone_mismatch": float(chance.happens(0.8 * strength if root == "zone_mapping" else 0.03)),
            "heartbeat_age": chance.wait(0.3),
            "old_price": usual_price(store, shelf.item) / 100,
            "new_price": shelf.till / 100,
            "velocity_day": shelf.velocity,
        }
        if root == "promo_file_fail":
            is_old = chance.happens(0.4 + 0.5 * strength)
            values["price_file_age"] = 20 + chance.wait(12) if is_old else chance.wait(10)
            values["promo_h"] = (at - shelf.price_since) / HOUR
        if root == "promo_overlap" and not chance.happens(0.4 + 0.5 * strength):
            values["active_promos"] = 1.0
        return values, usual


def _sides(store: Store, shelf: Shelf) -> tuple[int, int]:
    """Return the price that should hold and the till's; else the label's; else what all should hold."""
    if shelf.erp_price != shelf.till:
        return shelf.erp_price, shelf.till
    if shelf.label != shelf.till:
        return shelf.label, shelf.till
    return usual_price(store, shelf.item), shelf.till
