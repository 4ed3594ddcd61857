"""Splitting rows by time and place, never at random: what is examined is later, and elsewhere."""

import hashlib

import numpy as np
from msgspec import Struct

from training.arrays import Integers, Texts
from training.rows import Rows


class Shares(Struct, frozen=True, kw_only=True):
    """Which share of the places trains and which calibrates; the rest is examined, after the cut."""

    training: float = 0.5
    calibration: float = 0.3
    cut: float = 0.6


class Parts(Struct, frozen=True, kw_only=True):
    """Rows to train with, to calibrate with (audited), and to be examined with."""

    training: Rows
    calibration: Rows
    examination: Rows


def split(rows: Rows, shares: Shares | None = None) -> Parts:
    """Return the parts. No two have a place in common, none has a fault of another.

    Training and calibration are from before the cut, the examination from after it; what fits none is left
    out, as is what is not audited where it matters.
    """
    shares = shares or Shares()
    part = _part_of_place(rows.place, shares)
    cut = rows.at[int(len(rows) * shares.cut)] if len(rows) else 0.0
    early = rows.at < cut
    training = rows.where((part == 0) & early)
    calibration = _apart(rows.where((part == 1) & early & rows.is_audited), training)
    examination = _apart(_apart(rows.where((part == 2) & ~early & rows.is_audited), training), calibration)
    return Parts(training=training, calibration=calibration, examination=examination)


def _part_of_place(place: Texts, shares: Shares) -> Integers:
    """Return 0, 1 or 2 by place: the same place is always in the same part."""
    names, positions = np.unique(place, return_inverse=True)
    limits = [shares.training, shares.training + shares.calibration]
    parts = [int(np.searchsorted(limits, _fraction(str(name)), side="right")) for name in names]
    return np.array(parts, np.int64)[positions]


def _fraction(name: str) -> float:
    """Return a number from 0 to 1 that a name always has."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") / 2**64


def _apart(rows: Rows, other: Rows) -> Rows:
    return rows.where(~np.isin(rows.fault, other.fault))
