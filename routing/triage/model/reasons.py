"""Reason codes as sentences: one template with feature, value, unit and norm; nothing is ever composed
freely.
"""

import math
from collections.abc import Callable, Mapping

from contracts.canonical import Category
from routing.triage.feature_table import FEATURES, NAMES, Feature
from routing.triage.model.manifest import CategoryReference, FeatureReference

REASONS_LIMIT = 3
LEAST_WEIGHT = 0.05  # of the logarithm of the probability: below it a feature said nothing worth a line


def _signed(value: float) -> float:
    return math.copysign(math.expm1(abs(value)), value)


_INVERSE: Mapping[str, Callable[[float], float]] = {
    "log": math.exp,
    "log1p": math.expm1,
    "slog": _signed,
}
OVERFLOW = 80.0  # exp of more is no number that a sentence can hold


def natural(feature: Feature, value: float) -> float:
    """Return a feature's value in its unit, from what the model sees of it."""
    inverse = _INVERSE.get(feature.transform)
    return inverse(min(max(value, -OVERFLOW), OVERFLOW)) if inverse else value


class ReasonTemplates:
    """Makes sentences; the norms of a category are the medians of the model's reference rows."""

    def __init__(self, reference: Mapping[str, CategoryReference]) -> None:
        self._norms = {
            category: [_norm(reference.get(category.value), name) for name in NAMES] for category in Category
        }

    def sentence(self, category: Category, place: int, value: float) -> str:
        """Return the sentence for the feature at `place` of the contract."""
        feature, norm = FEATURES[place], self._norms[category][place]
        if feature.transform == "flag":
            said = "yes" if value >= 0.5 else "no"
            usual = "" if norm is None else f" (usually {'yes' if norm >= 0.5 else 'no'})"
            return f"{feature.name}: {feature.meaning}: {said}{usual}"
        usual = "" if norm is None else f" (usually {natural(feature, norm):.4g})"
        return f"{feature.name}: {feature.meaning}: {natural(feature, value):.4g} {feature.unit}{usual}"


def _norm(reference: CategoryReference | None, name: str) -> float | None:
    known: FeatureReference | None = reference.features.get(name) if reference else None
    return known.edges[len(known.edges) // 2] if known and known.edges else None
