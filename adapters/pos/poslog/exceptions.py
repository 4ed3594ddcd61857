"""The exceptions that a transaction proves by itself: a price without a reason, a refund without a sale."""

from collections.abc import Iterable
from decimal import Decimal

from adapters.keys import each_its_own
from adapters.pos.poslog.header import Header
from adapters.pos.poslog.lines import Line, LineKind
from adapters.pos.poslog.prices import PriceDifference, price_differences
from adapters.triggers import REFUND_LIMIT
from adapters.values import assumptions, money, plain
from contracts.canonical import Category, Evidence, Measure, Money, Reference, RetailException


def find_exceptions(lines: Iterable[Line], header: Header, detected_at: str) -> tuple[RetailException, ...]:
    """Return the exceptions of the lines; `detected_at` is RFC 3339."""
    lines = tuple(lines)
    found = [_price_discrepancy(difference, header, detected_at) for difference in price_differences(lines)]
    found += [
        _refund_anomaly(line, line.amount, header, detected_at)
        for line in lines
        if line.amount is not None and _is_refund_without_sale(line, line.amount, header)
    ]
    return each_its_own(found)


def _price_discrepancy(difference: PriceDifference, header: Header, detected_at: str) -> RetailException:
    def price(amount: Decimal) -> Measure:
        return Measure(kind="unit-price", value=plain(amount), unit=header.currency)

    override = difference.override
    return _exception(
        Category.PRICE_DISCREPANCY, difference.line, header, detected_at,
        expected=price(difference.expected_price),
        actual=price(difference.charged_price),
        money_at_risk=money(difference.amount, header.currency),
        evidence=difference.line.evidence + (override.evidence if override else ()),
        missing=("override_reason",) if override else ("shelf_price", "erp_price"),
    )  # fmt: skip


def _is_refund_without_sale(line: Line, amount: Decimal, header: Header) -> bool:
    return (
        line.kind is LineKind.RETURN
        and abs(amount) >= REFUND_LIMIT
        and not line.has_original
        and not header.has_original
    )


def _refund_anomaly(line: Line, amount: Decimal, header: Header, detected_at: str) -> RetailException:
    return _exception(
        Category.REFUND_ANOMALY, line, header, detected_at,
        expected=Measure(kind="status", value="linked sale"),
        actual=Measure(kind="status", value="no linked sale"),
        money_at_risk=money(abs(amount), header.currency),
        evidence=line.evidence,
        missing=("linked_sale",),
    )  # fmt: skip


def _exception(
    category: Category,
    line: Line,
    header: Header,
    detected_at: str,
    *,
    expected: Measure,
    actual: Measure,
    money_at_risk: Money,
    evidence: tuple[Evidence, ...],
    missing: tuple[str, ...],
) -> RetailException:
    own = Reference(kind="transaction", id=header.key, line=line.number)
    return RetailException(
        category=category,
        key=f"{line.number}/{line.item.id if line.item else ''}",
        expected=expected,
        actual=actual,
        occurred_at=header.occurred_at,
        detected_at=detected_at,
        place=header.place,
        item=line.item,
        references=(own, *line.references),
        money_at_risk=money_at_risk,
        evidence=evidence,
        assumed=assumptions(header.assumed),
        missing=missing,
    )
