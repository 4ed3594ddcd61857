"""Times as X++ serialises them: `/Date(1672408275000)/`, milliseconds since 1970 in UTC."""

import re
from datetime import UTC, date, datetime, timedelta

_JSON_DATE = re.compile(r"/Date\((-?[0-9]{1,15})(?:[+-][0-9]{4})?\)/")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_DATE = "1900-01-01"  # X++ has no null: an empty date is the first that it knows


def moment(text: str | None) -> str | None:
    """Return RFC 3339 for a time in either form, the text itself for any other; None where there is none."""
    if text is None or text.startswith(_NO_DATE):
        return None
    match = _JSON_DATE.fullmatch(text)
    if match is None:
        return text
    try:
        written = (_EPOCH + timedelta(milliseconds=int(match[1]))).isoformat(timespec="seconds")
    except OverflowError:
        return text
    return None if written.startswith(_NO_DATE) else written


def day(text: str | None) -> str | None:
    """Return the day of a date, such as `2026-11-20`: a date has no zone, and is written as its midnight.

    What is no day of the calendar is none.
    """
    try:
        return date.fromisoformat((moment(text) or "")[:10]).isoformat()
    except ValueError:
        return None
