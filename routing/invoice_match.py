"""Invoices against purchase orders, line by line: billed dearer than ordered, or more than ordered."""

from collections.abc import Iterator, Sequence
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


class _OrderLines:
    """An order's lines, found by number or by item: a document may have thousands."""

    def __init__(self, order: Fact) -> None:
        self.order = order
        self._by_number: dict[str, list[FactLine]] = {}
        self._by_item: dict[str, list[FactLine]] = {}
        for line in order.lines:
            self._by_number.setdefault(joinable(line.line), []).append(line)
            for item in _item_ids(line):
                self._by_item.setdefault(item, []).append(line)

    def billed_by(self, billed: FactLine) -> FactLine | None:
        """Return the line that an invoice's line names by its number, else the only one of its item."""
        numbers = {
            joinable(one.line) for one in billed.references if one.kind == "purchase-order" and one.line
        }
        if numbers:
            found = [line for number in numbers for line in self._by_number.get(number, ())]
            fitting = [line for line in found if not _differ(line, billed)]
        else:
            found = [line for item in _item_ids(billed) for line in self._by_item.get(item, ())]
            fitting = list({id(line): line for line in found}.values())
        return fitting[0] if len(fitting) == 1 else None


def _pairs(item: NormalisedItem, context: FactContext) -> Iterator[_Pair]:
    own = [fact for fact in item.facts if fact.kind is FactKind.PURCHASE_ORDER and is_joined(fact)]
    for fact in item.facts:
        if fact.kind is FactKind.INVOICE:
            for number, lines in _lines_by_order(fact).items():
                known = context.recall(FactKind.PURCHASE_ORDER, number)
                orders = (*known, *(order for order in own if number in order_numbers(order)))
                for order in reversed(orders):  # the newest says what was agreed last
                    yield from _joined(fact, lines, _OrderLines(order), number)
    for order in own:
        for number in order_numbers(order):
            # an order sent again, or changed, does not make the invoices wrong that came before it
            if context.claim((order.kind, number, order.key), item.item.event_id):
                order_lines = _OrderLines(order)
                for invoice in context.recall(FactKind.INVOICE, number):
                    lines = _lines_by_order(invoice).get(number, [])
                    yield from _joined(invoice, lines, order_lines, number)


def _lines_by_order(invoice: Fact) -> dict[str, list[FactLine]]:
    """Return the lines by the order that they bill; one that names none bills the invoice's only order."""
    numbers = order_numbers(invoice)
    found: dict[str, list[FactLine]] = {}
    for line in invoice.lines:
        named = {joinable(one.id) for one in line.references if one.kind == "purchase-order"}
        if not named and len(numbers) == 1:
            named = set(numbers)
        if len(named) == 1:
            found.setdefault(named.pop(), []).append(line)
    return found


def _joined(
    invoice: Fact, lines: Sequence[FactLine], order_lines: _OrderLines, number: str
) -> Iterator[_Pair]:
    order = order_lines.order
    if invoice.partner and order.partner and invoice.partner.role != order.partner.role:
        return
    for billed in lines:
        ordered = order_lines.billed_by(billed)
        # an order's line has a reason when it was cancelled
        if ordered is not None and ordered.reason is None:
            yield _Pair(invoice, billed, order, ordered, number)


def _item_ids(line: FactLine) -> tuple[str, ...]:
    if line.item is None:
        return ()
    own = f"id:{joinable(line.item.id)}"
    return (own,) if line.item.gtin is None else (own, f"gtin:{joinable(line.item.gtin)}")


def _differ(one: FactLine, other: FactLine) -> bool:
    """Say that both name an item, and not the same one."""
    return bool(one.item and other.item) and not set(_item_ids(one)) & set(_item_ids(other))


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
