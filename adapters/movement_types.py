"""SAP's movement types: what a goods movement means, and which way the stock goes.

SAP Help, "Movement types" (table T156). By rule a reversal has the number after that of its movement. Two
formats share this; it stands here because what stands in `adapters.erp` is a format, and none knows another.
"""

from decimal import Decimal

from msgspec import Struct

from adapters.triggers import VARIANCE_MIN_UNITS
from adapters.values import quantity
from contracts.canonical import FactKind, Measure, Quantity

# goods that were ordered or announced arrive, or their arrival is taken back
_RECEIPTS = {
    "101": 1, "102": -1, "103": 1, "104": -1, "105": 1, "106": -1, "107": 1, "108": -1, "109": 1, "110": -1,
    "501": 1, "502": -1, "503": 1, "504": -1, "505": 1, "506": -1, "511": 1, "512": -1,
}  # fmt: skip
# a customer's goods come back
_RETURNS = {
    "451": 1, "452": -1, "453": 1, "454": -1, "651": 1, "652": -1, "653": 1, "654": -1, "655": 1, "656": -1,
    "657": 1, "658": -1,
}  # fmt: skip
# back to the supplier (122, 124, 161), consumed, to or from another place (30x, 31x, 35x, seen from the place
# that the line names), given to a contractor, scrapped, stock taken over, sold
_MOVEMENTS = {
    "301": -1, "302": 1, "303": -1, "304": 1, "305": 1, "306": -1, "311": -1, "312": 1, "313": -1, "314": 1,
    "315": 1, "316": -1, "351": -1, "352": 1,
    "122": -1, "123": 1, "124": -1, "125": 1, "161": -1, "162": 1, "201": -1, "202": 1, "221": -1, "222": 1,
    "251": -1, "252": 1, "261": -1, "262": 1, "541": -1, "542": 1, "551": -1, "552": 1, "553": -1, "554": 1,
    "555": -1, "556": 1, "561": 1, "562": -1, "601": -1, "602": 1, "641": -1, "642": 1,
}  # fmt: skip
# a physical inventory (70x), or one in a warehouse (71x), found more or less than the book holds
_DIFFERENCES = {
    "701": 1, "702": -1, "703": 1, "704": -1, "707": 1, "708": -1, "711": -1, "712": 1, "713": -1, "714": 1,
    "715": -1, "716": 1, "717": -1, "718": 1,
}  # fmt: skip


class MovementType(Struct, frozen=True, kw_only=True):
    """`sign` is 1 where the stock of the place rises, -1 where it falls, 0 where the type alone doesn't say.

    `is_difference` marks what a count found.
    """

    fact: FactKind
    sign: int
    is_difference: bool = False

    def signed(self, count: Quantity | None) -> Quantity | None:
        """Return by how much the stock of the place changes, or None where the type doesn't say which way."""
        return quantity(self.sign * Decimal(count.value), count.unit) if count and self.sign else None


# the two sides of a difference: what the book held, no goods movement says
AS_BOOKED = Measure(kind="status", value="counted as booked")


def posted_difference(change: Quantity | None) -> Measure | None:
    """Return the other side of a difference of two units and more, else None."""
    if change is None or abs(Decimal(change.value)) < VARIANCE_MIN_UNITS:
        return None
    return Measure(kind="status", value=f"difference posted: {change.value} {change.unit}")


def movement_type(code: str) -> MovementType:
    """Return what a movement type means; one that is not known is a movement without a sign."""
    if code in _RECEIPTS:
        return MovementType(fact=FactKind.RECEIPT, sign=_RECEIPTS[code])
    if code in _RETURNS:
        return MovementType(fact=FactKind.RETURN, sign=_RETURNS[code])
    if code in _DIFFERENCES:
        return MovementType(fact=FactKind.STOCK_MOVEMENT, sign=_DIFFERENCES[code], is_difference=True)
    return MovementType(fact=FactKind.STOCK_MOVEMENT, sign=_MOVEMENTS.get(code, 0))
