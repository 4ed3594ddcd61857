"""What rules can see of one exception: both sides as numbers, its references, and words of its evidence."""

from decimal import Decimal, InvalidOperation
from functools import lru_cache

from contracts.canonical import Measure
from routing.items import FoundException

TIMES_LIMIT = 1_000
REASON_MEMBERS = frozenset({"disposition", "note", "reason", "source", "status_text"})


class Reading:
    """One exception, read once.

    A side that is no number (a status, a time) is None, and then so is `delta`, actual minus expected.
    `stated_reason` is what the source itself gave as the reason, as it wrote it, or nothing: that is the
    evidence under one of `REASON_MEMBERS`, and the actual side where it is a status.
    """

    def __init__(self, found: FoundException) -> None:
        exception = found.exception
        self.exception = exception
        self.kind = exception.expected.kind
        self.expected = _number(exception.expected)
        self.actual = _number(exception.actual)
        self.delta = None if self.expected is None or self.actual is None else self.actual - self.expected
        self._evidence = [(_member(one.pointer), one.value) for one in exception.evidence]
        stated = [value for member, value in self._evidence if member in REASON_MEMBERS]
        if self.kind == "status":
            stated.append(exception.actual.value)
        self.stated_reason = ", ".join(stated)

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

    def evidence(self, member: str) -> str:
        """Return the first evidence under a member of this name, in any case; empty where there is none."""
        wanted = member.lower()
        return next((value for name, value in self._evidence if name == wanted), "")

    def evidence_number(self, member: str) -> Decimal | None:
        """Return the same as a number, None where it is none."""
        return _decimal(self.evidence(member))


@lru_cache(maxsize=4096)  # adapters write few different pointers
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
