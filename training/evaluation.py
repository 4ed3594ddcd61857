"""How good a way of routing is, in figures that mean the same for static routing, rules and models."""

from collections.abc import Mapping

import numpy as np
from msgspec import Struct

from training.arrays import Booleans, Doubles, Floats, Integers
from training.calibration import Threshold
from training.costs import Costs
from training.labels import Labels
from training.rows import Rows

BINS = 15


class Promise(Struct, frozen=True, kw_only=True):
    """What is decided without a person: its share of the cases, and how much of it found the right level."""

    coverage: float
    delivered_precision: float | None


class Figures(Struct, frozen=True, kw_only=True):
    """How one way of routing did in one world.

    `accuracy`, `macro_f1` and `ece` (15 bins on the first answer) are about root causes, `level_accuracy`,
    `coverage`, `delivered_precision` and `cost` about the level that resolves a case, `team_accuracy` about
    the team. `cost` is a case's mean.
    """

    accuracy: float
    macro_f1: float
    ece: float
    cost: float
    coverage: float
    delivered_precision: float | None
    by_category: dict[str, Promise]
    level_accuracy: float
    team_accuracy: float
    rows: int


class Answers(Struct, frozen=True, kw_only=True):
    """One way's answer to each row: a leaf, how sure it is of it, and whether it decides alone."""

    leaf: Integers
    confidence: Doubles
    is_alone: Booleans


def static_answers(rows: Rows, labels: Labels) -> Answers:
    """Today's practice: each category has one team, that of its likeliest cause, and nobody looks first."""
    entries = labels.taxonomy.categories.values()
    likeliest = np.array([labels.leaf_index[entry.likeliest.id] for entry in entries])
    prior = np.array([entry.likeliest.prior for entry in entries])
    return Answers(
        leaf=likeliest[rows.category],
        confidence=prior[rows.category],
        is_alone=np.ones(len(rows), np.bool_),
    )


def rule_answers(rows: Rows) -> Answers:
    """The rules as they run: a person decides where they send a case to review."""
    return Answers(leaf=rows.rules_leaf, confidence=rows.rules_confidence, is_alone=~rows.rules_review)


def model_answers(
    leaf_p: Floats, level_p: Floats, rows: Rows, labels: Labels, thresholds: Mapping[str, Threshold]
) -> Answers:
    """A model: alone where the level of its first answer is as sure as its category's threshold asks."""
    leaf = leaf_p.argmax(axis=1).astype(np.int64)
    sure = level_p[np.arange(len(leaf)), labels.level_of_leaf[leaf]].astype(np.float64)
    least = np.array([_least(thresholds.get(name)) for name in labels.categories])
    confidence = leaf_p.max(axis=1).astype(np.float64)
    return Answers(leaf=leaf, confidence=confidence, is_alone=sure >= least[rows.category])


def figures(answers: Answers, rows: Rows, labels: Labels, costs: Costs | None = None) -> Figures:
    """Return how well the answers fit what was really the matter."""
    costs = costs or Costs()
    right_level = labels.level_of_leaf[answers.leaf] == labels.level_of_leaf[rows.leaf]
    right_leaf = answers.leaf == rows.leaf
    teams = labels.team_of_leaf
    of_category = {
        name: _promise(answers.is_alone[rows.category == place], right_level[rows.category == place])
        for place, name in enumerate(labels.categories)
    }
    whole = _promise(answers.is_alone, right_level)
    return Figures(
        accuracy=_share(right_leaf),
        macro_f1=macro_f1(answers.leaf, rows.leaf),
        ece=calibration_error(answers.confidence, right_leaf),
        cost=round(costs.of_routing(answers.is_alone, right_level, rows.exposure), 4),
        coverage=whole.coverage,
        delivered_precision=whole.delivered_precision,
        by_category=of_category,
        level_accuracy=_share(right_level),
        team_accuracy=_share(teams[answers.leaf] == teams[rows.leaf]),
        rows=len(rows),
    )


def reviewed_cost(rows: Rows, costs: Costs | None = None) -> float:
    """Return what a case costs where a person looks at each one."""
    nobody = np.zeros(len(rows), np.bool_)
    return round((costs or Costs()).of_routing(nobody, nobody, rows.exposure), 4)


def macro_f1(found: Integers, true: Integers) -> float:
    """Return the mean F1 over the leaves that there are, in truth or in answers."""
    scores = []
    for leaf in np.union1d(found, true):
        hits = float(((found == leaf) & (true == leaf)).sum())
        scores.append(2.0 * hits / float((found == leaf).sum() + (true == leaf).sum()))
    return round(float(np.mean(scores)), 4) if scores else 0.0


def calibration_error(confidence: Doubles, is_right: Booleans) -> float:
    """Return the expected calibration error over 15 equal bins of the confidence."""
    place = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)
    count = np.bincount(place, minlength=BINS)
    apart = np.bincount(place, weights=is_right - confidence, minlength=BINS)
    return round(float(np.abs(apart).sum() / max(1, count.sum())), 4)


def _promise(is_alone: Booleans, right_level: Booleans) -> Promise:
    alone = int(is_alone.sum())
    return Promise(
        coverage=_share(is_alone), delivered_precision=_share(right_level[is_alone]) if alone else None
    )


def _least(threshold: Threshold | None) -> float:
    return np.inf if threshold is None or threshold.threshold is None else threshold.threshold


def _share(which: Booleans) -> float:
    return round(float(which.mean()), 4) if len(which) else 0.0
