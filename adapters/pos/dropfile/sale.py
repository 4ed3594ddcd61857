"""Rows of sales: what a till sold and took back, a line each.

Figures of a sale have the file's signs; those of a return are positive: what came back, and what was given
for it.
"""

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

from msgspec import structs

from adapters.keys import each_its_own
from adapters.kinds import DocumentKind
from adapters.pos.dropfile.lines import (
    fact,
    item_of,
    money_of,
    number_of_line,
    references,
    store_key,
    unit_of,
)
from adapters.pos.dropfile.prices import price_discrepancies
from adapters.pos.dropfile.refunds import refund_anomalies
from adapters.pos.dropfile.sold import LineType, SoldLine
from adapters.reading import Reading
from contracts.canonical import Fact, FactKind, FactLine, Normalised

CONTRACT = "pos-dropfile-sale"


class Status(StrEnum):
    """Whether a transaction happened; in these goods and money did not change hands."""

    TRAINING = "training"
    VOIDED = "voided"
    SUSPENDED = "suspended"


def normalise(reading: Reading) -> Normalised:
    """Map what was sold to a sale, what came back to a return, and what did not happen to nothing.

    Raises: Unmapped for a time outside the calendar.
    """
    if reading.text("/status") in set(Status):
        return Normalised()
    lines = [line for line in _lines(reading) if line.counts]
    if not lines:
        return Normalised()
    occurred_at = reading.occurred_at("/occurred_at")
    returned = [line for line in lines if line.type is LineType.RETURN]
    sold = [line for line in lines if line.type is not LineType.RETURN]
    facts = [
        _fact(kind, own, reading, occurred_at)
        for kind, own in ((FactKind.SALE, sold), (FactKind.RETURN, returned))
        if own
    ]
    if len(facts) == 1:
        facts = [_with_totals(facts[0], reading)]
    exceptions = (
        *price_discrepancies(sold, reading, occurred_at), *refund_anomalies(returned, reading, occurred_at)
    )  # fmt: skip
    return Normalised(facts=tuple(facts), exceptions=each_its_own(exceptions))


def _lines(reading: Reading) -> Iterable[SoldLine]:
    return [_line(reading, at) for at in reading.places("/lines")]


def _line(reading: Reading, at: str) -> SoldLine:
    quantity, amount = reading.number(f"{at}/quantity"), reading.number(f"{at}/amount")
    kind = LineType(reading.text(f"{at}/type") or LineType.SALE)
    if kind is LineType.SALE and quantity is not None and quantity < 0:
        kind = LineType.RETURN
    return SoldLine(
        at=at,
        number=number_of_line(reading, at),
        type=kind,
        item=item_of(reading, at),
        quantity=quantity,
        unit_price=reading.number(f"{at}/unit_price"),
        regular_price=reading.number(f"{at}/regular_price"),
        amount=amount,
        discount=reading.number(f"{at}/discount"),
    )


def _fact(kind: FactKind, lines: list[SoldLine], reading: Reading, occurred_at: str) -> Fact:
    return fact(kind, reading, tuple(_fact_line(line, reading) for line in lines), occurred_at=occurred_at)


def _fact_line(line: SoldLine, reading: Reading) -> FactLine:
    def signed(figure: Decimal | None) -> Decimal | None:
        return abs(figure) if figure is not None and line.type is LineType.RETURN else figure

    return FactLine(
        line=line.number,
        item=line.item,
        quantity=reading.quantity(signed(line.quantity), unit_of(reading, line.at)),
        unit_price=money_of(reading, signed(line.unit_price)),
        regular_unit_price=money_of(reading, signed(line.regular_price)),
        amount=money_of(reading, signed(line.amount)),
        discount=money_of(reading, abs(line.discount)) if line.discount else None,
        reason=reading.words(f"{line.at}/reason"),
        references=references(reading, line.at),
    )


def _with_totals(only: Fact, reading: Reading) -> Fact:
    """Add the totals; those of an exchange are of both its facts together, and belong to neither."""

    def total(pointer: str) -> Decimal | None:
        number = reading.number(pointer)
        return abs(number) if number is not None and only.kind is FactKind.RETURN else number

    return structs.replace(
        only, total=money_of(reading, total("/total")), tax=money_of(reading, total("/tax")),
        assumed=reading.assumed,
    )  # fmt: skip


KIND = DocumentKind(contract=CONTRACT, business_key=store_key, normalise=normalise)
