"""One run: day after day, every flow in turn, and what is received in order of time."""

from collections.abc import Iterator

from routing.triage.taxonomy import Taxonomy
from simulator.circumstances import Circumstances
from simulator.faults import Faults
from simulator.flows.flow import Flow, World
from simulator.flows.workforce import Workforce
from simulator.messages import SimulatedMessage
from simulator.outbox import Outbox
from simulator.retailer import Retailer
from simulator.times import DAY, Calendar
from simulator.world import WorldSettings

_FOREVER = 1 << 60


def simulate(settings: WorldSettings) -> Iterator[SimulatedMessage]:
    """Yield every message in order of receipt. The same settings give the same bytes.

    What is under way when the last day ends still arrives.
    """
    calendar = Calendar(settings.start)
    world = World(
        settings=settings,
        calendar=calendar,
        retailer=Retailer(settings),
        faults=Faults(settings, Taxonomy.load()),
        circumstances=Circumstances(settings, calendar),
        outbox=Outbox(settings, calendar),
    )
    flows: tuple[Flow, ...] = (Workforce(world),)
    for day in range(settings.days):
        for flow in flows:
            flow.run(day)
        yield from world.outbox.until((day + 1) * DAY)
    yield from world.outbox.until(_FOREVER)
