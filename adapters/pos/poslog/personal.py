"""What of a POSLog must not travel: people, cards and accounts. What is left may go to `extensions`."""

from functools import lru_cache
from typing import Any

# parts of the names of elements and attributes, in lower case: dialects name people in too many ways for a
# list of whole names, and what is left out by chance can still be read in the original bytes
_WORDS = (
    "account", "address", "agerestriction", "associate", "authoris", "authoriz", "birth", "card", "cashier",
    "comment", "crmcustom", "customer", "email", "employee", "gender", "household", "iban", "loyaltyid",
    "member", "name", "note", "operator", "patient", "percentageofitem", "performance", "person", "phone",
    "prescri", "properties", "property", "receiptdata", "receiptimage", "referencenumber", "seller", "serial",
    "shipment", "signature", "supervisor", "trailer", "worker",
)  # fmt: skip
# a tender may hold a card, a cheque, a voucher or an account: only what is sure to be none of them stays
_TENDERS = frozenset({"Tender", "TenderChange"})
_NAME_MAX_CHARACTERS = 100  # no dialect has longer ones
_TENDER_MEMBERS = frozenset({"@TenderType", "@TypeCode", "@TenderDescription", "Amount", "Cashback"})


def without_personal(node: Any) -> Any:
    """Return a copy of `node` without personal members, places in lists unchanged."""
    if isinstance(node, list):
        return [without_personal(child) for child in node]
    if not isinstance(node, dict):
        return node
    return {
        name: _tender(child) if name in _TENDERS else without_personal(child)
        for name, child in node.items()
        if len(name) <= _NAME_MAX_CHARACTERS and not _is_personal(name)
    }


# the names are few and come again with every transaction
@lru_cache(maxsize=4096)
def _is_personal(name: str) -> bool:
    return any(word in name.lower() for word in _WORDS)


def _tender(node: Any) -> Any:
    if isinstance(node, list):
        return [_tender(child) for child in node]
    if not isinstance(node, dict):
        return {}
    return {name: without_personal(child) for name, child in node.items() if name in _TENDER_MEMBERS}
