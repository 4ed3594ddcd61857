"""What of a POSLog must not travel: people, cards and accounts. What is left may go to `extensions`."""

import re
from typing import Any

from adapters.personal_members import PersonalMembers

# parts of the names of elements and attributes, in lower case: dialects name people in too many ways for a
# list of whole names
_WORDS = (
    "account", "agerestriction", "associate", "authoris", "authoriz", "card", "crmcustom", "customer",
    "gender", "household", "loyaltyid", "member", "percentageofitem", "performance", "prescri",
    "properties", "property", "receiptdata", "receiptimage", "referencenumber", "seller", "serial",
    "shipment", "supervisor", "trailer",
)  # fmt: skip
# a tender may hold a card, a cheque, a voucher or an account: only what is sure to be none of them stays
_TENDERS = frozenset({"Tender", "TenderChange"})
_TENDER_MEMBERS = frozenset({"@TenderType", "@TypeCode", "@TenderDescription", "Amount", "Cashback"})

PERSONAL = PersonalMembers(name_pattern=re.compile("|".join(_WORDS), re.IGNORECASE))


def without_tender_details(node: Any) -> Any:
    """Return a copy of `node` in which tenders have only what is sure to be nobody's, places unchanged."""
    if isinstance(node, list):
        return [without_tender_details(child) for child in node]
    if not isinstance(node, dict):
        return node
    return {
        name: _tender(child) if name in _TENDERS else without_tender_details(child)
        for name, child in node.items()
    }


def _tender(node: Any) -> Any:
    if isinstance(node, list):
        return [_tender(child) for child in node]
    if not isinstance(node, dict):
        return {}
    return {name: child for name, child in node.items() if name in _TENDER_MEMBERS}
