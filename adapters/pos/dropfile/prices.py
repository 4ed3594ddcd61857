"""Whether a till charged the regular price.

A till has many right reasons to charge something else, and a layout may not tell where it writes them. So
this speaks only where the file has a column for the reason, and the till left it blank.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal

from adapters.keys import key
from adapters.pos.dropfile.lines import money_of
from adapters.pos.dropfile.sold import LineType, SoldLine
from adapters.reading import Reading
from adapters.triggers import is_other_price, may_be_quantity_price, may_carry_price
from adapters.values import plain
from contracts.canonical import Category, Measure, Reference, RetailException

_UNIT_PRICE_STEP = Decimal("0.0001")


def price_discrepancies(
    sold: Iterable[SoldLine], reading: Reading, occurred_at: str
) -> Iterator[RetailException]:
    """Yield an exception for each line that cost something else than the regular price, without a reason."""
    sold = list(sold)
    pieces = Counter[str]()
    for line in sold:
        pieces[_item_id(line)] += 1 if line.quantity is None else int(line.quantity)
    for line in sold:
        charged, regular = _unexplained_price(line, reading), line.regular_price
        if charged is None or regular is None:
            continue
        if not may_be_quantity_price(regular, charged, Decimal(pieces[_item_id(line)])):
            yield _discrepancy(line, charged, reading, occurred_at)


def _unexplained_price(line: SoldLine, reading: Reading) -> Decimal | None:
    """Return the price of one that was charged, where it is not the regular one and nothing explains it."""
    regular, quantity, amount = line.regular_price, line.quantity, line.charged
    if line.type is not LineType.SALE or line.item is None or regular is None or regular <= 0:
        return None
    if quantity is None or quantity <= 0 or quantity % 1 or amount is None or amount < 0:
        return None  # what is weighed is rounded, and may have been weighed again
    if reading.find(f"{line.at}/reason") != "" or line.discount or may_carry_price(line.item):
        return None
    if not is_other_price(regular * quantity, amount):
        return None
    return (amount / quantity).quantize(_UNIT_PRICE_STEP)


def _discrepancy(line: SoldLine, charged: Decimal, reading: Reading, occurred_at: str) -> RetailException:
    regular, quantity = line.regular_price or Decimal(0), line.quantity or Decimal(1)
    currency = reading.currency(reading.text("/currency"))
    return RetailException(
        category=Category.PRICE_DISCREPANCY,
        key=key(line.number, _item_id(line)),
        expected=Measure(kind="unit-price", value=plain(regular), unit=currency),
        actual=Measure(kind="unit-price", value=plain(charged), unit=currency),
        occurred_at=occurred_at,
        detected_at=reading.received_at,
        place=reading.place("store", "/store"),
        item=line.item,
        references=(Reference(kind="transaction", id=reading.name("/key"), line=line.number),),
        money_at_risk=money_of(reading, abs(regular * quantity - (line.charged or Decimal(0)))),
        evidence=reading.evidence(
            *(f"{line.at}/{name}" for name in ("regular_price", "unit_price", "amount", "quantity"))
        ),
        assumed=reading.assumed,
        missing=("shelf_price", "erp_price"),
    )


def _item_id(line: SoldLine) -> str:
    return line.item.id if line.item else ""
