"""Times as X++ serialises them: `/Date(1672408275000)/`, milliseconds since 1970 in UTC."""

from datetime import date

from adapters.values import odata_time

_NO_DATE = "1900-01-01"  # X++ has no null: an empty date is the first that it knows


def moment(text: str | None) -> str | None:
    """Return RFC 3339 for a time in either form, the text itself for any other; None where there is none."""
    if text is None or text.startswith(_NO_DATE):
        return None
    try:
        found = odata_time(text)
    except OverflowError:
        return text
    if found is None:
        return text
    written = found.isoformat(timespec="seconds")
    return None if written.startswith(_NO_DATE) else written


def day(text: str | None) -> str | None:
    """Return the day of a date, such as `2026-11-20`: a date has no zone, and is written as its midnight.

    What is no day of the calendar is none.
    """
    try:
        return date.fromisoformat((moment(text) or "")[:10]).isoformat()
    except ValueError:
        return None
