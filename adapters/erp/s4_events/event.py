"""One business event: which object it is about, and the exception where the event itself is one.

The events of S/4HANA are thin. They tell that something happened, and to which object; the object's lines
stay in the ERP, so that the facts carry keys, references and no lines.
"""

from typing import Any

from adapters.erp.s4_events.event_type import EventType, event_type
from adapters.erp.s4_events.exceptions import (
    BLOCKING_REASON,
    difference_posted,
    payment_block,
    payment_condition,
)
from adapters.erp.s4_events.members import Members, members
from adapters.erp.s4_events.objects import OBJECTS, BusinessObject
from adapters.keys import key, member, shortened
from adapters.kinds import DocumentKind
from adapters.reading import Reading
from adapters.values import money
from contracts.canonical import Fact, Money, Normalised, Partner, Place, Reference
from contracts.errors import Unmapped
from contracts.limits import KEY_MAX_CHARACTERS, LINE_MAX_CHARACTERS

CONTRACT = "erp-sap-s4-event"

_PLANT, _COMPANY = "Plant", "CompanyCode"
_SUPPLIER, _CUSTOMER = ("Supplier", "InvoicingParty"), ("SoldToParty", "Customer")
_AMOUNT, _CURRENCY = "InvoiceGrossAmount", "DocumentCurrency"
_MAPPED = frozenset({
    "id", "type", "source", "specversion", "datacontenttype", "time", "EventRaisedDateTime", _PLANT, _AMOUNT,
    _CURRENCY, BLOCKING_REASON, *_SUPPLIER, *_CUSTOMER,
    *(name for each in OBJECTS.values() for name in (*each.number, each.year or "")),
})  # fmt: skip


def business_key(tree: dict[str, Any]) -> str:
    """Return the object; a purchase order in the form in which its other documents name it."""
    what, found = event_type(member(tree, "type")), members(tree)
    known = OBJECTS.get(what.name)
    number = found.text(*known.number) if known else None
    if number is None:
        return key("event", what.name or "other")
    if what.name == "purchaseorder":
        return key("po", number.lstrip("0") or number)
    return key(what.name, number)


def normalise(reading: Reading) -> Normalised:
    """Return the object that the event is about, as a fact without lines; other objects say nothing we map.

    Raises: Unmapped for an object of ours without its number.
    """
    what, found = event_type(reading.text("/type") or ""), members(reading.tree)
    known = OBJECTS.get(what.name)
    if known is None:
        return Normalised()
    fact = _fact(reading, what, known, found)
    blocked = payment_block(reading, what, found, fact)
    return Normalised(
        facts=(fact,),
        exceptions=(*blocked, *difference_posted(reading, what, fact)),
        conditions=payment_condition(what, fact, blocked),
    )


def _fact(reading: Reading, what: EventType, known: BusinessObject, found: Members) -> Fact:
    number = found.text(*known.number)
    if number is None:
        raise Unmapped(f"{found.at(*known.number)}: the number of the {what.name} is expected")
    year = found.text(known.year) if known.year else None
    return Fact(
        kind=known.fact,
        key=key(number, year),
        occurred_at=reading.occurred_at("/time", found.at("EventRaisedDateTime")),
        place=_place(reading, found),
        partner=_partner(found),
        references=_references(known, number, found.text(f"{known.number[0]}Item")),
        total=_total(reading, found),
        status=shortened(what.event, KEY_MAX_CHARACTERS) or None,
        assumed=reading.assumed,
        extensions=reading.extensions(_MAPPED),
    )


def _references(known: BusinessObject, number: str, line: str | None) -> tuple[Reference, ...]:
    """Return the object itself, and its line where the event is about one, as other documents name it."""
    if known.reference is None:
        return ()
    line = shortened(line, LINE_MAX_CHARACTERS) if line else None
    return (Reference(kind=known.reference, id=shortened(number, KEY_MAX_CHARACTERS), line=line),)


def _place(reading: Reading, found: Members) -> Place | None:
    """Return the plant, else the company. SAP calls a store and a distribution centre alike a plant."""
    plant = reading.place("dc", found.at(_PLANT))
    if plant is not None:
        reading.assume("place_kind", "dc")
    return plant or reading.place("company", found.at(_COMPANY))


def _partner(found: Members) -> Partner | None:
    supplier, customer = found.text(*_SUPPLIER), found.text(*_CUSTOMER)
    if supplier:
        return Partner(role="supplier", id=shortened(supplier, KEY_MAX_CHARACTERS))
    return Partner(role="customer", id=shortened(customer, KEY_MAX_CHARACTERS)) if customer else None


def _total(reading: Reading, found: Members) -> Money | None:
    amount = reading.number(found.at(_AMOUNT))
    return None if amount is None else money(amount, reading.currency(found.text(_CURRENCY)))


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
