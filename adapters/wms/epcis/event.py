"""One event: what happened to which objects, where, and for which business documents."""

import re
from typing import Literal
from urllib.parse import unquote

from adapters.keys import distinct, shortened
from adapters.kinds import DocumentKind
from adapters.reading import Reading
from adapters.wms.epcis.exceptions import PLACES, conditions, declared_wrong, unsellable
from adapters.wms.epcis.identity import fact_key, place_key
from adapters.wms.epcis.objects import Objects, objects
from contracts.canonical import Fact, FactKind, FactLine, Normalised, Partner, Reference
from contracts.limits import KEY_MAX_CHARACTERS, LINES_LIMIT

CONTRACT = "wms-epcis-event"

# CBV 2.0, section 7.1; a fact of another step is a movement
_STEPS = {
    "accepting": FactKind.RECEIPT,
    "receiving": FactKind.RECEIPT,
    "consigning": FactKind.SHIPMENT,
    "departing": FactKind.SHIPMENT,
    "shipping": FactKind.SHIPMENT,
    "cycle_counting": FactKind.STOCK_COUNT,
    "inventory_check": FactKind.STOCK_COUNT,
    "stock_taking": FactKind.STOCK_COUNT,
}
# nothing moves: a sensor speaks, or somebody looks
_STILL = frozenset({"inspecting", "sensor_reporting"})
# the objects leave the stock
_TAKEN_OFF = frozenset({"decommissioning", "destroying", "dispensing", "retail_selling", "sampling"})

# CBV 2.0, section 7.3; other documents, such as certificates, are none of ours
_TRANSACTIONS: dict[str, Literal["purchase-order", "invoice", "shipment", "receipt", "return"]] = {
    "po": "purchase-order",
    "inv": "invoice",
    "desadv": "shipment",
    "recadv": "receipt",
    "rma": "return",
}
# CBV 2.0, section 8: the GLN of who numbered the document, and its number
_TRANSACTION_URN = re.compile("urn:epcglobal:cbv:bt:[0-9]{13}:(.+)")

_PARTNERS: dict[FactKind, tuple[str, Literal["supplier", "customer"]]] = {
    FactKind.RECEIPT: ("source", "supplier"),
    FactKind.SHIPMENT: ("destination", "customer"),
}
_WITH_CHILDREN = frozenset({"AggregationEvent", "AssociationEvent"})
_MAPPED = frozenset({
    "eventTime", "eventTimeZoneOffset", "eventID", "epcList", "quantityList", "childEPCs",
    "childQuantityList", "inputEPCList", "inputQuantityList", "outputEPCList", "outputQuantityList",
    "disposition", "bizLocation",
})  # fmt: skip


def normalise(reading: Reading) -> Normalised:
    """Map to one fact, and to an exception for each class of objects that can't be sold any more.

    An event that is declared to be wrong is an exception and no fact: the fact was told before.
    """
    event_type = reading.name("/type")
    is_transformation = event_type == "TransformationEvent"
    if is_transformation:
        subject = objects(reading, "/outputEPCList", "/outputQuantityList")
    elif event_type in _WITH_CHILDREN:
        subject = objects(reading, "/childEPCs", "/childQuantityList")
    else:
        subject = objects(reading, "/epcList", "/quantityList")
    if reading.find("/errorDeclaration") is not None:
        # about an asset, a person or a paper it is nothing that stock differs by
        declared = (declared_wrong(reading, subject, references(reading)),) if subject else ()
        return Normalised(exceptions=declared)
    kind = _kind(reading, event_type)
    lines = _transformed(reading, subject) if is_transformation else _lines(reading, kind, subject)
    found = references(reading)
    exceptions = unsellable(reading, subject, found)
    lasting = conditions(subject, exceptions)
    if not lines or kind is None:
        return Normalised(exceptions=exceptions, conditions=lasting)
    fact = Fact(
        kind=kind,
        key=fact_key(reading.tree),
        occurred_at=reading.occurred_at("/eventTime"),
        place=reading.place("dc", *PLACES),
        partner=_partner(reading, kind),
        references=found,
        lines=lines,
        status=reading.words("/disposition"),
        assumed=reading.assumed,
        extensions=reading.extensions(_MAPPED),
    )
    return Normalised(facts=(fact,), exceptions=exceptions, conditions=lasting)


