"""Invoices against purchase orders, line by line: billed dearer than ordered, or more than ordered."""

from collections.abc import Iterator
from decimal import Context, Decimal
from typing import Literal, NamedTuple

from contracts.canonical import (
    Category,
    Evidence,
    Fact,
    FactKind,
    FactLine,
    Measure,
    Money,
    Reference,
    RetailException,
)
from routing.fact_context import FactContext, is_joined, joinable, order_numbers
from routing.items import NormalisedItem
from routing.triage.taxonomy import Taxonomy

_CENT = Decimal("0.01")
_WIDE = Context(prec=100)  # holds the product of any two numbers that adapters let in


class _Pair(NamedTuple):
    """An invoice's line and the order's line that it bills; `number` is the order's, as it joins."""

    invoice: Fact
    billed: FactLine
    order: Fact
    ordered: FactLine
    number: str


class _Difference(NamedTuple):
    """Both sides of one comparison, and what each comes to in money for the line."""

    kind: Literal["unit-price", "quantity"]
    expected: Decimal
    actual: Decimal
    unit: str
    currency: str
    matched_amount: Decimal
    invoice_amount: Decimal


class InvoiceDetector:
    """A detector. What is too much is the trigger of `invoice-mismatch` in the taxonomy, line by line.

    The trigger's amount is read in the invoice's own currency. Nothing is said where lines can't be compared:
    another unit or currency, a credit, a cancelled line, an item that differs, no price on either side.
    """

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._trigger = taxonomy.categories[Category.INVOICE_MISMATCH].trigger

    def detect(self, item: NormalisedItem, context: FactContext) -> tuple[RetailException, ...]:
        """Compare the item's invoices with the known orders, and an order that is new with known invoices."""
        event_id = item.item.event_id
        found: dict[str, RetailException] = {}
        for pair in _pairs(item, context):
            for difference in _differences(pair):
                exception = self._exception(pair, difference, item.item.received_at)
                if exception is None or exception.key in found:
                    continue
                if context.claim((exception.key, exception.expected.value, exception.actual.value), event_id):
                    found[exception.key] = exception
        return tuple(found.values())

    def _exception(self, pair: _Pair, difference: _Difference, detected_at: str) -> RetailException | None:
        amounts = {
            "invoice_amount": float(difference.invoice_amount),
            "matched_amount": float(difference.matched_amount),
        }
        if self._trigger.evaluate(amounts).value is not True:
            return None
        invoice = _invoice_number(pair.invoice)
        line, order_line = pair.billed.line, pair.ordered.line
        at_risk = _WIDE.quantize(abs(difference.invoice_amount - difference.matched_amount), _CENT)
        return RetailException(
            category=Category.INVOICE_MISMATCH,
            key=f"invoice:{invoice}:{line}:order:{pair.number}:{difference.kind}",
            expected=Measure(kind=difference.kind, value=_plain(difference.expected), unit=difference.unit),
            actual=Measure(kind=difference.kind, value=_plain(difference.actual), unit=difference.unit),
            occurred_at=pair.invoice.occurred_at,
            detected_at=detected_at,
            place=pair.invoice.place or pair.order.place,
            partner=pair.invoice.partner or pair.order.partner,
            item=pair.billed.item or pair.ordered.item,
            references=(
                Reference(kind="invoice", id=invoice, line=line),
                Reference(kind="purchase-order", id=pair.number, line=order_line),
            ),
            money_at_risk=Money(amount=_plain(at_risk), currency=difference.currency),
            evidence=_evidence(pair, difference, invoice),
            assumed=pair.invoice.assumed,
            # whether more came than was ordered, only the goods receipt knows
            missing=("gr_exists", "q_inv_gr") if difference.kind == "quantity" else (),
        )


def _pairs(item: NormalisedItem, context: FactContext) -> Iterator[_Pair]:
    own_orders = [fact for fact in item.facts if fact.kind is FactKind.PURCHASE_ORDER and is_joined(fact)]
    for fact in item.facts:
        if fact.kind is FactKind.INVOICE:
            for number in order_numbers(fact):
                known = context.recall(FactKind.PURCHASE_ORDER, number)
                own = [order for order in own_orders if number in order_numbers(order)]
                yield from _newest_first(fact, (*known, *own), number)
    for order in own_orders:
        for number in order_numbers(order):
            # an order sent again, or changed, does not make the invoices wrong that came before it
            if context.claim((order.kind, number, order.key), item.item.event_id):
                for invoice in context.recall(FactKind.INVOICE, number):
                    yield from _joined(invoice, order, number)


