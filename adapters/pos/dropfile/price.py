"""Rows of a price list or of a till's answers to one: which price holds, and whether it was taken up."""

from enum import StrEnum

from adapters.keys import each_once, key
from adapters.kinds import DocumentKind
from adapters.pos.dropfile.lines import fact, item_of, money_of, number_of_line, store_key
from adapters.reading import Reading
from adapters.values import plain
from contracts.canonical import Category, FactKind, FactLine, Measure, Normalised, RetailException

CONTRACT = "pos-dropfile-price"


class PriceStatus(StrEnum):
    """What became of a price at the till or the shelf."""

    APPLIED = "applied"
    PENDING = "pending"
    FAILED = "failed"


def normalise(reading: Reading) -> Normalised:
    """Map the rows to one price fact; each price that the till says it could not take up is an exception.

    Raises: Unmapped for a time outside the calendar.
    """
    occurred_at = reading.occurred_at("/occurred_at", "/business_day")
    places = reading.places("/lines")
    lines = tuple(
        FactLine(
            line=number_of_line(reading, at),
            item=item_of(reading, at),
            unit_price=money_of(reading, reading.number(f"{at}/unit_price")),
            reason=reading.words(f"{at}/reason"),
        )
        for at in places
    )
    return Normalised(
        facts=(fact(FactKind.PRICE, reading, lines, occurred_at=occurred_at),),
        exceptions=each_once(
            _failed(reading, at, occurred_at)
            for at in places
            if reading.text(f"{at}/status") == PriceStatus.FAILED
        ),
    )


def _failed(reading: Reading, at: str, occurred_at: str) -> RetailException:
    item = item_of(reading, at)
    expected, actual = _sides(reading, at)
    return RetailException(
        category=Category.FAILED_PRICE_UPDATE,
        key=key(item.id if item else None, reading.text(f"{at}/line")),
        expected=expected,
        actual=actual,
        occurred_at=occurred_at,
        detected_at=reading.received_at,
        place=reading.place("store", "/store"),
        item=item,
        evidence=reading.evidence(
            *(f"{at}/{name}" for name in ("status", "unit_price", "old_price", "reason"))
        ),
        assumed=reading.assumed,
    )


def _sides(reading: Reading, at: str) -> tuple[Measure, Measure]:
    """Return the new price and the old one, which still holds; the states where a price is not told."""
    new, old = reading.number(f"{at}/unit_price"), reading.number(f"{at}/old_price")
    if new is None or old is None:
        return (
            Measure(kind="status", value=PriceStatus.APPLIED),
            Measure(kind="status", value=PriceStatus.FAILED),
        )
    currency = reading.currency(reading.text("/currency"))
    return (
        Measure(kind="unit-price", value=plain(new), unit=currency),
        Measure(kind="unit-price", value=plain(old), unit=currency),
    )


KIND = DocumentKind(contract=CONTRACT, business_key=store_key, normalise=normalise)
