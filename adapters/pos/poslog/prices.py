"""Whether a till charged the regular price.

A till has many right reasons to charge something else, and writes some of them nowhere. Where a right reason
is possible this says nothing: a false alarm costs more trust than a missed one costs money. An override is
another thing: there the till itself says that somebody set the price, and should say why.
"""

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct, structs

from adapters.pos.poslog.figures import WIDE
from adapters.pos.poslog.lines import Line, LineKind
from adapters.pos.poslog.overrides import Override
from adapters.triggers import CENT, is_other_price, may_be_quantity_price, may_carry_price

_MOST_PIECES = 20  # "20 for 10.00" is the largest offer that we believe
_UNIT_PRICE_STEP = Decimal("0.0001")


class PriceDifference(Struct, frozen=True, kw_only=True):
    """One line whose price nothing explains; prices for one unit, `amount` for the line, positive.

    `override` is what set the price, where the till says that something did.
    """

    line: Line
    override: Override | None = None
    expected_price: Decimal
    charged_price: Decimal
    amount: Decimal


def pieces_in_price(line: Line) -> int:
    """Return how many pieces the line's regular price is for, 1 where nothing else fits.

    NCR ACS writes "2 for 3.00" as a regular unit price of 3.00 and charges 1.50 for one: only the amount
    tells. A line that says itself why it is cheaper is not one of several.
    """
    if line.is_explained or line.is_measured or line.override:
        return 1
    if line.regular_price is None or not line.quantity or line.extended is None:
        return 1
    full, rounding = abs(WIDE.multiply(line.regular_price, line.quantity)), _last_digit(line.extended)
    for pieces in range(1, _MOST_PIECES + 1):
        if abs(WIDE.divide(full, Decimal(pieces)) - abs(line.extended)) < max(CENT, rounding):
            return pieces
    return 1


def price_differences(lines: Iterable[Line]) -> list[PriceDifference]:
    """Return the sold lines that cost something else than the regular price, without any right reason."""
    sold = [line for line in lines if line.kind is LineKind.SALE]
    pieces: dict[str, Decimal] = {}
    for line in sold:
        if line.item is not None and line.quantity is not None:
            pieces[line.item.id] = pieces.get(line.item.id, Decimal(0)) + line.quantity
    found = []
    for line in sold:
        if line.override and not line.is_deposit:
            found.append(_overridden(line, line.override))
        elif (difference := _unexplained(line)) and not _is_quantity_price(
            difference, pieces.get(line.item.id if line.item else "")
        ):
            found.append(difference)
    return [difference for difference in found if difference]


def _unexplained(line: Line) -> PriceDifference | None:
    if line.is_explained or line.is_rewarded or not line.is_merchandise or may_carry_price(line.item):
        return None
    by_price = _by_actual_price(line)
    difference = _difference(line, line.regular_price, line.extended if by_price is None else by_price)
    return None if difference is None or pieces_in_price(line) > 1 else difference


def _overridden(line: Line, override: Override) -> PriceDifference | None:
    """Return what an override without a reason changed, None where it changed nothing.

    Tills write the price before it as the regular or as the previous one, and the price after it as the
    actual one, as the amount, or only in the override. Where the line was reduced for a right reason as well,
    only the override itself can tell its part.
    """
    charged = [_by_actual_price(line), line.extended]
    if charged == [None, None]:
        charged = [_times(override.new_price, line.quantity)]
    for expected in (line.regular_price, override.previous_price):
        for amount in charged:
            difference = _difference(line, expected, amount)
            if difference and (line.is_explained or line.is_rewarded):
                difference = _difference(line, expected, _times(override.new_price, line.quantity))
            if difference:
                return structs.replace(difference, override=override)
    return None


def _by_actual_price(line: Line) -> Decimal | None:
    return _times(line.actual_price, line.quantity)


def _times(price: Decimal | None, quantity: Decimal | None) -> Decimal | None:
    return None if price is None or quantity is None else WIDE.multiply(price, quantity)


def _difference(line: Line, regular: Decimal | None, charged: Decimal | None) -> PriceDifference | None:
    """Compare a price for one with what was charged for the line; None also where one of them is unknown."""
    quantity = line.quantity
    if regular is None or regular <= 0 or quantity is None or quantity <= 0 or charged is None or charged < 0:
        return None
    expected = WIDE.multiply(regular, quantity)
    if not is_other_price(expected, charged, _rounding(line, regular, quantity, charged)):
        return None
    return PriceDifference(
        line=line,
        expected_price=WIDE.quantize(regular, _UNIT_PRICE_STEP),
        charged_price=WIDE.quantize(WIDE.divide(charged, quantity), _UNIT_PRICE_STEP),
        amount=WIDE.quantize(abs(expected - charged), _UNIT_PRICE_STEP),
    )


def _rounding(line: Line, regular: Decimal, quantity: Decimal, charged: Decimal) -> Decimal:
    """Return what rounding alone may make: the amount's last digit, and half of a weight's.

    Some tills leave out the zeros after the point, so that the last digit may be a whole unit of money: where
    the till says itself that somebody set the price, that is no rounding.
    """
    of_amount = CENT if line.override else max(CENT, _last_digit(charged))
    return of_amount + (WIDE.multiply(regular, _last_digit(quantity)) / 2 if line.is_measured else 0)


def _last_digit(figure: Decimal) -> Decimal:
    """Return the value of one in the last digit that was written: 0.01 for 2.50, 1 for 250."""
    exponent = figure.as_tuple().exponent
    return Decimal(1).scaleb(exponent) if isinstance(exponent, int) else CENT


def _is_quantity_price(difference: PriceDifference, pieces: Decimal | None) -> bool:
    if pieces is None or difference.line.is_measured:
        return False
    return may_be_quantity_price(difference.expected_price, difference.charged_price, pieces)
