"""Quantities, amounts and prices: numbers whose unit or currency is an attribute."""

from decimal import Decimal

from adapters.reading import Reading
from adapters.values import money, ratio
from contracts.canonical import Money, Quantity


def quantity_at(reading: Reading, *pointers: str, unit: str | None = None) -> Quantity | None:
    """Return the first quantity that there is, in the unit that it names, else in `unit`."""
    for pointer in pointers:
        number = reading.number(pointer)
        if number is not None:
            return reading.quantity(number, reading.text(f"{pointer}/@unitCode") or unit)
    return None


def currency_at(reading: Reading, *pointers: str) -> str:
    """Return the currency of the first amount that names one, else the source's, which is then assumed."""
    return reading.currency(reading.text(*(f"{pointer}/@currencyCode" for pointer in pointers)))


def money_at(reading: Reading, pointer: str, sign: int = 1) -> Money | None:
    """Return the amount at `pointer` in its own currency."""
    number = reading.number(pointer)
    return None if number is None else money(sign * number, currency_at(reading, pointer))


def unit_price(reading: Reading, price: str, unit: str | None) -> Money | None:
    """Return the price at `price`, an Amount for a BaseQuantity, for one `unit` to six decimals.

    None where the price is for something else than the quantity counts, or for a part of one.
    """
    amount, base = reading.number(f"{price}/Amount"), f"{price}/BaseQuantity"
    per, is_of_unit = reading.number(base), reading.text(f"{base}/@unitCode") in {None, unit}
    if amount is None or not is_of_unit or (per is not None and per < 1):
        return None
    each = ratio(amount, Decimal(1) if per is None else per)
    return None if each is None else money(each, currency_at(reading, f"{price}/Amount"))
