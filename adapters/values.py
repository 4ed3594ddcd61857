"""Values that every vendor writes in its own way: decimals, local times, personal data."""

import hashlib
import hmac
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from adapters.personal import looks_personal, sounds_personal
from contracts.canonical import Assumption, Money, Quantity
from contracts.documents import Source
from contracts.errors import Unmapped
from contracts.limits import (
    DECIMALS_LIMIT,
    EXTENSION_MAX_CHARACTERS,
    EXTENSIONS_LIMIT,
    POINTER_MAX_CHARACTERS,
)
from contracts.places import escaped

GTIN_LENGTHS = frozenset({8, 12, 13, 14})
RESTRICTED_LENGTHS = frozenset({12, 13})  # without the zero before 2
RATIO_PLACES = Decimal("0.000001")

# OData 2.0 in JSON: milliseconds since 1970 in UTC; an offset in minutes tells how to show it, not when it is
_ODATA_TIME = re.compile(r"/Date\((-?[0-9]{1,15})(?:[+-][0-9]{1,4})?\)/")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def as_text(value: Any) -> str | None:
    """Return a text without surrounding blanks, or a whole number in digits; None for anything else.

    Of an XML element with attributes it is the element's own text.
    """
    if isinstance(value, dict):
        value = value.get("#text")
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None


def decimal(text: str, where: str) -> Decimal:
    """Return a vendor's number. Takes a trailing minus (SAP) and surrounding blanks.

    Raises: Unmapped, naming `where` (a JSON Pointer), for what is not a finite decimal number.
    """
    plain = text.strip()
    if plain.endswith("-"):
        plain = "-" + plain[:-1].strip()
    try:
        number = Decimal(plain)
    except InvalidOperation:
        raise Unmapped(f"{where}: {text[:40]!r} is not a number") from None
    if not number.is_finite() or abs(number.adjusted()) > 30:
        raise Unmapped(f"{where}: {text[:40]!r} is not a usable number")
    return number


def plain(number: Decimal) -> str:
    """Write a decimal without an exponent and without trailing zeros after the point: `-1.5`, `300`, `0`.

    After the point it has 31 digits at most, as the canonical contracts say.
    """
    text = format(number, "f")
    if "." in text:
        text = text[: text.index(".") + 1 + DECIMALS_LIMIT].rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def quantity(number: Decimal, unit: str) -> Quantity:
    """Return a quantity in the source's own unit."""
    return Quantity(value=plain(number), unit=unit)


def money(number: Decimal, currency: str) -> Money:
    """Return an amount in major units with at least two decimals."""
    text = plain(number)
    whole, _, fraction = text.partition(".")
    return Money(amount=f"{whole}.{fraction.ljust(2, '0')}", currency=currency)


def is_currency(text: str) -> bool:
    """Say whether a text looks like an ISO 4217 code."""
    return len(text) == 3 and text.isascii() and text.isalpha() and text.isupper()


def ratio(whole: Decimal, parts: Decimal) -> Decimal | None:
    """Return one part to six decimals, or None where there are none to divide by."""
    try:
        return (whole / parts).quantize(RATIO_PLACES) if parts > 0 else None
    except InvalidOperation:  # more digits than a price or a quantity has
        return None


def gtin(text: str) -> str | None:
    """Return a GTIN-8, -12, -13 or -14, or None for what isn't as long as one."""
    return text if text.isascii() and text.isdecimal() and len(text) in GTIN_LENGTHS else None


def is_restricted(code: str) -> bool:
    """Say whether a bar code, padded with zeros or not, is one that a store makes itself.

    GS1 General Specifications: numbers that start with 02 or 20 to 29 are for restricted circulation, and
    stores use them for what is weighed and labelled.
    """
    digits = code.lstrip("0")
    return code.isdecimal() and digits.startswith("2") and len(digits) in RESTRICTED_LENGTHS


def local_time(text: str, source: Source, where: str, assumed: dict[str, str]) -> str:
    """Return RFC 3339 with an offset for an ISO 8601 time; one without a zone is the source's own local time.

    OData 2.0's own way, `/Date(1764063000000)/`, is in UTC. Records `time_zone` in `assumed` when it
    had to use it. A time that the clocks skipped or repeated is read with the offset before the change.

    Raises: Unmapped, naming `where`, for what is not a time.
    """
    try:
        moment = odata_time(text.strip()) or datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError):
        raise Unmapped(f"{where}: {text[:40]!r} is not a time") from None
    if moment.tzinfo is None:
        assumed["time_zone"] = source.time_zone
        moment = moment.replace(tzinfo=zone(source.time_zone, where))
    try:
        offset, rfc3339 = moment.utcoffset(), moment.isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        raise Unmapped(f"{where}: {text[:40]!r} is outside the calendar") from None
    if offset is None or offset.seconds % 60:
        # before about 1900 zones are local mean time, whose offset RFC 3339 can't write
        raise Unmapped(f"{where}: {text[:40]!r} has no offset in whole minutes")
    return rfc3339


def odata_time(text: str) -> datetime | None:
    """Return the time that OData 2.0 writes as `/Date(1764063000000)/`, None for any other text.

    Raises: OverflowError for one outside the calendar.
    """
    match = _ODATA_TIME.fullmatch(text)
    return _EPOCH + timedelta(milliseconds=int(match[1])) if match else None


def zone(name: str, where: str) -> ZoneInfo:
    """Return the IANA zone. Raises: Unmapped for a name that the zone database doesn't hold."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise Unmapped(f"{where}: {name!r} is not a time zone") from None


def assumptions(assumed: dict[str, str]) -> tuple[Assumption, ...]:
    """Return what was assumed, in the order of the names."""
    return tuple(Assumption(name=name, value=value) for name, value in sorted(assumed.items()))


def pseudonym(text: str, source: Source) -> str:
    """Return the HMAC-SHA256 of personal data as `<key id>:<32 hex digits>`. It is equal for equal text."""
    digest = hmac.new(source.hash_key, text.strip().encode("utf-8", "replace"), hashlib.sha256)
    return f"{source.hash_key_id}:{digest.hexdigest()[:32]}"


def extensions(tree: Any, mapped: frozenset[str], personal: frozenset[str]) -> dict[str, str]:
    """Return what the document says and we don't map: leaf text by JSON Pointer.

    `mapped` and `personal` hold names of members; a member that is one of them, or sounds personal, is left
    out with everything below it, and so is a text that looks personal. At most 200 leaves of at most 300
    characters each, and none that stands below names of more than 1,000 characters together: the whole
    document stays in XD_INTAKE.
    """
    found: dict[str, str] = {}
    for pointer, value in _leaves(tree, "", mapped | personal):
        if len(found) == EXTENSIONS_LIMIT:
            break
        text = value[:EXTENSION_MAX_CHARACTERS]
        if not looks_personal(text):
            found[pointer] = text
    return found


def _leaves(node: Any, pointer: str, left_out: frozenset[str]) -> Iterator[tuple[str, str]]:
    if len(pointer) > POINTER_MAX_CHARACTERS:
        return
    if isinstance(node, dict):
        for name, child in node.items():
            if name not in left_out and not sounds_personal(name):
                yield from _leaves(child, f"{pointer}/{escaped(name)}", left_out)
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from _leaves(child, f"{pointer}/{index}", left_out)
    elif node not in (None, ""):
        yield pointer, str(node)
