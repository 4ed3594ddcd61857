"""Goods from a warehouse to the stores: announced, shipped, arrived, booked; and what goes wrong."""

from simulator.faults import Fault
from simulator.flows.flow import World, chance_of
from simulator.formats.idoc import NOT_POSTED, POSTED, STATUS_KEY, DeliveryLine, Idocs, Status
from simulator.formats.webhooks import Webhooks
from simulator.retailer import Shelf, Store
from simulator.times import DAY, HOUR

_LINES = 7
_FIRST_NUMBER = 80_000_000


class Deliveries:
    """A flow. Each store has a delivery every second day, of what runs low."""

    def __init__(self, world: World, idocs: Idocs, webhooks: Webhooks) -> None:
        self._world = world
        self._chance = chance_of(world, "deliveries")
        self._idocs, self._webhooks = idocs, webhooks
        self._number = _FIRST_NUMBER
        self._late: list[tuple[int, Shelf, int, int]] = []  # when, where, how many, how many of them booked

    def run(self, day: int) -> None:
        """Let the day's deliveries arrive."""
        self._arrive(day)
        faults = {
            root: self._world.faults.of_day(f"INV.{root}")
            for root in ("delayed_receipt", "receiving_variance")
        }
        stores = [store for store in self._world.retailer.stores if (store.index + day) % 2 == 0]
        self._chance.shuffle(stores)
        for store in stores:
            wrong = faults["delayed_receipt"] or faults["receiving_variance"]
            self._deliver(store, day, wrong.pop() if wrong else None)

    def _arrive(self, day: int) -> None:
        """Put what was late into the stores, or into the book."""
        due = [each for each in self._late if each[0] < (day + 1) * DAY]
        self._late = [each for each in self._late if each[0] >= (day + 1) * DAY]
        for at, shelf, units, booked in due:
            shelf.physical += units
            shelf.book += booked
            shelf.on_the_way = max(0, shelf.on_the_way - max(units, booked))
            shelf.received_at = at
            if shelf.faults and shelf.physical != shelf.book:
                # whoever counted in the meantime corrected the book: now it is wrong the other way round
                if self._chance.happens(0.4):
                    shelf.due_at = at + round(self._chance.uniform(2, 24) * HOUR)
                else:
                    shelf.book = shelf.physical

    def _deliver(self, store: Store, day: int, fault: Fault | None) -> None:
        chance, world = self._chance, self._world
        wanting = sorted(store.shelves, key=lambda shelf: shelf.book / (shelf.velocity + 0.1))[:_LINES]
        if not wanting:
            return
        self._number += 1
        delivery, order = f"{self._number:010}", f"{self._number + 10_000_000:010}"
        lines = [
            DeliveryLine(place * 10, shelf.item.id, units, units)
            for place, shelf in enumerate(wanting, 1)
            for units in (
                max(shelf.item.pack, round(shelf.velocity * 3 / shelf.item.pack) * shelf.item.pack),
            )
        ]
        arrives = day * DAY + round(chance.uniform(5.5, 9.5) * HOUR)
        announced = arrives - round(chance.uniform(8, 16) * HOUR)
        affected = chance.randrange(len(lines)) if fault else -1
        is_late = fault is not None and fault.root_cause == "INV.delayed_receipt"
        is_not_posted = is_late and chance.happens(0.22)
        truths = (fault.truth(STATUS_KEY),) if fault and is_not_posted else ()
        if fault or not world.circumstances.is_down("transport", store.index, arrives):
            status = Status(NOT_POSTED if is_not_posted else POSTED)
            post = self._idocs.delivery(
                max(0, announced), delivery, order, store.id, lines, status=status, truths=truths
            )
            world.outbox.send(max(0, announced), post)
        shipped = [(line.number, line.item, line.quantity) for line in lines]
        for place, (line, shelf) in enumerate(zip(lines, wanting, strict=True)):
            if place != affected or fault is None:
                shelf.physical += line.quantity
                shelf.book += line.quantity
                shelf.received_at = arrives
            elif is_late:
                self._delay(shelf, line.quantity, arrives, fault)
            else:
                came = self._differ(shelf, line.quantity, arrives, fault)
                shipped[place] = (line.number, line.item, came)
                if chance.happens(0.5 * fault.strength):  # scanned at the door, though booked as announced
                    lines[place] = DeliveryLine(line.number, line.item, came, line.notified)
        received = [line for place, line in enumerate(lines) if place != affected or not is_late]
        self._tell(store, delivery, arrives, shipped, received, fault)

    def _tell(
        self,
        store: Store,
        delivery: str,
        arrives: int,
        shipped: list[tuple[int, str, int]],
        received: list[DeliveryLine],
        fault: Fault | None,
    ) -> None:
        """Let the warehouse say what it shipped, and the ERP what it booked."""
        chance, world = self._chance, self._world
        tells = 0.3 + 0.45 * fault.strength if fault and "variance" in fault.root_cause else 0.3
        if chance.happens(tells):
            post = self._webhooks.shipment(
                arrives - 2 * HOUR, delivery, f"S{delivery}", store.warehouse, shipped
            )
            world.outbox.send(max(0, arrives - 2 * HOUR), post)
        if received and not world.circumstances.is_down("stock", store.index, arrives):
            booked = arrives + round(chance.wait(1.0) * HOUR)
            world.outbox.send(
                booked, self._idocs.delivered(booked, f"W{delivery}", delivery, store.id, received)
            )

    def _delay(self, shelf: Shelf, units: int, arrives: int, fault: Fault) -> None:
        """Book what did not come, or don't book what did."""
        chance = self._chance
        later = arrives + round((8 + chance.wait(28) * self._world.settings.lag) * HOUR)
        shelf.on_the_way += units
        shelf.faults.append(fault)
        shelf.due_at = arrives + round(chance.uniform(1, 10) * HOUR)
        if chance.happens(0.6):
            shelf.book += units  # the announcement was booked as a receipt
            self._late.append((later, shelf, units, 0))
        else:
            shelf.physical += units
            self._late.append((later, shelf, 0, units))
        self._confirm_later(shelf, units, later)

    def _confirm_later(self, shelf: Shelf, units: int, later: int) -> None:
        store = next(each for each in self._world.retailer.stores if shelf in each.shelves)
        line = DeliveryLine(10, shelf.item.id, units, units)
        post = self._idocs.delivered(later, f"L{self._number:010}", f"{self._number:010}", store.id, [line])
        self._world.outbox.send(later, post)

    def _differ(self, shelf: Shelf, units: int, arrives: int, fault: Fault) -> int:
        """Book what was announced; return what was picked and came."""
        chance = self._chance
        gap = max(2, round(units * chance.uniform(0.15, 0.6)))
        came = max(0, units - gap if chance.happens(0.8) else units + gap)
        shelf.physical += came
        shelf.book += units
        shelf.received_at = arrives
        shelf.faults.append(fault)
        shelf.due_at = arrives + round((2 + chance.wait(20)) * HOUR)
        return came
