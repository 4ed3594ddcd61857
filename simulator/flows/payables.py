"""What payables see of an invoice that they won't pay yet."""

from collections.abc import Sequence

from simulator.faults import Fault
from simulator.flows.flow import Report, Reporter, World, chance_of, toward
from simulator.flows.order import PurchaseOrder
from simulator.formats.idoc import OrderLine
from simulator.sources import PAYABLES
from simulator.times import HOUR
from simulator.words import money, pieces, price

_MISLEADING = (("dup_score", 0.6), ("deal_expected", 0.08), ("tax_freight", 0.03), ("p_inv_po", 0.03))


class Payables:
    """Reports lines that don't match."""

    def __init__(self, world: World) -> None:
        self._chance = chance_of(world, "payables")
        self._reporter = Reporter(world, "invoice")

    def tell(
        self, order: PurchaseOrder, fault: Fault, lines: Sequence[OrderLine], line: OrderLine, at: int,
        number: str = "", charges: int = 0,
    ) -> None:  # fmt: skip
        """Tell of a line of an invoice, with the result of the ERP's match where there is one."""
        ordered = next(each for each in order.lines if each.number == line.number)
        received = order.received[line.number] if order.is_booked else 0
        total = sum(each.quantity * each.price for each in lines)
        values, before = self._known(fault, order, line, ordered, received, at)
        if charges:
            values["tax_freight"] = charges / total
        if fault.is_misleading:
            values |= [self._chance.choice(_MISLEADING)]
        expected, actual = pieces(received), pieces(line.quantity)
        if line.price != ordered.price:
            expected, actual = price(ordered.price), price(line.price)
        elif charges or received == line.quantity:
            expected, actual = money(total if charges else 0), money(total + charges)
        invoice, place = number or order.invoice, f"{line.number:06}"
        self._reporter.send(
            Report(
                sender=PAYABLES, fault=fault, at=at, occurred_at=order.invoiced_at,
                place=("dc", order.warehouse), partner=order.supplier.id, item=order.items[line.number],
                key=f"{invoice}:{line.number}",
                references=(("invoice", invoice, place), ("purchase-order", order.number, place)),
                expected=expected, actual=actual, values=values, before=before,
                at_risk=abs(line.quantity * line.price - received * ordered.price) + charges,
            )
        )  # fmt: skip

    def _known(
        self, fault: Fault, order: PurchaseOrder, line: OrderLine, ordered: OrderLine, received: int, at: int
    ) -> tuple[dict[str, float | None], dict[str, float]]:
        """Return what payables know now, and what they knew before."""
        chance, strength = self._chance, fault.strength
        usual: dict[str, float] = {
            "q_inv_gr": 0.0, "q_gr_po": 0.0, "p_inv_po": 0.0, "gr_exists": 1.0, "deal_expected": 0.0,
            "dup_score": abs(chance.gauss(0.1, 0.1)), "tax_freight": abs(chance.gauss(0.004, 0.006)),
        }  # fmt: skip
        values: dict[str, float | None] = {
            "dup_score": usual["dup_score"], "tax_freight": usual["tax_freight"],
            "deal_expected": 0.05 if chance.happens(0.06) else 0.0,
            "invoice_amount": line.quantity * line.price / 100,
            "matched_amount": received * ordered.price / 100,
        }  # fmt: skip
        if chance.happens(0.6):  # the ERP has tried to match it
            values["gr_exists"] = float(received > 0)
            values["q_inv_gr"] = (line.quantity - received) / max(line.quantity, received)
            values["q_gr_po"] = (received - ordered.quantity) / ordered.quantity
            values["p_inv_po"] = line.price / ordered.price - 1
        match fault.root_cause.removeprefix("IVM."):
            case "duplicate_invoice":
                values["dup_score"] = min(1.0, toward(0.2, chance.uniform(0.55, 1.0), strength))
            case "deal_missing" if chance.happens(0.3 + 0.6 * strength):
                values["deal_expected"] = 1 - ordered.price / line.price
            case "gr_not_posted":
                values["gr_lag_h"] = (at - order.arrived_at) / HOUR
        return values, usual
