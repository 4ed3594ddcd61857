"""What a supplier bills: as ordered and received, or otherwise for one of seven reasons."""

from msgspec.structs import replace

from simulator.faults import Fault
from simulator.flows.flow import World, chance_of
from simulator.flows.order import PurchaseOrder
from simulator.flows.payables import Payables
from simulator.formats.idoc import (
    NOT_POSTED,
    STATUS_KEY,
    TOTAL_KEY,
    Idocs,
    OrderLine,
    Status,
    match_key,
)
from simulator.formats.webhooks import BLOCK_KEY, Webhooks
from simulator.messages import Truth
from simulator.times import DAY, HOUR

_DEALS = (5, 8, 10, 12, 15)
_LEAST, _SHARE = 2_500, 0.02  # the tolerance of invoice-mismatch: cents, and a share
_ENTERED_BEFORE = (
    Status(NOT_POSTED, "F5", "117"),
    Status(NOT_POSTED, "M8", "462"),
    Status(NOT_POSTED, "M8", "108"),
)


class Invoices:
    """Tells what is billed for an order, and who finds it wrong."""

    ROOTS = (
        "gr_not_posted", "qty_short", "cost_variance", "duplicate_invoice", "uom_pack", "tax_freight",
        "deal_missing",
    )  # fmt: skip

    def __init__(self, world: World, idocs: Idocs, hooks: Webhooks) -> None:
        self._world = world
        self._chance = chance_of(world, "invoices")
        self._idocs, self._hooks = idocs, hooks
        self._payables = Payables(world)

    def bill(self, order: PurchaseOrder) -> None:
        """Bill what arrived, as it was ordered."""
        lines = order.booked()
        if lines and self._chance.happens(0.8):
            self._send(order, lines)

    def happen(self, order: PurchaseOrder, fault: Fault) -> None:
        """Bill something else, or let the right bill meet the wrong book."""
        match fault.root_cause.removeprefix("IVM."):
            case "gr_not_posted":
                self._tell(order, fault, order.lines, order.lines[0], native=0.0)
            case "qty_short":
                self._bill_more(order, fault)
            case "cost_variance":
                self._bill_dearer(order, fault)
            case "duplicate_invoice":
                self._bill_twice(order, fault)
            case "uom_pack":
                self._bill_packs(order, fault)
            case "tax_freight":
                self._add_charges(order, fault)
            case "deal_missing":
                self._forget_deal(order, fault)

    def prepare(self, order: PurchaseOrder, fault: Fault) -> None:
        """Do what has to be done before the order is placed and received."""
        chance = self._chance
        match fault.root_cause.removeprefix("IVM."):
            case "gr_not_posted":
                order.is_booked = False
            case "qty_short":
                line = chance.choice(order.lines)
                short = max(
                    1, round(line.quantity * chance.uniform(0.05, 0.4) * (0.4 + 0.6 * fault.strength))
                )
                order.received[line.number] = line.quantity - short
            case "deal_missing":
                share = chance.choice(_DEALS)
                order.lines = [
                    replace(line, price=max(1, line.price * (100 - share) // 100)) for line in order.lines
                ]

    def _bill_more(self, order: PurchaseOrder, fault: Fault) -> None:
        """Bill what was ordered, though less came; or more than was ordered."""
        chance = self._chance
        line = min(order.lines, key=lambda each: order.received[each.number] / each.quantity)
        if order.is_known and chance.happens(0.25):
            more = replace(
                line, quantity=line.quantity + max(1, round(line.quantity * chance.uniform(0.06, 0.4)))
            )
            self._match(order, fault, [more if each is line else each for each in order.lines])
        else:
            self._tell(order, fault, order.lines, line, native=0.0)

    def _bill_dearer(self, order: PurchaseOrder, fault: Fault) -> None:
        """Bill another price than was ordered, on some lines or on all."""
        chance = self._chance
        factor = 1 + chance.choice((1, 1, 1, -1)) * chance.uniform(0.025, 0.16) * (0.4 + 0.6 * fault.strength)
        wrong = chance.sample(order.lines, chance.randrange(1, len(order.lines) + 1))
        lines = [
            replace(line, price=max(1, round(line.price * factor))) if line in wrong else line
            for line in order.lines
        ]
        line = next(each for each in lines if each not in order.lines or each.number == wrong[0].number)
        self._tell(order, fault, lines, line, native=0.75)

    def _forget_deal(self, order: PurchaseOrder, fault: Fault) -> None:
        """Bill the list price, though the order had a deal."""
        lines = [replace(line, price=order.items[line.number].cost) for line in order.lines]
        self._tell(order, fault, lines, lines[0], native=0.35)

    def _bill_packs(self, order: PurchaseOrder, fault: Fault) -> None:
        """Bill packs where units were ordered: fewer and dearer, or as many at a unit's price."""
        chance, wrong = self._chance, self._chance.choice(order.lines)
        pack = order.items[wrong.number].pack
        if chance.happens(0.6):
            other = replace(wrong, quantity=max(1, wrong.quantity // pack), price=wrong.price * pack)
        else:
            other = replace(wrong, quantity=wrong.quantity * pack)
        lines = [other if line is wrong else line for line in order.lines]
        self._tell(order, fault, lines, other, native=0.7)

    def _bill_twice(self, order: PurchaseOrder, fault: Fault) -> None:
        """Send an invoice again under another number."""
        chance = self._chance
        self._send(order, order.lines)
        at = order.invoiced_at + round((0.3 + chance.wait(4)) * DAY)
        number = f"{order.invoice}{chance.choice(('A', '-1', 'R', '/2'))}"
        if chance.happens(0.3):
            self._send(order, order.lines, number=number, at=at)
            line = order.lines[0]
            self._payables.tell(order, fault, order.lines, line, at + 6 * HOUR, number)
            return
        is_told = chance.happens(0.25 + 0.6 * fault.strength)
        status = chance.choice(_ENTERED_BEFORE) if is_told else Status(NOT_POSTED)
        self._send(order, order.lines, number=number, at=at, status=status, truths=(fault.truth(STATUS_KEY),))

    def _add_charges(self, order: PurchaseOrder, fault: Fault) -> None:
        """Bill freight, duty or tax that stands on no line."""
        chance = self._chance
        net = sum(line.quantity * line.price for line in order.lines)
        charges = (
            round(max(_LEAST * 1.05, net * (0.021 + chance.wait(0.035) * (0.5 + 0.5 * fault.strength)))) + 1
        )
        if chance.happens(0.7):
            truths = (fault.truth(TOTAL_KEY),)
            self._send(order, order.lines, charges=charges, truths=truths)
        else:
            self._payables.tell(
                order, fault, order.lines, order.lines[0], order.invoiced_at + 4 * HOUR, charges=charges
            )

    def _tell(
        self, order: PurchaseOrder, fault: Fault, lines: list[OrderLine], line: OrderLine, *, native: float
    ) -> None:
        """Let production code find it, the ERP block it, or payables report it."""
        chance = self._chance
        if order.is_known and chance.happens(native) and self._truths(order, fault, lines):
            self._match(order, fault, lines)
            return
        finds = order.is_known and bool(self._truths(order, fault, lines))
        if not finds:
            self._send(order, lines)
        at = order.invoiced_at + round((1 + chance.wait(10)) * HOUR)
        if chance.happens(0.22):
            total = sum(each.quantity * each.price for each in lines)
            post = self._hooks.payment_block(
                at, order.invoice, order.supplier.id, total, (fault.truth(BLOCK_KEY),)
            )
            self._world.outbox.send(at, post)
        else:
            self._payables.tell(order, fault, lines, line, at)
        if fault.root_cause == "IVM.gr_not_posted":
            booked = order.invoiced_at + round((1 + chance.wait(3)) * DAY)
            post = self._idocs.receipt(
                booked, f"G{order.number}", order.number, order.supplier.id, order.warehouse, order.booked()
            )
            self._world.outbox.send(booked, post)

    def _match(self, order: PurchaseOrder, fault: Fault, lines: list[OrderLine]) -> None:
        self._send(order, lines, truths=self._truths(order, fault, lines))

    def _truths(self, order: PurchaseOrder, fault: Fault, lines: list[OrderLine]) -> tuple[Truth, ...]:
        """Return what is found when the invoice is held against the order."""
        found = []
        for billed, ordered in zip(lines, order.lines, strict=True):
            matched, invoiced = billed.quantity * ordered.price, billed.quantity * billed.price
            if _is_beyond(invoiced, matched):
                found.append(fault.truth(match_key(order.invoice, order.number, billed.number, "unit-price")))
            if billed.quantity > ordered.quantity and _is_beyond(matched, ordered.quantity * ordered.price):
                found.append(fault.truth(match_key(order.invoice, order.number, billed.number, "quantity")))
        return tuple(found)

    def _send(
        self,
        order: PurchaseOrder,
        lines: list[OrderLine],
        *,
        number: str = "",
        at: int = 0,
        charges: int = 0,
        status: Status | None = None,
        truths: tuple[Truth, ...] = (),
    ) -> None:
        at = at or order.invoiced_at
        post = self._idocs.invoice(
            at, number or order.invoice, order.number, order.supplier.id, order.warehouse, lines,
            charges=charges, status=status, truths=truths,
        )  # fmt: skip
        self._world.outbox.send(at, post)


def _is_beyond(invoiced: int, matched: int) -> bool:
    return abs(invoiced - matched) > max(_LEAST, _SHARE * matched)
