"""One run: day after day, every flow in turn, and what is received in order of time."""

from collections.abc import Iterator

from routing.triage.taxonomy import Taxonomy
from simulator.circumstances import Circumstances
from simulator.faults import Faults
from simulator.flows.collection import Collection
from simulator.flows.counts import Counts
from simulator.flows.deliveries import Deliveries
from simulator.flows.flow import Flow, World
from simulator.flows.prices import Prices
from simulator.flows.purchasing import Purchasing
from simulator.flows.refunds import Refunds
from simulator.flows.sales import Rings, Sales
from simulator.flows.stock import Stock
from simulator.flows.updates import Updates
from simulator.flows.workforce import Workforce
from simulator.formats.dropfile import Files
from simulator.formats.idoc import Idocs
from simulator.formats.poslog import Tills
from simulator.formats.webhooks import Webhooks
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
    flows = _flows(world)
    for day in range(settings.days):
        for flow in flows:
            flow.run(day)
        # the next day still announces deliveries in this one's afternoon
        yield from world.outbox.until(day * DAY)
    yield from world.outbox.until(_FOREVER)


def _flows(world: World) -> tuple[Flow, ...]:
    """Return the flows in their order of a day."""
    calendar = world.calendar
    idocs, webhooks, files = Idocs(calendar), Webhooks(calendar), Files(calendar)
    tills, rings = Tills(calendar), Rings()
    return (
        Deliveries(world, idocs, webhooks),
        Stock(world, files),
        Counts(world, files, idocs, webhooks),
        Prices(world, files),
        Updates(world, files, idocs),
        Purchasing(world, idocs, webhooks),
        Collection(world, webhooks),
        Workforce(world),
        Refunds(world, tills, rings),
        Sales(world, tills, rings),
    )
