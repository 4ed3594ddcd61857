"""The worlds that triage is trained and examined in. None of them is a real retailer."""

from msgspec.structs import replace

from contracts.canonical import Category
from simulator.world import MIX, WorldSettings

_TRAINING = WorldSettings(name="training")
_SHIFTED = WorldSettings(days=15, stores=120)

WORLDS: dict[str, WorldSettings] = {
    world.name: world
    for world in (
        _TRAINING,
        replace(
            _SHIFTED, name="peak", seed=2, sales=3.0, peak=0.75, weak=0.2, secondary=0.24, feed_outage=0.1,
            lag=1.5,
            mix=MIX | {Category.CLICK_AND_COLLECT_DELAY: 0.27, Category.INVOICE_MISMATCH: 0.09},
        ),
        replace(
            _SHIFTED, name="other-retailer", seed=3, prior_spread=0.8, supplier_fill=0.9, lag=1.8, weak=0.22,
            misreported=0.12, missing=0.1,
            mix=MIX | {Category.INVENTORY_VARIANCE: 0.17, Category.INVOICE_MISMATCH: 0.26},
        ),
        replace(_SHIFTED, name="feeds-down", seed=4, feed_outage=0.35, missing=0.15),
        replace(
            _SHIFTED, name="bad-data", seed=5, weak=0.4, secondary=0.25, misreported=0.2, missing=0.12,
            stale=0.25, wrong=0.06, late=0.1, duplicate=0.03, damaged=0.003,
        ),
    )
}  # fmt: skip
