"""What an EPC or a class of EPCs identifies: the trade item, where it has one.

GS1 EPC Tag Data Standard 2.0, section 6 (URNs) and GS1 Digital Link: URI Syntax (Web URIs).
"""

import re
from functools import lru_cache

from contracts.canonical import Item
from contracts.limits import KEY_MAX_CHARACTERS

ITEM_ID_MAX_CHARACTERS = KEY_MAX_CHARACTERS
GTIN_DIGITS = 14

# all take any character to the end of the text: one that `.` leaves out would send the search back, each time
# <company prefix>.<indicator and item reference>, then a serial number, a lot or a `*`
_TRADE_ITEM_URN = re.compile(
    r"urn:epc:(?:id|class|idpat):(?:sgtin|lgtin|upui|itip):([0-9]+)\.([0-9]+)\b.*", re.DOTALL
)
_LOT_URN = re.compile(r"urn:epc:class:lgtin:[0-9]+\.[0-9]+\.(.+)", re.DOTALL)
_TRADE_ITEM_LINK = re.compile(r"https?://[^?#]*?/(?:01|gtin)/([0-9]{8}|[0-9]{12,14})(?:[/?#].*)?", re.DOTALL)
_LOT_LINK = re.compile(r"https?://[^?#]*/(?:10|lot)/([^/?#]+).*", re.DOTALL)
# a service relation number names a person: a patient, a customer, an employee
_PERSON = re.compile(
    r"urn:epc:(?:id|idpat):gsrnp?:.*|https?://[^?#]*/(?:801[78]|gsrnp?)/[0-9]{18}.*", re.DOTALL
)
# what is no goods: persons, returnable and other assets, documents, places and parties, coupons
_NO_GOODS = re.compile(
    r"urn:epc:(?:id|idpat):(?:gsrnp?|grai|giai|gdti|sgln|pgln|s?gcn|adi):.*"
    r"|https?://[^?#]*/(?:801[78]|800[34]|253|41[47]|255|gsrnp?|grai|giai|gdti|gln|partyGln|gcn)/[^/?#]+.*",
    re.DOTALL,
)


def is_goods(uri: str) -> bool:
    """Say whether an identifier may be that of goods: a trade item, a logistic unit, or a strange one."""
    return _TRADE_ITEM_LINK.fullmatch(uri) is not None or _NO_GOODS.fullmatch(uri) is None


def is_person(uri: str) -> bool:
    """Say whether an identifier is a person's."""
    return _PERSON.fullmatch(uri) is not None


def item_of(uri: str) -> Item:
    """Return the trade item that `uri` is an instance or a class of, else what it names itself."""
    return _remembered_item(uri) if len(uri) <= ITEM_ID_MAX_CHARACTERS else _item(uri)


def gtin(uri: str) -> str | None:
    """Return the GTIN in 14 digits, or None where `uri` names no trade item."""
    if link := _TRADE_ITEM_LINK.fullmatch(uri):
        return link.group(1).zfill(GTIN_DIGITS)
    urn = _TRADE_ITEM_URN.fullmatch(uri)
    if urn is None:
        return None
    company, item = urn.groups()
    digits = item[0] + company + item[1:]  # the indicator comes first
    return digits + _check_digit(digits) if len(digits) == GTIN_DIGITS - 1 else None


def lot(uri: str) -> str | None:
    """Return the lot of a class of EPCs, or None where it is not of one lot."""
    found = _LOT_URN.fullmatch(uri) or _LOT_LINK.fullmatch(uri)
    return found.group(1) if found else None


def _item(uri: str) -> Item:
    found = gtin(uri)
    return Item(id=found, gtin=found) if found else Item(id=uri[:ITEM_ID_MAX_CHARACTERS])


# an event names a thousand instances of few classes, and comes again with the next event
_remembered_item = lru_cache(maxsize=4096)(_item)


def _check_digit(digits: str) -> str:
    """GS1 General Specifications, section 7.9: weights of 3 and 1 in turns from the right."""
    total = sum(int(digit) * (1 if index % 2 else 3) for index, digit in enumerate(reversed(digits)))
    return str(-total % 10)
