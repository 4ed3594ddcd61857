"""When a transaction was, in whichever of its members a till says so."""

import re

from adapters.pos.poslog.elements import child_text, text
from adapters.xml import Tree

# the nearest to the end first: POSLog 2 demands EndDateTime, POSLog 6 makes all of them optional
_MEMBERS = ("EndDateTime", "ReceiptDateTime", "BeginDateTime", "POSLogDateTime")
_MESSAGE = "Message"  # POSLog 6, POSLogDateTime@TypeCode: when the file was written
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(T.*|Z|[+-][0-9]{2}:[0-9]{2})?")


def moment(transaction: Tree) -> tuple[str, str]:
    """Return the pointer and the text of the transaction's time, of several the last; empty where none is."""
    retail = transaction.get("RetailTransaction")
    for place, node in (("", transaction), ("/RetailTransaction", retail)):
        for name in _MEMBERS:
            written = _last(node.get(name)) if isinstance(node, dict) else ""
            if written:
                return f"{place}/{name}", written
    return "", ""


def day(written: str) -> str:
    """Return the day of an ISO 8601 date or time as it stands there, without its zone; empty for others."""
    found = _DAY.fullmatch(written.strip())
    return found[1] if found else ""


def _last(node: object) -> str:
    several = node if isinstance(node, list) else [node]
    of_sale = [each for each in several if child_text(each, "@TypeCode") != _MESSAGE]
    return text((of_sale or several)[-1]) if several else ""
