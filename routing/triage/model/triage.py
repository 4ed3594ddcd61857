"""Triage by model and rules: who of them may decide what, and the record of it."""

import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from contracts.canonical import Category
from routing.decision_record import FeatureRecord
from routing.items import FoundException, TriageDecision
from routing.triage.feature_table import CONTRACT
from routing.triage.model.autonomy import RECOMMENDS, ROUTES_ALONE, level
from routing.triage.model.hearing import Heard, Hearing
from routing.triage.model.observer import ModelObserver
from routing.triage.model.repeats import Repeats
from routing.triage.model.watch import ModelWatch
from routing.triage.model.work import WorkTable
from routing.triage.policy import Value
from routing.triage.routing_costs import COSTS
from routing.triage.rules import Opinion, RuleTriage
from routing.triage.taxonomy import Taxonomy
from routing.triage.taxonomy_file import Autonomy

RULES_MAY: Autonomy = "L1"  # with write-backs: nobody has proven a rule's precision


class ModelTriage:
    """Fills `Triage`. The model that `watch` holds at the start of a batch answers the whole batch.

    - From L2 on the model decides, unless a review rule holds the exception.
    - What it may not route alone (L1), or is held, a rule decides that is strong enough by itself and whose
    root cause the model does not rule out; else a person does, who is shown the model's answer.
    - At L0, and without a model, the rules decide as if there were none.
    """

    def __init__(
        self,
        taxonomy: Taxonomy,
        rules: RuleTriage,
        watch: ModelWatch,
        audit_share: float,
        observer: ModelObserver,
    ) -> None:
        self._taxonomy = taxonomy
        self._rules = rules
        self._watch = watch
        self._audited_below = round(audit_share * (1 << 32))
        self._observer = observer
        self._hearing = Hearing(observer)
        self._repeats = Repeats()
        self._work = WorkTable(taxonomy)
        rows = taxonomy.file.categories.values()
        self._restricted = frozenset(Category(row.name) for row in rows if row.restricted)

    def decide(self, exceptions: Sequence[FoundException]) -> list[TriageDecision]:
        """Return one decision for each exception, in their order. Never raises."""
        champion, challenger = self._watch.champion, self._watch.challenger
        heard: Sequence[Heard | None] = [None] * len(exceptions)
        why = self._watch.why_rules
        if champion is not None and exceptions:
            try:
                heard = self._hearing.hear(champion, challenger, exceptions)
            except Exception as error:  # noqa: BLE001 - the rules take over, and the observer says so
                self._observer.model_failed(champion.sheet.identity, error)
                why = f"the model failed: {type(error).__name__}"
        decided = [self._decide_safely(found, one, why) for found, one in zip(exceptions, heard, strict=True)]
        self._observer.decided(Counter([(one.category, one.decided_by, one.review) for one in decided]))
        return decided

    def is_audit(self, exception_id: str) -> bool:
        """Say whether an exception belongs to the random sample: by its id, so that a replay is in it too."""
        return zlib.crc32(exception_id.encode()) < self._audited_below

    def _decide_safely(self, found: FoundException, heard: Heard | None, why: str) -> TriageDecision:
        try:
            return self._decide(found, heard, why)
        except Exception as error:  # noqa: BLE001 - triage never fails: a person decides, and the loop counts it
            return self._rules.fault(found, error)

    def _decide(self, found: FoundException, heard: Heard | None, why: str) -> TriageDecision:
        """Return the decision on one exception (hot path)."""
        opinion = self._rules.opine(found)
        history: dict[str, Value] = {"audit_sample": self.is_audit(found.exception_id)}
        repeats = self._repeats.count(found.exception)
        if repeats is not None:
            history["repeat_7d"] = repeats
        if heard is None:
            return self._by_rules(found, opinion, heard, why, history)
        answer, autonomy = heard.answer, heard.autonomy
        may, bound = level(autonomy.level), f"{autonomy.level} ({autonomy.bound_by})"
        if may < RECOMMENDS:
            return self._by_rules(found, opinion, heard, f"{bound}: the model only observes", history)
        is_ruled_out = answer.rules_out(opinion.leaf)
        held = self._rules.review(
            opinion,
            {
                **history,
                "root": answer.leaf.id,
                "level_p": answer.level_p,
                # where much money is at risk, being sure on average is not enough
                "level_threshold": max(answer.threshold, COSTS.least_confidence(_exposure(opinion))),
                "set_size": answer.set_size,
                "drift_alarm": heard.is_drifting,
                # what a document is, its adapter says by rule: a cause of another category contradicts that
                "rule_model_conflict": (opinion.is_strong and is_ruled_out)
                or answer.leaf.category is not opinion.entry.category,
            },
        )
        if may >= ROUTES_ALONE and not held:
            return self._by_model(found, opinion, heard, ())
        if opinion.is_strong and not is_ruled_out:
            why = (
                "a rule is strong enough, and the model, which may not decide, does not rule it out:"
                f" {held[0] if may >= ROUTES_ALONE else bound}"
            )
            return self._by_rules(found, opinion, heard, why, history)
        if may < ROUTES_ALONE:
            held = (*held, f"autonomy: {bound} recommends, a person routes")
        return self._by_model(found, opinion, heard, held)

    def _by_rules(
        self,
        found: FoundException,
        opinion: Opinion,
        heard: Heard | None,
        because: str,
        history: Mapping[str, Value],
    ) -> TriageDecision:
        record = self._record(found, opinion, heard, opinion.leaf.id, RULES_MAY)
        return self._rules.decide_on(opinion, self._rules.review(opinion, history), because, record)

    def _by_model(
        self, found: FoundException, opinion: Opinion, heard: Heard, held: tuple[str, ...]
    ) -> TriageDecision:
        answer, assessment = heard.answer, opinion.assessment
        leaf = answer.leaf
        return TriageDecision(
            category=opinion.entry.category,
            root_cause=leaf.id,
            confidence=answer.confidence,
            level=leaf.level,
            team=leaf.team,
            severity=assessment.severity,
            priority=assessment.severity.lower(),
            review=bool(held),
            review_reasons=held,
            reasons=(*heard.record.reasons, *assessment.remarks),
            alternatives=answer.others,
            exposure=assessment.exposure,
            missing=assessment.missing,
            decided_by=heard.record.model,
            taxonomy=self._taxonomy.identity,
            **self._record(found, opinion, heard, leaf.id, heard.autonomy.level),
        )

    def _record(
        self,
        found: FoundException,
        opinion: Opinion,
        heard: Heard | None,
        root_cause: str,
        at_most: Autonomy,
    ) -> dict[str, Any]:
        """Return what a decision stood on, and what the taxonomy has to be done about it."""
        work = self._work.of(root_cause, heard.answer.set if heard else (), at_most)
        features = found.features
        return {
            "checks": work.checks,
            "tasks": work.tasks,
            "write_backs": work.write_backs,
            "is_audit": self.is_audit(found.exception_id),
            "is_restricted": opinion.entry.category in self._restricted,
            "is_drifting": heard is not None and heard.is_drifting,
            "autonomy": heard.autonomy if heard else None,
            "model": heard.record if heard else None,
            "shadow": heard.shadow if heard else None,
            "features": FeatureRecord(contract=CONTRACT, vector=features.values, ages=features.ages)
            if features
            else None,
        }


def _exposure(opinion: Opinion) -> float:
    known = opinion.assessment.facts.get("exposure")
    return float(known) if isinstance(known, int | float) else 0.0
