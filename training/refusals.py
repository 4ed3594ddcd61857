"""When nothing is trained: rows that know the future, parts that know each other, too few to say anything."""

from itertools import combinations

import numpy as np

from routing.triage.feature_table import NAMES
from training.rows import Rows
from training.splits import Parts

LEAST_ROWS = 2_000  # from nothing
LEAST_ROWS_ON_BASE = 150
LEAST_AUDITED = 60
CLOCK_SKEW_HOURS = 0.1


class TrainingRefused(Exception):
    """The rows can't make an honest model; the text says which and why."""


def refuse_leaks(rows: Rows) -> None:
    """Raises: TrainingRefused where a value is younger than its exception, or has no age at all."""
    from_later = rows.ages < -CLOCK_SKEW_HOURS
    if from_later.any():
        row, column = (int(place[0]) for place in np.nonzero(from_later))
        raise TrainingRefused(
            f"{int(from_later.sum())} values are from after their exception, the first in row {row + 1}: "
            f"{NAMES[column]} by {-float(rows.ages[row, column]):.1f} hours"
        )
    ageless = np.isnan(rows.ages) & ~np.isnan(rows.x)
    if ageless.any():
        row, column = (int(place[0]) for place in np.nonzero(ageless))
        raise TrainingRefused(
            f"{int(ageless.sum())} values have no age, the first in row {row + 1}: {NAMES[column]}"
        )


def refuse_overlap(parts: Parts) -> None:
    """Raises: TrainingRefused where parts share a fault or a place, or the examination is not the latest."""
    named = (
        ("training", parts.training),
        ("calibration", parts.calibration),
        ("examination", parts.examination),
    )
    for (one, rows), (other, others) in combinations(named, 2):
        for what in ("fault", "place"):
            both = np.intersect1d(getattr(rows, what), getattr(others, what))
            if len(both):
                raise TrainingRefused(
                    f"{one} and {other} share {len(both)} {what}s, such as {str(both[0])!r}"
                )
    if len(parts.examination):
        begin = float(parts.examination.at.min())
        for name, rows in named[:2]:
            if len(rows) and float(rows.at.max()) >= begin:
                raise TrainingRefused(f"rows of the {name} are later than the first that is examined")


def refuse_few(parts: Parts, *, has_base: bool) -> None:
    """Raises: TrainingRefused where there is too little to train or to calibrate with."""
    least = LEAST_ROWS_ON_BASE if has_base else LEAST_ROWS
    found = len(parts.training)
    if found < least:
        where = "from a model that there is" if has_base else "from nothing; --base takes less"
        raise TrainingRefused(f"{found} rows to train with, at least {least} are needed {where}")
    audited = int(parts.calibration.is_audited.sum())
    if audited < LEAST_AUDITED or audited < len(parts.calibration):
        raise TrainingRefused(
            f"{audited} audited rows to calibrate with, at least {LEAST_AUDITED} are needed:"
            " how sure a model is can't be learned from what nobody looked at twice"
        )
