"""When a difference within one document is worth an exception: the triggers of the taxonomy, as numbers."""

from collections.abc import Iterable
from decimal import Decimal

from adapters.values import is_restricted, quantity
from contracts.canonical import Item, Money, Quantity

# supplier-short-shipment: a share of the quantity, or an amount
SHORT_SHARE = Decimal("0.05")
SHORT_VALUE = Decimal(50)
# invoice-mismatch: more than the larger of an amount, in the invoice's own currency, and a share
TOLERANCE_AMOUNT = Decimal(25)
TOLERANCE_SHARE = Decimal("0.02")
# inventory-variance: units; what they are worth, documents of counts seldom say
VARIANCE_MIN_UNITS = Decimal(2)
# refund-anomaly: an amount without a receipt, in the store's own money
REFUND_LIMIT = Decimal(50)
# price-discrepancy: a share of what was expected; two for the price of one is the best price for several that
# we believe
PRICE_SHARE = Decimal("0.005")
QUANTITY_PRICE_SHARE = Decimal("0.5")
# what rounding alone may make of an amount
CENT = Decimal("0.01")


def total_quantity(quantities: Iterable[Quantity | None]) -> Quantity | None:
    """Return the sum, or None where one of them is missing or in another unit."""
    known = list(quantities)
    present = [each for each in known if each is not None]
    if not present or len(present) != len(known) or len({each.unit for each in present}) > 1:
        return None
    return quantity(sum((Decimal(each.value) for each in present), Decimal(0)), present[0].unit)


def is_short(expected: Quantity, actual: Quantity, unit_price: Money | None = None) -> bool:
    """Say whether so much less than expected comes that it matters; never of two units."""
    ordered, short = Decimal(expected.value), Decimal(expected.value) - Decimal(actual.value)
    if expected.unit != actual.unit or ordered <= 0 or short <= 0 or short > ordered:
        return False
    return is_short_share(ordered, short) or value_of(short, unit_price) >= SHORT_VALUE


def is_short_share(ordered: Decimal, short: Decimal) -> bool:
    """Say whether so many units less matter where nobody says what they are worth."""
    return short > 0 and short >= SHORT_SHARE * ordered


def value_of(units: Decimal, unit_price: Money | None) -> Decimal:
    """Return what the units are worth, nothing where their price is not known."""
    return units * Decimal(unit_price.amount) if unit_price else Decimal(0)


def is_close(actual: Decimal, expected: Decimal) -> bool:
    """Say whether an amount of an invoice is within the tolerance of what it should come to."""
    return abs(actual - expected) <= max(TOLERANCE_AMOUNT, TOLERANCE_SHARE * expected)


def is_other_price(expected: Decimal, charged: Decimal, rounding: Decimal = CENT) -> bool:
    """Say whether a line was charged so much more or less than expected that no rounding explains it."""
    difference = abs(expected - charged)
    return difference > rounding and difference >= PRICE_SHARE * expected


def may_be_quantity_price(regular: Decimal, charged: Decimal, pieces: Decimal) -> bool:
    """Say whether several of an item for less may be the reason ("2.79 each, two for 5.00")."""
    return pieces >= 2 and regular * QUANTITY_PRICE_SHARE <= charged < regular


def may_carry_price(item: Item | None) -> bool:
    """Say whether an item's bar code may hold the price or the weight that a scale printed."""
    return item is not None and (is_restricted(item.gtin or "") or is_restricted(item.id))
