"""A warehouse receiving order (WRO): what was announced of each item, received and stowed."""

from decimal import Decimal
from typing import Any

from msgspec import Struct

from adapters.keys import each_once, key, member, shortened
from adapters.kinds import DocumentKind
from adapters.reading import Reading
from adapters.triggers import VARIANCE_MIN_UNITS, is_short_share
from contracts.canonical import (
    Category,
    Fact,
    FactKind,
    FactLine,
    Item,
    Normalised,
    Reference,
    RetailException,
)
from contracts.limits import KEY_MAX_CHARACTERS, LINE_MAX_CHARACTERS

CONTRACT = "wms-shipbob-receiving-order"

# all that arrived is counted and stowed; in every other state more may come
_COMPLETED = "completed"
_LINES = "/inventory_quantities"
_MAPPED = frozenset({
    "id", "status", "purchase_order_number", "inventory_id", "sku", "expected_quantity", "received_quantity",
    "last_updated_date", "insert_date",
})  # fmt: skip


class _Line(Struct, frozen=True, kw_only=True):
    """One item; `at` is its pointer. What is not stated yet is None."""

    at: str
    id: str
    item: Item
    expected: Decimal
    received: Decimal | None
    stowed: Decimal | None


def business_key(tree: dict[str, Any]) -> str:
    """Return the purchase order's number, or the receiving order's where it has none."""
    order = member(tree, "purchase_order_number")
    return key("po", order) if order else key("wro", member(tree, "id"))


def normalise(reading: Reading) -> Normalised:
    """Map to a receipt, or to a shipment on its way while nothing has come.

    Of an order that is completed, an item of which less came than was announced is short, and one of which
    less was stowed than was counted at the dock is an inventory variance. Prices are not in the document.
    """
    lines = tuple(_line(reading, at) for at in reading.places(_LINES))
    status = reading.words("/status")
    is_completed = (status or "").lower() == _COMPLETED
    fact = _fact(reading, lines, status, has_come=is_completed or any(line.received for line in lines))
    if not is_completed:
        return Normalised(facts=(fact,))
    short = [_shortage(reading, line, fact) for line in lines]
    lost = [_variance(reading, line, fact) for line in lines]
    return Normalised(
        facts=(fact,),
        exceptions=(
            *each_once(exception for exception in short if exception),
            *each_once(exception for exception in lost if exception),
        ),
    )


def _line(reading: Reading, at: str) -> _Line:
    number = reading.name(f"{at}/inventory_id")
    return _Line(
        at=at,
        id=shortened(number, LINE_MAX_CHARACTERS),
        item=Item(id=shortened(reading.text(f"{at}/sku") or number, KEY_MAX_CHARACTERS)),
        expected=reading.needed(f"{at}/expected_quantity"),
        received=reading.number(f"{at}/received_quantity"),
        stowed=reading.number(f"{at}/stowed_quantity"),
    )


def _fact(reading: Reading, lines: tuple[_Line, ...], status: str | None, *, has_come: bool) -> Fact:
    occurred_at = reading.occurred_at("/last_updated_date", "/insert_date")
    return Fact(
        kind=FactKind.RECEIPT if has_come else FactKind.SHIPMENT,
        key=key("wro", reading.name("/id")),
        occurred_at=occurred_at,
        place=reading.place("dc", "/fulfillment_center/id", "/fulfillment_center/name"),
        references=_references(reading),
        lines=tuple(_fact_line(reading, line, has_come=has_come) for line in lines),
        status=status,
        assumed=reading.assumed,
        extensions=reading.extensions(_MAPPED),
    )


def _fact_line(reading: Reading, line: _Line, *, has_come: bool) -> FactLine:
    expected = reading.quantity(line.expected)
    if not has_come:
        return FactLine(line=line.id, item=line.item, quantity=expected)
    return FactLine(
        line=line.id, item=line.item, quantity=reading.quantity(line.received), expected_quantity=expected
    )


def _references(reading: Reading) -> tuple[Reference, ...]:
    own = Reference(kind="receipt", id=shortened(reading.name("/id"), KEY_MAX_CHARACTERS))
    order = reading.text("/purchase_order_number")
    if not order:
        return (own,)
    return (Reference(kind="purchase-order", id=shortened(order, KEY_MAX_CHARACTERS)), own)


def _shortage(reading: Reading, line: _Line, fact: Fact) -> RetailException | None:
    if line.received is None or not is_short_share(line.expected, line.expected - line.received):
        return None
    return _exception(
        reading, Category.SUPPLIER_SHORT_SHIPMENT, line, fact, "expected_quantity", "received_quantity"
    )


def _variance(reading: Reading, line: _Line, fact: Fact) -> RetailException | None:
    if line.received is None or line.stowed is None or line.received - line.stowed < VARIANCE_MIN_UNITS:
        return None
    return _exception(
        reading, Category.INVENTORY_VARIANCE, line, fact, "received_quantity", "stowed_quantity"
    )


def _exception(
    reading: Reading, category: Category, line: _Line, fact: Fact, expected: str, actual: str
) -> RetailException:
    return RetailException(
        category=category,
        key=key(line.item.id, line.id),
        expected=reading.measure(reading.needed(f"{line.at}/{expected}")),
        actual=reading.measure(reading.needed(f"{line.at}/{actual}")),
        occurred_at=fact.occurred_at,
        detected_at=reading.received_at,
        place=fact.place,
        item=line.item,
        references=fact.references,
        evidence=reading.evidence(f"{line.at}/{expected}", f"{line.at}/{actual}", "/status"),
        assumed=fact.assumed,
        missing=("unit_cost",),
    )


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
