"""A business event: the envelope that all share, and what the vendor's own ones say about trade."""

import re
from collections.abc import Iterator
from typing import Any

from adapters.erp.d365_finance.catalogue import (
    PURCHASE_ORDERS,
    SALES_ORDERS,
    EventMeaning,
    ReferenceKind,
    meaning_of,
)
from adapters.erp.d365_finance.times import day, moment
from adapters.keys import distinct, key, member, shortened
from adapters.kinds import DocumentKind
from adapters.reading import Reading
from adapters.values import local_time, money
from contracts.canonical import (
    Category,
    Fact,
    Measure,
    Money,
    Normalised,
    Partner,
    Place,
    Reference,
    RetailException,
)
from contracts.limits import KEY_MAX_CHARACTERS

CONTRACT = "erp-d365-business-event"
# what the vendor's endpoints get when an event is activated or tried
TEST_EVENT = "businesseventstestendpointcontract"

_SUPPLIERS = ("/VendorAccount", "/VendAccount", "/InvoiceAccount", "/OrderAccount")
_CUSTOMERS = ("/CustomerAccount", "/CustAccount", "/InvoiceAccount", "/OrderAccount")
_ENTITIES = ("/BusinessEventLegalEntity", "/LegalEntity")
_DAYS = ("PurchaseOrderDate", "InvoiceDate", "ProductReceiptDate", "SalesOrderDate")
_TIMES = ("/EventTimeIso8601", "/EventTime")
# an amount, and the currency that it is in where a member says it
_TOTALS = (
    ("/TransactionCurrencyAmount", "/TransactionCurrencyCode"),
    ("/InvoiceAmount", "/CurrencyCode"),
    ("/InvoiceAmountInAccountingCurrency", "/AccountingCurrencyCode"),
)
_TAX = ("/InvoiceTaxAmount", "/AccountingCurrencyCode")
# enumerations travel as their symbols
_MATCHING = re.compile("Match(ing)?Status$")
_FAILED = frozenset({"failed", "notmatched"})

_MAPPED = frozenset({
    "BusinessEventId", "BusinessEventLegalEntity", "LegalEntity", "EventId", "EventTime", "EventTimeIso8601",
    "MajorVersion", "MinorVersion", "ControlNumber", "VendorAccount", "VendAccount", "InvoiceAccount",
    "OrderAccount", "CustAccount", "TransactionCurrencyAmount", "TransactionCurrencyCode", "InvoiceAmount",
    "InvoiceAmountInAccountingCurrency", "CurrencyCode", "AccountingCurrencyCode", "InvoiceTaxAmount",
    *_DAYS, *PURCHASE_ORDERS, *SALES_ORDERS,
})  # fmt: skip


def business_key(tree: dict[str, Any]) -> str:
    """Return the order that the event belongs to, else the event's kind in its company."""
    for prefix, names in (("po", PURCHASE_ORDERS), ("order", SALES_ORDERS)):
        for name in names:
            if number := member(tree, name):
                return key(prefix, number)
    entity = member(tree, "BusinessEventLegalEntity") or member(tree, "LegalEntity")
    return key("d365", entity, member(tree, "BusinessEventId"))


def normalise(reading: Reading) -> Normalised:
    """Map an event of the catalogue that names its document; any other says nothing of trade.

    An event carries no lines. That a vendor's invoice failed its matching is an exception, where the event
    says so itself.
    """
    if _is_test(reading):
        return Normalised()
    meaning = meaning_of(reading.name("/BusinessEventId"))
    number = _first(reading, meaning.number) if meaning else None
    if meaning is None or number is None:
        return Normalised()
    fact = _fact(reading, meaning, number)
    failed = _failed_matching(reading) if meaning.is_purchase and meaning.reference == "invoice" else None
    exceptions = (_not_matched(reading, fact, failed),) if failed else ()
    return Normalised(facts=(fact,), exceptions=exceptions)


def _is_test(reading: Reading) -> bool:
    """Say whether the vendor only tries the endpoint."""
    return reading.name("/BusinessEventId").casefold() == TEST_EVENT


