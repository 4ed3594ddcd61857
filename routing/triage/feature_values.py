"""One vector while it is filled: transforms, maximum ages, and which of two values wins."""

import math
import struct
from collections.abc import Callable

from routing.items import FeatureVector
from routing.triage.feature_table import CODES, FEATURES, SYSTEMS

NAN = math.nan
LIMIT = 10_000.0  # no feature is larger; beyond float32 an infinity would come out
SKEW_HOURS = 0.1  # clocks differ; what is later than this was not known yet
_WIDTH = len(FEATURES)
_FORMAT = struct.Struct(f"<{_WIDTH}f")
_ONE_HOTS = len(CODES) + len(SYSTEMS)
# the one-hots are always there, all else is missing at first
_EMPTY = [0.0] * _ONE_HOTS + [NAN] * (_WIDTH - _ONE_HOTS)
_MAXIMUM_AGES = [feature.maximum_age_hours for feature in FEATURES]


def _log(value: float) -> float:
    return math.log(value) if value > 0.0 else NAN


def _log1p(value: float) -> float:
    return math.log1p(value) if value > 0.0 else 0.0


def _slog(value: float) -> float:
    return math.copysign(math.log1p(abs(value)), value)


def _flag(value: float) -> float:
    return 1.0 if value >= 0.5 else 0.0


_BY_NAME: dict[str, Callable[[float], float] | None] = {
    "as-is": None,
    "flag": _flag,
    "log": _log,
    "log1p": _log1p,
    "slog": _slog,
}
_TRANSFORMS = [_BY_NAME[feature.transform] for feature in FEATURES]


class Values:
    """The values of one exception. `put` takes them in the feature's own unit."""

    __slots__ = ("_ages", "_values")

    def __init__(self) -> None:
        self._values = _EMPTY.copy()
        self._ages = _EMPTY.copy()

    def flag(self, place: int) -> None:
        """Set a one-hot, as old as the exception."""
        self._values[place] = 1.0

    def put(self, place: int, value: float, age_hours: float = 0.0) -> None:
        """Take a value unless it is none, too old, from the future, or older than the one that is there."""
        if value != value:
            return
        ages = self._ages
        # what is as old as the exception is never too old, and older than nothing
        if age_hours and (not -SKEW_HOURS <= age_hours <= _MAXIMUM_AGES[place] or age_hours > ages[place]):
            return
        transform = _TRANSFORMS[place]
        if transform is not None:
            value = transform(value)
            if value != value:
                return
        self._values[place] = value if -LIMIT < value < LIMIT else math.copysign(LIMIT, value)
        ages[place] = age_hours if age_hours > 0.0 else 0.0

    def packed(self) -> FeatureVector:
        """Return the vector as it travels."""
        return FeatureVector(values=_FORMAT.pack(*self._values), ages=_FORMAT.pack(*self._ages))
