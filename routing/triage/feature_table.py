"""The features of `triage.features/1`: their names in a frozen order, units, transforms and maximum ages.

A sender states a value in the unit given here (`Circumstance`); the transform makes the model's number of it.
An order that has been published never changes: another list of features is another contract.
"""
# ruff: noqa: E501 - one row a feature

from typing import Literal

from msgspec import Struct

from contracts.canonical import Category

CONTRACT = "triage.features/1"

# `log` is the natural logarithm, `log1p` that of one more (below zero counts as zero), `slog` log1p that
# keeps the sign, `flag` 1.0 or 0.0
Transform = Literal["as-is", "flag", "log", "log1p", "slog"]

DAY, WEEK, QUARTER = 24.0, 168.0, 2160.0
YEAR = 8760.0


class Feature(Struct, frozen=True):
    """One number that the model sees. `feed` is the kind of system that knows it."""

    name: str
    meaning: str
    unit: str
    transform: Transform
    maximum_age_hours: float
    feed: str


CODES = {
    "INV": Category.INVENTORY_VARIANCE,
    "PRC": Category.PRICE_DISCREPANCY,
    "FPU": Category.FAILED_PRICE_UPDATE,
    "CNC": Category.CLICK_AND_COLLECT_DELAY,
    "IVM": Category.INVOICE_MISMATCH,
    "SSS": Category.SUPPLIER_SHORT_SHIPMENT,
    "RFD": Category.REFUND_ANOMALY,
    "WFC": Category.WORKFORCE_CONFLICT,
}
SYSTEMS = ("pos", "wms", "oms", "erp", "wfm", "store_app", "supplier", "price")

