"""Which number a transaction has at its till: each has one, also those that sell nothing."""

from adapters.keys import series_number
from adapters.pos.poslog.elements import child_text
from adapters.pos.poslog.identity import transaction_key
from adapters.values import assumptions, local_time
from adapters.xml import Tree
from contracts.canonical import Place, Reference, SeriesPlace
from contracts.documents import Source
from contracts.errors import Unmapped
from contracts.limits import SERIES_MAX_CHARACTERS


def series_of(transaction: Tree, source: Source) -> SeriesPlace | None:
    """Return the transaction's place among those of its store and workstation; None where it has no number.

    A till's own software counts sales, sign-ons, training and what was voided in one series.
    """
    key = transaction_key(transaction)
    number = series_number(child_text(transaction, "SequenceNumber").strip())
    if key is None or number is None:
        return None
    series = "/".join(key.split("/")[:2])
    if len(series) > SERIES_MAX_CHARACTERS:
        return None
    assumed: dict[str, str] = {}
    occurred_at = _time(child_text(transaction, "EndDateTime"), source, assumed)
    return SeriesPlace(
        series=series,
        number=number,
        document=Reference(kind="transaction", id=key),
        place=Place(kind="store", id=child_text(transaction, "RetailStoreID")),
        business_day=child_text(transaction, "BusinessDayDate") or None,
        occurred_at=occurred_at,
        assumed=assumptions(assumed),
    )


def _time(text: str, source: Source, assumed: dict[str, str]) -> str | None:
    try:
        return local_time(text, source, "/EndDateTime", assumed)
    except Unmapped:
        return None  # a sign-off whose time is none still has its number
