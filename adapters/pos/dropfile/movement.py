"""Rows of stock movements: what went in and out of a store besides sales, such as transfers and waste."""

from adapters.kinds import DocumentKind
from adapters.pos.dropfile.lines import fact, item_of, number_of_line, references, store_key, unit_of
from adapters.reading import Reading
from contracts.canonical import FactKind, FactLine, Normalised

CONTRACT = "pos-dropfile-movement"


def normalise(reading: Reading) -> Normalised:
    """Map the rows to one movement; what left is negative. A movement alone has nothing to differ from.

    Raises: Unmapped for a time outside the calendar.
    """
    occurred_at = reading.occurred_at("/occurred_at", "/business_day")
    lines = tuple(
        FactLine(
            line=number_of_line(reading, at),
            item=item_of(reading, at),
            quantity=reading.quantity(reading.number(f"{at}/quantity"), unit_of(reading, at)),
            reason=reading.words(f"{at}/reason", f"{at}/type"),
            references=references(reading, at, "delivery"),
        )
        for at in reading.places("/lines")
    )
    return Normalised(facts=(fact(FactKind.STOCK_MOVEMENT, reading, lines, occurred_at=occurred_at),))


KIND = DocumentKind(contract=CONTRACT, business_key=store_key, normalise=normalise)