# fmt: off
_EVIDENCE = (
    # the item, the store and the supplier
    Feature("velocity", "sales of the item in the store", "units a day", "log1p", WEEK, "pos"),
    Feature("unit_price", "the item's price over the usual price of the source's items", "ratio", "log", QUARTER, "erp"),
    Feature("cost_ratio", "the item's unit cost over its price", "ratio", "as-is", QUARTER, "erp"),
    Feature("promo_active", "a promotion of the item runs in the store", "0 or 1", "flag", DAY, "price"),
    Feature("promo_h", "since the promotion began", "hours", "log1p", DAY, "price"),
    Feature("peak", "a day of peak trade", "0 or 1", "flag", DAY, "pos"),
    Feature("store_var_rate", "counted lines of the store that differed, 90 days", "share", "as-is", QUARTER, "store_app"),
    Feature("store_exc_rate", "exceptions of the store, 7 days", "a day", "log1p", WEEK, "router"),
    Feature("supplier_otif", "the supplier's lines on time and in full", "share", "as-is", QUARTER, "supplier"),
    Feature("shrink_risk", "the item is one that gets stolen", "0 or 1", "flag", YEAR, "erp"),
    # stock
    Feature("days_since_count", "since the item's last count in the store", "days", "log1p", DAY, "store_app"),
    Feature("last_var", "what the last count found, counted minus book", "units", "slog", QUARTER, "store_app"),
    Feature("on_hand", "on record in the store", "units", "slog", DAY, "erp"),
    Feature("delta_sl", "actual minus expected", "units", "slog", DAY, "exception"),
    Feature("delta_rel", "actual minus expected, over expected", "ratio", "as-is", DAY, "exception"),
    Feature("transit_rel", "on its way to the store, over the difference", "ratio", "log1p", 3 * DAY, "wms"),
    Feature("asn_gap_rel", "received minus announced at the last receipt, over announced", "ratio", "as-is", 2 * WEEK, "wms"),
    Feature("h_since_receipt", "since the item's last receipt in the store", "hours", "log1p", DAY, "wms"),
    Feature("gr_lag_h", "between arrival and posted receipt, or so far", "hours", "log1p", DAY, "erp"),
    Feature("tlog_lag_h", "between a sale and its arrival here, for the store's tills", "hours", "log1p", DAY, "pos"),
    Feature("open_transfer_rel", "on transfers that are posted on one side, over the difference", "ratio", "log1p", 3 * DAY, "wms"),
    Feature("sibling_opp", "how far another item's opposite difference cancels this one", "0 to 1", "as-is", DAY, "store_app"),
    Feature("zero_sales_z", "how unlikely the hours without a sale are: -log10 of their probability", "z", "as-is", DAY, "pos"),
    Feature("open_resv", "reserved for open orders", "units", "log1p", DAY, "oms"),
    Feature("sim_store_1h", "other exceptions of the category in the store, 1 hour", "count", "log1p", DAY, "router"),
    Feature("sim_sku_24h", "other exceptions of the item, 24 hours", "count", "log1p", DAY, "router"),
    Feature("sim_batch", "other exceptions of the same file, document or price batch", "count", "log1p", DAY, "router"),
    # prices
    Feature("pos_erp_pct", "the till's price minus the ERP's, over the ERP's", "ratio", "as-is", DAY, "price"),
    Feature("shelf_pos_pct", "the shelf's price minus the till's, over the till's", "ratio", "as-is", DAY, "store_app"),
    Feature("h_since_price_chg", "since the item's price changed", "hours", "log1p", DAY, "price"),
    Feature("stores_affected", "stores with the same difference", "count", "log1p", DAY, "price"),
    Feature("zone_mismatch", "the store has another zone's price", "0 or 1", "flag", DAY, "price"),
    Feature("active_promos", "promotions of the item at once", "count", "log1p", DAY, "price"),
    Feature("price_file_age", "age of the store's last price file", "hours", "log1p", DAY, "price"),
    Feature("ack_none", "the store sent no acknowledgement", "0 or 1", "flag", DAY, "price"),
    Feature("ack_timeout", "the acknowledgement timed out", "0 or 1", "flag", DAY, "price"),
    Feature("ack_schema", "the message was refused for its form", "0 or 1", "flag", DAY, "price"),
    Feature("ack_notfound", "the store does not know the item", "0 or 1", "flag", DAY, "price"),
    Feature("ack_device", "a label or its gateway failed", "0 or 1", "flag", DAY, "price"),
    Feature("heartbeat_age", "since the store's controller was last heard", "hours", "log1p", DAY, "price"),
    Feature("version_gap", "price versions that the store is behind", "count", "log1p", DAY, "price"),
    Feature("eff_offset_h", "effective time minus the time it should have", "hours", "slog", DAY, "price"),
    # orders
    Feature("age_vs_promise", "since the promised time; before it below zero", "hours", "slog", DAY, "oms"),
    Feature("pick_frac", "picked of what was ordered", "share", "as-is", DAY, "oms"),
    Feature("pick_queue", "orders that wait, over the store's capacity", "ratio", "as-is", DAY, "oms"),
    Feature("transfer_eta", "until the transfer arrives", "hours", "log1p", DAY, "wms"),
    Feature("pay_hold", "the payment is on hold", "0 or 1", "flag", DAY, "oms"),
    Feature("notify_sent", "the customer was told", "0 or 1", "flag", DAY, "oms"),
    Feature("oms_store_mismatch", "order system and store differ on the status", "0 or 1", "flag", DAY, "oms"),
    # invoices and supply
    Feature("q_inv_gr", "invoiced over received, minus 1", "ratio", "as-is", DAY, "erp"),
    Feature("q_gr_po", "received over ordered, minus 1", "ratio", "as-is", DAY, "erp"),
    Feature("p_inv_po", "invoiced over ordered unit price, minus 1", "ratio", "as-is", DAY, "erp"),
    Feature("gr_exists", "a goods receipt is posted", "0 or 1", "flag", DAY, "erp"),
    Feature("dup_score", "likeness to an earlier invoice", "0 to 1", "as-is", DAY, "erp"),
    Feature("uom_near_pack", "how near the two sides are to a pack size apart", "0 to 1", "as-is", DAY, "supplier"),
    Feature("tax_freight", "charges on no line, over the invoice", "share", "as-is", DAY, "erp"),
    Feature("deal_expected", "allowance that was agreed, over the invoice", "share", "log1p", DAY, "erp"),
    Feature("short_pct", "short of what was expected", "share", "as-is", DAY, "exception"),
    Feature("asn_po", "announced over ordered, minus 1", "ratio", "as-is", WEEK, "supplier"),
    Feature("recv_asn", "received over announced, minus 1", "ratio", "as-is", WEEK, "wms"),
    Feature("split_rem", "the rest is on another load", "0 or 1", "flag", WEEK, "wms"),
    Feature("damage_note", "a note says damaged or refused", "0 or 1", "flag", WEEK, "wms"),
    Feature("po_rev_age", "since the order was last changed", "hours", "log1p", WEEK, "erp"),
    Feature("sku_fill30", "delivered of the item's ordered units, 30 days", "share", "as-is", QUARTER, "supplier"),
    Feature("dc_recount_err", "wrong lines in the centre's recounts", "share", "as-is", QUARTER, "wms"),
    # refunds
    Feature("refund_z", "the refund's size against the store's refunds", "z", "as-is", WEEK, "pos"),
    Feature("cashier_z", "the cashier's refunds against the store's cashiers", "z", "as-is", WEEK, "pos"),
    Feature("cust_ret90", "returns of the customer, 90 days", "count", "log1p", WEEK, "pos"),
    Feature("receipt_present", "the sale is known", "0 or 1", "flag", DAY, "pos"),
    Feature("refund_vs_paid", "refunded over paid, minus 1", "ratio", "as-is", DAY, "pos"),
    Feature("dup_min", "since an equal refund; 1440 where there is none", "minutes", "log1p", DAY, "pos"),
    Feature("pos_offline", "the till was offline", "0 or 1", "flag", DAY, "pos"),
    Feature("online_link", "an online order is named", "0 or 1", "flag", DAY, "oms"),
    Feature("mgr_override", "a manager approved", "0 or 1", "flag", DAY, "pos"),
    # people at work
    Feature("absent_punch", "a planned person has not punched in", "0 or 1", "flag", DAY, "wfm"),
    Feature("demand_vs_fc", "demand over its forecast, minus 1", "ratio", "as-is", DAY, "wfm"),
    Feature("overlap_h", "two shifts of one person overlap", "hours", "log1p", DAY, "wfm"),
    Feature("rest_gap", "rest between two shifts", "hours", "as-is", DAY, "wfm"),
    Feature("skill_missing", "a required skill is not on the shift", "0 or 1", "flag", DAY, "wfm"),
    Feature("punch_lag", "between punches and their arrival", "hours", "log1p", DAY, "wfm"),
    Feature("hours_week", "hours of the week with this shift", "hours", "as-is", DAY, "wfm"),
)
# fmt: on

FEATURES: tuple[Feature, ...] = (
    *(
        Feature(f"rt_{code}", f"the exception is {name.value}", "0 or 1", "flag", DAY, "exception")
        for code, name in CODES.items()
    ),
    *(
        Feature(
            f"src_{system}",
            f"it comes from a system of this kind: {system}",
            "0 or 1",
            "flag",
            DAY,
            "exception",
        )
        for system in SYSTEMS
    ),
    *_EVIDENCE,
)
NAMES: tuple[str, ...] = tuple(feature.name for feature in FEATURES)
INDEX: dict[str, int] = {name: place for place, name in enumerate(NAMES)}
