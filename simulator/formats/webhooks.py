"""Webhooks of ShipHero, and business events of S/4HANA: one JSON object each."""

from collections.abc import Sequence
from typing import Any

import msgspec

from adapters.keys import key
from contracts.ids import body_digest
from simulator.messages import Truth
from simulator.outbox import CLOUD_EVENT, JSON, Post
from simulator.sources import CURRENCY, ERP, WAREHOUSES
from simulator.times import Calendar
from simulator.words import cents

_ENCODER = msgspec.json.Encoder()


class Webhooks:
    """Writes webhooks. ShipHero's id of one stands in a header, which no file has: its digest stands in."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._number = 0

    def stock_change(
        self,
        at: int,
        warehouse: str,
        item: str,
        place: str,
        before: int,
        after: int,
        reason: str,
        truths: tuple[Truth, ...] = (),
    ) -> Post:
        """Return what one bin held before and after, and why."""
        return self._webhook("change", truths, {
            "webhook_type": "Inventory Change", "warehouse_id": warehouse, "sku": item, "quantity": after,
            "old_quantity": before, "previous_on_hand": before, "location_name": place, "reason": reason,
            "timestamp": self._written(at),
        })  # fmt: skip

    def purchase_order(
        self,
        at: int,
        order: str,
        warehouse: str,
        supplier: str,
        lines: Sequence[tuple[int, str, int, int]],
        *,
        is_closed: bool,
        truths: tuple[Truth, ...] = (),
    ) -> Post:
        """Return an order with what has come of it; a line is number, item, ordered and received."""
        return self._webhook("po", truths, {
            "webhook_type": "PO Update",
            "purchase_order": {
                "po_number": order, "warehouse_id": warehouse, "updated_at": self._written(at),
                "fulfillment_status": "closed" if is_closed else "pending",
                "line_items": [
                    {"id": str(number), "sku": item, "quantity": ordered, "quantity_received": received,
                     "vendor_id": supplier}
                    for number, item, ordered, received in lines
                ],
            },
        })  # fmt: skip

    def shipment(
        self, at: int, order: str, shipment: str, warehouse: str, lines: Sequence[tuple[int, str, int]]
    ) -> Post:
        """Return what left a warehouse for an order; a line is number, item and quantity."""
        return self._webhook("shipment", (), {
            "webhook_type": "Shipment Update",
            "fulfillment": {
                "shipment_id": shipment, "order_number": order, "warehouse_id": warehouse,
                "created_at": self._written(at),
                "line_items": [
                    {"id": str(number), "sku": item, "quantity": quantity} for number, item, quantity in lines
                ],
            },
        })  # fmt: skip

    def backorder(
        self,
        at: int,
        order: str,
        warehouse: str,
        lines: Sequence[tuple[int, str, int, int]],
        method: str,
        truths: tuple[Truth, ...] = (),
    ) -> Post:
        """Return what the stock can't cover; a line is number, item, ordered and not covered."""
        return self._webhook("backorder", truths, {
            "webhook_type": "Order Backorder", "order_number": order, "warehouse_id": warehouse,
            "updated_at": self._written(at), "shipping_method": method,
            "line_items": [
                {"id": str(number), "sku": item, "quantity": ordered, "backorder_quantity": missing}
                for number, item, ordered, missing in lines
            ],
        })  # fmt: skip

    def payment_block(
        self, at: int, invoice: str, supplier: str, amount: int, truths: tuple[Truth, ...]
    ) -> Post:
        """Return the S/4HANA event of an invoice that is blocked for payment."""
        self._number += 1
        event_id = f"s4-{self._number:08}"
        event = {
            "specversion": "1.0", "id": event_id, "source": "/default/sap.s4.beh/100",
            "time": self._calendar.moment(at), "datacontenttype": "application/json",
            "type": "sap.s4.beh.supplierinvoice.v1.SupplierInvoice.Blocked.v1",
            "data": {
                "SupplierInvoice": invoice, "InvoicingParty": supplier, "InvoiceGrossAmount": cents(amount),
                "DocumentCurrency": CURRENCY, "PaymentBlockingReason": "R",
            },
        }  # fmt: skip
        return Post(ERP, CLOUD_EVENT, _ENCODER.encode(event), event_id, f"blocked-{invoice}", truths)

    def _webhook(self, what: str, truths: tuple[Truth, ...], tree: dict[str, Any]) -> Post:
        self._number += 1
        body = _ENCODER.encode(tree)
        return Post(WAREHOUSES, JSON, body, f"{body_digest(body)}#1", f"{what}-{self._number}", truths)

    def _written(self, at: int) -> str:
        return self._calendar.local(at).replace("T", " ")


BLOCK_KEY = "payment-block"


def stock_key(item: str, place: str) -> str:
    """Return the key of the exception of a counted bin."""
    return key(item, place)


def line_key(item: str, line: int) -> str:
    """Return the key of the exception of an order's line."""
    return key(item, str(line))
