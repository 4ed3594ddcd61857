"""What is said once for a whole transaction: when and where it was, in which money, and who took part."""

from collections.abc import Iterator

from msgspec import Struct

from adapters.pos.poslog.elements import child_text, flag, objects, text
from adapters.pos.poslog.identity import links, names_original, transaction_key, voids_another
from adapters.pos.poslog.times import moment
from adapters.reading import Reading
from adapters.values import is_currency, local_time, pseudonym
from adapters.xml import Tree
from adapters.xml_outline import local_name
from contracts.canonical import Place, Reference
from contracts.documents import Source
from contracts.errors import Unmapped

_NO_CURRENCY = "XXX"  # ISO 4217

_NOT_DONE_FLAGS = (
    "TrainingModeFlag", "CancelFlag", "CancelledFlag", "VoidFlag", "VoidedFlag", "SuspendFlag",
    "SuspendedFlag",
)  # fmt: skip
# POSLog 6.0.0, TransactionStatusEnumeration, and Xstore: those in which nothing was sold, or not yet
_NOT_DONE = frozenset({
    "canceled", "cancelled", "cancelorphaned", "failed", "incomplete", "inprocess", "postvoided",
    "projection", "subtotal", "suspended", "suspendeddeleted", "suspendedretrieved", "transactionvoided",
    "voided", "waste",
})  # fmt: skip
_POST_VOID = "POSTVOID"  # Xstore, dtv:TransactionType POST_VOID
_PRICES = ("ExtendedAmount", "ActualSalesUnitPrice", "RegularSalesUnitPrice")
_OPERATOR_IDS = ("OperatorID", "WorkerID", "EmployeeID", "AssociateID")


class Header(Struct, frozen=True, kw_only=True):
    """The transaction's own words. `assumed` is what the source's settings had to add.

    `actor` and `customer` are keyed hashes. `has_original` says that the transaction as a whole names the
    sale that its returns came from.
    """

    key: str
    occurred_at: str
    place: Place
    business_day: str | None
    currency: str
    actor: str | None
    customer: str | None
    references: tuple[Reference, ...]
    has_original: bool
    assumed: dict[str, str]


def is_done(transaction: Tree, retail: Tree) -> bool:
    """Say whether goods and money changed hands: no training, and neither voided, cancelled nor suspended.

    A post-void repeats the lines of the transaction that it takes back, and says nothing by itself either.
    """
    if any(flag(node, name) for node in (transaction, retail) for name in _NOT_DONE_FLAGS):
        return False
    kind = child_text(transaction, "@TransactionType").upper().replace("_", "")
    if kind == _POST_VOID or voids_another(transaction) or voids_another(retail):
        return False
    return local_name(child_text(retail, "@TransactionStatus", "TransactionStatus")).lower() not in _NOT_DONE


def read_header(reading: Reading, retail: Tree) -> Header:
    """Read the header of a transaction and of its RetailTransaction.

    Raises: Unmapped where a part of the key is missing, or the time is none.
    """
    transaction, source = reading.tree, reading.source
    key = transaction_key(transaction)
    if key is None:
        raise Unmapped("/: store, workstation, business day or sequence number is missing")
    assumed: dict[str, str] = {}
    return Header(
        key=key,
        occurred_at=_occurred_at(reading, assumed),
        place=Place(kind="store", id=child_text(transaction, "RetailStoreID")),
        business_day=child_text(transaction, "BusinessDayDate") or None,
        currency=_currency(transaction, retail, source, assumed),
        actor=_hashed(_operator(transaction), source),
        customer=_hashed(_customer(retail), source),
        references=links(retail) + links(transaction),
        has_original=names_original(retail) or names_original(transaction),
        assumed=assumed,
    )


def _occurred_at(reading: Reading, assumed: dict[str, str]) -> str:
    pointer, written = moment(reading.tree)
    if not written:
        assumed["occurred_at"] = "received_at"
        return reading.received_at
    return local_time(written, reading.source, pointer, assumed)


def _currency(transaction: Tree, retail: Tree, source: Source, assumed: dict[str, str]) -> str:
    """Return the transaction's currency: said once, on a total, or as POSLog 6 lets it, on each price."""
    for code in _currencies(transaction, retail):
        if is_currency(code) and code != _NO_CURRENCY:
            return code
    assumed["currency"] = source.currency
    return source.currency


def _currencies(transaction: Tree, retail: Tree) -> Iterator[str]:
    yield child_text(transaction, "CurrencyCode")
    for _, total in objects(retail, "Total"):
        yield child_text(total, "@CurrencyCode", "@Currency")
    for _, element in objects(retail, "LineItem"):
        for _, sale in objects(element, "Sale", "Return"):
            for name in _PRICES:
                yield child_text(sale.get(name), "@Currency", "@CurrencyCode")


def _operator(transaction: Tree) -> str:
    """Return who rang: an element's text, or a number in its attributes or children."""
    written = child_text(transaction, "OperatorID")
    for _, operator in objects(transaction, "OperatorID", "Operator"):
        written = written or child_text(operator, *(f"@{name}" for name in _OPERATOR_IDS), *_OPERATOR_IDS)
    return written


def _customer(retail: Tree) -> str:
    """Return the first loyalty number that is one; all zeros stand for nobody."""
    for _, element in objects(retail, "LineItem"):
        for _, membership in objects(element, "LoyaltyMembership"):
            for name in ("LoyaltyID", "MembershipID"):
                if text(membership.get(name)).strip("0"):
                    return text(membership.get(name))
    customers = objects(retail, "Customer", "LoyaltyAccount")
    return next((number for _, each in customers if (number := child_text(each, "CustomerID"))), "")


def _hashed(personal: str, source: Source) -> str | None:
    return pseudonym(personal, source) if personal.strip("0") else None
