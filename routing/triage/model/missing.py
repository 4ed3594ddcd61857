"""How much of what the model could know each source leaves out."""

from collections.abc import Sequence

import numpy as np

from routing.items import FoundException
from routing.triage.model.observer import ModelObserver
from routing.triage.model.scoring import Rows

WINDOW = 500


class MissingRates:
    """Sums up missing features by source, and tells the share each time that a source has sent enough."""

    def __init__(self, observer: ModelObserver, window: int = WINDOW) -> None:
        self._observer = observer
        self._window = window
        self._sums: dict[str, tuple[int, float]] = {}

    def take(self, rows: Rows, exceptions: Sequence[FoundException]) -> None:
        """Add one row for each exception."""
        shares = np.isnan(rows).mean(axis=1).tolist()
        for found, share in zip(exceptions, shares, strict=True):
            count, total = self._sums.get(found.source, (0, 0.0))
            if count + 1 < self._window:
                self._sums[found.source] = (count + 1, total + share)
            else:
                self._observer.missing({found.source: (total + share) / (count + 1)})
                del self._sums[found.source]
