"""Which transaction this is: the key of an event, and of the transactions that it links to."""

from adapters.keys import joined
from adapters.pos.poslog.elements import below, child_text, objects, says_something, text
from adapters.pos.poslog.times import day, moment
from adapters.xml import Tree
from adapters.xml_outline import local_name
from contracts.canonical import Reference
from contracts.ids import SOURCE_EVENT_ID_MAX_CHARACTERS

KEY_MEMBERS = ("RetailStoreID", "WorkstationID", "BusinessDayDate", "SequenceNumber")

# POSLog 6.0.0, TransactionLinkReasonEnumeration: links that name no sale that something came back from
_NOT_ORIGINAL = frozenset({"paidout", "receiptreprint", "resume", "retrospectiveloyalty", "suggesteditem"})
_VOIDED = "voided"
_SALES = ("Invoice", "Order", "Receipt", "Sale", "Sequence", "Ticket", "Transaction")
_FIGURES = ("Amount", "Price", "Quantity", "Tax")
_OTHERS = frozenset({"LineItem", "RetailTransaction", "Tax", "Tender"})  # their links are their own


def plain_key_members(transaction: Tree) -> Tree:
    """Return the transaction with the four members of its key as strings, where POSLog 2.1 has them.

    POSLog 6 names the store in `BusinessUnit/UnitID`, hangs attributes on the workstation, may wrap the day
    in a `Date`, and may leave it out: then it is the calendar day of the transaction's time. A member that
    is missing or repeated stays so, for the contract to name.
    """
    plain = dict(transaction)
    for name in KEY_MEMBERS:
        if isinstance(plain.get(name), dict):
            plain[name] = text(plain[name]) or child_text(plain[name], "Date")
    store = _business_unit(transaction)
    if store and not plain.get("RetailStoreID"):
        plain["RetailStoreID"] = store
    written = plain.get("BusinessDayDate") or moment(transaction)[1]
    if isinstance(written, str) and day(written):
        plain["BusinessDayDate"] = day(written)
    return plain


def transaction_key(transaction: Tree) -> str | None:
    """Return `store/workstation/business day/sequence`, or None where one of them is missing or repeated.

    The sequence number alone repeats: every workstation starts again, and so does every roll-over.
    """
    parts = [transaction.get(name) for name in KEY_MEMBERS]
    known = [part for part in parts if isinstance(part, str) and part]
    return joined(known) if len(known) == len(KEY_MEMBERS) else None


def links(node: Tree) -> tuple[Reference, ...]:
    """Return the transactions that `node` names in its TransactionLink elements."""
    return tuple(link for link, _ in _links(node))


def names_original(node: Tree) -> bool:
    """Say whether `node` names the transaction that something was sold in: by a link, or by `Original…`."""
    return any(reason.lower() not in _NOT_ORIGINAL for _, reason in _links(node)) or any(
        _is_original(name) and says_something(child) for name, child in node.items()
    )


def voids_another(node: Tree) -> bool:
    """Say whether `node` names a transaction that it takes back."""
    return any(reason.lower() == _VOIDED for _, reason in _links(node))


def _is_original(name: str) -> bool:
    """Say whether a member's name speaks of the original sale, and not of a figure of it."""
    of_sale = name.startswith(("Original", "@Original")) and any(word in name for word in _SALES)
    return of_sale and not any(word in name for word in _FIGURES)


def _links(node: Tree) -> list[tuple[Reference, str]]:
    found = []
    for element in below(node, "TransactionLink", _OTHERS):
        key = _linked_key(element)
        if 0 < len(key) <= SOURCE_EVENT_ID_MAX_CHARACTERS:
            line = child_text(element, "LineItemSequenceNumber") or None
            reason = child_text(element, "@ReasonCode", "ReasonCode")
            found.append((Reference(kind="transaction", id=key, line=line), local_name(reason)))
    return found


def _linked_key(link: Tree) -> str:
    """Return the key of the linked transaction; empty where the link has no number, as tills leave it."""
    plain = plain_key_members(link)
    if not child_text(plain, "SequenceNumber").strip("0"):
        return child_text(link, "TransactionID", "ReceiptNumber")
    return joined([known for name in KEY_MEMBERS if (known := child_text(plain, name))])


def _business_unit(node: Tree) -> str:
    """Return the first store among the business units; a unit without a type is a store."""
    for _, unit in objects(node, "BusinessUnit"):
        for candidate in (unit.get("UnitID"), unit):
            kind = child_text(candidate, "@TypeCode")
            if text(candidate) and kind in {"", "RetailStore"}:
                return text(candidate)
    return text(node.get("BusinessUnit"))
