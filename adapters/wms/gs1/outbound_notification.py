"""Warehousing Outbound Notification: what a warehouse has picked and sent."""

from typing import Any

from adapters.kinds import DocumentKind
from adapters.reading import Reading
from adapters.triggers import VARIANCE_MIN_UNITS
from adapters.wms.gs1.elements import MAPPED, is_withdrawn, partner, place
from adapters.wms.gs1.lines import fact_line
from adapters.wms.gs1.shipments import Shipment, meaning, order_key, read_shipments
from adapters.wms.gs1.shortage import Shortage
from contracts.canonical import Category, Fact, FactKind, Normalised

DOCUMENT = "warehousingOutboundNotification"
CONTRACT = "wms-gs1-warehousing-outbound-notification"

# later states repeat the quantities of these
_PICKED = frozenset({"PRODUCT_PICKED", "PICKING_UNSUCCESSFUL"})
# the quantity was made to fit whole packages
_ROUNDED = "QUANTITY_ROUNDED"
_STATUS = "warehousingOutboundStatusCode"
_MAPPED = MAPPED | {
    _STATUS, "warehousingOutboundExceptionCode", "plannedDespatchQuantity",
    "actualDespatchQuantity", "actualDelivery", "receiver",
}  # fmt: skip


def business_key(tree: dict[str, Any]) -> str:
    """Return the customer's order, or the instruction that the goods were picked for."""
    return order_key(tree, DOCUMENT, "warehousingOutboundInstruction")


def normalise(reading: Reading) -> Normalised:
    """Map each shipment to a shipment: what was instructed is expected, what was picked is the quantity.

    When picking is over ("whether it was successful can be derived by comparing", says the standard), a line
    of which two units or more could not be found is an inventory variance: the book had promised them.
    """
    if is_withdrawn(reading, DOCUMENT):
        return Normalised()
    shipments = read_shipments(
        reading,
        DOCUMENT,
        event="actualDelivery",
        expected=("plannedDespatchQuantity",),
        actual=("actualDespatchQuantity",),
        reason=("warehousingOutboundExceptionCode",),
    )
    return meaning(
        reading,
        shipments,
        Category.INVENTORY_VARIANCE,
        status=_STATUS,
        fact_of=_fact,
        is_exception=_is_exception,
    )


def _fact(reading: Reading, shipment: Shipment) -> Fact:
    at = shipment.at
    return Fact(
        kind=FactKind.SHIPMENT,
        key=shipment.key,
        occurred_at=shipment.occurred_at,
        place=place(reading, f"{at}/inventoryLocation", f"{at}/shipFrom", f"{at}/shipper"),
        partner=partner(reading, "customer", f"{at}/receiver"),
        references=shipment.references,
        lines=tuple(fact_line(line) for line in shipment.lines),
        status=reading.words(f"{at}/{_STATUS}"),
        assumed=reading.assumed,
        extensions=reading.extensions(_MAPPED, at),
    )


def _is_exception(fact: Fact, short: Shortage) -> bool:
    is_lost = short.units >= VARIANCE_MIN_UNITS and _ROUNDED not in short.reasons
    return is_lost and fact.status in _PICKED


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
