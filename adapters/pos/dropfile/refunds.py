"""Refunds that name no sale, where the file has a column for the receipt and the till left it blank."""

from collections.abc import Iterable, Iterator

from adapters.keys import key
from adapters.pos.dropfile.lines import money_of
from adapters.pos.dropfile.sold import SoldLine
from adapters.reading import Reading
from adapters.triggers import REFUND_LIMIT
from contracts.canonical import Category, Measure, Reference, RetailException


def refund_anomalies(
    returned: Iterable[SoldLine], reading: Reading, occurred_at: str
) -> Iterator[RetailException]:
    """Yield an exception for each line that gave back as much as the limit without a receipt."""
    for line in returned:
        given = line.charged
        if given is None or abs(given) < REFUND_LIMIT or reading.find(f"{line.at}/reference") != "":
            continue
        yield RetailException(
            category=Category.REFUND_ANOMALY,
            key=key(line.number, line.item.id if line.item else None),
            expected=Measure(kind="status", value="linked sale"),
            actual=Measure(kind="status", value="no linked sale"),
            occurred_at=occurred_at,
            detected_at=reading.received_at,
            place=reading.place("store", "/store"),
            item=line.item,
            references=(Reference(kind="transaction", id=reading.name("/key"), line=line.number),),
            money_at_risk=money_of(reading, abs(given)),
            evidence=reading.evidence(
                *(f"{line.at}/{name}" for name in ("type", "quantity", "unit_price", "amount"))
            ),
            assumed=reading.assumed,
            missing=("linked_sale",),
        )
