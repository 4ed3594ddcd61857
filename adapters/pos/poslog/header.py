"""What is said once for a whole transaction: when and where it was, in which money, and who took part."""

from msgspec import Struct

from adapters.pos.poslog.elements import child_text, flag, objects, text
from adapters.pos.poslog.identity import links, names_original, transaction_key
from adapters.values import local_time, pseudonym
from adapters.xml import Tree, local_name
from contracts.canonical import Place, Reference
from contracts.documents import Source
from contracts.errors import Unmapped

_NO_CURRENCY = "XXX"  # ISO 4217

_NOT_DONE_FLAGS = (
    "TrainingModeFlag", "CancelFlag", "CancelledFlag", "VoidFlag", "VoidedFlag", "SuspendFlag",
    "SuspendedFlag",
)  # fmt: skip
# POSLog 6.0.0, TransactionStatusEnumeration: those in which nothing was sold, or not yet
_NOT_DONE = frozenset({
    "canceled", "cancelled", "failed", "incomplete", "inprocess", "postvoided", "projection", "subtotal",
    "suspended", "suspendeddeleted", "suspendedretrieved", "transactionvoided", "voided",
})  # fmt: skip


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
    """Say whether goods and money changed hands: no training, and neither voided, cancelled nor suspended."""
    if any(flag(node, name) for node in (transaction, retail) for name in _NOT_DONE_FLAGS):
        return False
    return local_name(child_text(retail, "@TransactionStatus")).lower() not in _NOT_DONE


def read_header(transaction: Tree, retail: Tree, source: Source) -> Header:
    """Read the header of a transaction and of its RetailTransaction.

    Raises: Unmapped where a part of the key is missing, or the time is none.
    """
    key = transaction_key(transaction)
    if key is None:
        raise Unmapped("/: store, workstation, business day or sequence number is missing")
    assumed: dict[str, str] = {}
    return Header(
        key=key,
        occurred_at=local_time(child_text(transaction, "EndDateTime"), source, "/EndDateTime", assumed),
        place=Place(kind="store", id=child_text(transaction, "RetailStoreID")),
        business_day=child_text(transaction, "BusinessDayDate") or None,
        currency=_currency(transaction, retail, source, assumed),
        actor=_hashed(child_text(transaction, "OperatorID"), source),
        customer=_hashed(_customer(retail), source),
        references=links(retail) + links(transaction),
        has_original=names_original(retail) or names_original(transaction),
        assumed=assumed,
    )


def _currency(transaction: Tree, retail: Tree, source: Source, assumed: dict[str, str]) -> str:
    said = [child_text(transaction, "CurrencyCode")]
    said += [child_text(total, "@CurrencyCode") for _, total in objects(retail, "Total")]
    for code in said:
        if len(code) == 3 and code.isascii() and code.isupper() and code != _NO_CURRENCY:
            return code
    assumed["currency"] = source.currency
    return source.currency


def _customer(retail: Tree) -> str:
    """Return the first loyalty number that is one; all zeros stand for nobody."""
    for _, element in objects(retail, "LineItem"):
        for _, membership in objects(element, "LoyaltyMembership"):
            for name in ("LoyaltyID", "MembershipID"):
                if text(membership.get(name)).strip("0"):
                    return text(membership.get(name))
    return next((child_text(customer, "CustomerID") for _, customer in objects(retail, "Customer")), "")


def _hashed(personal: str, source: Source) -> str | None:
    return pseudonym(personal, source) if personal.strip("0") else None
