"""Which number a receipt has at its till, where the layout says that the file leaves none out."""

from adapters.reading import Reading
from contracts.canonical import Reference, SeriesPlace

_SERIES_MAX_CHARACTERS = 200
_NUMBER_MAX_DIGITS = 15


def series_of(reading: Reading, occurred_at: str | None) -> SeriesPlace | None:
    """Return the receipt's place among those of its store and till; None where its number is no number."""
    series = "/".join((reading.text("/store") or "", reading.text("/till") or ""))
    number = reading.text("/sequence") or ""
    is_countable = number.isascii() and number.isdecimal() and len(number) <= _NUMBER_MAX_DIGITS
    if not is_countable or len(series) > _SERIES_MAX_CHARACTERS:
        return None
    return SeriesPlace(
        series=series,
        number=int(number),
        document=Reference(kind="transaction", id=reading.name("/key")),
        place=reading.place("store", "/store"),
        business_day=reading.text("/business_day"),
        occurred_at=occurred_at,
        assumed=reading.assumed,
    )
