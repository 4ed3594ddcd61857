"""Closed cases as rows: what a retailer's own people found to be the matter."""

import math
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from contracts.canonical import Category
from routing.triage.cases import ClosedCase
from routing.triage.feature_table import CONTRACT, NAMES
from routing.triage.memory import moment
from training.arrays import Floats
from training.labels import Labels
from training.refusals import TrainingRefused
from training.rows import Rows
from training.splits import Shares

# few cases must do: more of them calibrate than of simulated ones, and the last quarter examines
CASE_SHARES = Shares(training=0.45, calibration=0.4, cut=0.75)
_BYTES = 4 * len(NAMES)
_CATEGORIES = frozenset(category.value for category in Category)


def read_cases(file: Path, labels: Labels) -> tuple[Rows, int]:
    """Return the cases that may teach, in order of time, and how many don't.

    A case teaches where it says what the matter was, and a person looked: what a model routed alone and
    nobody audited would only teach the model its own opinion.

    The store stands for the place, the event for the fault: what one store saw at one time stays together,
    because a store is never in two parts. Raises: TrainingRefused, naming the line; OSError.
    """
    cases: list[ClosedCase] = []
    without = 0
    decoder = msgspec.json.Decoder(ClosedCase)
    for number, line in enumerate(file.read_bytes().splitlines(), 1):
        if not line.strip():
            continue
        try:
            case = decoder.decode(line)
        except msgspec.DecodeError as error:
            raise TrainingRefused(f"{file.name}, line {number}: {error}") from None
        _require_sound(case, labels, f"{file.name}, line {number}")
        if case.truth and (case.audited or case.decided.review or not _was_alone(case)):
            cases.append(case)
        else:
            without += 1
    return _rows(cases, labels), without


def _was_alone(case: ClosedCase) -> bool:
    return bool(case.decided.model) and case.decided.by == case.decided.model


def _require_sound(case: ClosedCase, labels: Labels, where: str) -> None:
    if case.contract != CONTRACT:
        raise TrainingRefused(f"{where}: features of {case.contract!r}, expected {CONTRACT!r}")
    if len(case.vector) != _BYTES or len(case.ages) != _BYTES:
        raise TrainingRefused(f"{where}: a vector of {len(case.vector)} bytes, expected {_BYTES}")
    if case.truth and case.truth not in labels.leaf_index:
        raise TrainingRefused(f"{where}: the taxonomy has no root cause {case.truth!r}")
    if case.category not in _CATEGORIES:
        raise TrainingRefused(f"{where}: there is no category {case.category!r}")
    if not _moment(case.decided_at, where) <= _moment(case.closed_at, where):
        # features made after a person closed the case would know the answer
        raise TrainingRefused(
            f"{where}: decided at {case.decided_at}, after it was closed at {case.closed_at}"
        )


def _moment(text: str, where: str) -> float:
    found = moment(text, math.nan)
    if math.isnan(found):
        raise TrainingRefused(f"{where}: {text!r} is not a time (RFC 3339)")
    return found


def _rows(cases: Sequence[ClosedCase], labels: Labels) -> Rows:
    count = len(cases)
    rows = Rows(
        x=_matrix([case.vector for case in cases]),
        ages=_matrix([case.ages for case in cases]),
        leaf=np.array([labels.leaf_index[case.truth] for case in cases], np.int64),
        category=np.array([labels.categories.index(case.category) for case in cases], np.int64),
        at=np.array([moment(case.decided_at, math.nan) for case in cases], np.float64),
        place=np.array([case.store or case.source for case in cases], np.str_),
        fault=np.array([case.event for case in cases], np.str_),
        # the money at risk is not in a case: what a wrong way costs is then its fixed part
        exposure=np.zeros(count, np.float64),
        is_audited=np.array([case.audited for case in cases], np.bool_),
        rules_leaf=np.array([labels.leaf_index.get(case.decided.root_cause, 0) for case in cases], np.int64),
        rules_confidence=np.array([case.decided.confidence for case in cases], np.float64),
        rules_strong=np.zeros(count, np.bool_),
        rules_review=np.array([case.decided.review for case in cases], np.bool_),
        absent=np.zeros(count, np.int64),
    )
    return rows.where(np.argsort(rows.at, kind="stable"))


def _matrix(vectors: Sequence[bytes]) -> Floats:
    return np.frombuffer(b"".join(vectors), "<f4").reshape(-1, len(NAMES)).astype(np.float32)
