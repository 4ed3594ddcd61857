"""Which number a receipt has at its till, where the layout says that the file leaves none out."""

from adapters.keys import joined, series_number
from adapters.reading import Reading
from contracts.canonical import Reference, SeriesPlace
from contracts.limits import SERIES_MAX_CHARACTERS


def series_of(reading: Reading, occurred_at: str | None) -> SeriesPlace | None:
    """Return the receipt's place among those of its store and till; None where its number is no number."""
    series = joined((reading.text("/store") or "", reading.text("/till") or ""))
    number = series_number(reading.text("/sequence") or "")
    if number is None or len(series) > SERIES_MAX_CHARACTERS:
        return None
    return SeriesPlace(
        series=series,
        number=number,
        document=Reference(kind="transaction", id=reading.name("/key")),
        place=reading.place("store", "/store"),
        business_day=reading.text("/business_day"),
        occurred_at=occurred_at,
        assumed=reading.assumed,
    )
