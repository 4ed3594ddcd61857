"""Conditions that rules are made of: each says yes or no to a reading."""

import re
from collections.abc import Callable
from decimal import Decimal

from routing.triage.reading import Reading

Condition = Callable[[Reading], bool]

PACK_SIZES = frozenset({6, 8, 10, 12, 16, 18, 20, 24, 30, 36, 48, 50, 60, 72, 96, 100, 144})
USUAL_DISCOUNTS_PERCENT = (10, 15, 20, 25, 30, 40, 50, 60, 70, 75)
HALF_A_CENT = Decimal("0.005")


def both(*conditions: Condition) -> Condition:
    """Say that all conditions hold."""

    def hold(reading: Reading) -> bool:
        for condition in conditions:  # noqa: SIM110 - a generator takes twice as long, in a hot path
            if not condition(reading):
                return False
        return True

    return hold


def either(*conditions: Condition) -> Condition:
    """Say that at least one condition holds."""

    def holds(reading: Reading) -> bool:
        for condition in conditions:  # noqa: SIM110 - as above
            if condition(reading):
                return True
        return False

    return holds


def states(pattern: str) -> Condition:
    """Say that the source's own reason has one of these words: a regular expression of whole words."""
    words = re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)
    return lambda reading: words.search(reading.stated_reason) is not None


def of_kind(kind: str) -> Condition:
    """Say that both sides are measures of this kind."""
    return lambda reading: reading.kind == kind


def about(kind: str) -> Condition:
    """Say that the exception refers to a document of this kind."""
    return lambda reading: bool(reading.reference_ids(kind))


def shows(member: str, *values: str) -> Condition:
    """Say that the evidence under this member is one of `values`, or is there at all where none are given."""
    if not values:
        return lambda reading: reading.evidence(member) != ""
    return lambda reading: reading.evidence(member) in values


def lacks(name: str) -> Condition:
    """Say that the exception lists this as missing."""
    return lambda reading: name in reading.exception.missing


def less(reading: Reading) -> bool:
    """Say that the actual side is below the expected one."""
    return reading.delta is not None and reading.delta < 0


def more(reading: Reading) -> bool:
    """Say that the actual side is above the expected one."""
    return reading.delta is not None and reading.delta > 0


def nothing(reading: Reading) -> bool:
    """Say that the actual side is zero."""
    return reading.actual is not None and reading.actual == 0


def pack_apart(reading: Reading) -> bool:
    """Say that one side is an exact multiple of the other by a usual pack size."""
    return reading.times in PACK_SIZES


def point_apart(reading: Reading) -> bool:
    """Say that the two sides differ by a shifted decimal point and nothing else."""
    return reading.times in {10, 100, 1_000}


def usual_discount(reading: Reading) -> bool:
    """Say that the actual price is a usual discount below the expected one, to the cent.

    Below 1.00 nearly every price is, because of the rounding: then it says nothing.
    """
    expected, actual = reading.expected, reading.actual
    if expected is None or actual is None or expected < 1:
        return False
    return any(
        abs(expected * (100 - percent) / 100 - actual) <= HALF_A_CENT for percent in USUAL_DISCOUNTS_PERCENT
    )


def refunded_above_regular(reading: Reading) -> bool:
    """Say that the till gave back more for one unit than its own regular price."""
    given, regular = (
        reading.evidence_number(member) for member in ("ActualSalesUnitPrice", "RegularSalesUnitPrice")
    )
    return given is not None and regular is not None and abs(given) > abs(regular) > 0


def slightly_more(reading: Reading) -> bool:
    """Say that the actual side is above the expected one by at most 30 %."""
    expected, delta = reading.expected, reading.delta
    return expected is not None and delta is not None and 0 < delta <= expected * 3 / 10
