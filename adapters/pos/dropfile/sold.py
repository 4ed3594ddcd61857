"""One line of a sale as it was read."""

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from contracts.canonical import Item


class LineType(StrEnum):
    """What a line is. A deposit gives or takes money for an empty bottle; the last three are no goods."""

    SALE = "sale"
    RETURN = "return"
    DEPOSIT = "deposit"
    VOID = "void"
    PAYMENT = "payment"
    OTHER = "other"


class SoldLine(Struct, frozen=True, kw_only=True):
    """One line at the pointer `at`; figures have the file's signs."""

    at: str
    number: str
    type: LineType
    item: Item | None
    quantity: Decimal | None
    unit_price: Decimal | None
    regular_price: Decimal | None
    amount: Decimal | None
    discount: Decimal | None

    @property
    def counts(self) -> bool:
        """Whether goods or deposits went over the counter."""
        return self.type in {LineType.SALE, LineType.RETURN, LineType.DEPOSIT}

    @property
    def charged(self) -> Decimal | None:
        """What the customer paid for the line, or got back for it, with the file's sign."""
        if self.amount is not None or self.unit_price is None or self.quantity is None:
            return self.amount
        return self.unit_price * self.quantity
