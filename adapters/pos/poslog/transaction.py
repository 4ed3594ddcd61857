"""What one POSLog transaction means: a sale, a return, both, or nothing that we follow.

Figures of a sale have the document's signs; those of a return are positive: what came back, and what was
given for it. A line's amount is what the customer pays for it, after all discounts and rewards.
"""

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from adapters.kinds import DocumentKind
from adapters.pos.poslog.elements import child_text, flag, number, objects
from adapters.pos.poslog.exceptions import find_exceptions
from adapters.pos.poslog.figures import WEIGHT, WIDE
from adapters.pos.poslog.header import Header, is_done, read_header
from adapters.pos.poslog.lines import Line, LineKind
from adapters.pos.poslog.personal import PERSONAL, without_tender_details
from adapters.pos.poslog.prices import pieces_in_price
from adapters.pos.poslog.series import series_of
from adapters.pos.poslog.voids import read_lines
from adapters.reading import Reading
from adapters.values import assumptions, extensions, money, quantity
from adapters.xml import Tree
from adapters.xml_outline import local_name
from contracts.canonical import Fact, FactKind, FactLine, Money, Normalised

CONTRACT = "pos-poslog-transaction"

_RETAIL = "RetailTransaction"
_GRAND_TOTAL = "TransactionGrandAmount"
_TAX_TOTAL = "TransactionTaxAmount"
_PRICE_STEP = Decimal("0.000001")

_MAPPED = frozenset({
    "@TransactionStatus", "@VoidFlag", "ActualSalesUnitPrice", "BusinessDayDate", "BusinessUnit",
    "CurrencyCode", "Description", "DiscountAmount", "EndDateTime", "ExtendedAmount",
    "ExtendedDiscountAmount", "ExtendedRewardAmount", "ItemID", "POSIdentity", "PromotionID", "Quantity",
    "ReceiptDateTime", "RegularSalesUnitPrice", "RetailStoreID", "SequenceNumber", "TransactionLink",
    "WorkstationID",
})  # fmt: skip


def business_key(tree: dict[str, Any]) -> str:
    """Return the store: what its tills write must stay in order."""
    return f"store:{tree.get('RetailStoreID', '')}"


def normalise(reading: Reading) -> Normalised:
    """Say what the Transaction means, and which number it has at its till.

    Sign-on, sign-off, training and what was voided mean nothing.

    Raises: Unmapped where a number or a time is none.
    """
    return replace(_meaning(reading), series=series_of(reading.tree, reading.source))


def _meaning(reading: Reading) -> Normalised:
    retail = reading.tree.get(_RETAIL)
    if not isinstance(retail, dict) or not is_done(reading.tree, retail):
        return Normalised()
    lines = read_lines(retail, f"/{_RETAIL}")
    if not lines:
        return Normalised()
    header = read_header(reading, retail)
    return Normalised(
        facts=_facts(reading, retail, lines, header),
        exceptions=find_exceptions(lines, header, reading.received_at),
    )


def _facts(reading: Reading, retail: Tree, lines: tuple[Line, ...], header: Header) -> tuple[Fact, ...]:
    returned = tuple(line for line in lines if line.kind is LineKind.RETURN)
    sold = tuple(line for line in lines if line.kind is not LineKind.RETURN)
    # the totals of an exchange are those of both together, so that they belong to neither
    totals = {} if sold and returned else _totals(retail)
    unmapped = extensions(without_tender_details(reading.tree), _MAPPED, PERSONAL.of(reading.tree))
    facts: list[Fact] = []
    for kind, own in ((FactKind.SALE, sold), (FactKind.RETURN, returned)):
        if own:
            facts.append(_fact(kind, own, header, retail, totals, {} if facts else unmapped))
    return tuple(facts)


def _fact(
    kind: FactKind,
    lines: tuple[Line, ...],
    header: Header,
    retail: Tree,
    totals: dict[str, Decimal],
    unmapped: dict[str, str],
) -> Fact:
    def total(name: str) -> Money | None:
        return None if name not in totals else money(_signed(totals[name], kind), header.currency)

    return Fact(
        kind=kind,
        key=header.key,
        occurred_at=header.occurred_at,
        place=header.place,
        references=header.references,
        lines=tuple(_fact_line(line, kind, header.currency) for line in lines),
        total=total(_GRAND_TOTAL),
        tax=total(_TAX_TOTAL),
        status=child_text(retail, "@TransactionStatus") or None,
        business_day=header.business_day,
        actor=header.actor,
        customer=header.customer,
        assumed=assumptions(header.assumed | _assumed_of_lines(lines)),
        extensions=unmapped,
    )


def _fact_line(line: Line, kind: FactKind, currency: str) -> FactLine:
    def amount(figure: Decimal | None) -> Money | None:
        return None if figure is None else money(_signed(figure, kind), currency)

    return FactLine(
        line=line.number,
        item=line.item,
        quantity=None if line.quantity is None else quantity(_signed(line.quantity, kind), line.unit),
        unit_price=amount(_exact(line.actual_price)),
        regular_unit_price=amount(_price_of_one(line)),
        amount=amount(line.amount),
        discount=amount(line.discount or None),
        reason=line.reason,
        references=line.references,
    )


def _signed(figure: Decimal, kind: FactKind) -> Decimal:
    return abs(figure) if kind is FactKind.RETURN else figure


def _price_of_one(line: Line) -> Decimal | None:
    """Return the regular price of one piece; None where the price of several has no exact part."""
    pieces = pieces_in_price(line)
    if pieces == 1 or line.regular_price is None:
        return _exact(line.regular_price)
    return _exact(WIDE.divide(line.regular_price, Decimal(pieces)))


def _exact(price: Decimal | None) -> Decimal | None:
    """Return a price that has an end: 4.00 for three pieces makes none for one."""
    return price if price is not None and price == WIDE.quantize(price, _PRICE_STEP) else None


def _assumed_of_lines(lines: tuple[Line, ...]) -> dict[str, str]:
    assumed = {}
    if any(line.unit == WEIGHT for line in lines):
        assumed["unit_of_weight"] = "the store's own, which the document does not say"
    if any(pieces_in_price(line) > 1 for line in lines):
        assumed["regular_unit_price"] = "a part of the price of several pieces, where the amount says so"
    return assumed


def _totals(retail: Tree) -> dict[str, Decimal]:
    """Return the transaction's grand total and tax, as far as it says them."""
    totals: dict[str, Decimal] = {}
    for where, element in objects(retail, "Total"):
        kind = local_name(child_text(element, "@TotalType"))
        if kind not in {_GRAND_TOTAL, _TAX_TOTAL}:  # others may be words ("one hundred and four pesos")
            continue
        written = number(element, "#text", f"/{_RETAIL}{where}")
        if written is not None:
            totals.setdefault(kind, written)
    if _TAX_TOTAL not in totals:
        taxes = _tax_lines(retail)
        totals |= {_TAX_TOTAL: sum(taxes, Decimal(0))} if taxes else {}
    return totals


def _tax_lines(retail: Tree) -> list[Decimal]:
    amounts = [
        number(tax, "Amount", f"/{_RETAIL}{where}{place}")
        for where, element in objects(retail, "LineItem")
        if not flag(element, "VoidFlag")
        for place, tax in objects(element, "Tax")
    ]
    return [amount for amount in amounts if amount is not None]


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
