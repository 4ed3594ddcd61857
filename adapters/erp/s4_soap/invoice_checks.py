"""Does an invoice add up? Its total against its lines and tax, and a line against quantity times price."""

from collections.abc import Iterator
from decimal import Decimal

from adapters.erp.s4_soap.lines import elements, line_key
from adapters.erp.s4_soap.values import currency_at
from adapters.keys import nearest
from adapters.reading import Reading
from adapters.triggers import is_close
from adapters.values import money, plain
from contracts.canonical import Category, Fact, FactLine, Measure, RetailException

EVIDENCE_LIMIT = 20

# of the header: amounts that are not part of a sum
_SUMS = frozenset({"GrossAmount", "NetAmount", "TaxAmount"})
# what else may stand between the lines and the total: freight, discounts, conditions
_MAY_EXPLAIN = ("Amount", "Cost", "Charge", "Discount", "PricingElement")
_WITHIN = ("Parent", "HigherLevel")


def total_mismatch(reading: Reading, invoice: str, fact: Fact) -> tuple[RetailException, ...]:
    """Return an exception where the gross amount is neither what the lines come to nor that with tax.

    None where something else may explain it: a line without an amount or in another currency, items within
    items, conditions, or a tax rate without its amount.
    """
    gross, items = f"{invoice}/GrossAmount", elements(reading, f"{invoice}/Item")
    stated, currency = reading.number(gross), currency_at(reading, gross)
    nets = [reading.number(f"{item}/NetAmount") for item in items]
    known = [net for net in nets if net is not None]
    if stated is None or not known or len(known) < len(nets):
        return ()
    if _is_explained(reading, invoice, items, currency):
        return ()
    taxes = [f"{at}/Amount" for at in elements(reading, f"{invoice}/HeaderTax")]
    lines_total = sum(known, Decimal(0))
    with_tax = lines_total + sum((reading.number(at) or Decimal(0) for at in taxes), Decimal(0))
    if any(is_close(abs(stated), abs(total)) for total in (with_tax, lines_total)):
        return ()
    evidence = (gross, *taxes, *(f"{item}/NetAmount" for item in items))
    return (_mismatch(reading, fact, None, (abs(with_tax), abs(stated)), currency, evidence),)


def line_mismatches(reading: Reading, fact: Fact, items: tuple[str, ...]) -> Iterator[RetailException]:
    """Yield an exception for each line whose net amount is not its quantity times the price that it names."""
    for item, line in zip(items, fact.lines, strict=True):
        amount, price = reading.number(f"{item}/NetAmount"), f"{item}/NetPrice/Amount"
        expected = _priced(reading, line, price)
        if amount is None or expected is None or is_close(abs(amount), expected):
            continue
        if elements(reading, f"{item}/PricingElement"):
            continue
        evidence = (f"{item}/InvoicedQuantity", price, f"{item}/NetPrice/BaseQuantity", f"{item}/NetAmount")
        currency = currency_at(reading, f"{item}/NetAmount", price)
        yield _mismatch(reading, fact, line, (expected, abs(amount)), currency, evidence)


def _mismatch(
    reading: Reading,
    fact: Fact,
    line: FactLine | None,
    sides: tuple[Decimal, Decimal],
    currency: str,
    evidence: tuple[str, ...],
) -> RetailException:
    """Return the exception of one line, or of the total where there is none."""
    expected, actual = sides
    return RetailException(
        category=Category.INVOICE_MISMATCH,
        key=line_key(line) if line else "total",
        expected=Measure(kind="amount", value=plain(expected), unit=currency),
        actual=Measure(kind="amount", value=plain(actual), unit=currency),
        occurred_at=fact.occurred_at,
        detected_at=reading.received_at,
        place=fact.place,
        partner=fact.partner,
        item=line.item if line else None,
        references=nearest(*(line.references if line else ()), *fact.references),
        money_at_risk=money(abs(actual - expected), currency),
        evidence=reading.evidence(*evidence)[:EVIDENCE_LIMIT],
        assumed=fact.assumed,
    )


def _is_explained(reading: Reading, invoice: str, items: tuple[str, ...], currency: str) -> bool:
    header: dict[str, object] = reading.find(invoice)
    return (
        any(_says(name, _MAY_EXPLAIN) for name in header.keys() - _SUMS)
        or _has_tax_without_amount(reading, invoice, items)
        or any(reading.text(f"{item}/NetAmount/@currencyCode") not in {None, currency} for item in items)
        or any(_is_within_another(reading, item) for item in items)
    )


def _has_tax_without_amount(reading: Reading, invoice: str, items: tuple[str, ...]) -> bool:
    """Say whether a tax rate stands there without the amount that it makes."""
    taxes = elements(reading, f"{invoice}/HeaderTax")
    if taxes:
        return any(reading.number(f"{tax}/Amount") is None for tax in taxes)
    rates = (tax for item in items for tax in elements(reading, f"{item}/ItemTax"))
    return any(reading.number(f"{rate}/TaxPercentage") for rate in rates)


def _is_within_another(reading: Reading, item: str) -> bool:
    members: dict[str, object] = reading.find(item)
    return any((reading.text(f"{item}/{name}") or "").strip("0") for name in members if _says(name, _WITHIN))


def _priced(reading: Reading, line: FactLine, price: str) -> Decimal | None:
    """Return quantity times price, or None where the line itself names no price for its unit."""
    if line.quantity is None or line.unit_price is None or reading.number(price) is None:
        return None
    return abs(Decimal(line.quantity.value)) * Decimal(line.unit_price.amount)


def _says(name: str, words: tuple[str, ...]) -> bool:
    return any(word in name for word in words)
