"""Faults: what goes wrong, how often, and the truth that each leaves beside its traces."""

import math

from msgspec import Struct

from routing.triage.taxonomy import Taxonomy
from simulator.chance import Chance
from simulator.messages import Truth
from simulator.traces import TRACES
from simulator.world import WorldSettings


class Fault(Struct, frozen=True):
    """One thing that went wrong. `strength` (0 to 1) says how clear its traces are.

    `is_misleading` says that something else is wrong beside it.
    """

    id: str
    root_cause: str
    owner: str
    category: str
    strength: float
    is_misleading: bool

    def truth(self, key: str) -> Truth:
        """Return what is the matter behind the exception of that key."""
        return Truth(
            fault=self.id,
            root_cause=self.root_cause,
            owner=self.owner,
            category=self.category,
            key=key,
        )


class Faults:
    """Makes faults, as often as the world has them."""

    def __init__(self, settings: WorldSettings, taxonomy: Taxonomy) -> None:
        self._settings = settings
        self._chance = Chance(f"{settings.seed}:faults")
        self._known: dict[str, tuple[str, str, float]] = {}  # owner, category, faults a store and day
        self._number = 0
        whole = sum(settings.mix.values())
        for name, category in taxonomy.categories.items():
            priors = {
                leaf.id: leaf.prior * math.exp(self._chance.gauss(0, settings.prior_spread))
                for leaf in category.leaves
            }
            of_category = settings.exceptions_per_store_day * settings.mix[name] / whole
            for leaf in category.leaves:
                exceptions = of_category * priors[leaf.id] / sum(priors.values())
                rate = exceptions / TRACES[leaf.id].exceptions_per_fault
                self._known[leaf.id] = (leaf.team, name.value, rate)

    def of_day(self, root_cause: str, share: float = 1.0) -> list[Fault]:
        """Return this day's new faults of a root cause, over all stores; of all of them this share."""
        rate = self._known[root_cause][2]
        number = self._chance.count(rate * self._settings.stores * share)
        return [self.new(root_cause) for _ in range(number)]

    def new(self, root_cause: str) -> Fault:
        """Return one more fault."""
        owner, category, _ = self._known[root_cause]
        self._number += 1
        is_weak = self._chance.happens(self._settings.weak)
        return Fault(
            id=f"F{self._number:06}",
            root_cause=root_cause,
            owner=owner,
            category=category,
            strength=self._chance.uniform(0.15, 0.5) if is_weak else 1.0,
            is_misleading=self._chance.happens(self._settings.secondary),
        )
