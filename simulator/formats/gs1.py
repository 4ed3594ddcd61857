"""GS1 XML 3 as suppliers and warehouses write it: despatch and receiving advices."""

from collections.abc import Sequence

from msgspec import Struct

from simulator.messages import Truth
from simulator.outbox import XML, Post
from simulator.sources import WAREHOUSES
from simulator.times import Calendar


class AdviceLine(Struct, frozen=True):
    """One line: what was expected and what there is, the line of the order, and a reason's code."""

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
    ) -> Post:
        """Return what a supplier sends of what was ordered."""
        written = "".join(_despatched(line, order) for line in lines)
        body = (
            f"<seller>{_party(supplier)}</seller><shipper>{_party(supplier)}</shipper>"
            f"<inventoryLocation>{_party(place)}</inventoryLocation><purchaseOrder><entityIdentification>{order}"
            f"</entityIdentification></purchaseOrder>"
            f"<despatchAdviceLogisticUnit>{written}</despatchAdviceLogisticUnit>"
        )
        return self._post("despatchAdvice", "despatch_advice", supplier, advice, at, body, truths)

    def receiving(
        self, at: int, advice: str, order: str, despatch: str, supplier: str, place: str,
        lines: Sequence[AdviceLine], truths: tuple[Truth, ...] = (),
    ) -> Post:
        """Return what arrived of what was despatched."""
        written = "".join(_received(line, despatch) for line in lines)
        body = (
            f"<receivingDateTime>{self._calendar.moment(at)}</receivingDateTime>"
            f"<reportingCode>FULL_DETAILS</reportingCode><shipper>{_party(supplier)}</shipper>"
            f"<receiver>{_party(place)}</receiver><shipTo>{_party(place)}</shipTo>"
            f"<purchaseOrder><entityIdentification>{order}</entityIdentification></purchaseOrder>"
            f"<despatchAdvice><entityIdentification>{despatch}</entityIdentification></despatchAdvice>"
            f"<receivingAdviceLogisticUnit>{written}</receivingAdviceLogisticUnit>"
        )
        return self._post("receivingAdvice", "receiving_advice", place, advice, at, body, truths)

    def _post(
        self, document: str, space: str, sender: str, number: str, at: int, body: str, truths: tuple[Truth, ...]
    ) -> Post:
        created = self._calendar.moment(at)
        whole = (
            f'<m:{document}Message xmlns:m="urn:gs1:ecom:{space}:xsd:3"><StandardBusinessDocumentHeader>'
            f'<HeaderVersion>1.0</HeaderVersion><Sender><Identifier Authority="GS1">{sender}</Identifier></Sender>'
            f"<DocumentIdentification><InstanceIdentifier>{number}</InstanceIdentifier>"
            f"<CreationDateAndTime>{created}</CreationDateAndTime></DocumentIdentification>"
            f"</StandardBusinessDocumentHeader><{document}><creationDateTime>{created}</creationDateTime>"
            f"<documentStatusCode>ORIGINAL</documentStatusCode><{document}Identification><entityIdentification>"
            f"{number}</entityIdentification></{document}Identification>{body}</{document}></m:{document}Message>"
        )
        event_id = f"{sender}:{document}:{number}:{created}"
        return Post(WAREHOUSES, XML, whole.encode(), event_id, f"{document}-{number}", truths)


def despatch_key(order: str, line: AdviceLine) -> str:
    """Return the key of the exception of a line that was despatched short."""
    return f"{order}:{line.order_line}:{line.item}"


def receiving_key(despatch: str, line: AdviceLine) -> str:
    """Return the key of the exception of a line that arrived short."""
    return f"{despatch}:{line.number}:{line.item}"


def _party(identifier: str) -> str:
    return (
        '<additionalPartyIdentification additionalPartyIdentificationTypeCode="BUYER_ASSIGNED_IDENTIFIER_FOR_A_PARTY">'
        f"{identifier}</additionalPartyIdentification>"
    )


def _trade_item(item: str) -> str:
    return (
        "<transactionalTradeItem><additionalTradeItemIdentification additionalTradeItemIdentificationTypeCode="
        f'"BUYER_ASSIGNED">{item}</additionalTradeItemIdentification></transactionalTradeItem>'
    )


def _despatched(line: AdviceLine, order: str) -> str:
    why = (
        f"<despatchAdviceQuantityVariance><varianceReasonCode>{line.reason}</varianceReasonCode>"
        "</despatchAdviceQuantityVariance>"
        if line.reason
        else ""
    )
    return (
        f"<despatchAdviceLineItem><lineItemNumber>{line.number}</lineItemNumber>"
        f"<despatchedQuantity>{line.actual}</despatchedQuantity><requestedQuantity>{line.expected}</requestedQuantity>"
        f"{_trade_item(line.item)}<purchaseOrder><entityIdentification>{order}</entityIdentification>"
        f"<lineItemNumber>{line.order_line}</lineItemNumber></purchaseOrder>{why}</despatchAdviceLineItem>"
    )


def _received(line: AdviceLine, despatch: str) -> str:
    why = (
        f"<receivingConditionInformation><receivingConditionCode>{line.reason}</receivingConditionCode>"
        "</receivingConditionInformation>"
        if line.reason
        else ""
    )
    accepted = f"<quantityAccepted>{line.accepted}</quantityAccepted>" if line.accepted >= 0 else ""
    return (
        f"<receivingAdviceLineItem><lineItemNumber>{line.number}</lineItemNumber>"
        f"<quantityReceived>{line.actual}</quantityReceived>{accepted}<quantityDespatched>{line.expected}</quantityDespatched>"
        f"{_trade_item(line.item)}<despatchAdvice><entityIdentification>{despatch}</entityIdentification>"
        f"<lineItemNumber>{line.number}</lineItemNumber></despatchAdvice>{why}</receivingAdviceLineItem>"
    )
