"""Rows for tests of training: each leaf has marks in two of its category's features, some rows have none."""

import numpy as np
from msgspec.structs import replace

from routing.triage.feature_table import INDEX, NAMES
from training.labels import Labels
from training.rows import Rows

LABELS = Labels.load()
START = 1_790_000_000.0
DAYS = 40


def make_rows(
    count: int,
    seed: int = 1,
    *,
    places: int = 60,
    clarity: float = 4.0,
    audited: float = 1.0,
    twist: float = 0.0,
    name: str = "t",
) -> Rows:
    """Return rows in order of time. `twist` moves the marks: another retailer's."""
    draw = np.random.default_rng(seed)
    leaf = draw.integers(0, len(LABELS.leaves), count)
    x = draw.normal(0.0, 1.0, (count, len(NAMES))).astype(np.float32)
    x[:, :16] = 0.0
    x[np.arange(count), LABELS.category_of_leaf[leaf]] = 1.0
    x += (_marks(7) + np.float32(twist) * _marks(8))[leaf] * np.float32(clarity)
    dull = draw.random(count) < 0.08
    x[dull, 16:] = draw.normal(0.0, 1.0, (int(dull.sum()), len(NAMES) - 16))
    x[:, 16:][draw.random((count, len(NAMES) - 16)) < 0.1] = np.nan
    ages = np.where(np.isnan(x), np.float32(np.nan), np.float32(0.5))
    category = LABELS.category_of_leaf[leaf]
    return Rows(
        x=x,
        ages=ages,
        leaf=leaf,
        category=category,
        at=np.sort(START + draw.random(count) * DAYS * 86_400),
        place=np.array([f"{name}-{place}" for place in draw.integers(0, places, count)]),
        fault=np.array([f"{name}-{number}" for number in range(count)]),
        exposure=np.full(count, 100.0),
        is_audited=draw.random(count) < audited,
        rules_leaf=np.array([int(np.flatnonzero(LABELS.category_of_leaf == own)[0]) for own in category]),
        rules_confidence=np.full(count, 0.7),
        rules_strong=np.ones(count, np.bool_),
        rules_review=np.zeros(count, np.bool_),
        absent=np.zeros(count, np.int64),
    )


def _marks(seed: int) -> np.ndarray:
    """Return how each leaf moves the features: two of those that may speak for its category."""
    draw = np.random.default_rng(seed)
    marks = np.zeros((len(LABELS.leaves), len(NAMES)), np.float32)
    for place in range(len(LABELS.leaves)):
        own = np.flatnonzero(LABELS.speaking[place])
        for column in draw.choice(own, 2, replace=False):
            marks[place, column] = draw.choice([-1.0, 1.0])
    return marks


def with_age(rows: Rows, row: int, feature: str, hours: float) -> Rows:
    """Return the rows with another age of one value, which is there."""
    x, ages = rows.x.copy(), rows.ages.copy()
    x[row, INDEX[feature]], ages[row, INDEX[feature]] = 1.0, hours
    return replace(rows, x=x, ages=ages)
