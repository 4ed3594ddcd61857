"""Triage by model and rules: who of them may decide what, and the record of it."""

import zlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from contracts.canonical import Category
from routing.decision_record import AutonomyRecord, FeatureRecord, ModelRecord, ShadowRecord
from routing.items import FoundException, TriageDecision
from routing.triage.feature_table import CONTRACT, NAMES
from routing.triage.model.answers import Answer, AnswerSheet
from routing.triage.model.autonomy import RECOMMENDS, ROUTES_ALONE, level
from routing.triage.model.missing import MissingRates
from routing.triage.model.observer import ModelObserver
from routing.triage.model.repeats import Repeats
from routing.triage.model.scoring import Rows
from routing.triage.model.watch import Champion, ModelWatch
from routing.triage.model.work import WorkTable
from routing.triage.policy import Value
from routing.triage.rules import Opinion, RuleTriage
from routing.triage.taxonomy import Taxonomy
from routing.triage.taxonomy_file import Autonomy

NO_VECTOR = np.full(len(NAMES), np.nan, dtype="<f4").tobytes()


class _Judged(NamedTuple):
    """One exception with all that was said of it. Without a model's word only `opinion` and `why` are set."""

    found: FoundException
    opinion: Opinion
    why: str
    answer: Answer | None = None
    record: ModelRecord | None = None
    autonomy: AutonomyRecord | None = None
    shadow: ShadowRecord | None = None
    is_drifting: bool = False


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
        self._repeats = Repeats()
        self._missing = MissingRates(observer)
        self._work = WorkTable(taxonomy)
        rows = taxonomy.file.categories.values()
        self._restricted = frozenset(Category(row.name) for row in rows if row.restricted)

    def decide(self, exceptions: Sequence[FoundException]) -> list[TriageDecision]:
        """Return one decision for each exception, in their order. Never raises."""
        champion, challenger = self._watch.champion, self._watch.challenger
        why = self._watch.why_rules
        judged: list[_Judged | TriageDecision] | None = None
        if champion is not None and exceptions:
            try:
                judged = self._judge(champion, challenger, exceptions)
            except Exception as error:  # noqa: BLE001 - triage never fails: the rules take over, and the observer says so
                self._observer.model_failed(champion.sheet.identity, error)
                why = f"the model failed: {type(error).__name__}"
        if judged is None:
            judged = [self._opine(found, why) for found in exceptions]
        return [self._close(one, found) for one, found in zip(judged, exceptions, strict=True)]

    def _judge(
        self, champion: Champion, challenger: AnswerSheet | None, exceptions: Sequence[FoundException]
    ) -> list[_Judged | TriageDecision]:
        rows = rows_of(exceptions)
        sheet = champion.sheet
        scores = sheet.model.scorer.score(rows)
        answers = sheet.read(scores, exceptions)
        records = sheet.records(scores, rows, exceptions, answers)
        shadows = self._shadows(challenger, rows, exceptions, answers)
        self._missing.take(rows, exceptions)
        self._follow_drift(champion, rows, exceptions, answers)
        judged = []
        for found, answer, record, shadow in zip(exceptions, answers, records, shadows, strict=True):
            drift = champion.drift.get(found.exception.category)
            is_drifting = drift is not None and drift.is_alarmed
            judged.append(
                self._opine(
                    found,
                    "",
                    answer,
                    record,
                    champion.autonomy.of(answer.leaf.id, is_drifting=is_drifting),
                    shadow,
                    is_drifting,
                )
            )
        return judged

    def _shadows(
        self,
        challenger: AnswerSheet | None,
        rows: Rows,
        exceptions: Sequence[FoundException],
        answers: Sequence[Answer],
    ) -> Sequence[ShadowRecord | None]:
        if challenger is None:
            return [None] * len(answers)
        try:
            others = challenger.read(challenger.model.scorer.score(rows), exceptions)
        except Exception as error:  # noqa: BLE001 - a challenger only watches: its failure is nobody's
            self._observer.model_failed(challenger.identity, error)
            return [None] * len(answers)
        for found, ours, theirs in zip(exceptions, answers, others, strict=True):
            agreement = "root_cause" if ours.leaf is theirs.leaf else "none"
            if agreement == "none" and ours.leaf.level == theirs.leaf.level:
                agreement = "level"
            self._observer.shadowed(found.exception.category, agreement)
        return [challenger.shadow(answer) for answer in others]

    def _follow_drift(
        self, champion: Champion, rows: Rows, exceptions: Sequence[FoundException], answers: Sequence[Answer]
    ) -> None:
        if not champion.drift:
            return
        by_category: dict[object, list[int]] = {}
        for place, found in enumerate(exceptions):
            by_category.setdefault(found.exception.category, []).append(place)
        for category, drift in champion.drift.items():
            places = by_category.get(category)
            if places:
                confidence = [answers[place].confidence for place in places]
                for report in drift.take(
                    rows[places], confidence, [answers[place].set_size for place in places]
                ):
                    self._observer.window_closed(report)

    def _opine(
        self,
        found: FoundException,
        why: str,
        answer: Answer | None = None,
        record: ModelRecord | None = None,
        autonomy: AutonomyRecord | None = None,
        shadow: ShadowRecord | None = None,
        is_drifting: bool = False,
    ) -> _Judged | TriageDecision:
        try:
            opinion = self._rules.opine(found)
        except Exception as error:  # noqa: BLE001 - triage never fails: a person decides, and the loop counts it
            return self._rules.fault(found, error)
        return _Judged(found, opinion, why, answer, record, autonomy, shadow, is_drifting)

    def _close(self, judged: _Judged | TriageDecision, found: FoundException) -> TriageDecision:
        if isinstance(judged, TriageDecision):
            return judged
        try:
            decision = self._decide(judged)
        except Exception as error:  # noqa: BLE001 - as above
            return self._rules.fault(found, error)
        self._observer.decided(decision.category, decision.decided_by, review=decision.review)
        return decision

    def _decide(self, judged: _Judged) -> TriageDecision:
        """Return the decision on one exception (hot path)."""
        opinion, answer, autonomy = judged.opinion, judged.answer, judged.autonomy
        history = self._history(judged.found)
        if answer is None or autonomy is None:
            return self._by_rules(judged, judged.why, history)
        may = level(autonomy.level)
        if may < RECOMMENDS:
            return self._by_rules(
                judged, f"{autonomy.level} ({autonomy.bound_by}): the model only observes", history
            )
        is_contradicted = opinion.is_strong and opinion.leaf.id not in answer.set
        held = self._rules.review(
            opinion,
            {
                **history,
                "root": answer.leaf.id,
                "level_p": answer.level_p,
                "level_threshold": answer.threshold,
                "set_size": answer.set_size,
                "drift_alarm": judged.is_drifting,
                # what a document is, its adapter says by rule: a cause of another category contradicts that
                "rule_model_conflict": is_contradicted or answer.leaf.category is not opinion.entry.category,
            },
        )
        if may >= ROUTES_ALONE and not held:
            return self._by_model(judged, answer, ())
        if opinion.is_strong and not is_contradicted:
            because = (
                "a rule is strong enough, and the model does not rule it out but may not decide:"
                f" {held[0] if may >= ROUTES_ALONE else f'{autonomy.level} ({autonomy.bound_by})'}"
            )
            return self._by_rules(judged, because, history)
        if may < ROUTES_ALONE:
            held = (*held, f"autonomy: {autonomy.level} ({autonomy.bound_by}) recommends, a person routes")
        return self._by_model(judged, answer, held)

    def is_audit(self, exception_id: str) -> bool:
        """Say whether an exception belongs to the random sample: by its id, so that a replay is in it too."""
        return zlib.crc32(exception_id.encode()) < self._audited_below

    def _history(self, found: FoundException) -> dict[str, Value]:
        facts: dict[str, Value] = {"audit_sample": self.is_audit(found.exception_id)}
        repeats = self._repeats.count(found.exception)
        if repeats is not None:
            facts["repeat_7d"] = repeats
        return facts

    def _by_rules(self, judged: _Judged, because: str, history: Mapping[str, Value]) -> TriageDecision:
        opinion = judged.opinion
        record = self._record(judged, opinion.leaf.id, "L1")
        return self._rules.decide_on(opinion, self._rules.review(opinion, history), because, record)

    def _by_model(self, judged: _Judged, answer: Answer, held: tuple[str, ...]) -> TriageDecision:
        opinion, record = judged.opinion, judged.record
        assessment, leaf = opinion.assessment, answer.leaf
        at_most: Autonomy = judged.autonomy.level if judged.autonomy else "L1"
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
            reasons=(*(record.reasons if record else ()), *assessment.remarks),
            alternatives={name: p for name, p in answer.top.items() if name != leaf.id},
            exposure=assessment.exposure,
            missing=assessment.missing,
            decided_by=record.model if record else "",
            taxonomy=self._taxonomy.identity,
            **self._record(judged, leaf.id, at_most),
        )

    def _record(self, judged: _Judged, root_cause: str, at_most: Autonomy) -> dict[str, Any]:
        """Return what a decision stood on, and what the taxonomy has to be done about it."""
        found, answer = judged.found, judged.answer
        work = self._work.of(root_cause, answer.set if answer else (), at_most)
        return {
            "checks": work.checks,
            "tasks": work.tasks,
            "write_backs": work.write_backs,
            "is_audit": self.is_audit(found.exception_id),
            "is_restricted": judged.opinion.entry.category in self._restricted,
            "is_drifting": judged.is_drifting,
            "autonomy": judged.autonomy,
            "model": judged.record,
            "shadow": judged.shadow,
            "features": feature_record(found),
        }


def rows_of(exceptions: Sequence[FoundException]) -> Rows:
    """Return the features of all exceptions, [N, features]; one without any is a row of NaN."""
    vectors = [found.features.values if found.features else NO_VECTOR for found in exceptions]
    return np.frombuffer(b"".join(vectors), dtype="<f4").reshape(len(vectors), len(NAMES))


def feature_record(found: FoundException) -> FeatureRecord | None:
    """Return the features as the record keeps them."""
    features = found.features
    if features is None:
        return None
    return FeatureRecord(contract=CONTRACT, vector=features.values, ages=features.ages)
