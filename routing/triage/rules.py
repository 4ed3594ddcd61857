"""Triage by rules: the first that applies decides; where none does, the likeliest cause goes to review."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from contracts.canonical import Category, Money
from routing.items import FoundException, TriageDecision
from routing.triage.decision import FAULT, TriageSettings
from routing.triage.policy import Value
from routing.triage.reading import Reading
from routing.triage.review import ReviewRules, missing_sources
from routing.triage.rule_table import RULES, Rule
from routing.triage.severity import Assessment, assess
from routing.triage.taxonomy import CategoryEntry, Leaf, Taxonomy

RULES_VERSION = "1.0.0"
DECIDED_BY = f"rules@{RULES_VERSION}"
ALTERNATIVES_LIMIT = 3


class Opinion(Struct, frozen=True, kw_only=True, gc=False):
    """What the rules make of one exception.

    `leaf` is that of the first rule that applies, else the category's likeliest. It `is_strong` where a rule
    applies that may decide by itself. `absent` are the missing inputs of the category's `human_if_missing`.
    """

    reading: Reading
    entry: CategoryEntry
    assessment: Assessment
    rule: Rule | None
    leaf: Leaf
    confidence: float
    is_strong: bool
    absent: tuple[str, ...]


class RuleTriage:
    """Fills `Triage`. Needs no model, no clock and no I/O."""

    def __init__(
        self, taxonomy: Taxonomy, settings: TriageSettings | None = None, rules: Sequence[Rule] = RULES
    ) -> None:
        """Raises: ValueError for a rule whose root cause the taxonomy lacks."""
        self._taxonomy = taxonomy
        settings = settings or TriageSettings()
        self._thresholds = {category: settings.threshold(category) for category in Category}
        self._currency = settings.currency
        self._review = ReviewRules(taxonomy)
        self._others = {leaf.id: _others(taxonomy, leaf) for leaf in taxonomy.leaves.values()}
        self._rules: dict[Category, list[Rule]] = {category: [] for category in Category}
        for rule in rules:
            leaf = taxonomy.leaves.get(rule.root_cause)
            if leaf is None:
                raise ValueError(f"rule {rule.name!r}: unknown root cause {rule.root_cause!r}")
            self._rules[leaf.category].append(rule)

    def decide(self, exceptions: Sequence[FoundException]) -> list[TriageDecision]:
        """Return one decision for each exception, in their order. Never raises."""
        return [self._decide_safely(found) for found in exceptions]

    def _decide_safely(self, found: FoundException) -> TriageDecision:
        try:
            return self._decide(found)
        except Exception as error:  # noqa: BLE001 - triage never fails: a person decides, and the loop counts it
            return self.fault(found, error)

    def _decide(self, found: FoundException) -> TriageDecision:
        opinion = self.opine(found)
        return self.decide_on(opinion, self.review(opinion))

    def opine(self, found: FoundException) -> Opinion:
        """Return what the rules think of an exception, before anybody decides."""
        reading = Reading(found)
        category = found.exception.category
        entry = self._taxonomy.categories[category]
        rule = self._first(category, reading)
        confidence = rule.confidence if rule else entry.likeliest.prior
        return Opinion(
            reading=reading,
            entry=entry,
            assessment=assess(self._taxonomy, category, reading, self._currency),
            rule=rule,
            leaf=self._taxonomy.leaves[rule.root_cause] if rule else entry.likeliest,
            confidence=confidence,
            is_strong=rule is not None and confidence >= self._thresholds[category],
            absent=missing_sources(entry, reading),
        )

    def _first(self, category: Category, reading: Reading) -> Rule | None:
        for rule in self._rules[category]:
            if rule.applies(reading):
                return rule
        return None

    def review(self, opinion: Opinion, more: Mapping[str, Value] | None = None) -> tuple[str, ...]:
        """Return why a person must look before the rules' answer holds; `more` are facts that rules don't
        know.
        """
        facts = {
            **opinion.assessment.facts,
            "category": opinion.entry.code,
            "root": opinion.leaf.id,
            "level_p": opinion.confidence,
            "level_threshold": self._thresholds[opinion.entry.category],
            "missing_sources": len(opinion.absent),
            **(more or {}),
        }
        return self._review.reasons(facts, opinion.absent)

    def decide_on(
        self,
        opinion: Opinion,
        review_reasons: tuple[str, ...],
        because: str = "",
        record: Mapping[str, Any] | None = None,
    ) -> TriageDecision:
        """Return the rules' decision; `because` says why it was not a model's, `record` are further
        members.
        """
        leaf, assessment = opinion.leaf, opinion.assessment
        return TriageDecision(
            category=opinion.entry.category,
            root_cause=leaf.id,
            confidence=opinion.confidence,
            level=leaf.level,
            team=leaf.team,
            severity=assessment.severity,
            priority=assessment.severity.lower(),
            review=bool(review_reasons),
            review_reasons=review_reasons,
            reasons=(_reason(opinion.rule, leaf, opinion.reading), *assessment.remarks),
            alternatives=_alternatives(self._others[leaf.id], leaf, opinion.confidence),
            exposure=assessment.exposure,
            missing=assessment.missing,
            decided_by=DECIDED_BY,
            decided_because=because,
            taxonomy=self._taxonomy.identity,
            **(record or {}),
        )

    def fault(self, found: FoundException, error: Exception) -> TriageDecision:
        """Return a decision that stands on nothing but the category: triage itself went wrong."""
        category = found.exception.category
        leaf = self._taxonomy.categories[category].likeliest
        severity = self._taxonomy.severity[-1].severity
        money: Money | None = found.exception.money_at_risk
        return TriageDecision(
            category=category,
            root_cause=leaf.id,
            confidence=0.0,
            level=leaf.level,
            team=leaf.team,
            severity=severity,
            priority=severity.lower(),
            review=True,
            review_reasons=(f"{FAULT}: {type(error).__name__}",),
            exposure=money,
            missing=("severity",),
            decided_by=DECIDED_BY,
            taxonomy=self._taxonomy.identity,
        )


def _reason(rule: Rule | None, leaf: Leaf, reading: Reading) -> str:
    if rule is None:
        return f"no rule applies; the likeliest cause of its category, before any evidence: {leaf.definition}"
    exception = reading.exception
    return rule.reason.format(
        expected=exception.expected.value[:80],
        actual=exception.actual.value[:80],
        unit=exception.actual.unit or "",
        times=reading.times,
        said=reading.stated_reason[:80],
    )


def _others(taxonomy: Taxonomy, chosen: Leaf) -> tuple[Leaf, ...]:
    """Return the likeliest other leaves of the category, the likeliest first."""
    leaves = taxonomy.categories[chosen.category].leaves
    others = sorted((leaf for leaf in leaves if leaf is not chosen), key=lambda leaf: -leaf.prior)
    return tuple(others[:ALTERNATIVES_LIMIT])


def _alternatives(others: tuple[Leaf, ...], chosen: Leaf, confidence: float) -> dict[str, float]:
    """Share what `confidence` leaves over among the other leaves of the category, by their priors."""
    rest = (1.0 - confidence) / (1.0 - chosen.prior)
    return {leaf.id: round(leaf.prior * rest, 4) for leaf in others}
