"""The settings of a world: how large it is, what goes wrong in it, and how well its systems say so."""

from typing import Annotated

from msgspec import Meta, Struct, field

from contracts.canonical import Category

Share = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0)]

# what a retailer's exceptions are about: editable, nobody measured it
MIX = {
    Category.INVENTORY_VARIANCE: 0.26,
    Category.PRICE_DISCREPANCY: 0.13,
    Category.FAILED_PRICE_UPDATE: 0.09,
    Category.CLICK_AND_COLLECT_DELAY: 0.16,
    Category.INVOICE_MISMATCH: 0.15,
    Category.SUPPLIER_SHORT_SHIPMENT: 0.09,
    Category.REFUND_ANOMALY: 0.07,
    Category.WORKFORCE_CONFLICT: 0.05,
}


class WorldSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One world. The same settings give the same bytes.

    `start` is the first day. `exceptions_per_store_day` is what comes of all faults together, on average;
    `mix` shares it out over the categories, the taxonomy's priors over the root causes, and `prior_spread`
    (log) makes another retailer's priors of these.

    `secondary` is the share of faults beside which something else is wrong that misleads, `weak` the share
    whose traces are small, `misreported` that of reasons that people and systems state wrongly. Of the values
    that senders give, `missing` are left out, `stale` are old, `wrong` are another number; `feed_outage` is
    the share of feeds that are down for a store and a day, of whose ordinary documents nothing comes then.
    `lag` stretches every delay. `duplicate`, `late` and `damaged` are shares of messages.
    """

    name: str = "training"
    seed: int = 1
    start: str = "2026-03-02"
    days: Annotated[int, Meta(ge=1, le=3650)] = 30
    stores: Annotated[int, Meta(ge=1, le=5000)] = 300
    items: Annotated[int, Meta(ge=40, le=9000)] = 480
    items_per_store: Annotated[int, Meta(ge=12, le=400)] = 24
    suppliers: Annotated[int, Meta(ge=4, le=900)] = 60
    exceptions_per_store_day: Positive = 6.9
    mix: dict[Category, Positive] = field(default_factory=MIX.copy)
    prior_spread: Annotated[float, Meta(ge=0, le=2)] = 0.0
    supplier_fill: Share = 0.96
    sales: Positive = 1.0
    peak: Share = 0.1
    secondary: Share = 0.1
    weak: Share = 0.12
    misreported: Share = 0.06
    missing: Share = 0.05
    stale: Share = 0.06
    wrong: Share = 0.01
    feed_outage: Share = 0.04
    lag: Positive = 1.0
    duplicate: Share = 0.01
    late: Share = 0.03
    damaged: Share = 0.0