def references(reading: Reading) -> tuple[Reference, ...]:
    """Return the orders, invoices and notices that the event is about."""
    places = reading.places("/bizTransactionList")
    kinds = (_TRANSACTIONS.get(reading.text(f"{at}/type") or "") for at in places)
    return distinct(
        Reference(kind=kind, id=_number(reading.name(f"{at}/bizTransaction")))
        for at, kind in zip(places, kinds, strict=True)
        if kind
    )


def _number(transaction: str) -> str:
    """Return a document's own number; a URI that is not CBV's is the number."""
    urn = _TRANSACTION_URN.fullmatch(transaction)
    return shortened(unquote(urn.group(1)) if urn else transaction, KEY_MAX_CHARACTERS)


def _kind(reading: Reading, event_type: str) -> FactKind | None:
    """Return the kind of fact, or None where nothing moved and nothing was counted.

    Objects that are stolen or cease to be move, whatever the step. Those that are packed, unpacked, or untied
    from a business document stay where they are, unless they are received or shipped with it.
    """
    step, action = reading.text("/bizStep") or "", reading.text("/action")
    if event_type == "TransactionEvent" and action == "DELETE":
        return None
    if event_type in _WITH_CHILDREN:
        return _STEPS.get(step)
    if event_type == "TransformationEvent" or action == "DELETE" or _is_stolen(reading):
        return FactKind.STOCK_MOVEMENT
    return None if step in _STILL else _STEPS.get(step, FactKind.STOCK_MOVEMENT)


def _lines(reading: Reading, kind: FactKind | None, subject: tuple[Objects, ...]) -> tuple[FactLine, ...]:
    """Return a line for each class of objects; a movement says why, and whether the stock rose or fell."""
    if kind is not FactKind.STOCK_MOVEMENT:
        return tuple(each.line() for each in subject)
    is_end = reading.text("/type") == "ObjectEvent" and reading.text("/action") == "DELETE"
    is_gone = is_end or _is_stolen(reading) or reading.text("/bizStep") in _TAKEN_OFF
    sign = -1 if is_gone else 1
    return tuple(each.line(sign=sign, reason=reading.words("/bizStep")) for each in subject)


def _is_stolen(reading: Reading) -> bool:
    return reading.text("/disposition") == "stolen"


def _transformed(reading: Reading, outputs: tuple[Objects, ...]) -> tuple[FactLine, ...]:
    """Return what was used up, taken off the stock, and what was made of it."""
    inputs = objects(reading, "/inputEPCList", "/inputQuantityList")
    used = (each.line(sign=-1, reason="input", side="input") for each in inputs)
    made = (each.line(reason="output", side="output") for each in outputs)
    return (*used, *made)[:LINES_LIMIT]


def _partner(reading: Reading, kind: FactKind) -> Partner | None:
    """Return who owned what came in, or owns what went out; a transfer within a company has no partner."""
    owners = {side: _owner(reading, side) for side in ("source", "destination")}
    if kind not in _PARTNERS or owners["source"] == owners["destination"]:
        return None
    side, role = _PARTNERS[kind]
    owner = owners[side]
    return Partner(role=role, id=shortened(owner, KEY_MAX_CHARACTERS)) if owner else None


def _owner(reading: Reading, side: str) -> str | None:
    parties = reading.places(f"/{side}List")
    return reading.text(*(f"{at}/{side}" for at in parties if reading.text(f"{at}/type") == "owning_party"))


KIND = DocumentKind(contract=CONTRACT, business_key=place_key, normalise=normalise)
