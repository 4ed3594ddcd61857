"""Shifts: who was planned, who came, and what the roster's rules say."""

from simulator.faults import Fault
from simulator.flows.flow import Report, Reporter, World, chance_of, toward
from simulator.retailer import Store
from simulator.sources import WORKFORCE
from simulator.times import DAY, HOUR
from simulator.words import pieces

LEAST_REST_HOURS = 11.0


class Workforce:
    """A flow. The roster system reports uncovered hours, a short rest, a missing skill."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._chance = chance_of(world, "workforce")
        self._reporter = Reporter(world, "shift")
        self._demand: dict[int, float] = {}  # of a store today, against the forecast

    def run(self, day: int) -> None:
        """Let a day's shifts pass."""
        self._demand = {}
        for root in ("absence", "double_booked", "compliance_breach", "skill_gap"):
            for fault in self._world.faults.of_day(f"WFC.{root}"):
                self._report(fault, self._chance.choice(self._world.retailer.stores), day)
        for fault in self._world.faults.of_day("WFC.demand_spike"):
            store = self._chance.choice(self._world.retailer.stores)
            self._demand[store.index] = toward(
                0.05, self._chance.within(0.12, 0.9, 0.32, 0.15), fault.strength
            )
            for _ in range(1 + self._chance.count(0.6)):
                self._report(fault, store, day)
        for fault in self._world.faults.of_day("WFC.timeclock_sync"):
            store = self._chance.choice(self._world.retailer.stores)
            begin = day * DAY + round(self._chance.uniform(4, 9) * HOUR)
            store.clock_silent = (begin, begin + round((3 + self._chance.wait(9)) * HOUR))
            for _ in range(2 + self._chance.count(1.0)):
                self._report(fault, store, day)

    def _report(self, fault: Fault, store: Store, day: int) -> None:
        chance, root = self._chance, fault.root_cause.removeprefix("WFC.")
        starts = day * DAY + chance.choice((6, 8, 10, 14, 16)) * HOUR
        at = starts + round(chance.uniform(0.3, 3.0) * HOUR)
        values = self._usual(store, at)
        before = dict(values)
        planned = chance.choice((4.0, 6.0, 8.0))
        uncovered = planned * chance.uniform(0.5, 1.0) if values["absent_punch"] else 0.0
        strength = fault.strength
        match root:
            case "absence":
                values["absent_punch"] = float(chance.happens(0.5 + 0.48 * strength))
                uncovered = planned * chance.uniform(0.6, 1.0)
            case "demand_spike":
                uncovered = max(1.0, chance.gauss(3.0, 1.5))
            case "double_booked":
                values["overlap_h"] = toward(0.3, 0.8 + chance.wait(3.0), strength)
                values["absent_punch"] = float(chance.happens(0.45))
                uncovered = max(1.0, values["overlap_h"])
            case "compliance_breach":
                values["rest_gap"] = chance.within(6.0, 11.0, toward(10.5, 8.8, strength), 1.0)
                values["hours_week"] += chance.uniform(2, 16)
            case "skill_gap":
                values["skill_missing"] = float(chance.happens(0.25 + 0.7 * strength))
                uncovered = planned * chance.choice((0.0, 0.5, 1.0))
            case "timeclock_sync":
                at = max(at, store.clock_silent[0] + round(chance.uniform(1, 6) * HOUR))
                values["punch_lag"] = toward(
                    0.5, (at - store.clock_silent[0]) / HOUR + chance.wait(2), strength
                )
                values["absent_punch"] = float(chance.happens(0.85))
                uncovered = planned if values["absent_punch"] else 0.0
        if fault.is_misleading:
            self._mislead(values)
        values["uncovered_hours"] = uncovered
        number = f"{store.id}-{self._world.calendar.plain_day(starts)}-{chance.randrange(10**5):05}"
        self._reporter.send(
            Report(
                sender=WORKFORCE, fault=fault, store=store, at=at, occurred_at=starts, key=f"shift:{number}",
                expected=pieces(planned, "HUR"), actual=pieces(max(0.0, planned - uncovered), "HUR"),
                values=values, before=before,
            )
        )  # fmt: skip

    def _usual(self, store: Store, at: int) -> dict[str, float]:
        """Return what the roster and the clocks say of any shift of this store now."""
        chance = self._chance
        demand = self._demand.get(store.index)
        if demand is None:
            demand = self._demand[store.index] = chance.gauss(0.03, 0.1)
        is_silent = store.clock_silent[0] <= at < store.clock_silent[1]
        return {
            "absent_punch": float(chance.happens(0.75 if is_silent else 0.07)),
            "demand_vs_fc": demand + chance.gauss(0, 0.03),
            "overlap_h": chance.choice((0.0, 0.0, 0.0, 0.25, 0.5)),
            "rest_gap": chance.within(10.0, 60.0, 14.0, 2.2),
            "skill_missing": float(chance.happens(0.05)),
            "punch_lag": (at - store.clock_silent[0]) / HOUR if is_silent else chance.wait(0.4),
            "hours_week": chance.within(8, 60, 31, 8),
            "peak": float(chance.happens(self._world.settings.peak)),
        }

    def _mislead(self, values: dict[str, float]) -> None:
        """Let something else be wrong with the same shift."""
        chance = self._chance
        match chance.randrange(5):
            case 0:
                values["absent_punch"] = 1.0
            case 1:
                values["demand_vs_fc"] += chance.uniform(0.1, 0.4)
            case 2:
                values["overlap_h"] += chance.uniform(0.5, 3)
            case 3:
                values["rest_gap"] = chance.uniform(8, 11)
            case _:
                values["punch_lag"] += chance.wait(5)
