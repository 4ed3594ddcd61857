"""Shifts: who was planned, who came, and what the roster's rules say."""

from dataclasses import dataclass

from simulator.faults import Fault
from simulator.flows.flow import Report, Reporter, World, chance_of, toward
from simulator.retailer import Store
from simulator.sources import WORKFORCE
from simulator.times import DAY, HOUR
from simulator.words import pieces

_LEAST_REST, _LEAST_UNCOVERED = 11.0, 1.0  # hours; the triggers of workforce-conflict


@dataclass(slots=True)
class _Shift:
    """One person's shift, in hours; `other` is how much of it lies in another shift of theirs.

    `has_punched` says that the roster knows of their coming, `needs` how much more work there is.
    """

    begins: int
    hours: float
    rest: float
    week: float
    other: float = 0.0
    has_punched: bool = True
    has_skill: bool = True
    needs: float = 0.0

    @property
    def uncovered(self) -> float:
        """Hours that nobody works, as far as the roster can tell."""
        if not self.has_punched:
            return self.hours
        return max(self.other, self.needs, 0.0 if self.has_skill else self.hours / 2)

    @property
    def is_told(self) -> bool:
        return self.uncovered >= _LEAST_UNCOVERED or self.rest < _LEAST_REST or not self.has_skill


class Workforce:
    """A flow. The roster system reports uncovered hours, a short rest, a missing skill."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._chance = chance_of(world, "workforce")
        self._reporter = Reporter(world, "shift")
        self._demand: dict[int, float] = {}  # of a store today, over its forecast

    def run(self, day: int) -> None:
        """Let a day's shifts pass."""
        self._demand = {}
        for root in ("absence", "double_booked", "compliance_breach", "skill_gap"):
            for fault in self._world.faults.of_day(f"WFC.{root}"):
                self._work(fault, self._chance.choice(self._world.retailer.stores), day)
        for fault in self._world.faults.of_day("WFC.demand_spike"):
            store = self._chance.choice(self._world.retailer.stores)
            spike = self._chance.within(0.12, 0.9, 0.32, 0.15)
            self._demand[store.index] = toward(0.05, spike, fault.strength)
            for _ in range(1 + self._chance.count(0.6)):
                self._work(fault, store, day)
        for fault in self._world.faults.of_day("WFC.timeclock_sync"):
            store = self._chance.choice(self._world.retailer.stores)
            begin = day * DAY + round(self._chance.uniform(4, 9) * HOUR)
            hours = 3 + self._chance.wait(9) * (0.3 + 0.7 * fault.strength)
            store.clock_silent = (begin, begin + round(hours * HOUR))
            for _ in range(2 + self._chance.count(1.0)):
                self._work(fault, store, day)

    def _work(self, fault: Fault, store: Store, day: int) -> None:
        """Let a shift go wrong, and the roster system notice it."""
        chance = self._chance
        shift = self._plan(day)
        usual = self._seen(shift, store, shift.begins)
        self._go_wrong(shift, fault.root_cause.removeprefix("WFC."), fault.strength)
        if fault.is_misleading:
            self._go_wrong(shift, chance.choice(("absence", "double_booked", "compliance_breach")), 0.6)
        at = shift.begins + round(chance.uniform(0.3, 3.0) * HOUR)
        begin, end = store.clock_silent
        if fault.root_cause == "WFC.timeclock_sync":
            at = max(at, begin + round(chance.uniform(1, 6) * HOUR))
        if begin <= at < end:
            shift.has_punched = False
        if not shift.is_told:
            shift.needs = max(shift.needs, _LEAST_UNCOVERED)
        number = f"{store.id}-{self._world.calendar.plain_day(at)}-{chance.randrange(10**5):05}"
        self._reporter.send(
            Report(
                sender=WORKFORCE, fault=fault, store=store, at=at, occurred_at=shift.begins,
                key=f"shift:{number}", expected=pieces(shift.hours, "HUR"),
                actual=pieces(max(0.0, shift.hours - shift.uncovered), "HUR"),
                values=self._seen(shift, store, at), before=usual,
            )
        )  # fmt: skip

    def _plan(self, day: int) -> _Shift:
        """Return a shift as it was planned, by the rules."""
        chance = self._chance
        hours = chance.choice((4.0, 6.0, 8.0))
        return _Shift(
            begins=day * DAY + chance.choice((6, 8, 10, 14, 16)) * HOUR,
            hours=hours,
            rest=chance.within(_LEAST_REST, 60.0, 14.0, 2.2),
            week=chance.within(8, 60, 27, 8) + hours,
            other=chance.choice((0.0, 0.0, 0.0, 0.25, 0.5)),
            has_skill=not chance.happens(0.02),
        )

    def _go_wrong(self, shift: _Shift, root: str, strength: float) -> None:
        chance = self._chance
        match root:
            case "absence":
                # some call in sick and stay on the roster as if they had come
                shift.has_punched = chance.happens(0.3 * (1 - strength))
                shift.needs = shift.hours if shift.has_punched else 0.0
            case "demand_spike":
                shift.needs = max(_LEAST_UNCOVERED, chance.gauss(3.0, 1.5))
            case "double_booked":
                shift.other = min(shift.hours, toward(0.5, 0.8 + chance.wait(3.0), strength))
                shift.has_punched = chance.happens(0.55)
            case "compliance_breach":
                shift.rest = chance.within(6.0, 10.9, toward(10.6, 8.8, strength), 1.0)
                shift.week += chance.uniform(2, 16)
            case "skill_gap":
                shift.has_skill = False
                if chance.happens(0.25):  # who has the skill did not come
                    shift.has_punched = False

    def _seen(self, shift: _Shift, store: Store, at: int) -> dict[str, float]:
        """Return what roster and clocks say of a shift at this second, whatever the reason."""
        chance = self._chance
        demand = self._demand.setdefault(store.index, chance.gauss(0.03, 0.1))
        begin, end = store.clock_silent
        return {
            "absent_punch": float(not shift.has_punched),
            "demand_vs_fc": demand + chance.gauss(0, 0.03),
            "overlap_h": shift.other,
            "rest_gap": shift.rest,
            "skill_missing": float(not shift.has_skill),
            "punch_lag": (at - begin) / HOUR if begin <= at < end else chance.wait(0.4),
            "hours_week": shift.week,
            "peak": float(chance.happens(self._world.settings.peak)),
            "uncovered_hours": shift.uncovered,
        }
