"""POSLog XML as a till writes it: one transaction a document."""

from msgspec import Struct

from simulator.messages import Truth
from simulator.outbox import XML, Post
from simulator.sources import CURRENCY, TILLS
from simulator.times import Calendar
from simulator.words import cents

_NAMESPACE = "http://www.nrf-arts.org/IXRetail/namespace/"


class SoldLine(Struct, frozen=True):
    """One line of a sale; prices in cents for one. `promotion` explains a lower price.

    `previous` is the price before somebody set another one, 0 where nobody did; `reason` is theirs.
    """

    item: str
    quantity: int
    regular: int
    charged: int
    promotion: str = ""
    previous: int = 0
    reason: str = ""


class ReturnedLine(Struct, frozen=True):
    """One line of a return: what was given back for one, and the sale's number where the till knows it."""

    item: str
    quantity: int
    regular: int
    given: int
    sale: tuple[str, str, int] | None = None  # till, business day, number
    reason: str = ""


class Tills:
    """Writes transactions."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar

    def sale(
        self,
        store: str,
        till: str,
        number: int,
        at: int,
        cashier: int,
        lines: list[SoldLine],
        truths: tuple[Truth, ...] = (),
    ) -> Post:
        """Return a sale."""
        written = "".join(_sold(place, line) for place, line in enumerate(lines, 1))
        total = sum(line.quantity * line.charged for line in lines)
        return self._post(store, till, number, at, cashier, written, total, "", truths)

    def refund(
        self,
        store: str,
        till: str,
        number: int,
        at: int,
        cashier: int,
        lines: list[ReturnedLine],
        customer: str = "",
        truths: tuple[Truth, ...] = (),
    ) -> Post:
        """Return a transaction in which goods came back."""
        written = "".join(_returned(store, place, line) for place, line in enumerate(lines, 1))
        total = -sum(line.quantity * line.given for line in lines)
        who = f"<Customer><CustomerID>{customer}</CustomerID></Customer>" if customer else ""
        return self._post(store, till, number, at, cashier, written, total, who, truths)

    def _post(
        self,
        store: str,
        till: str,
        number: int,
        at: int,
        cashier: int,
        lines: str,
        total: int,
        who: str,
        truths: tuple[Truth, ...],
    ) -> Post:
        day = self._calendar.day(at)
        body = (
            f'<POSLog xmlns="{_NAMESPACE}"><Transaction><RetailStoreID>{store}</RetailStoreID>'
            f"<WorkstationID>{till}</WorkstationID><SequenceNumber>{number}</SequenceNumber>"
            f"<BusinessDayDate>{day}</BusinessDayDate><EndDateTime>{self._calendar.local(at)}</EndDateTime>"
            f"<OperatorID>{store}{cashier}</OperatorID><CurrencyCode>{CURRENCY}</CurrencyCode>"
            f"<RetailTransaction>{who}{lines}"
            f'<Total TotalType="TransactionGrandAmount">{cents(total)}</Total>'
            f"</RetailTransaction></Transaction></POSLog>"
        )
        event_id = f"{store}/{till}/{day}/{number}"
        return Post(TILLS, XML, body.encode(), event_id, f"{store}-{till}-{number}", truths)


def line_key(line: int, item: str) -> str:
    """Return the key of the exception of a line (from 1 on)."""
    return f"{line}/{item}"


def is_noticed(regular: int, charged: int) -> bool:
    """Say whether one piece sold at another price stands out where nothing explains it.

    A price that is a round part of the regular one may be that of several pieces (POSLog 2.1), and what
    differs by less than half a percent is rounding.
    """
    if abs(regular - charged) <= 1 or abs(regular - charged) < 0.005 * regular:
        return False
    return all(abs(regular / pieces - charged) >= 1 for pieces in range(2, 21))


def _sold(place: int, line: SoldLine) -> str:
    extra = f"<PromotionID>{line.promotion}</PromotionID>" if line.promotion else ""
    if line.previous:
        why = f"<ReasonCode>{line.reason}</ReasonCode>" if line.reason else ""
        extra += (
            f'<RetailPriceModifier MethodCode="PriceOverride">{why}<PreviousPrice>{cents(line.previous)}'
            f"</PreviousPrice><NewPrice>{cents(line.charged)}</NewPrice></RetailPriceModifier>"
        )
    return (
        f'<LineItem><SequenceNumber>{place}</SequenceNumber><Sale ItemType="Stock">'
        f"<ItemID>{line.item}</ItemID>"
        f"<RegularSalesUnitPrice>{cents(line.regular)}</RegularSalesUnitPrice>"
        f"<ActualSalesUnitPrice>{cents(line.charged)}</ActualSalesUnitPrice>"
        f"<ExtendedAmount>{cents(line.charged * line.quantity)}</ExtendedAmount>"
        f"<Quantity>{line.quantity}</Quantity>{extra}</Sale></LineItem>"
    )


def _returned(store: str, place: int, line: ReturnedLine) -> str:
    extra = f"<ReasonCode>{line.reason}</ReasonCode>" if line.reason else ""
    if line.sale:
        till, day, number = line.sale
        extra += (
            f'<TransactionLink ReasonCode="Return"><RetailStoreID>{store}</RetailStoreID>'
            f"<WorkstationID>{till}</WorkstationID><BusinessDayDate>{day}</BusinessDayDate>"
            f"<SequenceNumber>{number}</SequenceNumber></TransactionLink>"
        )
    return (
        f'<LineItem><SequenceNumber>{place}</SequenceNumber><Return ItemType="Stock">'
        f"<ItemID>{line.item}</ItemID><RegularSalesUnitPrice>{cents(line.regular)}</RegularSalesUnitPrice>"
        f"<ActualSalesUnitPrice>{cents(line.given)}</ActualSalesUnitPrice>"
        f"<ExtendedAmount>{cents(line.given * line.quantity)}</ExtendedAmount>"
        f"<Quantity>{line.quantity}</Quantity>{extra}</Return></LineItem>"
    )
