"""What every flow shares: the retailer, its own chance, and how its people and systems report."""

from collections.abc import Mapping
from typing import Any, Protocol

from msgspec import Struct

from contracts.canonical import Category
from simulator.chance import Chance
from simulator.circumstances import Circumstances
from simulator.faults import Fault, Faults
from simulator.formats.events import exception_event
from simulator.outbox import Outbox
from simulator.retailer import Item, Retailer, Store
from simulator.sources import CURRENCY, Sender
from simulator.times import Calendar
from simulator.words import cents
from simulator.world import WorldSettings


class World(Struct, frozen=True, kw_only=True):
    """Everything that the flows work on."""

    settings: WorldSettings
    calendar: Calendar
    retailer: Retailer
    faults: Faults
    circumstances: Circumstances
    outbox: Outbox


class Flow(Protocol):
    """One part of the business."""

    def run(self, day: int) -> None:
        """Let a day pass; `day` is 0 for the first."""
        ...


class Report(Struct, frozen=True, kw_only=True):
    """One exception as its sender tells it. `at` is when it is noticed, `occurred_at` when it happened.

    `values` is what the sender knows, `before` what it knew before the fault; `reason` is in its own words.
    """

    sender: Sender
    fault: Fault
    at: int
    occurred_at: int
    key: str
    expected: dict[str, str]
    actual: dict[str, str]
    values: Mapping[str, float | None]
    before: Mapping[str, float] = {}
    store: Store | None = None
    place: tuple[str, str] | None = None
    item: Item | None = None
    partner: str = ""
    references: tuple[tuple[str, ...], ...] = ()
    at_risk: int | None = None
    reason: str = ""


class Reporter:
    """Sends reports as CloudEvents, each with an id of its sender's."""

    def __init__(self, world: World, name: str) -> None:
        self._world = world
        self._name = name
        self._number = 0

    def send(self, report: Report) -> None:
        """Say what was noticed, with what is known of the circumstances."""
        world, store, fault = self._world, report.store, report.fault
        self._number += 1
        moment = world.calendar.moment
        data: dict[str, Any] = {
            "key": report.key,
            "expected": report.expected,
            "actual": report.actual,
            "occurred_at": moment(report.occurred_at),
            "detected_at": moment(report.at),
        }
        place = report.place or (("store", store.id) if store else None)
        if place:
            data["place"] = {"kind": place[0], "id": place[1]}
        if report.partner:
            data["partner"] = {"role": "supplier", "id": report.partner}
        if report.item:
            data["item"] = {"id": report.item.id}
        if report.references:
            names = ("kind", "id", "line")
            data["references"] = [dict(zip(names, each, strict=False)) for each in report.references]
        if report.at_risk is not None:
            data["money_at_risk"] = {"amount": cents(report.at_risk), "currency": CURRENCY}
        if report.reason:
            data["evidence"] = [{"pointer": "/reason", "value": report.reason}]
        index = store.index if store else -1
        context = world.circumstances.of(index, report.at, report.values, report.before)
        if context:
            data["context"] = context
        event_id = f"{self._name}-{self._number:06}"
        post = exception_event(
            report.sender, event_id, Category(fault.category), data, fault.truth(report.key)
        )
        world.outbox.send(report.at, post)


def toward(usual: float, effect: float, strength: float) -> float:
    """Return a value between the usual one and the effect of a fault of this strength."""
    return usual + (effect - usual) * strength


def chance_of(world: World, name: str) -> Chance:
    """Return a flow's own chance."""
    return Chance(f"{world.settings.seed}:{name}")
