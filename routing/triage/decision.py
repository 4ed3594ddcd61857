"""What triage is to the router: exceptions in, one decision each out, and never a failure."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from routing.items import FoundException, TriageDecision

FAULT = "fault"


class Triage(Protocol):
    """Filled by the rules, and by a model that falls back on them. Pure, deterministic, never raises."""

    def decide(self, exceptions: Sequence[FoundException]) -> list[TriageDecision]:
        """Return one decision for each exception, in their order.

        Where triage itself failed on one, its decision goes to review and `is_fault` says so.
        """
        ...


class TriageSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How sure triage must be, 0..1, before an exception goes to its owner without review.

    `thresholds` holds categories by name that differ from `default_threshold`. `currency` (ISO 4217) is the
    one that the taxonomy's amounts are read in; empty is the taxonomy's own.
    """

    default_threshold: float = 0.60
    thresholds: Mapping[str, float] = {}
    currency: str = ""


def is_fault(decision: TriageDecision) -> bool:
    """Say whether this decision stands for a failure of triage itself."""
    return any(reason.startswith(f"{FAULT}:") for reason in decision.review_reasons)
