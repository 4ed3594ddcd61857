"""What comes of an order at the dock: in full, or short for one of six reasons."""

from msgspec.structs import replace

from simulator.faults import Fault
from simulator.flows.flow import World, chance_of
from simulator.flows.order import PurchaseOrder
from simulator.flows.order_papers import OrderPapers
from simulator.flows.supplier_desk import SupplierDesk
from simulator.formats.gs1 import AdviceLine, Advices
from simulator.formats.idoc import Idocs
from simulator.formats.webhooks import Webhooks
from simulator.times import HOUR

_BY_DESK = 0.3
_OUT_OF_STOCK = ("OUT_OF_STOCK", "ITEM_DISCONTINUED", "BACKORDERED", "UNAVAILABLE")
_OTHER_REASONS = ("PARTIAL", "OTHER", "DAMAGED", "SPLIT_DELIVERY")


class Shortages:
    """Tells an order's way from its placing to the dock."""

    ROOTS = (
        "supplier_stockout", "carrier_split", "asn_error", "dc_receiving_error", "damage_refused",
        "po_change_unacked",
    )  # fmt: skip

    def __init__(self, world: World, idocs: Idocs, hooks: Webhooks, advices: Advices) -> None:
        self._world = world
        self._chance = chance_of(world, "shortages")
        self._idocs, self._hooks, self._advices = idocs, hooks, advices
        self._papers = OrderPapers(world, idocs, hooks, advices)
        self._desk = SupplierDesk(world)

    def pass_by(self, order: PurchaseOrder) -> None:
        """Let an order go its way without anything to say about it."""
        chance = self._chance
        self._papers.place(order)
        if chance.happens(0.25):
            self._papers.despatch(order, {}, {})
        if chance.happens(0.35):
            self._papers.receive(order, {}, {}, "", None)
        elif chance.happens(0.2) and all(
            order.received[line.number] == line.quantity for line in order.lines
        ):
            self._papers.close(order, None)
        self._papers.book(order)

    def happen(self, order: PurchaseOrder, fault: Fault) -> None:
        """Let an order come short."""
        chance, root = self._chance, fault.root_cause.removeprefix("SSS.")
        affected = chance.sample(order.lines, chance.choice((1, 1, 2)) if len(order.lines) > 1 else 1)
        share = chance.uniform(0.12, 0.7) * (0.5 + 0.5 * fault.strength)
        short = {line.number: max(1, round(line.quantity * share)) for line in affected}
        by_desk = chance.happens(_BY_DESK)
        reported = order.arrived_at + round(chance.wait(3) * HOUR)
        match root:
            case "supplier_stockout":
                self._run_out(order, fault, short, by_desk=by_desk)
            case "carrier_split":
                self._split(order, fault, short, by_desk=by_desk)
            case "asn_error":
                self._misannounce(order, fault, short, by_desk=by_desk)
            case "dc_receiving_error":
                self._misreceive(order, fault, short, by_desk=by_desk)
            case "damage_refused":
                self._refuse(order, fault, short, by_desk=by_desk)
            case "po_change_unacked":
                self._change(order, fault, short, by_desk=by_desk)
        if by_desk:
            for line in affected:
                self._desk.tell(order, fault, line, short[line.number], reported)
        self._papers.book(order)

    def _run_out(self, order: PurchaseOrder, fault: Fault, short: dict[int, int], *, by_desk: bool) -> None:
        """Let the supplier send less, and say so early, late or not at all."""
        chance = self._chance
        for number, units in short.items():
            order.received[number] -= units
        confirms, announces = (
            (False, chance.happens(0.5)) if by_desk else (chance.happens(0.4), chance.happens(0.7))
        )
        self._papers.place(order)
        if confirms:
            self._papers.confirm(order, fault, short)
        if announces and not by_desk:
            why = (
                chance.choice(_OUT_OF_STOCK)
                if chance.happens(0.3 + 0.4 * fault.strength)
                else chance.choice(("", *_OTHER_REASONS))
            )
            self._papers.despatch(order, short, dict.fromkeys(short, why), fault)
        elif announces:
            self._papers.despatch(order, short, {}, None, asked_less=True)
        if not by_desk and not (confirms or announces):
            self._papers.close(order, fault)
        elif chance.happens(0.5):
            self._papers.receive(order, {}, {}, "", None)

    def _split(self, order: PurchaseOrder, fault: Fault, short: dict[int, int], *, by_desk: bool) -> None:
        """Let the rest come on another truck."""
        chance = self._chance
        self._papers.place(order)
        if chance.happens(0.75):
            self._papers.despatch(order, {}, {})
        if not by_desk:
            if chance.happens(0.85):
                self._papers.receive(order, short, {}, chance.choice(("", "", "QUANTITY_SHORT")), fault)
            else:
                self._papers.close(order, fault, short)
        later = order.arrived_at + round((6 + chance.wait(30) * self._world.settings.lag) * HOUR)
        if chance.happens(0.3 + 0.6 * fault.strength):
            rest = [line for line in order.lines if line.number in short]
            lines = [
                AdviceLine(place, line.item, short[line.number], short[line.number], line.number)
                for place, line in enumerate(rest, 1)
            ]
            advice = self._advices.receiving(
                later, f"RA{order.number}B", order.number, f"{order.despatch}B", order.supplier.id,
                order.warehouse, lines,
            )  # fmt: skip
            self._world.outbox.send(later, advice)

    def _misannounce(
        self, order: PurchaseOrder, fault: Fault, short: dict[int, int], *, by_desk: bool
    ) -> None:
        """Let the announcement be wrong, and the goods right."""
        self._papers.place(order)
        if by_desk:
            return
        if self._chance.happens(0.55):
            self._papers.despatch(order, short, {}, fault)
            self._papers.receive(
                order, {number: -units for number, units in short.items()}, {}, "", None, announced=short
            )
        else:
            more = {number: -units for number, units in short.items()}
            self._papers.despatch(order, more, {})
            self._papers.receive(order, short, {}, "", fault, announced=more)

    def _misreceive(
        self, order: PurchaseOrder, fault: Fault, short: dict[int, int], *, by_desk: bool
    ) -> None:
        """Let the dock count less than came, and correct it later if it is noticed."""
        chance = self._chance
        self._papers.place(order)
        if chance.happens(0.7):
            self._papers.despatch(order, {}, {})
        small = {
            line.number: max(1, min(short[line.number], round(line.quantity * chance.uniform(0.06, 0.3))))
            for line in order.lines
            if line.number in short
        }
        short.update(small)
        if not by_desk:
            if chance.happens(0.7):
                self._papers.receive(order, short, {}, chance.choice(("", "", "QUANTITY_SHORT")), fault)
            else:
                self._papers.close(order, fault, short)
        if chance.happens(0.5 * fault.strength):
            at = order.arrived_at + round((4 + chance.wait(30)) * HOUR)
            for line in order.lines:
                if line.number in short:
                    before = chance.randrange(20, 200)
                    post = self._hooks.stock_change(
                        at, order.warehouse, line.item, "DOCK-1", before, before + short[line.number],
                        "receiving correction",
                    )  # fmt: skip
                    self._world.outbox.send(at, post)

    def _refuse(self, order: PurchaseOrder, fault: Fault, short: dict[int, int], *, by_desk: bool) -> None:
        """Let units arrive broken, and be refused."""
        chance = self._chance
        for number, units in short.items():
            order.received[number] -= units
        self._papers.place(order)
        if chance.happens(0.6):
            self._papers.despatch(order, {}, {})
        if not by_desk:
            is_told = chance.happens(0.35 + 0.55 * fault.strength)
            why = (
                chance.choice(("DAMAGED_PRODUCT_OR_CONTAINER", "DAMAGED"))
                if is_told
                else chance.choice(("", "OTHER"))
            )
            self._papers.receive(order, short, {}, why, fault, is_refused=chance.happens(0.8))

    def _change(self, order: PurchaseOrder, fault: Fault, short: dict[int, int], *, by_desk: bool) -> None:
        """Raise an order that the supplier goes on filling as it was."""
        chance = self._chance
        self._papers.place(order)
        changed = order.placed_at + round((order.despatched_at - order.placed_at) * chance.uniform(0.3, 0.9))
        order.lines = [
            replace(line, quantity=line.quantity + short.get(line.number, 0)) for line in order.lines
        ]
        if chance.happens(0.4 + 0.5 * fault.strength):
            post = self._idocs.order(
                changed, order.number, order.supplier.id, order.warehouse, order.lines, is_change=True
            )
            self._world.outbox.send(changed, post)
        if by_desk:
            return
        if chance.happens(0.4):
            self._papers.confirm(order, fault, short, changed + 3 * HOUR)
        else:
            self._papers.close(order, fault, short)
