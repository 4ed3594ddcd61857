"""One OData error: which call failed, without the words that it failed with.

Versions 2 and 3 put the message in an object, version 4 writes it out; SAP adds details below `innererror`,
version 4 beside it. Messages quote users, addresses and what somebody typed: they are searched for the names
of objects and keys of documents, and go no further.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from adapters.erp.odata.objects import category_of, references_in
from adapters.keys import key, member
from adapters.kinds import DocumentKind
from adapters.reading import Reading
from adapters.values import as_text
from contracts.canonical import Measure, Normalised, RetailException

CONTRACT = "erp-odata-error"

_ERROR = "/error"
_INNER = f"{_ERROR}/innererror"
_DETAILS = (f"{_ERROR}/details", f"{_INNER}/errordetails", f"{_INNER}/errordetails/errordetail")
_SERVICE = f"{_INNER}/application/service_id"
_TEXTS = ("message", "message/value", "innererror/message", "innererror/internalexception/message", "target")
_TEXT_MAX_CHARACTERS = 2000
_DETAILS_LIMIT = 100
# /IWBEP/CX_MGW_BUSI_EXCEPTION, M8/082, Internal_RecordNotFound, System.InvalidOperationException: never words
_CODE = re.compile(r"[A-Za-z0-9_./:-]{1,100}")
# SAP Gateway writes UTC: 20261123063843.9919930
_STAMP = re.compile(r"([0-9]{14})(?:[.][0-9]{1,9})?")
_UNNAMED = "failed"


def business_key(tree: dict[str, Any]) -> str:
    """Return the purchase order that the error names, else its code."""
    error = tree.get("error")
    message = error.get("message") if isinstance(error, dict) else None
    text = (member(message, "value") or as_text(message) or "")[:_TEXT_MAX_CHARACTERS]
    orders = [each.id for each in references_in((text,)) if each.kind == "purchase-order"]
    return key("po", orders[0]) if orders else key("odata", member(error, "code"))


def normalise(reading: Reading) -> Normalised:
    """Map to an exception where the business object is recognised; else a call failed, and no more is known.

    The body doesn't say whether the call would have changed anything. Who sends such bodies sends those of
    calls that should have worked.
    """
    places = (_ERROR, *_detail_places(reading))
    codes = [code for place in places if (code := _code(reading, f"{place}/code"))]
    texts = tuple(_texts(reading, places))
    category = category_of(codes, texts)
    if category is None:
        return Normalised()
    occurred_at = _occurred_at(reading)
    return Normalised(
        exceptions=(
            RetailException(
                category=category,
                key="call",
                expected=Measure(kind="status", value="done"),
                actual=Measure(kind="status", value=_status(reading, codes)),
                occurred_at=occurred_at,
                detected_at=reading.received_at,
                references=references_in(texts),
                evidence=reading.evidence(*_proving(reading, places)),
                assumed=reading.assumed,
                missing=("request",),
            ),
        )
    )


def _detail_places(reading: Reading) -> tuple[str, ...]:
    found = [place for details in _DETAILS for place in reading.places(details)[:_DETAILS_LIMIT]]
    # in XML one element holds all the details: it is none itself
    return tuple(place for place in found if reading.find(f"{place}/errordetail") is None)


def _code(reading: Reading, pointer: str) -> str | None:
    text = reading.text(pointer)
    return text if text and _CODE.fullmatch(text) else None


def _texts(reading: Reading, places: tuple[str, ...]) -> Iterator[str]:
    """Yield where an object may be named: the service, the code, the targets, then the messages."""
    pointers = [_SERVICE, f"{_ERROR}/code", *(f"{place}/target" for place in places)]
    pointers += [f"{place}/{name}" for place in places for name in _TEXTS]
    for pointer in pointers:
        if text := reading.text(pointer):
            yield text[:_TEXT_MAX_CHARACTERS]


def _status(reading: Reading, codes: list[str]) -> str:
    """Return the error's code, and the first other one among its details, often the only telling one."""
    kind = _code(reading, f"{_INNER}/type")
    distinct = list(dict.fromkeys(codes)) or ([kind] if kind else [])
    return " ".join(distinct[:2]) or _UNNAMED


def _proving(reading: Reading, places: tuple[str, ...]) -> Iterator[str]:
    for place in places[:2]:
        if _code(reading, f"{place}/code"):
            yield f"{place}/code"
    for pointer in (_SERVICE, f"{_INNER}/transactionid", f"{_INNER}/timestamp", f"{_INNER}/type"):
        if _code(reading, pointer):
            yield pointer


def _occurred_at(reading: Reading) -> str:
    stamp = _STAMP.fullmatch(reading.text(f"{_INNER}/timestamp") or "")
    if stamp:
        try:
            return datetime.strptime(stamp[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC).isoformat()
        except ValueError:
            pass
    reading.assume("occurred_at", "received_at")
    return reading.received_at


KIND = DocumentKind(contract=CONTRACT, business_key=business_key, normalise=normalise)
