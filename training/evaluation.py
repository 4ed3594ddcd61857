"""How good a way of routing is, in figures that mean the same for static routing, rules and models."""

from collections.abc import Mapping

import numpy as np
from msgspec import Struct

from routing.triage.model.scoring import Scores
from routing.triage.policy import Value
from routing.triage.routing_costs import COSTS
from training.arrays import Booleans, Doubles, Integers
from training.calibration import Threshold
from training.labels import Labels
from training.rows import Rows

BINS = 15


class Promise(Struct, frozen=True, kw_only=True):
    """What is sure enough to be decided alone: its share of the cases, and how much of it is right.

    Right is the level that resolves the case. None where nothing is sure enough.
    """

    coverage: float
    delivered_precision: float | None


class Figures(Struct, frozen=True, kw_only=True):
    """How one way of routing did in one world.

    `accuracy`, `macro_f1` and `ece` (15 bins on the first answer) are about root causes, `team_accuracy` is
    about teams, all else about levels. `cost` is a case's mean; `routed_alone` the share that no person saw,
    after the review rules had their say.
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
    routed_alone: float
    rows: int


class Answers(Struct, frozen=True, kw_only=True):
    """One way's answer to each row: a leaf, and how sure it is of it.

    `is_sure` says that it reaches its threshold, `is_alone` that no review rule holds it then.
    """

    leaf: Integers
    confidence: Doubles
    is_sure: Booleans
    is_alone: Booleans


def static_answers(rows: Rows, labels: Labels) -> Answers:
    """Today's practice: each category has one team, that of its likeliest cause, and nobody looks first."""
    entries = labels.taxonomy.categories.values()
    likeliest = np.array([labels.leaf_index[entry.likeliest.id] for entry in entries])
    prior = np.array([entry.likeliest.prior for entry in entries])
    all_of_them = np.ones(len(rows), np.bool_)
    return Answers(
        leaf=likeliest[rows.category],
        confidence=prior[rows.category],
        is_sure=all_of_them,
        is_alone=all_of_them,
    )


def rule_answers(rows: Rows) -> Answers:
    """The rules as they run, with the review rules that hold them."""
    return Answers(
        leaf=rows.rules_leaf,
        confidence=rows.rules_confidence,
        is_sure=rows.rules_strong,
        is_alone=rows.rules_strong & ~rows.rules_review,
    )


def model_answers(scores: Scores, rows: Rows, labels: Labels, thresholds: Mapping[str, Threshold]) -> Answers:
    """A model from L2 on, as in the router.

    It is sure where the level of its first answer reaches its category's threshold, and what the money at
    risk asks; then it is alone, unless a review rule of the taxonomy holds the case.
    """
    leaf = scores.top_i[:, 0]
    sure = scores.level_p[np.arange(len(leaf)), labels.level_of_leaf[leaf]].astype(np.float64)
    least = np.array([_least(thresholds.get(name)) for name in labels.categories])[rows.category]
    for_the_money = np.array([COSTS.least_confidence(exposure) for exposure in rows.exposure.tolist()])
    is_sure = (sure >= least) & (sure >= for_the_money)
    is_alone = is_sure.copy()
    for row in np.flatnonzero(is_sure):
        is_alone[row] = not _is_held(int(row), scores, rows, labels)
    return Answers(
        leaf=leaf, confidence=scores.top_p[:, 0].astype(np.float64), is_sure=is_sure, is_alone=is_alone
    )


def _is_held(row: int, scores: Scores, rows: Rows, labels: Labels) -> bool:
    """Say whether a review rule is true of a case; drift, audits and repeats belong to the running router."""
    leaf = int(scores.top_i[row, 0])
    contradicts = bool(rows.rules_strong[row]) and not bool(scores.conf_set[row, rows.rules_leaf[row]])
    facts: dict[str, Value | None] = {
        "set_size": float(scores.conf_set[row].sum()),
        "category": labels.codes[rows.category[row]],
        "root": labels.leaves[leaf],
        "missing_sources": float(rows.absent[row]),
        "exposure": float(rows.exposure[row]) or None,
        "rule_model_conflict": contradicts or bool(labels.category_of_leaf[leaf] != rows.category[row]),
    }
    return any(rule.when.evaluate(facts).value is True for rule in labels.taxonomy.review_rules)


def figures(answers: Answers, rows: Rows, labels: Labels) -> Figures:
    """Return how well the answers fit what was really the matter."""
    right_level = labels.level_of_leaf[answers.leaf] == labels.level_of_leaf[rows.leaf]
    right_leaf = answers.leaf == rows.leaf
    teams = labels.team_of_leaf
    whole = _promise(answers.is_sure, right_level)
    return Figures(
        accuracy=_share(right_leaf),
        macro_f1=macro_f1(answers.leaf, rows.leaf),
        ece=calibration_error(answers.confidence, right_leaf),
        cost=cost_of(answers.is_alone, right_level, rows.exposure),
        coverage=whole.coverage,
        delivered_precision=whole.delivered_precision,
        by_category={
            name: _promise(answers.is_sure[own], right_level[own])
            for place, name in enumerate(labels.categories)
            for own in [rows.category == place]
        },
        level_accuracy=_share(right_level),
        team_accuracy=_share(teams[answers.leaf] == teams[rows.leaf]),
        routed_alone=_share(answers.is_alone),
        rows=len(rows),
    )


def cost_of(is_alone: Booleans, is_right: Booleans, exposure: Doubles) -> float:
    """Return the mean cost of a case: decided alone (right or wrong), or by a person who may err."""
    misrouted = COSTS.misrouted + COSTS.of_exposure * exposure
    by_machine = np.where(is_right, 0.0, misrouted)
    by_person = COSTS.review + COSTS.person_errs * misrouted
    return round(float(np.where(is_alone, by_machine, by_person).mean()), 4)


def reviewed_cost(rows: Rows) -> float:
    """Return what a case costs where a person looks at each one."""
    nobody = np.zeros(len(rows), np.bool_)
    return cost_of(nobody, nobody, rows.exposure)


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


def _promise(is_sure: Booleans, right_level: Booleans) -> Promise:
    precision = _share(right_level[is_sure]) if is_sure.any() else None
    return Promise(coverage=_share(is_sure), delivered_precision=precision)


def _least(threshold: Threshold | None) -> float:
    return np.inf if threshold is None or threshold.threshold is None else threshold.threshold


def _share(which: Booleans) -> float:
    return round(float(which.mean()), 4) if len(which) else 0.0
