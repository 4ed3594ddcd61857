"""One order with a supplier, and what becomes of it."""

from dataclasses import dataclass

from simulator.formats.idoc import OrderLine
from simulator.retailer import Item, Supplier


@dataclass(slots=True)
class PurchaseOrder:
    """Times are seconds; `received` is what really arrived and was accepted, by the number of the line.

    `is_known` says that the order itself was sent to Crossdock, `is_booked` that its receipt was.
    """

    number: str
    supplier: Supplier
    warehouse: str
    lines: list[OrderLine]
    items: dict[int, Item]
    placed_at: int
    despatched_at: int
    arrived_at: int
    invoiced_at: int
    received: dict[int, int]
    is_known: bool = True
    is_booked: bool = True

    @property
    def despatch(self) -> str:
        """The number of the supplier's despatch advice."""
        return f"DA{self.number}"

    @property
    def invoice(self) -> str:
        """The number of the supplier's invoice."""
        return f"51{self.number[2:]}"

    def booked(self) -> list[OrderLine]:
        """Return the lines with what arrived of them."""
        return [
            OrderLine(line.number, line.item, self.received[line.number], line.price)
            for line in self.lines
            if self.received[line.number] > 0
        ]
