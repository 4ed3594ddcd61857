"""The exception of a line that comes short."""

from decimal import Decimal

from adapters.erp.idoc.control import Idoc
from adapters.triggers import value_of
from adapters.values import money
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

EVIDENCE_LIMIT = 50


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
    value = value_of(Decimal(expected.value) - Decimal(actual.value), unit_price)
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
