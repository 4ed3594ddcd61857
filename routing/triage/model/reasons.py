"""Reason codes as sentences: one template with feature, value, unit and norm; nothing is ever composed
freely.
"""

import math
from collections.abc import Callable, Mapping

from msgspec import Struct

from contracts.canonical import Category
from routing.triage.feature_table import FEATURES, Feature
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


class _Template(Struct, frozen=True, kw_only=True):
    """A sentence with its variable place; a flag has none, but two sentences."""

    before: str
    after: str
    yes: str = ""
    no: str = ""


class ReasonTemplates:
    """Makes sentences; the norms of a category are the medians of the model's reference rows."""

    def __init__(self, reference: Mapping[str, CategoryReference]) -> None:
        self._templates = {category: _templates(reference.get(category.value)) for category in Category}

    def sentence(self, category: Category, place: int, value: float) -> str:
        """Return the sentence for the feature at `place` of the contract (hot path)."""
        template = self._templates[category][place]
        if template.yes:
            return template.yes if value >= 0.5 else template.no
        return f"{template.before}{natural(FEATURES[place], value):.4g}{template.after}"


def _templates(reference: CategoryReference | None) -> list[_Template]:
    return [_template(feature, _norm(reference, feature.name)) for feature in FEATURES]


def _template(feature: Feature, norm: float | None) -> _Template:
    before = f"{feature.name}: {feature.meaning}: "
    if feature.transform == "flag":
        usual = "" if norm is None else f" (usually {'yes' if norm >= 0.5 else 'no'})"
        return _Template(before="", after="", yes=f"{before}yes{usual}", no=f"{before}no{usual}")
    usual = "" if norm is None else f" (usually {natural(feature, norm):.4g})"
    return _Template(before=before, after=f" {feature.unit}{usual}")


def _norm(reference: CategoryReference | None, name: str) -> float | None:
    known: FeatureReference | None = reference.features.get(name) if reference else None
    return known.edges[len(known.edges) // 2] if known and known.edges else None
