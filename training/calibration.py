"""What audited rows say of a network: its temperature, the size of its sets, where it may decide alone."""

import math
from collections.abc import Callable

import numpy as np
from msgspec import Struct

from training.arrays import Booleans, Doubles, Floats, Integers, softmax

LEAST_AUDITED = 60  # of one category, above the threshold
CONFIDENCE_Z = 1.6448536269514722  # one-sided 95 %
_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0


class Threshold(Struct, frozen=True, kw_only=True):
    """How sure the level must be in one category, None where too little proves the promise.

    `bound` is the lower one-sided Wilson bound of the precision above the threshold, `coverage` the share of
    audited cases above it.
    """

    threshold: float | None
    audited: int
    bound: float | None = None
    coverage: float | None = None


def temperature(logits: Floats, leaf: Integers) -> float:
    """Return what to divide the logits by so that first answers are as sure as they are right (0.2 to 5).

    It is least in the Brier score of the first answer, which is what is promised. The likelihood of all
    leaves would let a few cases that are surely wrong move it.
    """
    is_right = logits.argmax(axis=1) == leaf

    def loss(logarithm: float) -> float:
        p = softmax(logits / np.float32(math.exp(logarithm))).max(axis=1).astype(np.float64)
        return float(np.square(p - is_right).mean())

    return round(math.exp(_least(loss, math.log(0.2), math.log(5.0))), 6)


def conformal_quantile(p: Floats, leaf: Integers, alpha: float) -> float:
    """Return qhat: sets of all leaves with p >= 1 - qhat hold the true one with probability 1 - `alpha`."""
    scores = np.sort(1.0 - p[np.arange(len(leaf)), leaf].astype(np.float64))
    rank = math.ceil((len(scores) + 1) * (1.0 - alpha))
    return round(float(scores[min(rank, len(scores)) - 1]), 6)


def level_threshold(confidence: Doubles, is_right: Booleans, promise: float) -> Threshold:
    """Return the lowest threshold whose precision is proven to be at least `promise`, for one category."""
    order = np.argsort(-confidence, kind="stable")
    sorted_confidence, right = confidence[order], np.cumsum(is_right[order]).astype(np.int64)
    count = np.arange(1, len(order) + 1)
    bounds = wilson_lower(right, count)
    # equal confidences can't be told apart: a threshold includes all of them
    is_last = np.append(sorted_confidence[1:] < sorted_confidence[:-1], True) if len(order) else count > 0
    good = np.flatnonzero((bounds >= promise) & (count >= LEAST_AUDITED) & is_last)
    if not len(good):
        return Threshold(threshold=None, audited=len(order))
    last = good[-1]
    return Threshold(
        # rounded down, so that what decided is still above it
        threshold=math.floor(float(sorted_confidence[last]) * 1e6) / 1e6,
        audited=len(order),
        bound=round(float(bounds[last]), 4),
        coverage=round(float(count[last] / len(order)), 4),
    )


def wilson_lower(right: Integers | int, count: Integers | int, z: float = CONFIDENCE_Z) -> Doubles:
    """Return the lower one-sided bound of a share (Wilson, 1927)."""
    n = np.asarray(count, np.float64)
    share = np.asarray(right, np.float64) / n
    centre = share + z * z / (2 * n)
    spread = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return np.asarray((centre - spread) / (1 + z * z / n))


def _least(of: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function with one valley is least (golden section)."""
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = of(left), of(right)
    while high - low > 1e-4:
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = of(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = of(right)
    return (low + high) / 2
