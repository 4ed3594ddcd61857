"""Which lines come short, and how such an exception reads."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from msgspec import Struct

from adapters.keys import distinct, key, nearest
from adapters.reading import Reading
from adapters.triggers import is_short_share, total_quantity
from adapters.wms.gs1.lines import Line
from contracts.canonical import (
    Category,
    Evidence,
    Fact,
    Item,
    Measure,
    Quantity,
    Reference,
    RetailException,
)

EVIDENCE_LIMIT = 60


class Shortage(Struct, frozen=True, kw_only=True):
    """Where less is there than was expected. Both sides are in one unit."""

    key: str
    item: Item | None
    expected: Measure
    actual: Measure
    units: Decimal
    reasons: frozenset[str]
    references: tuple[Reference, ...]
    evidence: tuple[Evidence, ...]

    @property
    def is_suppliers(self) -> bool:
        """Whether so little came that the supplier has to answer for it; no weight is exact."""
        return is_short_share(Decimal(self.expected.value), self.units)


def shortages(lines: Iterable[Line]) -> Iterator[Shortage]:
    """Yield what comes short, lines that count towards the same counted together.

    What was expected is the most that one of them says: some senders repeat the order line's quantity on
    each, and others share it out. The first would be alarms for nothing if it were added up.
    """
    groups: dict[tuple[str, ...], list[Line]] = {}
    for line in lines:
        groups.setdefault(line.group, []).append(line)
    for group, members in groups.items():
        expected, actual = _expected(members), total_quantity(line.actual for line in members)
        if expected is None or actual is None or expected.unit != actual.unit:
            continue
        units = Decimal(expected.value) - Decimal(actual.value)
        if units > 0:
            yield Shortage(
                key=key(*group),
                item=members[0].item,
                expected=Measure(kind="quantity", value=expected.value, unit=expected.unit),
                actual=Measure(kind="quantity", value=actual.value, unit=actual.unit),
                units=units,
                reasons=frozenset(line.reason for line in members if line.reason),
                references=distinct(each for line in members for each in line.references),
                evidence=tuple(each for line in members for each in line.evidence)[:EVIDENCE_LIMIT],
            )


def exception(
    reading: Reading, category: Category, short: Shortage, fact: Fact, *evidence: str
) -> RetailException:
    """Return the exception that a shortage is; `evidence` points at what else was read."""
    return RetailException(
        category=category,
        key=short.key,
        expected=short.expected,
        actual=short.actual,
        occurred_at=fact.occurred_at,
        detected_at=reading.received_at,
        place=fact.place,
        partner=fact.partner,
        item=short.item,
        references=nearest(*(short.references or fact.references)),
        evidence=(*short.evidence, *reading.evidence(*evidence)),
        assumed=fact.assumed,
        missing=("unit_cost",),
    )


def _expected(members: list[Line]) -> Quantity | None:
    known = [line.expected for line in members if line.expected]
    if len({each.unit for each in known}) != 1:
        return None
    return max(known, key=lambda each: Decimal(each.value))