def _fact(reading: Reading, meaning: EventMeaning, number: str) -> Fact:
    occurred_at, total, tax = _occurred_at(reading), _total(reading), _amount(reading, *_TAX)
    account = reading.text(*_SUPPLIERS) if meaning.is_purchase else None
    return Fact(
        kind=meaning.fact,
        # companies of one installation may count alike
        key=key(meaning.reference, reading.text(*_ENTITIES), number),
        occurred_at=occurred_at,
        place=_company(reading),
        partner=Partner(role="supplier", id=shortened(account, KEY_MAX_CHARACTERS)) if account else None,
        references=_references(reading, meaning, number),
        total=total,
        tax=tax,
        status=reading.words("/BusinessEventId"),
        business_day=next((found for name in _DAYS if (found := day(reading.text(f"/{name}")))), None),
        customer=None if meaning.is_purchase else _customer(reading),
        assumed=reading.assumed,
        extensions=_unmapped(reading, meaning),
    )


def _not_matched(reading: Reading, fact: Fact, pointer: str) -> RetailException:
    return RetailException(
        category=Category.INVOICE_MISMATCH,
        key="matching",
        expected=Measure(kind="status", value="matched"),
        actual=Measure(kind="status", value=reading.words(pointer) or ""),
        occurred_at=fact.occurred_at,
        detected_at=reading.received_at,
        place=fact.place,
        partner=fact.partner,
        references=fact.references,
        money_at_risk=_positive(fact.total),
        evidence=reading.evidence(pointer, "/BusinessEventId", "/EventId"),
        assumed=fact.assumed,
        missing=("lines",),
    )


def _failed_matching(reading: Reading) -> str | None:
    """Return the pointer of the member that says that the matching failed."""
    for name in reading.tree:
        text = reading.text(f"/{name}") if _MATCHING.search(name) else None
        if text and text.casefold() in _FAILED:
            return f"/{name}"
    return None


def _first(reading: Reading, names: tuple[str, ...]) -> str | None:
    return reading.text(*(f"/{name}" for name in names))


def _occurred_at(reading: Reading) -> str:
    for pointer in _TIMES:
        if written := moment(reading.text(pointer)):
            # the vendor writes UTC; without a zone it would be the source's own time
            return local_time(written, reading.source, pointer, {})
    reading.assume("occurred_at", "received_at")
    return reading.received_at


def _total(reading: Reading) -> Money | None:
    return next((found for pair in _TOTALS if (found := _amount(reading, *pair))), None)


def _amount(reading: Reading, pointer: str, currency: str) -> Money | None:
    number = reading.number(pointer)
    return None if number is None else money(number, reading.currency(reading.text(currency)))


def _positive(amount: Money | None) -> Money | None:
    return Money(amount=amount.amount.lstrip("-"), currency=amount.currency) if amount else None


def _company(reading: Reading) -> Place | None:
    return reading.place("company", *_ENTITIES)


def _customer(reading: Reading) -> str | None:
    return next((found for pointer in _CUSTOMERS if (found := reading.actor(pointer))), None)


def _references(reading: Reading, meaning: EventMeaning, number: str) -> tuple[Reference, ...]:
    def named() -> Iterator[tuple[ReferenceKind, str | None]]:
        yield meaning.reference, number
        yield "purchase-order", _first(reading, PURCHASE_ORDERS)
        yield "sales-order", _first(reading, SALES_ORDERS)

    found = ((kind, text) for kind, text in named() if text)
    return distinct(Reference(kind=kind, id=shortened(text, KEY_MAX_CHARACTERS)) for kind, text in found)


def _unmapped(reading: Reading, meaning: EventMeaning) -> dict[str, str]:
    # what a company nests beside the vendor's flat members is its own, and nobody knows whom it is about
    nested = frozenset(name for name, value in reading.tree.items() if isinstance(value, dict | list))
    return reading.extensions(_MAPPED | nested | frozenset(meaning.number))


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
