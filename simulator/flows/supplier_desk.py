"""What the people see who follow up orders with suppliers."""

from simulator.faults import Fault
from simulator.flows.flow import Report, Reporter, World, chance_of, toward
from simulator.flows.order import PurchaseOrder
from simulator.formats.idoc import OrderLine
from simulator.sources import SUPPLIER_DESK
from simulator.words import pieces

# what the desk heard from the supplier, the carrier or the dock
_NOTES = {
    "supplier_stockout": ("supplier out of stock", "discontinued"),
    "carrier_split": ("balance to follow", "second truck"),
    "asn_error": ("announcement wrong", "asked the supplier"),
    "dc_receiving_error": ("count again", "dock busy"),
    "damage_refused": ("damaged on arrival", "refused at the dock"),
    "po_change_unacked": ("old quantity confirmed", "asked the supplier"),
}
_MISLEADING = (("split_rem", 1.0), ("damage_note", 1.0), ("dc_recount_err", 0.08), ("po_rev_age", 12.0))


class SupplierDesk:
    """Reports lines that come short."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._chance = chance_of(world, "supplier-desk")
        self._reporter = Reporter(world, "shortage")

    def tell(self, order: PurchaseOrder, fault: Fault, line: OrderLine, short: int, at: int) -> None:
        """Tell of a line, with what is known of order, announcement and receipt."""
        root = fault.root_cause.removeprefix("SSS.")
        ordered = next(each.quantity for each in order.lines if each.number == line.number)
        before = self._usual(order)
        values = before | self._seen(root, short / ordered, fault.strength, before)
        if fault.is_misleading:
            values |= [self._chance.choice(_MISLEADING)]
        values |= {"short_pct": short / ordered, "short_units": float(short)}
        if root == "supplier_stockout" and self._chance.happens(0.25):
            del values["asn_po"]  # nothing was announced
        self._reporter.send(
            Report(
                sender=SUPPLIER_DESK, fault=fault, at=at, occurred_at=order.arrived_at,
                place=("dc", order.warehouse), partner=order.supplier.id, item=order.items[line.number],
                key=f"{order.number}:{line.number}",
                references=(
                    ("purchase-order", order.number, f"{line.number:06}"), ("shipment", order.despatch)
                ),
                expected=pieces(ordered), actual=pieces(ordered - short), values=values, before=before,
                at_risk=short * line.price, reason=self._note(root),
            )
        )  # fmt: skip

    def _usual(self, order: PurchaseOrder) -> dict[str, float]:
        chance = self._chance
        return {
            "asn_po": chance.gauss(0, 0.01),
            "recv_asn": chance.gauss(0, 0.01),
            "split_rem": float(chance.happens(0.1)),
            "damage_note": float(chance.happens(0.04)),
            "po_rev_age": 24 * chance.uniform(2, 12),
            "dc_recount_err": abs(chance.gauss(0.02, 0.015)),
            "sku_fill30": chance.within(0.5, 1.0, order.supplier.fill, 0.04),
            "transit_rel": 0.0,
            "supplier_otif": chance.within(0.4, 1.0, order.supplier.otif, 0.03),
        }

    def _seen(self, root: str, share: float, strength: float, usual: dict[str, float]) -> dict[str, float]:
        """Return what is otherwise than usual when this share of a line is short for this reason."""
        chance = self._chance
        match root:
            case "supplier_stockout":
                fill = usual["sku_fill30"] - chance.uniform(0.05, 0.3) * strength
                return {"asn_po": -share, "sku_fill30": max(0.0, fill)}
            case "carrier_split":
                return {
                    "recv_asn": -share,
                    "split_rem": float(chance.happens(0.2 + 0.65 * strength)),
                    "transit_rel": chance.uniform(0.6, 1.2) if chance.happens(0.6) else 0.0,
                }
            case "asn_error":
                sign = chance.choice((-1, 1))
                return {"recv_asn": sign * share, "asn_po": -sign * share}
            case "dc_receiving_error":
                wrong = toward(0.02, chance.uniform(0.02, 0.12), strength)
                return {"recv_asn": -share, "dc_recount_err": wrong}
            case "damage_refused":
                return {"recv_asn": -share, "damage_note": float(chance.happens(0.2 + 0.65 * strength))}
        return {"asn_po": -share, "po_rev_age": 24 * toward(4.0, chance.uniform(0.2, 2.5), strength)}

    def _note(self, root: str) -> str:
        chance = self._chance
        if not chance.happens(0.4):
            return ""
        if chance.happens(self._world.settings.misreported * 2):
            root = chance.choice(tuple(_NOTES))
        return chance.choice(_NOTES[root])
