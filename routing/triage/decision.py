"""What triage is to the router: exceptions in, one decision each out, and never a failure."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Protocol

from msgspec import Meta, Struct

from contracts.canonical import Category
from routing.items import FoundException, TriageDecision
from routing.triage.model_settings import ModelSettings

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
    one that the taxonomy's amounts are read in; empty is the taxonomy's own. These are the rules'
    thresholds: a model brings its own.
    """

    default_threshold: float = 0.60
    thresholds: Mapping[str, float] = {}
    currency: Annotated[str, Meta(pattern="^([A-Z]{3})?$")] = ""
    model: ModelSettings = ModelSettings()

    def __post_init__(self) -> None:
        """Raises: ValueError for an unknown category, or a threshold outside 0..1."""
        for name in self.thresholds:
            if name not in {category.value for category in Category}:
                raise ValueError(f"thresholds: unknown category {name!r}")
        for name, threshold in (("default_threshold", self.default_threshold), *self.thresholds.items()):
            if not 0.0 <= threshold <= 1.0:
                raise ValueError(f"{name}: {threshold:g} is outside 0..1")

    def threshold(self, category: Category) -> float:
        """Return the threshold of a category."""
        return self.thresholds.get(category.value, self.default_threshold)


def is_fault(decision: TriageDecision) -> bool:
    """Say whether this decision stands for a failure of triage itself."""
    return any(reason.startswith(f"{FAULT}:") for reason in decision.review_reasons)
