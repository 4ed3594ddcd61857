"""From the graph's arrays to records: one pass over a batch, plain lists, as few objects as a record has."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.canonical import Category
from routing.decision_record import ModelRecord, ShadowRecord
from routing.items import FoundException
from routing.triage.feature_table import INDEX
from routing.triage.model.checks import CheckedModel
from routing.triage.model.reasons import LEAST_WEIGHT, REASONS_LIMIT, ReasonTemplates
from routing.triage.model.scoring import Rows, Scores
from routing.triage.taxonomy import Leaf, Taxonomy

SET_LIMIT = 10
WOULD_HELP_LIMIT = 5
DIGITS = 4
UNPROVEN = 2.0  # a threshold that no probability reaches


class Answer(NamedTuple):
    """A model's answer on one exception, as rules and records read it. `others` are further leaves,
    likeliest first.
    """

    leaf: Leaf
    confidence: float
    level_p: float
    threshold: float
    set: tuple[str, ...]
    set_size: int
    others: dict[str, float]

    def rules_out(self, leaf: Leaf) -> bool:
        """Say whether a leaf is outside the conformal set; of a set that was cut nobody can tell."""
        return leaf.id not in self.set and self.set_size <= len(self.set)


class AnswerSheet:
    """What one model needs to turn scores into answers; made once for each model."""

    def __init__(self, model: CheckedModel, taxonomy: Taxonomy) -> None:
        manifest = model.manifest
        self.model = model
        self.identity = model.identity
        self._sha256 = manifest.onnx_sha256[:12]
        self._leaves = list(taxonomy.leaves.values())
        self._ids = [leaf.id for leaf in self._leaves]
        levels = list(taxonomy.file.levels)
        self._level_of_leaf = np.array([levels.index(leaf.level) for leaf in self._leaves])
        self._category_place = {category: place for place, category in enumerate(taxonomy.categories)}
        proven = {name: row.threshold for name, row in manifest.thresholds.items()}
        self._thresholds = {category: proven.get(category.value) for category in Category}
        self._templates = ReasonTemplates(manifest.reference)
        self._evidence = {
            f"{code}.{name}": tuple((one, INDEX[one]) for one in cause.ev if one in INDEX)
            for code, row in taxonomy.file.categories.items()
            for name, cause in row.root_causes.items()
        }

    def threshold(self, category: Category) -> float | None:
        """Return what the level's probability must reach, None where nothing was proven."""
        return self._thresholds[category]

    def read(self, scores: Scores, exceptions: Sequence[FoundException]) -> list[Answer]:
        """Return one answer for each row of `scores` (hot path)."""
        first = scores.top_i[:, 0]
        level_p = scores.level_p[np.arange(len(first)), self._level_of_leaf[first]]
        places, ids, leaves = scores.top_i.tolist(), self._ids, self._leaves
        probabilities = _rounded(scores.top_p)
        sizes = scores.conf_set.sum(axis=1).tolist()
        answers = []
        for row, (found, size) in enumerate(zip(exceptions, sizes, strict=True)):
            threshold = self._thresholds[found.exception.category]
            top = places[row]
            names = [ids[place] for place in top]
            answers.append(
                Answer(
                    leaves[top[0]],
                    probabilities[row][0],
                    float(level_p[row]),
                    UNPROVEN if threshold is None else threshold,
                    tuple(names[:size]) if size <= len(names) else self._wide_set(scores, row),
                    size,
                    dict(zip(names[1:], probabilities[row][1:], strict=True)),
                )
            )
        return answers

    def records(
        self, scores: Scores, rows: Rows, exceptions: Sequence[FoundException], answers: Sequence[Answer]
    ) -> list[ModelRecord]:
        """Return the record of each answer (hot path)."""
        levels, categories = _rounded(scores.level_p), _rounded(scores.category_p)
        weights, features = scores.reason_v.tolist(), scores.reason_i.tolist()
        values = rows[np.arange(len(rows))[:, None], scores.reason_i].tolist()
        missing = np.isnan(rows).view(np.uint8)
        records = []
        for row, (found, answer) in enumerate(zip(exceptions, answers, strict=True)):
            category = found.exception.category
            records.append(
                ModelRecord(
                    model=self.identity,
                    sha256=self._sha256,
                    root_cause=answer.leaf.id,
                    confidence=answer.confidence,
                    level=answer.leaf.level,
                    level_p=round(answer.level_p, DIGITS),
                    category_p=categories[row][self._category_place[category]],
                    levels=levels[row],
                    categories=categories[row],
                    set=answer.set,
                    set_size=answer.set_size,
                    threshold=self._thresholds[category],
                    reasons=self._reasons(category, features[row], values[row], weights[row]),
                    would_help=self._would_help(answer.set, missing[row].tobytes()),
                )
            )
        return records

    def shadow(self, answer: Answer) -> ShadowRecord:
        """Return what a challenger's answer leaves in the record."""
        return ShadowRecord(
            model=self.identity,
            sha256=self._sha256,
            root_cause=answer.leaf.id,
            confidence=answer.confidence,
            level_p=round(answer.level_p, DIGITS),
            set=answer.set,
        )

    def _reasons(
        self, category: Category, features: list[int], values: list[float], weights: list[float]
    ) -> tuple[str, ...]:
        sentence = self._templates.sentence
        return tuple(
            [
                sentence(category, feature, value)
                for feature, value, weight in zip(
                    features[:REASONS_LIMIT], values[:REASONS_LIMIT], weights[:REASONS_LIMIT], strict=True
                )
                if weight >= LEAST_WEIGHT and value == value  # a missing value speaks for nothing
            ]
        )

    def _would_help(self, leaves: Sequence[str], missing: bytes) -> tuple[str, ...]:
        """Return the evidence for the leaves in question that was not there; none where there is no
        question.
        """
        if len(leaves) < 2:
            return ()
        named = {name: None for leaf in leaves for name, place in self._evidence[leaf] if missing[place]}
        return tuple(named)[:WOULD_HELP_LIMIT]

    def _wide_set(self, scores: Scores, row: int) -> tuple[str, ...]:
        inside = np.flatnonzero(scores.conf_set[row])
        best = inside[np.argsort(-scores.leaf_p[row, inside], kind="stable")][:SET_LIMIT]
        return tuple(self._ids[place] for place in best)


def _rounded(probabilities: NDArray[np.float32]) -> list[list[float]]:
    rounded: list[list[float]] = np.round(probabilities.astype(np.float64), DIGITS).tolist()
    return rounded
