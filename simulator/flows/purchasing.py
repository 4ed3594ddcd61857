"""Orders with suppliers: placed, confirmed, despatched, received, booked, billed."""

from simulator.flows.flow import World, chance_of
from simulator.flows.invoices import Invoices
from simulator.flows.order import PurchaseOrder
from simulator.flows.shortages import Shortages
from simulator.formats.gs1 import Advices
from simulator.formats.idoc import Idocs, OrderLine
from simulator.formats.webhooks import Webhooks
from simulator.retailer import Item, Supplier
from simulator.times import DAY, HOUR


class Purchasing:
    """A flow. Each day some orders are placed; what becomes of each is known at once, and told in time."""

    def __init__(self, world: World, idocs: Idocs, webhooks: Webhooks) -> None:
        self._world = world
        self._chance = chance_of(world, "purchasing")
        advices = Advices(world.calendar)
        self._shortages = Shortages(world, idocs, webhooks, advices)
        self._invoices = Invoices(world, idocs, webhooks)
        self._number = 4_500_000_000
        self._items: dict[str, list[Item]] = {}
        for item in world.retailer.items:
            self._items.setdefault(item.supplier.id, []).append(item)
        self._suppliers = [supplier for supplier in world.retailer.suppliers if supplier.id in self._items]

    def run(self, day: int) -> None:
        """Place a day's orders."""
        faults = self._world.faults
        for root in Shortages.ROOTS:
            for fault in faults.of_day(f"SSS.{root}"):
                order = self._place(day)
                self._shortages.happen(order, fault)
                self._invoices.bill(order)
        for root in Invoices.ROOTS:
            for fault in faults.of_day(f"IVM.{root}"):
                order = self._place(day)
                self._invoices.prepare(order, fault)
                self._shortages.pass_by(order)
                self._invoices.happen(order, fault)
        for _ in range(self._chance.count(0.12 * len(self._world.retailer.stores))):
            order = self._place(day)
            self._shortages.pass_by(order)
            self._invoices.bill(order)

    def _place(self, day: int) -> PurchaseOrder:
        chance = self._chance
        supplier: Supplier = chance.choice(self._suppliers)
        self._number += 1
        items = self._items[supplier.id]
        chosen = chance.sample(items, min(len(items), chance.choice((1, 2, 2, 3))))
        placed = day * DAY + round(chance.uniform(7, 17) * HOUR)
        despatched = placed + round((1 + chance.wait(supplier.lead_days - 1)) * DAY)
        arrived = despatched + round((6 + chance.wait(14) * self._world.settings.lag) * HOUR)
        lines = []
        for place, item in enumerate(chosen, 1):
            packs = max(2, round(100 * chance.uniform(500, 6000) / item.cost / item.pack))
            lines.append(OrderLine(place * 10, item.id, packs * item.pack, item.cost))
        return PurchaseOrder(
            number=str(self._number),
            supplier=supplier,
            warehouse=chance.choice(self._world.retailer.warehouses),
            lines=lines,
            items={line.number: item for line, item in zip(lines, chosen, strict=True)},
            placed_at=placed,
            despatched_at=despatched,
            arrived_at=arrived,
            invoiced_at=max(arrived - 12 * HOUR, despatched) + round(chance.uniform(0.5, 4) * DAY),
            received={line.number: line.quantity for line in lines},
        )