def _newest_first(invoice: Fact, orders: tuple[Fact, ...], number: str) -> Iterator[_Pair]:
    for order in reversed(orders):
        yield from _joined(invoice, order, number)


def _joined(invoice: Fact, order: Fact, number: str) -> Iterator[_Pair]:
    if invoice.partner and order.partner and invoice.partner.role != order.partner.role:
        return
    is_only_order = len(order_numbers(invoice)) == 1
    for billed in invoice.lines:
        ordered = _line_of(order, billed, number, is_only_order=is_only_order)
        if ordered is not None and ordered.reason is None:
            yield _Pair(invoice, billed, order, ordered, number)


def _line_of(order: Fact, billed: FactLine, number: str, *, is_only_order: bool) -> FactLine | None:
    """Return the order's line that the invoice's line names by its number, else the only one of its item.

    A line that names no order of its own is of the invoice's only one.
    """
    named = [one for one in billed.references if one.kind == "purchase-order"]
    if any(joinable(one.id) != number for one in named) or (not named and not is_only_order):
        return None
    lines = {joinable(one.line) for one in named if one.line}
    if lines:
        fitting = [line for line in order.lines if joinable(line.line) in lines and not _differ(line, billed)]
    else:
        fitting = [line for line in order.lines if _is_same_item(line, billed)]
    return fitting[0] if len(fitting) == 1 else None


def _is_same_item(one: FactLine, other: FactLine) -> bool:
    if one.item is None or other.item is None:
        return False
    same_gtin = one.item.gtin is not None and one.item.gtin == other.item.gtin
    return same_gtin or joinable(one.item.id) == joinable(other.item.id)


def _differ(one: FactLine, other: FactLine) -> bool:
    return one.item is not None and other.item is not None and not _is_same_item(one, other)


def _differences(pair: _Pair) -> Iterator[_Difference]:
    """Yield what can be compared of two lines: prices for one unit, and more billed than was ordered."""
    billed, ordered = pair.billed.quantity, pair.ordered.quantity
    price, agreed = pair.billed.unit_price, pair.ordered.unit_price
    if billed is None or Decimal(billed.value) <= 0:
        return
    count = Decimal(billed.value)
    if ordered is not None and ordered.unit.upper() != billed.unit.upper():
        return
    if price and agreed and price.currency == agreed.currency and ordered is not None:
        yield _Difference(
            kind="unit-price",
            expected=Decimal(agreed.amount),
            actual=Decimal(price.amount),
            unit=agreed.currency,
            currency=agreed.currency,
            matched_amount=_WIDE.multiply(count, Decimal(agreed.amount)),
            invoice_amount=_WIDE.multiply(count, Decimal(price.amount)),
        )
    worth = agreed or price
    if ordered is not None and worth is not None and count > Decimal(ordered.value):
        yield _Difference(
            kind="quantity",
            expected=Decimal(ordered.value),
            actual=count,
            unit=billed.unit,
            currency=worth.currency,
            matched_amount=_WIDE.multiply(Decimal(ordered.value), Decimal(worth.amount)),
            invoice_amount=_WIDE.multiply(count, Decimal(worth.amount)),
        )


def _evidence(pair: _Pair, difference: _Difference, invoice: str) -> tuple[Evidence, ...]:
    """Point into the two facts, not into a document: `/invoice/<number>/lines/<line>/unit_price`."""
    member = "unit_price" if difference.kind == "unit-price" else "quantity"
    sides = (
        ("invoice", invoice, pair.billed.line, difference.actual),
        ("purchase-order", pair.number, pair.ordered.line, difference.expected),
    )
    return tuple(
        Evidence(pointer=f"/{kind}/{_escaped(number)}/lines/{_escaped(line)}/{member}", value=_plain(value))
        for kind, number, line, value in sides
    )


def _invoice_number(invoice: Fact) -> str:
    return next((one.id for one in invoice.references if one.kind == "invoice"), invoice.key)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _plain(number: Decimal) -> str:
    return format(number, "f")
