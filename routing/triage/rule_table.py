"""The rules: what speaks for a root cause, how surely, and the sentence that says why.

The first rule of a category that applies wins. Confidences are editable defaults that people set, not measured
frequencies. A rule below its category's threshold still names the likeliest cause for the reviewer.
"""

import re
from collections.abc import Callable

from msgspec import Struct

from routing.triage.reading import Reading

PACK_SIZES = frozenset({6, 8, 10, 12, 16, 18, 20, 24, 30, 36, 48, 50, 60, 72, 96, 100, 144})


class Rule(Struct, frozen=True, kw_only=True):
    """`reason` may name `{expected}`, `{actual}`, `{unit}`, `{times}`, `{said}` (the source's own reason)."""

    name: str
    root_cause: str
    confidence: float
    reason: str
    applies: Callable[[Reading], bool]


def states(pattern: str) -> Callable[[Reading], bool]:
    """Say that the source's own reason has one of these words: a regular expression of whole words."""
    words = re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)
    return lambda reading: words.search(reading.stated_reason) is not None


def both(*conditions: Callable[[Reading], bool]) -> Callable[[Reading], bool]:
    """Say that all conditions hold."""
    return lambda reading: all(condition(reading) for condition in conditions)


def of_kind(kind: str) -> Callable[[Reading], bool]:
    """Say that both sides are measures of this kind."""
    return lambda reading: reading.kind == kind


def about(*kinds: str) -> Callable[[Reading], bool]:
    """Say that the exception refers to a document of each of these kinds."""
    return lambda reading: all(reading.reference_ids(kind) for kind in kinds)


def less(reading: Reading) -> bool:
    """Say that the actual side is below the expected one."""
    return reading.delta is not None and reading.delta < 0


def more(reading: Reading) -> bool:
    """Say that the actual side is above the expected one."""
    return reading.delta is not None and reading.delta > 0


def pack_apart(reading: Reading) -> bool:
    """Say that one side is an exact multiple of the other by a usual pack size."""
    return reading.times in PACK_SIZES


INVENTORY = (
    Rule(
        name="loss-stated",
        root_cause="INV.shrink",
        confidence=0.85,
        reason="the count found less, and the source's reason speaks of a loss: {said!r}",
        applies=both(
            less,
            states("theft|stolen|damaged?|damages|broken|expired|spoil(?:ed|age)|waste|lost|shrink(?:age)?"),
        ),
    ),
)
RULES: tuple[Rule, ...] = (*INVENTORY,)
