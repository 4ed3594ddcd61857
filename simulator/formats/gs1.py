"""GS1 XML 3 as suppliers and warehouses write it: despatch and receiving advices."""

from collections.abc import Sequence

from msgspec import Struct

from simulator.messages import Truth
from simulator.outbox import XML, Post
from simulator.sources import WAREHOUSES
from simulator.times import Calendar


class AdviceLine(Struct, frozen=True):
    """One line: what was expected and what there is, the line of the order, and a reason's code.

    `accepted` is less than what there is where some was refused; below 0 it is not said.
    """

    number: int
    item: str
    expected: int
    actual: int
    order_line: int
    reason: str = ""
    accepted: int = -1


class Advices:
    """Writes advices."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar

    def despatch(
        self, at: int, advice: str, order: str, supplier: str, place: str, lines: Sequence[AdviceLine],
        truths: tuple[Truth, ...] = (),
    ) -> Post:  # fmt: skip
        """Return what a supplier sends of what was ordered."""
        body = (
            _element("seller", _party(supplier)),
            _element("shipper", _party(supplier)),
            _element("inventoryLocation", _party(place)),
            _document("purchaseOrder", order),
            _element("despatchAdviceLogisticUnit", *(_despatched(line, order) for line in lines)),
        )
        return self._post("despatchAdvice", "despatch_advice", supplier, advice, at, body, truths)

    def receiving(
        self, at: int, advice: str, order: str, despatch: str, supplier: str, place: str,
        lines: Sequence[AdviceLine], truths: tuple[Truth, ...] = (),
    ) -> Post:  # fmt: skip
        """Return what arrived of what was despatched."""
        body = (
            _element("receivingDateTime", self._calendar.moment(at)),
            _element("reportingCode", "FULL_DETAILS"),
            _element("shipper", _party(supplier)),
            _element("receiver", _party(place)),
            _element("shipTo", _party(place)),
            _document("purchaseOrder", order),
            _document("despatchAdvice", despatch),
            _element("receivingAdviceLogisticUnit", *(_received(line, despatch) for line in lines)),
        )
        return self._post("receivingAdvice", "receiving_advice", place, advice, at, body, truths)

    def _post(
        self, document: str, space: str, sender: str, number: str, at: int, body: Sequence[str],
        truths: tuple[Truth, ...],
    ) -> Post:  # fmt: skip
        created = self._calendar.moment(at)
        header = _element(
            "StandardBusinessDocumentHeader",
            _element("HeaderVersion", "1.0"),
            f'<Sender><Identifier Authority="GS1">{sender}</Identifier></Sender>',
            _element(
                "DocumentIdentification",
                _element("InstanceIdentifier", number),
                _element("CreationDateAndTime", created),
            ),
        )
        own = _element(
            document,
            _element("creationDateTime", created),
            _element("documentStatusCode", "ORIGINAL"),
            _document(f"{document}Identification", number),
            *body,
        )
        root = f"m:{document}Message"
        whole = f'<{root} xmlns:m="urn:gs1:ecom:{space}:xsd:3">{header}{own}</{root}>'
        event_id = f"{sender}:{document}:{number}:{created}"
        return Post(WAREHOUSES, XML, whole.encode(), event_id, f"{document}-{number}", truths)


def despatch_key(order: str, line: AdviceLine) -> str:
    """Return the key of the exception of a line that was despatched short."""
    return f"{order}:{line.order_line}:{line.item}"


def receiving_key(despatch: str, line: AdviceLine) -> str:
    """Return the key of the exception of a line that arrived short."""
    return f"{despatch}:{line.number}:{line.item}"


def _element(name: str, *inside: str) -> str:
    return f"<{name}>{''.join(inside)}</{name}>"


def _document(name: str, number: str, line: int = 0) -> str:
    place = (_element("lineItemNumber", str(line)),) if line else ()
    return _element(name, _element("entityIdentification", number), *place)


def _party(identifier: str) -> str:
    name, code = "additionalPartyIdentification", "BUYER_ASSIGNED_IDENTIFIER_FOR_A_PARTY"
    return f'<{name} additionalPartyIdentificationTypeCode="{code}">{identifier}</{name}>'


def _trade_item(item: str) -> str:
    name = "additionalTradeItemIdentification"
    own = f'<{name} {name}TypeCode="BUYER_ASSIGNED">{item}</{name}>'
    return _element("transactionalTradeItem", own)


def _despatched(line: AdviceLine, order: str) -> str:
    why = _element("despatchAdviceQuantityVariance", _element("varianceReasonCode", line.reason))
    return _element(
        "despatchAdviceLineItem",
        _element("lineItemNumber", str(line.number)),
        _element("despatchedQuantity", str(line.actual)),
        _element("requestedQuantity", str(line.expected)),
        _trade_item(line.item),
        _document("purchaseOrder", order, line.order_line),
        why if line.reason else "",
    )


def _received(line: AdviceLine, despatch: str) -> str:
    why = _element("receivingConditionInformation", _element("receivingConditionCode", line.reason))
    return _element(
        "receivingAdviceLineItem",
        _element("lineItemNumber", str(line.number)),
        _element("quantityReceived", str(line.actual)),
        _element("quantityAccepted", str(line.accepted)) if line.accepted >= 0 else "",
        _element("quantityDespatched", str(line.expected)),
        _trade_item(line.item),
        _document("despatchAdvice", despatch, line.number),
        why if line.reason else "",
    )
