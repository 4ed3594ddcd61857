"""Whether what comes in still looks like what the model was made from: PSI by feature, confidence, set size.

A population stability index has no fixed cut-off that means anything: the alarm is the 99.9 % quantile that a
window of this size would reach by chance, drawn from the model's own reference.
"""

from collections.abc import Mapping

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from routing.triage.feature_table import INDEX
from routing.triage.model.manifest import CategoryReference

DRAWS = 1_000
QUANTILE = 0.999
SIGMAS = 3.0
FLOOR = 1e-4  # of a share: an empty bin would be infinitely far
SEED = 20_261_125


class WindowReport(Struct, frozen=True, kw_only=True):
    """What one full window showed. `alarms` names each signal that was beyond its bound; empty is well."""

    category: str
    rows: int
    psi: Mapping[str, float]
    confidence: float
    set_size: float
    alarms: tuple[str, ...]


class CategoryDrift:
    """Collects windows of one category and holds each against the reference."""

    def __init__(self, category: str, reference: CategoryReference, window: int) -> None:
        self._category = category
        self._reference = reference
        self._window = window
        self._names = [name for name in reference.features if name in INDEX]
        self._columns = np.array([INDEX[name] for name in self._names], dtype=np.intp)
        widest = max((len(reference.features[name].edges) for name in self._names), default=0)
        self._edges = np.full((len(self._names), widest), np.inf)
        self._shares = np.zeros((len(self._names), widest + 2))
        for row, name in enumerate(self._names):
            known = reference.features[name]
            self._edges[row, : len(known.edges)] = known.edges
            self._shares[row, : len(known.edges) + 1] = known.shares[:-1]
            self._shares[row, -1] = known.shares[-1]
        self._bounds: NDArray[np.float64] | None = None
        self._rows: list[NDArray[np.float32]] = []
        self._confidence: list[float] = []
        self._set_sizes: list[int] = []
        self.is_alarmed = False

    def take(
        self, rows: NDArray[np.float32], confidence: list[float], set_sizes: list[int]
    ) -> list[WindowReport]:
        """Add rows; return a report for each window that they fill."""
        reports = []
        start = 0
        while start < len(rows):
            room = self._window - len(self._confidence)
            part = slice(start, start + room)
            self._rows.append(rows[part][:, self._columns])
            self._confidence += confidence[part]
            self._set_sizes += set_sizes[part]
            start += room
            if len(self._confidence) == self._window:
                reports.append(self._close())
        return reports

    def _close(self) -> WindowReport:
        if self._bounds is None:
            # tens of milliseconds, so not for each category before it has a window at all
            self._bounds = _bounds(self._shares, self._window)
        psi = _psi(_shares_of(np.concatenate(self._rows), self._edges), self._shares)
        confidence, set_size = float(np.mean(self._confidence)), float(np.mean(self._set_sizes))
        known = self._reference
        alarms = [
            f"psi:{name}"
            for name, found, bound in zip(self._names, psi, self._bounds, strict=True)
            if found > bound
        ]
        if _is_far(confidence, known.confidence_mean, known.confidence_sd, self._window):
            alarms.append("confidence")
        if _is_far(set_size, known.set_size_mean, known.set_size_sd, self._window):
            alarms.append("set_size")
        self.is_alarmed = bool(alarms)
        self._rows, self._confidence, self._set_sizes = [], [], []
        return WindowReport(
            category=self._category,
            rows=self._window,
            psi=dict(zip(self._names, map(float, psi), strict=True)),
            confidence=confidence,
            set_size=set_size,
            alarms=tuple(alarms),
        )


def _shares_of(rows: NDArray[np.float32], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of each bin, and of what is missing, by feature."""
    there = len(rows) - np.isnan(rows).sum(axis=0)
    above = (rows[:, :, None] >= edges[None]).sum(axis=0)  # NaN is above nothing
    steps = np.concatenate([there[:, None], above, np.zeros((len(there), 1))], axis=1)
    bins = steps[:, :-1] - steps[:, 1:]
    missing = (len(rows) - there)[:, None]
    return np.concatenate([bins, missing], axis=1) / max(1, len(rows))


def _psi(found: NDArray[np.float64], expected: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the population stability index over the last axis."""
    a, b = np.maximum(found, FLOOR), np.maximum(expected, FLOOR)
    return np.asarray(((a - b) * np.log(a / b)).sum(axis=-1))


def _bounds(shares: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """Return what each feature's index stays below by chance, all features together: each one's own 99.9 %
    quantile, raised by what the worst of them needs.
    """
    if not len(shares):
        return np.zeros(0)
    draw = np.random.default_rng(SEED)
    totals = shares.sum(axis=1, keepdims=True)
    drawn = (
        draw.multinomial(window, shares / np.where(totals > 0, totals, 1), size=(DRAWS, len(shares))) / window
    )
    found = _psi(drawn, shares[None])
    own = np.maximum(np.quantile(found, QUANTILE, axis=0), 1e-9)
    return np.asarray(own * max(1.0, float(np.quantile((found / own).max(axis=1), QUANTILE))))


def _is_far(found: float, mean: float, deviation: float, window: int) -> bool:
    return abs(found - mean) > SIGMAS * max(deviation, 1e-9) / float(np.sqrt(window))
