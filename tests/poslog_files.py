"""POSLog files for tests: one receipt of made-up lines, and what the adapter makes of it."""

from adapters.conformance import RECEIVED_AT, demo_source
from adapters.pos import ADAPTERS
from contracts.canon import as_document
from contracts.canonical import Category, Fact, Normalised
from contracts.documents import Document, Message, Source
from contracts.errors import EventError
from contracts.registry import Registry

ADAPTER = ADAPTERS[0]
REGISTRY = Registry.load()
SOURCE = demo_source("pos")  # Europe/Berlin, EUR

ARTS = "http://www.nrf-arts.org/IXRetail/namespace/"
WEIGHED = 'acs:weightItem="true"'
NEGATIVE = "acs:NegativeItem"
VOID = 'VoidFlag="true"'
GTIN = '<POSIdentity POSIDType="GTIN"><POSItemID>{}</POSItemID></POSIdentity>'
KEY = {"RetailStoreID": "417", "WorkstationID": "3", "SequenceNumber": "9", "BusinessDayDate": "2026-03-14"}


def elements(children: dict[str, str]) -> str:
    return "".join(f"<{name}>{value}</{name}>" for name, value in children.items())


def file(*transactions: str) -> bytes:
    return f'<POSLog xmlns="{ARTS}" xmlns:acs="urn:acs">{"".join(transactions)}</POSLog>'.encode()


def transaction(retail: str = "", attributes: str = "", **members: str) -> str:
    """One sale of the lines in `retail`; `members` replace those of the head, an empty one leaves it out."""
    head = KEY | {"EndDateTime": "2026-03-14T09:00:00", "CurrencyCode": "EUR"} | members
    body = elements({name: value for name, value in head.items() if value})
    return f"<Transaction {attributes}>{body}<RetailTransaction>{retail}</RetailTransaction></Transaction>"


def line(number: int, kind: str = "Sale", attributes: str = "", more: str = "", **members: str) -> str:
    """One line of merchandise: a piece for 5.00 unless `members` say otherwise."""
    item_type = members.pop("ItemType", "Stock")
    figures = {"ItemID": "100", "RegularSalesUnitPrice": "5.00", "ExtendedAmount": "5.00", "Quantity": "1"}
    sale = elements({name: value for name, value in (figures | members).items() if value})
    return (
        f'<LineItem {attributes}><SequenceNumber>{number}</SequenceNumber><{kind} ItemType="{item_type}">'
        f"{sale}{more}</{kind}></LineItem>"
    )


def reward(number: int, sequence: str, amount: str, category: str = "Monetary") -> str:
    members = {
        "PromotionID": "881",
        "acs:RewardCategory": category,
        "acs:ExtendedRewardAmount": amount,
        "acs:OperatorSequenceReference": sequence,
    }
    return (
        f"<LineItem><SequenceNumber>{number}</SequenceNumber><LoyaltyReward>{elements(members)}</LoyaltyReward>"
        "</LineItem>"
    )


def decoded(body: bytes) -> Document:
    (arrival,) = ADAPTER.split(Message(body=body))
    return ADAPTER.decode(arrival)


def meant(body: bytes, source: Source = SOURCE) -> Normalised:
    """Take a file of one transaction the way that an event takes."""
    return ADAPTER.normalise(REGISTRY.validate(decoded(body)), source, RECEIVED_AT)


def says_nothing(meant: Normalised) -> bool:
    """Say whether there is neither a fact nor an exception; a number in the till's series it always has."""
    return not meant.facts and not meant.exceptions


def only_fact(body: bytes) -> Fact:
    (fact,) = meant(body).facts
    return fact


def categories(body: bytes) -> list[Category]:
    return [exception.category for exception in meant(body).exceptions]


def survives(body: bytes) -> bool:
    """Take a file all the way; return whether it was understood. Anything but an EventError escapes."""
    message = Message(body=body)
    ADAPTER.recognises(message)
    try:
        documents = [REGISTRY.validate(ADAPTER.decode(arrival)) for arrival in ADAPTER.split(message)]
        normalised = [ADAPTER.normalise(document, SOURCE, RECEIVED_AT) for document in documents]
    except EventError:
        return False
    # what we say about a document keeps our own contracts whatever the document is
    for each in normalised:
        for canonical in (*each.facts, *each.exceptions):
            REGISTRY.validate(as_document(canonical))
    return True
