"""When a quantity that is less than expected is worth an exception, and how that exception reads."""

from collections.abc import Iterable
from decimal import Decimal

from adapters.erp.idoc.control import Idoc
from adapters.values import money, quantity
from contracts.canonical import (
    Category,
    Evidence,
    Fact,
    Item,
    Measure,
    Money,
    Quantity,
    Reference,
    RetailException,
)

# the trigger of supplier-short-shipment in the taxonomy: a share of the quantity, or an amount
SHORT_SHARE = Decimal("0.05")
SHORT_VALUE = Decimal(50)
EVIDENCE_LIMIT = 50


def total_quantity(quantities: Iterable[Quantity | None]) -> Quantity | None:
    """Return the sum, or None where one of them is missing or in another unit."""
    known = list(quantities)
    present = [each for each in known if each is not None]
    if not present or len(present) != len(known) or len({each.unit for each in present}) > 1:
        return None
    return quantity(sum((Decimal(each.value) for each in present), Decimal(0)), present[0].unit)


def is_short(expected: Quantity, actual: Quantity, unit_price: Money | None = None) -> bool:
    """Say whether the taxonomy's trigger is met by two quantities of one unit."""
    ordered, short = Decimal(expected.value), _short(expected, actual)
    if expected.unit != actual.unit or ordered <= 0 or short <= 0 or short > ordered:
        return False
    return short >= SHORT_SHARE * ordered or _value(short, unit_price) >= SHORT_VALUE


def shortage(
    idoc: Idoc,
    fact: Fact,
    *,
    key: str,
    expected: Quantity,
    actual: Quantity,
    item: Item | None,
    unit_price: Money | None,
    references: tuple[Reference, ...],
    evidence: tuple[Evidence, ...],
) -> RetailException:
    """Return the exception of one line that comes short."""
    value = _value(_short(expected, actual), unit_price)
    return RetailException(
        category=Category.SUPPLIER_SHORT_SHIPMENT,
        key=key,
        expected=Measure(kind="quantity", value=expected.value, unit=expected.unit),
        actual=Measure(kind="quantity", value=actual.value, unit=actual.unit),
        occurred_at=fact.occurred_at,
        detected_at=idoc.received_at,
        place=fact.place,
        partner=fact.partner,
        item=item,
        references=references,
        money_at_risk=money(value, unit_price.currency) if unit_price else None,
        evidence=evidence[:EVIDENCE_LIMIT],
        assumed=fact.assumed,
        missing=() if unit_price else ("unit_cost",),
    )


def _short(expected: Quantity, actual: Quantity) -> Decimal:
    return Decimal(expected.value) - Decimal(actual.value)


def _value(units: Decimal, unit_price: Money | None) -> Decimal:
    return units * Decimal(unit_price.amount) if unit_price else Decimal(0)
