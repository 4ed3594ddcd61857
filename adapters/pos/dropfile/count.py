"""Rows of a stock count: what was counted, and what the book said where the file has it."""

from adapters.keys import each_once, key
from adapters.kinds import DocumentKind
from adapters.pos.dropfile.lines import fact, item_of, money_of, number_of_line, store_key, unit_of
from adapters.reading import Reading
from adapters.triggers import VARIANCE_MIN_UNITS
from contracts.canonical import Category, FactKind, FactLine, Normalised, RetailException

CONTRACT = "pos-dropfile-count"


def normalise(reading: Reading) -> Normalised:
    """Map the rows to one stock count; a line that differs from the book by 2 units or more is an exception.

    Raises: Unmapped for a time outside the calendar.
    """
    occurred_at = reading.occurred_at("/occurred_at", "/business_day")
    places = reading.places("/lines")
    lines = tuple(
        FactLine(
            line=number_of_line(reading, at),
            item=item_of(reading, at),
            quantity=reading.quantity(reading.number(f"{at}/counted"), unit_of(reading, at)),
            expected_quantity=reading.quantity(reading.number(f"{at}/expected"), unit_of(reading, at)),
            reason=reading.words(f"{at}/reason"),
        )
        for at in places
    )
    return Normalised(
        facts=(fact(FactKind.STOCK_COUNT, reading, lines, occurred_at=occurred_at),),
        exceptions=each_once(exception for at in places for exception in _variance(reading, at, occurred_at)),
    )


def _variance(reading: Reading, at: str, occurred_at: str) -> tuple[RetailException, ...]:
    counted, expected = reading.number(f"{at}/counted"), reading.number(f"{at}/expected")
    if counted is None or expected is None or abs(counted - expected) < VARIANCE_MIN_UNITS:
        return ()
    item, unit_cost = item_of(reading, at), reading.number(f"{at}/unit_cost")
    return (
        RetailException(
            category=Category.INVENTORY_VARIANCE,
            key=key(
                item.id if item else None,
                reading.text(f"{at}/location"), reading.text(f"{at}/lot"), reading.text(f"{at}/line"),
            ),
            expected=reading.measure(expected, unit_of(reading, at)),
            actual=reading.measure(counted, unit_of(reading, at)),
            occurred_at=occurred_at,
            detected_at=reading.received_at,
            place=reading.place("store", "/store"),
            item=item,
            money_at_risk=None
            if unit_cost is None
            else money_of(reading, abs(unit_cost * (counted - expected))),
            evidence=reading.evidence(
                *(f"{at}/{name}" for name in ("expected", "counted", "unit_cost", "location", "lot"))
            ),
            assumed=reading.assumed,
            missing=("unit_cost",) if unit_cost is None else (),
        ),
    )  # fmt: skip


KIND = DocumentKind(contract=CONTRACT, business_key=store_key, normalise=normalise)
