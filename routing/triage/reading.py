"""What rules can see of one exception: both sides as numbers, its references, and words of its evidence."""

from decimal import Decimal, InvalidOperation
from functools import cached_property

from contracts.canonical import Measure
from routing.items import FoundException

TIMES_LIMIT = 1_000
REASON_MEMBERS = frozenset({"reason", "note", "status_text", "source"})


class Reading:
    """One exception, read once. A side that is no number (a status, a time) is None."""

    def __init__(self, found: FoundException) -> None:
        self.exception = found.exception
        self.kind = found.exception.expected.kind
        self.expected = _number(found.exception.expected)
        self.actual = _number(found.exception.actual)

    @cached_property
    def delta(self) -> Decimal | None:
        """Actual minus expected."""
        if self.expected is None or self.actual is None:
            return None
        return self.actual - self.expected

    @cached_property
    def times(self) -> int | None:
        """How often the smaller side goes into the larger, where both are positive and it goes exactly."""
        if self.expected is None or self.actual is None:
            return None
        smaller, larger = sorted((self.expected, self.actual))
        # the bound also keeps the remainder within the precision of decimals
        if smaller <= 0 or larger > smaller * TIMES_LIMIT or larger % smaller:
            return None
        return int(larger / smaller)

    @cached_property
    def stated_reason(self) -> str:
        """What the source itself gave as the reason, as it wrote it; empty where it gave none.

        That is the evidence under one of `REASON_MEMBERS`, and the actual side where it is a status.
        """
        stated = [one.value for one in self.exception.evidence if _member(one.pointer) in REASON_MEMBERS]
        if self.kind == "status":
            stated.append(self.exception.actual.value)
        return ", ".join(stated)

    def reference_ids(self, kind: str) -> tuple[str, ...]:
        """Return the distinct ids of the documents of this kind that the exception is about."""
        return tuple(dict.fromkeys(one.id for one in self.exception.references if one.kind == kind))

    def evidence(self, member: str) -> str:
        """Return the first evidence under a member of this name, in any case; empty where there is none."""
        wanted = member.lower()
        return next((one.value for one in self.exception.evidence if _member(one.pointer) == wanted), "")

    def evidence_number(self, member: str) -> Decimal | None:
        """Return the same as a number, None where it is none."""
        return _decimal(self.evidence(member))


def _member(pointer: str) -> str:
    return pointer.rpartition("/")[2].lower()


def _number(measure: Measure) -> Decimal | None:
    return None if measure.kind in {"time", "status"} else _decimal(measure.value)


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
