"""What the models say of a batch: the champion's answers and records, the challenger's, and whether they
drift.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from routing.decision_record import AutonomyRecord, ModelRecord, ShadowRecord
from routing.items import FoundException
from routing.triage.feature_table import NAMES
from routing.triage.model.answers import Answer, AnswerSheet
from routing.triage.model.missing import MissingRates
from routing.triage.model.observer import ModelObserver
from routing.triage.model.scoring import Rows
from routing.triage.model.watch import Champion

NO_VECTOR = np.full(len(NAMES), np.nan, dtype="<f4").tobytes()


class Heard(NamedTuple):
    """All that models said of one exception, and how far the champion may go with it."""

    answer: Answer
    record: ModelRecord
    autonomy: AutonomyRecord
    shadow: ShadowRecord | None
    is_drifting: bool


class Hearing:
    """Asks the models. What a model raises is the caller's; what a challenger raises is nobody's."""

    def __init__(self, observer: ModelObserver) -> None:
        self._observer = observer
        self._missing = MissingRates(observer)

    def hear(
        self, champion: Champion, challenger: AnswerSheet | None, exceptions: Sequence[FoundException]
    ) -> list[Heard]:
        """Return what was said of each exception, in their order (hot path)."""
        rows, sheet = rows_of(exceptions), champion.sheet
        scores = sheet.model.scorer.score(rows)
        answers = sheet.read(scores, exceptions)
        records = sheet.records(scores, rows, exceptions, answers)
        shadows = self._shadows(challenger, rows, exceptions, answers)
        self._missing.take(rows, exceptions)
        # judged by the windows before: those that this batch fills count from the next one on
        drifting = {category for category, drift in champion.drift.items() if drift.is_alarmed}
        self._follow_drift(champion, rows, exceptions, answers)
        heard = []
        for found, answer, record, shadow in zip(exceptions, answers, records, shadows, strict=True):
            is_drifting = found.exception.category in drifting
            autonomy = champion.autonomy.of(answer.leaf.id, is_drifting=is_drifting)
            heard.append(Heard(answer, record, autonomy, shadow, is_drifting))
        return heard

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
        except Exception as error:  # noqa: BLE001 - a challenger only watches: no decision waits for it
            self._observer.model_failed(challenger.identity, error)
            return [None] * len(answers)
        agreed = [
            (found.exception.category, _agreement(ours, theirs))
            for found, ours, theirs in zip(exceptions, answers, others, strict=True)
        ]
        self._observer.shadowed(Counter(agreed))
        return [challenger.shadow(answer) for answer in others]

    def _follow_drift(
        self, champion: Champion, rows: Rows, exceptions: Sequence[FoundException], answers: Sequence[Answer]
    ) -> None:
        places: dict[object, list[int]] = {}
        for place, found in enumerate(exceptions):
            places.setdefault(found.exception.category, []).append(place)
        for category, drift in champion.drift.items():
            if own := places.get(category):
                confidence = [answers[place].confidence for place in own]
                for report in drift.take(rows[own], confidence, [answers[place].set_size for place in own]):
                    self._observer.window_closed(report)


def _agreement(ours: Answer, theirs: Answer) -> str:
    if ours.leaf is theirs.leaf:
        return "root_cause"
    return "level" if ours.leaf.level == theirs.leaf.level else "none"


def rows_of(exceptions: Sequence[FoundException]) -> Rows:
    """Return the features of all exceptions, [N, features]; one without any is a row of NaN."""
    vectors = [found.features.values if found.features else NO_VECTOR for found in exceptions]
    return np.frombuffer(b"".join(vectors), dtype="<f4").reshape(len(vectors), len(NAMES))
