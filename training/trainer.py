"""From rows to a calibrated model: noise, network, temperature, sets, thresholds, graph."""

from collections.abc import Callable

import numpy as np
from msgspec import Struct

from routing.triage.feature_table import FEATURES, NAMES
from routing.triage.model.scoring import Scorer, Scores
from training.arrays import Booleans, Floats, Integers, softmax
from training.calibration import Threshold, conformal_quantile, level_threshold, temperature
from training.graph import Calibration, build, parts
from training.labels import Labels
from training.network import Network, Recipe, Scale, fit
from training.noise import noisy
from training.refusals import refuse_few, refuse_leaks, refuse_overlap
from training.rows import Rows
from training.splits import Parts

LEAST_OF_A_LEAF = 30
ANCHOR = 1e-2
EPOCHS_ON_BASE = 20
RATE_ON_BASE = 1e-3
# what a feed of these gives is there whenever the exception is
_NO_FEEDS = frozenset({"exception", "router"})

Progress = Callable[[int, int], None]


class Plan(Struct, frozen=True, kw_only=True):
    """How to train. `label_noise` is the share of wrong close codes that simulated labels lack."""

    promise: float = 0.90
    alpha: float = 0.10
    label_noise: float = 0.0
    recipe: Recipe = Recipe()


class Trained(Struct, frozen=True, kw_only=True):
    """A model and what it stands on. `at_prior` are the leaves that had too few rows to be learned."""

    graph: bytes
    calibration: Calibration
    thresholds: dict[str, Threshold]
    at_prior: tuple[str, ...]
    scores: Scores  # of the rows that it was calibrated with
    rows: int
    fingerprint: str


def train(
    given: Parts,
    labels: Labels,
    plan: Plan,
    base: bytes | None = None,
    progress: Progress = lambda done, steps: None,
) -> Trained:
    """Train on the first part, calibrate on the second; the third is not looked at.

    `base` is a model file to go on from. Raises: TrainingRefused; KeyError for a base of another make.
    """
    for rows in (given.training, given.calibration, given.examination):
        refuse_leaks(rows)
    refuse_overlap(given)
    refuse_few(given, has_base=base is not None)
    network, scale, rare = _network(given.training, labels, plan, base, progress)
    audited = given.calibration
    logits = network.logits(audited.x, scale)
    t = temperature(logits, audited.leaf)
    p = softmax(logits / np.float32(t))
    calibration = Calibration(
        temperature=t, qhat=conformal_quantile(p, audited.leaf, plan.alpha), alpha=plan.alpha
    )
    graph = build(network, scale, labels, calibration)
    scores = Scorer(graph).score(audited.x)
    return Trained(
        graph=graph,
        calibration=calibration,
        thresholds=_thresholds(scores, audited, labels, plan.promise),
        at_prior=tuple(leaf for leaf, is_rare in zip(labels.leaves, rare, strict=True) if is_rare),
        scores=scores,
        rows=len(given.training),
        fingerprint=given.training.fingerprint,
    )


def _network(
    rows: Rows, labels: Labels, plan: Plan, base: bytes | None, progress: Progress
) -> tuple[Network, Scale, Booleans]:
    count = np.bincount(rows.leaf, minlength=len(labels.leaves))
    rare = count < LEAST_OF_A_LEAF
    if base is None:
        scale, recipe = Scale.of(rows.x), plan.recipe
        start = _at_prior(Network.drawn(len(NAMES), len(labels.leaves), recipe.seed), labels, rare)
        rows = rows.where(~rare[rows.leaf])
    else:
        # its few rows still say what the others are not; only what leads to a rare leaf stays as it was
        start, scale = parts(base)
        recipe = _gentle(plan.recipe)
    leaf = noisy(rows.leaf, labels, plan.label_noise, recipe.seed)
    return fit(start, scale, rows.x, leaf, recipe, _feeds(), rare, progress), scale, rare


def _gentle(recipe: Recipe) -> Recipe:
    """Return how to go on from a model that knows something already: slower, and held by what it was."""
    return Recipe(
        epochs=EPOCHS_ON_BASE,
        batch=min(recipe.batch, 128),
        rate=RATE_ON_BASE,
        decay=recipe.decay,
        outage=recipe.outage,
        anchor=ANCHOR,
        seed=recipe.seed,
    )


def _at_prior(network: Network, labels: Labels, rare: Booleans) -> Network:
    """Make the leaves that can't be learned as likely as their priors, whatever the evidence."""
    first, second, third = (weight.copy() for weight in network.weights)
    bias = network.biases[2].copy()
    third[:, rare] = 0.0
    bias[rare] = np.log(labels.priors[rare])
    return Network(weights=(first, second, third), biases=(network.biases[0], network.biases[1], bias))


def _thresholds(scores: Scores, rows: Rows, labels: Labels, promise: float) -> dict[str, Threshold]:
    level, sure = answered_levels(scores, labels)
    is_right = level == labels.level_of_leaf[rows.leaf]
    return {
        name: level_threshold(sure[own].astype(np.float64), is_right[own], promise)
        for place, name in enumerate(labels.categories)
        for own in [rows.category == place]
    }


def answered_levels(scores: Scores, labels: Labels) -> tuple[Integers, Floats]:
    """Return the level of each first answer, and how sure the model is of that level."""
    level = labels.level_of_leaf[scores.top_i[:, 0]]
    return level, scores.level_p[np.arange(len(level)), level]


def _feeds() -> list[list[int]]:
    """Return the columns that go missing together when a feed is down."""
    feeds: dict[str, list[int]] = {}
    for place, feature in enumerate(FEATURES):
        if feature.feed not in _NO_FEEDS:
            feeds.setdefault(feature.feed, []).append(place)
    return list(feeds.values())
