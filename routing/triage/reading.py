"""What rules can see of one exception: both sides as numbers, its references, and words of its evidence."""

from decimal import Decimal, InvalidOperation

from contracts.canonical import Measure
from routing.items import FoundException

TIMES_LIMIT = 1_000
REASON_MEMBERS = frozenset({"reason", "statxt", "status_text", "note"})


class Reading:
    """One exception, read once. Sides that are no numbers (a status, a time) are None."""

    def __init__(self, found: FoundException) -> None:
        self.found = found
        self.exception = found.exception
        self.kind = found.exception.expected.kind
        self.contract = found.contract.partition("@")[0]
        self.expected = _number(found.exception.expected)
        self.actual = _number(found.exception.actual)

    @property
    def delta(self) -> Decimal | None:
        """Actual minus expected."""
        if self.expected is None or self.actual is None:
            return None
        return self.actual - self.expected

    @property
    def times(self) -> int | None:
        """How often the smaller side goes into the larger, where both are positive and it goes exactly."""
        if self.expected is None or self.actual is None:
            return None
        smaller, larger = sorted((self.expected, self.actual))
        # the bound also keeps the remainder within the precision of decimals
        if smaller <= 0 or larger > smaller * TIMES_LIMIT or larger % smaller:
            return None
        return int(larger / smaller)

    def reference_ids(self, kind: str) -> tuple[str, ...]:
        """Return the distinct ids of the documents of this kind that the exception is about."""
        return tuple(dict.fromkeys(one.id for one in self.exception.references if one.kind == kind))

    @property
    def stated_reason(self) -> str:
        """What the source itself gave as the reason, as it wrote it; empty where it gave none.

        That is the evidence under a member of `REASON_MEMBERS`, and the actual side where it is a status.
        """
        parts = [
            one.value
            for one in self.exception.evidence
            if one.pointer.rpartition("/")[2].lower() in REASON_MEMBERS
        ]
        if self.kind == "status":
            parts.append(self.exception.actual.value)
        return " ".join(parts)


def _number(measure: Measure) -> Decimal | None:
    if measure.kind in {"time", "status"}:
        return None
    try:
        number = Decimal(measure.value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
