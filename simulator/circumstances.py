"""What a sender says of the circumstances of an exception: true, old, wrong or not at all."""

from collections.abc import Mapping

from simulator.chance import Chance
from simulator.times import DAY, HOUR, Calendar
from simulator.world import WorldSettings

# the system that a value comes from: when it is down, all of its values are missing
FEEDS = {
    "sales": ("velocity", "velocity_day", "zero_sales_z", "tlog_lag_h", "pos_offline", "dup_min"),
    "refunds": ("refund_z", "cashier_z", "cust_ret90", "refund_vs_paid", "mgr_override", "receipt_present"),
    "stock": ("on_hand", "physical", "days_since_count", "last_var", "open_resv", "shrink_risk"),
    "transport": ("transit_rel", "open_transfer_rel", "transfer_eta", "split_rem", "asn_gap_rel"),
    "orders": ("pick_frac", "pick_queue", "pay_hold", "notify_sent", "oms_store_mismatch", "online_link"),
    "prices": ("pos_erp_pct", "shelf_pos_pct", "zone_mismatch", "active_promos", "price_file_age",
               "version_gap", "eff_offset_h", "promo_h", "stores_affected"),
    "controllers": ("heartbeat_age", "ack_none", "ack_timeout", "ack_schema", "ack_notfound", "ack_device"),
    "invoices": ("q_inv_gr", "q_gr_po", "p_inv_po", "gr_exists", "gr_lag_h", "dup_score", "tax_freight",
                 "deal_expected"),
    "suppliers": ("supplier_otif", "sku_fill30", "asn_po", "recv_asn", "damage_note", "po_rev_age",
                  "dc_recount_err"),
    "rosters": ("absent_punch", "punch_lag", "overlap_h", "rest_gap", "skill_missing", "hours_week",
                "demand_vs_fc"),
}  # fmt: skip
_FEED_OF = {name: feed for feed, names in FEEDS.items() for name in names}
_SHARES = frozenset({
    "absent_punch", "ack_device", "ack_none", "ack_notfound", "ack_schema", "ack_timeout", "damage_note",
    "gr_exists", "mgr_override", "notify_sent", "oms_store_mismatch", "online_link", "pay_hold",
    "pos_offline",
    "promo_active", "receipt_present", "shrink_risk", "skill_missing", "split_rem", "zone_mismatch", "peak",
})  # fmt: skip


class Circumstances:
    """Says what a sender knows, with the faults that senders have."""

    def __init__(self, settings: WorldSettings, calendar: Calendar) -> None:
        self._settings = settings
        self._calendar = calendar
        self._chance = Chance(f"{settings.seed}:circumstances")
        self._outages: dict[tuple[str, int, int], bool] = {}

    def of(
        self, store: int, at: int, values: Mapping[str, float | None], before: Mapping[str, float]
    ) -> list[dict[str, str]]:
        """Return the context of an exception in a store at a second, as the contract has it.

        `before` are values from before the fault, which a sender whose copy is old still has. None is a value
        that the sender can't know.
        """
        settings, chance, told = self._settings, self._chance, list[dict[str, str]]()
        for name, known in values.items():
            if known is None or chance.happens(settings.missing):
                continue
            if self.is_down(_FEED_OF.get(name), store, at):
                continue
            value, as_of = known, at - round(chance.wait(0.1 * HOUR))
            if chance.happens(settings.stale):
                as_of = at - round((2 + chance.wait(20.0)) * HOUR * settings.lag)
                value = before.get(name, known)
            if chance.happens(settings.wrong):
                value = self._wrong(name, value)
            told.append({"name": name, "value": written(value), "as_of": self._calendar.moment(as_of)})
        return told

    def is_down(self, feed: str | None, store: int, at: int) -> bool:
        """Say whether a feed says nothing of this store on this day."""
        if feed is None:
            return False
        key = (feed, store, at // DAY)
        found = self._outages.get(key)
        if found is None:
            found = self._outages[key] = self._chance.happens(self._settings.feed_outage)
        return found

    def _wrong(self, name: str, value: float) -> float:
        """Return what a sender writes that mistakes a flag, a unit or a sign."""
        if name in _SHARES:
            return 1.0 - min(1.0, max(0.0, value))
        return value * self._chance.choice((-1.0, 0.1, 10.0, 24.0, 1 / 24))


def written(value: float) -> str:
    """Return a number as a decimal string of at most four places."""
    text = f"{value:.4f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def silence(store_window: tuple[int, int], at: int, chance: Chance) -> float:
    """Return for how many hours nothing was heard: since the window began, or since the last beat."""
    begin, end = store_window
    return (at - begin) / HOUR if begin <= at < end else chance.wait(0.05)
