"""The figures of a line: how many or how much, and what one of it and all of it cost."""

from decimal import Context, Decimal
from typing import Any

from msgspec import Struct

from adapters.pos.poslog.elements import child_text, flag, number, objects
from adapters.pos.poslog.explanations import is_voided
from adapters.triggers import CENT
from adapters.values import decimal
from adapters.xml import Tree
from contracts.errors import Unmapped

PIECES = "EA"  # POSLog 6.0.0: the default of @UnitOfMeasureCode
WIDE = Context(prec=100)  # holds the product and the quotient of any two figures that `decimal` lets in
WEIGHT = "weight"  # ours: NCR ACS writes weights without their unit, pounds here and kilograms there

_ZERO = Decimal(0)
_MOST_DIGITS = 15  # as many as the contract lets a till write
# UN/ECE Recommendation 20, and what tills write instead
_MEASURES = frozenset({"GRM", "G", "KGM", "KG", "LBR", "LB", "ONZ", "OZ", "LTR", "L", "MLT", "MTR", "M"})


class Figures(Struct, frozen=True, kw_only=True):
    """A line's figures with the document's signs; prices are those of one `unit`.

    `extended` is what the till makes of price and quantity, after the reductions of the line; `reduction`
    (positive) is what the line itself took off.
    """

    quantity: Decimal | None
    unit: str
    is_measured: bool
    regular_price: Decimal | None
    actual_price: Decimal | None
    extended: Decimal | None
    reduction: Decimal


def read_figures(line_item: Tree, sale: Tree, pointer: str) -> Figures:
    """Read the figures of `sale`, which stands at `pointer`. Raises: Unmapped for a number that is none."""
    code = _unit_code(sale.get("Quantity"))
    quantity = _quantity(sale, pointer)
    is_weight = flag(line_item, "weightItem") or flag(sale, "WeightFlag") or code.upper() in _MEASURES
    is_measured = is_weight or (quantity is not None and quantity != quantity.to_integral_value())
    regular = _price(sale, "RegularSalesUnitPrice", pointer)
    extended, reduction = number(sale, "ExtendedAmount", pointer), _reduction(sale, pointer)
    if extended is not None and _is_still_to_take_off(sale, pointer, reduction):
        full = None if regular is None or quantity is None else WIDE.multiply(regular, quantity)
        if full is not None and abs(abs(full) - abs(extended)) < CENT:
            extended -= reduction.copy_sign(extended)
    return Figures(
        quantity=quantity,
        unit=_unit(code, is_measured=is_measured),
        is_measured=is_measured,
        regular_price=regular,
        actual_price=_price(sale, "ActualSalesUnitPrice", pointer),
        extended=extended,
        reduction=reduction,
    )


def _unit(code: str, *, is_measured: bool) -> str:
    """Return the unit as written; a weight without one is in `WEIGHT`, the store's own, whatever that is."""
    if is_measured and code in {"", PIECES}:
        return WEIGHT
    return code or PIECES


def _unit_code(quantity: Any) -> str:
    first = quantity[0] if isinstance(quantity, list) and quantity else quantity
    return child_text(first, "@UnitOfMeasureCode")


def _quantity(sale: Tree, pointer: str) -> Decimal | None:
    """Return how many or how much. Raises: Unmapped for a number that is none.

    POSLog 6 lets a till write one piece of 0.454 kg as `<Quantity Units="0.454" UnitOfMeasureCode="KGM">1`.
    """
    quantity = number(sale, "Quantity", pointer)
    written = next((child_text(each, "@Units") for _, each in objects(sale, "Quantity")), "")
    units = decimal(written, f"{pointer}/Quantity/@Units") if written else None
    if quantity is None or units is None or _is_whole(units) or not _is_whole(quantity):
        return quantity
    return _usable(WIDE.multiply(quantity, units), f"{pointer}/Quantity")


def _usable(figure: Decimal, where: str) -> Decimal:
    if abs(figure.adjusted()) > _MOST_DIGITS:
        raise Unmapped(f"{where}: {figure:.3g} is not a usable number")
    return figure


def _is_whole(figure: Decimal) -> bool:
    return figure == figure.to_integral_value()


def _price(sale: Tree, name: str, pointer: str) -> Decimal | None:
    """Return the price of one. Raises: Unmapped for a number that is none.

    POSLog 6, UnitPriceCommonData: `Quantity` says how many the price is for, `UnitOfMeasureCode` of what. A
    price for another unit than the line counts in is no price of one.
    """
    price = number(sale, name, pointer)
    said = sale.get(name)
    unit, counted = child_text(said, "@UnitOfMeasureCode"), _unit_code(sale.get("Quantity"))
    if unit and counted and unit != counted:
        return None
    pieces = child_text(said, "@Quantity")
    divisor = decimal(pieces, f"{pointer}/{name}/@Quantity") if pieces else Decimal(1)
    if price is None or divisor in {0, 1}:
        return price
    return _usable(WIDE.divide(price, divisor), f"{pointer}/{name}")


def _reduction(sale: Tree, pointer: str) -> Decimal:
    of_line = number(sale, "ExtendedDiscountAmount", pointer)
    return abs(of_line or number(sale, "DiscountAmount", pointer) or _ZERO)


def _is_still_to_take_off(sale: Tree, pointer: str, reduction: Decimal) -> bool:
    """Say whether the line's price modifiers take off just `reduction`.

    Retalix R10 writes the amount before its reductions, others after them: where the amount is still that of
    the regular price and the modifiers make the reduction, it is the former.
    """
    amounts = [
        number(modifier, "Amount", pointer + place) or _ZERO
        for place, modifier in objects(sale, "RetailPriceModifier")
        if child_text(modifier.get("Amount"), "@Action") == "Subtract" and not is_voided(modifier)
    ]
    return reduction > 0 and sum(amounts, _ZERO) == reduction
