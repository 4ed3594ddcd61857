"""When the activity of a line was over."""

from adapters.reading import Reading

_DAY_CHARACTERS = 10  # what may follow a day is its zone


def occurred_at(reading: Reading, at: str) -> str:
    """Return the end of the line's period, or of the report's; where that is yet to come, the time of issue.

    Raises: Unmapped for what is neither a day nor a time.
    """
    issued = reading.name("/IssueDate")[:_DAY_CHARACTERS]
    for period in (f"{at}/ActivityPeriod", "/ActivityPeriod"):
        end = (reading.text(f"{period}/EndDate") or "")[:_DAY_CHARACTERS]
        if end and end <= issued:
            return reading.moment(f"{period}/EndDate", f"{period}/EndTime") or reading.received_at
    return reading.moment("/IssueDate", "/IssueTime") or reading.received_at
