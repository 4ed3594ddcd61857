"""The papers of an order: placed, confirmed, announced, received, closed, booked."""

from msgspec.structs import replace

from simulator.faults import Fault
from simulator.flows.flow import World, chance_of
from simulator.flows.order import PurchaseOrder
from simulator.formats import gs1, idoc, webhooks
from simulator.formats.gs1 import AdviceLine, Advices
from simulator.formats.idoc import Idocs, OrderLine
from simulator.formats.webhooks import Webhooks
from simulator.times import DAY, HOUR

_LEAST_SHARE, _LEAST_CENTS = 0.05, 5_000  # the triggers of supplier-short-shipment


class OrderPapers:
    """Writes what each side sends. `short` is by the number of a line; a fault is what makes it short."""

    def __init__(self, world: World, idocs: Idocs, hooks: Webhooks, advices: Advices) -> None:
        self._world = world
        self._chance = chance_of(world, "order-papers")
        self._idocs, self._hooks, self._advices = idocs, hooks, advices

    def place(self, order: PurchaseOrder) -> None:
        """Place the order, mostly for Crossdock to see."""
        if order.is_known and not self._chance.happens(0.06):
            post = self._idocs.order(
                order.placed_at, order.number, order.supplier.id, order.warehouse, order.lines
            )
            self._world.outbox.send(order.placed_at, post)
        else:
            order.is_known = False

    def confirm(self, order: PurchaseOrder, fault: Fault, short: dict[int, int], at: int = 0) -> None:
        """Let the supplier confirm less."""
        at = at or order.placed_at + round(self._chance.uniform(2, 20) * HOUR)
        lines = [replace(line, confirmed=line.quantity - short.get(line.number, 0)) for line in order.lines]
        truths = tuple(
            fault.truth(idoc.line_key(line.number, line.item))
            for line in lines
            if _is_short(line, line.confirmed)
        )
        post = self._idocs.confirmation(at, order.number, order.supplier.id, order.warehouse, lines, truths)
        self._world.outbox.send(at, post)

    def despatch(
        self,
        order: PurchaseOrder,
        short: dict[int, int],
        why: dict[int, str],
        fault: Fault | None = None,
        *,
        asked_less: bool = False,
    ) -> None:
        """Announce what is on its way: `short` of what was ordered, for reasons by line (`why`)."""
        lines = []
        for place, line in enumerate(order.lines, 1):
            sent = max(0, line.quantity - short.get(line.number, 0))
            asked = sent if asked_less or sent > line.quantity else line.quantity
            lines.append(AdviceLine(place, line.item, asked, sent, line.number, why.get(line.number, "")))
        truths = tuple(
            fault.truth(gs1.despatch_key(order.number, line)) for line in lines if fault and _is_less(line)
        )
        post = self._advices.despatch(
            order.despatched_at,
            order.despatch,
            order.number,
            order.supplier.id,
            order.warehouse,
            lines,
            truths,
        )
        self._world.outbox.send(order.despatched_at, post)

    def receive(
        self,
        order: PurchaseOrder,
        short: dict[int, int],
        announced_short: dict[int, int],
        why: str,
        fault: Fault | None,
        *,
        announced: dict[int, int] | None = None,
        is_refused: bool = False,
    ) -> None:
        """Tell what arrived: `short` of what was announced, which `announced` says was less than ordered."""
        lines = []
        for place, line in enumerate(order.lines, 1):
            sent = line.quantity - (announced or {}).get(line.number, 0)
            if announced is None and fault is None:
                sent = order.received[line.number]
            missing = short.get(line.number, 0)
            came = max(0, sent if is_refused else sent - missing)
            accepted = max(0, sent - missing) if is_refused else -1
            reason = why if missing > 0 else ""
            lines.append(AdviceLine(place, line.item, sent, came, line.number, reason, accepted))
        truths = tuple(
            fault.truth(gs1.receiving_key(order.despatch, line)) for line in lines if fault and _is_less(line)
        )
        post = self._advices.receiving(
            order.arrived_at, f"RA{order.number}", order.number, order.despatch, order.supplier.id,
            order.warehouse, lines, truths,
        )  # fmt: skip
        self._world.outbox.send(order.arrived_at + round(self._chance.wait(1) * HOUR), post)

    def close(self, order: PurchaseOrder, fault: Fault | None, short: dict[int, int] | None = None) -> None:
        """Close the order in the warehouse; without `short`, with what was received."""
        lines = [
            (line.number, line.item, line.quantity,
             order.received[line.number] if short is None else line.quantity - short.get(line.number, 0))
            for line in order.lines
        ]  # fmt: skip
        at = order.arrived_at + round(self._chance.uniform(0.05, 1.0) * DAY)
        truths = tuple(
            fault.truth(webhooks.line_key(item, number))
            for number, item, ordered, received in lines
            if fault and ordered - received >= _LEAST_SHARE * ordered
        )
        post = self._hooks.purchase_order(
            at, order.number, order.warehouse, order.supplier.id, lines, is_closed=True, truths=truths
        )
        self._world.outbox.send(at, post)

    def book(self, order: PurchaseOrder) -> None:
        """Let the ERP book what arrived, if it does."""
        booked = order.booked()
        if order.is_booked and booked and not self._chance.happens(0.08):
            at = order.arrived_at + round((0.5 + self._chance.wait(3)) * HOUR)
            slip = f"G{order.number}"
            post = self._idocs.receipt(at, slip, order.number, order.supplier.id, order.warehouse, booked)
            self._world.outbox.send(at, post)


def _is_short(line: OrderLine, actual: int) -> bool:
    short = line.quantity - actual
    return short > 0 and (short >= _LEAST_SHARE * line.quantity or short * line.price >= _LEAST_CENTS)


def _is_less(line: AdviceLine) -> bool:
    actual = line.accepted if line.accepted >= 0 else line.actual
    return line.expected - actual > 0 and line.expected - actual >= _LEAST_SHARE * line.expected
