"""What the messages of GS1 XML share: parties, items, quantities, references, and when a document was made.

Names and code lists are those of GS1 XML 3.4.1; codes of references are UN/EDIFACT 1153.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from adapters.keys import distinct, key, shortened
from adapters.reading import Reading
from adapters.values import as_text
from contracts.canonical import Item, Partner, Place, Quantity, Reference
from contracts.limits import KEY_MAX_CHARACTERS, LINE_MAX_CHARACTERS

_ReferenceKind = Literal["purchase-order", "sales-order", "invoice", "shipment", "delivery", "return"]

_NAMED: dict[str, _ReferenceKind] = {
    "purchaseOrder": "purchase-order",
    "salesOrder": "sales-order",
    "despatchAdvice": "shipment",
    "deliveryNote": "delivery",
    "warehousingInboundInstruction": "delivery",
    "warehousingOutboundInstruction": "delivery",
    "returnsInstruction": "return",
    "invoice": "invoice",
}
_CODED: dict[str, _ReferenceKind] = {
    "ON": "purchase-order",
    "CO": "purchase-order",
    "VN": "sales-order",
    "AAJ": "delivery",
    "DQ": "delivery",
    "AAK": "shipment",
    "BM": "shipment",
    "IV": "invoice",
}
# those whose line stands for a line of ours: what was ordered, announced or instructed, the best first
_LINE_KINDS = ("delivery", "purchase-order", "shipment")

_GTIN = re.compile("([0-9]{8}|[0-9]{12,14})$")
_NO_GTIN = re.compile("0+$")  # how senders fill the element of an item without a bar code

MAPPED = frozenset({
    "StandardBusinessDocumentHeader", "creationDateTime", "lineItemNumber", "gtin",
    "additionalTradeItemIdentification", "tradeItemDescription", "inventoryLocation",
    "transactionalReference", "@additionalPartyIdentificationTypeCode", "batchNumber", *_NAMED,
})  # fmt: skip


def document_id(reading: Reading, document: str) -> str:
    """Return the document's own number. Raises: Unmapped where it has none."""
    return reading.name(f"/{document}/{document}Identification/entityIdentification")


def is_withdrawn(reading: Reading, document: str) -> bool:
    """Say whether the message takes back a document that was sent before."""
    return reading.text(f"/{document}/documentActionCode") == "DELETE"


def made_at(reading: Reading, document: str, *before: str) -> str:
    """Return the first time of `before` (pointers), else when the document, or else its message, was made."""
    header = "/StandardBusinessDocumentHeader/DocumentIdentification/CreationDateAndTime"
    return reading.occurred_at(*before, f"/{document}/creationDateTime", header)


def event_time(reading: Reading, at: str) -> str | None:
    """Return when a logistic event happened, of a period its end, or None where that is not said."""
    moment, period = f"{at}/logisticEventDateTime", f"{at}/logisticEventPeriod"
    return reading.moment(f"{moment}/date", f"{moment}/time") or reading.moment(
        f"{period}/endDate", f"{period}/endTime"
    )


def party_id(reading: Reading, at: str) -> str | None:
    """Return the id of a party or a location: its GLN with the extension, else the first other id."""
    gln = reading.text(f"{at}/gln")
    if gln:
        return ".".join(part for part in (gln, reading.text(f"{at}/glnExtension")) if part)
    given = reading.text(*repeated(reading, f"{at}/additionalPartyIdentification"))
    return given or reading.text(f"{at}/glnExtension")


def place(reading: Reading, *candidates: str) -> Place | None:
    """Return the first location that has an id. Whether it is a store is not said: a warehouse is assumed."""
    for at in candidates:
        found = party_id(reading, at)
        if found:
            reading.assume("place_kind", "dc")
            return Place(kind="dc", id=shortened(found, KEY_MAX_CHARACTERS))
    return None


def partner(reading: Reading, role: Literal["supplier", "customer"], *candidates: str) -> Partner | None:
    """Return the first company that has an id; a customer needs a GLN, for people have none."""
    for at in candidates:
        found = party_id(reading, at) if role == "supplier" else reading.text(f"{at}/gln")
        if found:
            return Partner(role=role, id=shortened(found, KEY_MAX_CHARACTERS))
    return None


def item(reading: Reading, at: str) -> Item | None:
    """Return the trade item at `at`: by the number that a party gave it, else by its GTIN."""
    gtin = reading.text(f"{at}/gtin")
    if gtin and _NO_GTIN.match(gtin):
        gtin = None
    own = reading.text(*repeated(reading, f"{at}/additionalTradeItemIdentification"))
    identifier = own or gtin
    if identifier is None:
        return None
    return Item(
        id=shortened(identifier, KEY_MAX_CHARACTERS),
        gtin=gtin if gtin and _GTIN.match(gtin) else None,
        description=reading.words(f"{at}/tradeItemDescription"),
    )


def quantity(reading: Reading, pointer: str) -> Quantity | None:
    """Return a quantity with its unit; GS1 leaves the unit out where whole trade items are counted."""
    return reading.quantity(reading.number(pointer), reading.text(f"{pointer}/@measurementUnitCode"))


def references(reading: Reading, at: str) -> tuple[Reference, ...]:
    """Return the business documents that the element at `at` names, each once."""
    named = ((kind, f"{at}/{name}") for name, kind in _NAMED.items())
    coded = (
        (_CODED.get(reading.text(f"{each}/transactionalReferenceTypeCode") or ""), each)
        for each in reading.places(f"{at}/transactionalReference")
    )
    found = [
        Reference(
            kind=kind,
            id=shortened(number, KEY_MAX_CHARACTERS),
            line=_line_number(reading, f"{each}/lineItemNumber"),
        )
        for kind, each in (*named, *coded)
        if kind and (number := reading.text(f"{each}/entityIdentification"))
    ]
    shipment = reading.text(f"{at}/shipmentIdentification/gsin")
    if shipment:
        found.append(Reference(kind="shipment", id=shortened(shipment, KEY_MAX_CHARACTERS)))
    return distinct(found)


def line_reference(found: Iterable[Reference]) -> Reference | None:
    """Return the first reference to a line of a document that a line of ours answers to."""
    lines = [each for each in found if each.line]
    return next((each for kind in _LINE_KINDS for each in lines if each.kind == kind), None)


def repeated(reading: Reading, pointer: str) -> tuple[str, ...]:
    """Return the pointers of all occurrences of an element that may repeat, or of where it would stand."""
    return reading.places(pointer) or (pointer,)


def texts(node: Any, *names: str) -> Iterator[str]:
    """Yield the texts at a path of elements, through lists: for keys, before the document is validated."""
    nodes = [node]
    for name in names:
        found = (each.get(name) for each in nodes if isinstance(each, dict))
        nodes = [one for each in found for one in (each if isinstance(each, list) else [each])]
    for each in nodes:
        text = as_text(each)
        if text:
            yield text


def document_key(tree: dict[str, Any], document: str, *paths: tuple[str, ...]) -> str:
    """Return the first purchase order or delivery at `paths` below the document, else its own number.

    The last name of a path says which of them it is.
    """
    for path in paths:
        for number in texts(tree, document, *path, "entityIdentification"):
            return key("po" if path[-1] == "purchaseOrder" else "delivery", number)
    number = next(texts(tree, document, f"{document}Identification", "entityIdentification"), "")
    return key(document, number)


def _line_number(reading: Reading, pointer: str) -> str | None:
    number = reading.text(pointer)
    return shortened(number, LINE_MAX_CHARACTERS) if number else None
