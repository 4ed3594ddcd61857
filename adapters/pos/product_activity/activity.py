"""One ProductActivity: each line of it is one kind of activity, at one place, of some items.

OASIS UBL 2.1 to 2.4, ProductActivity: a report over a period, so that its figures are sums and no receipts.
It shows one side of everything, and so proves no exception.
"""

from collections import Counter
from decimal import Decimal
from enum import StrEnum
from typing import Any

from adapters.keys import key, member, shortened
from adapters.kinds import DocumentKind
from adapters.pos.product_activity.items import item_of, price_of
from adapters.pos.product_activity.times import occurred_at
from adapters.reading import Reading
from contracts.canonical import Fact, FactKind, FactLine, Normalised, Partner
from contracts.limits import LINE_MAX_CHARACTERS, NAME_MAX_CHARACTERS

CONTRACT = "pos-ubl-product-activity"

_MAPPED = frozenset({
    "@schemaLocation", "ActivityFinalLocation", "ActivityOriginLocation", "ActivityPeriod", "SalesItem",
    "SupplyChainActivityTypeCode",
})  # fmt: skip


class Activity(StrEnum):
    """What the figures of a line say."""

    SOLD = "sold"
    RETURNED = "returned"
    ON_HAND = "on hand"
    RECEIVED = "received"
    SENT = "sent"


_FACTS = {
    Activity.SOLD: FactKind.SALE,
    Activity.RETURNED: FactKind.RETURN,
    Activity.ON_HAND: FactKind.STOCK_COUNT,
    Activity.RECEIVED: FactKind.STOCK_MOVEMENT,
    Activity.SENT: FactKind.STOCK_MOVEMENT,
}
# the standard's examples (SALES, ON_HAND, RECEIPTS, SHIPMENTS), their singular and what others say for them;
# its ORDERS, EMERGENCY_ORDERS and CANCELED_ORDERS are sums of orders, which are no order
_CODES = {
    "SALES": Activity.SOLD, "SALE": Activity.SOLD, "SOLD": Activity.SOLD,
    "RETURNS": Activity.RETURNED, "RETURN": Activity.RETURNED, "RETURNED": Activity.RETURNED,
    "ONHAND": Activity.ON_HAND, "STOCK": Activity.ON_HAND, "INVENTORY": Activity.ON_HAND,
    "RECEIPTS": Activity.RECEIVED, "RECEIPT": Activity.RECEIVED, "RECEIVED": Activity.RECEIVED,
    "SHIPMENTS": Activity.SENT, "SHIPMENT": Activity.SENT, "SHIPPED": Activity.SENT,
}  # fmt: skip


def business_key(tree: dict[str, Any]) -> str:
    """Return the sender, whose reports follow each other."""
    return key("sender", member(tree, "SenderParty", "PartyIdentification", "ID"))


def normalise(reading: Reading) -> Normalised:
    """Map each line whose activity moves or tells stock; one of another kind is no fact.

    Raises: Unmapped for a date or a number that is none.
    """
    facts: list[Fact] = []
    seen = Counter[str]()
    for at in reading.places("/SupplyChainActivityDataLine"):
        number = reading.text(f"{at}/ID") or ""
        seen[number] += 1
        activity = _activity(reading, at)
        if activity is not None:
            own_key = key(reading.text("/ID"), number, str(seen[number]) if seen[number] > 1 else None)
            facts += _facts(reading, at, activity, own_key)
    return Normalised(facts=tuple(facts))


def _activity(reading: Reading, at: str) -> Activity | None:
    code = reading.text(f"{at}/SupplyChainActivityTypeCode") or ""
    return _CODES.get("".join(filter(str.isalpha, code)).upper())


def _facts(reading: Reading, at: str, activity: Activity, own_key: str) -> list[Fact]:
    """Return the fact of a line, or two: what was sold and is negative came back."""
    sold: list[FactLine] = []
    returned: list[FactLine] = []
    for number, where in enumerate(reading.places(f"{at}/SalesItem"), 1):
        quantity = reading.needed(f"{where}/Quantity")
        came_back = activity is Activity.RETURNED or (activity is Activity.SOLD and quantity < 0)
        line = _line(reading, where, number, activity, abs(quantity) if came_back else quantity)
        (returned if came_back else sold).append(line)
    kinds = ((_FACTS[activity], sold), (FactKind.RETURN, returned))
    return [_fact(reading, at, kind, own_key, tuple(lines)) for kind, lines in kinds if lines]


def _line(reading: Reading, at: str, number: int, activity: Activity, figure: Decimal) -> FactLine:
    if activity is Activity.SENT:
        figure = -abs(figure)
    quantity = reading.quantity(figure, reading.text(f"{at}/Quantity/@unitCode"))
    item, is_book = item_of(reading, at), activity is Activity.ON_HAND
    return FactLine(
        line=shortened(item.id if item else str(number), LINE_MAX_CHARACTERS),
        item=item,
        # nobody counted: the book says what should be there, so that a count can be held against it
        quantity=None if is_book else quantity,
        expected_quantity=quantity if is_book else None,
        unit_price=price_of(reading, at),
    )


def _fact(reading: Reading, at: str, kind: FactKind, own_key: str, lines: tuple[FactLine, ...]) -> Fact:
    first, second = "ActivityOriginLocation", "ActivityFinalLocation"
    if _activity(reading, at) is Activity.RECEIVED:
        first, second = second, first
    return Fact(
        kind=kind,
        key=own_key,
        occurred_at=occurred_at(reading, at),
        place=reading.place(
            "store", *(f"{at}/{name}/{part}" for name in (first, second) for part in ("ID", "Name"))
        ),
        partner=_supplier(reading, f"{at}/SellerSupplierParty"),
        lines=lines,
        status=reading.words(f"{at}/SupplyChainActivityTypeCode"),
        assumed=reading.assumed,
        extensions=reading.extensions(_MAPPED, at),
    )


def _supplier(reading: Reading, at: str) -> Partner | None:
    party = f"{at}/Party"
    supplier = reading.text(
        f"{party}/PartyIdentification/ID", f"{party}/EndpointID", f"{at}/CustomerAssignedAccountID"
    )
    name = reading.words(f"{party}/PartyName/Name")
    if supplier is None:
        return None
    return Partner(role="supplier", id=key(supplier), name=name[:NAME_MAX_CHARACTERS] if name else None)


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
