"""Which transaction a gap in a till's numbers is noticed with.

Production code says that a number is missing when a transaction of the same till comes a quarter of an hour
after it was missed. The truth about the missing belongs to that transaction's event, so that it can only be
said when the order of receipt is known.
"""

from simulator.faults import Fault
from simulator.messages import Truth

PATIENCE_SECONDS = 900  # routing.series.SeriesSettings


class _Gap:
    def __init__(self, first: int, last: int, noticed_at: int) -> None:
        self.first, self.last, self.noticed_at = first, last, noticed_at


class Gaps:
    """The numbers of each till as they come, and those that come late or never."""

    def __init__(self) -> None:
        self._lost: dict[tuple[str, int], Fault] = {}
        self._newest: dict[str, int] = {}
        self._open: dict[str, list[_Gap]] = {}

    def lose(self, series: str, number: int, fault: Fault) -> None:
        """Note that a number comes late or never, because of a fault."""
        self._lost[series, number] = fault

    def told_by(self, transaction: str, at: int) -> tuple[Truth, ...]:
        """Take a transaction as it is received; return the truths about the gaps that are due with it."""
        store, till, _, number_text = transaction.split("/")
        series, number = f"{store}/{till}", int(number_text)
        newest = self._newest.setdefault(series, number)
        gaps = self._open.get(series)
        if number > newest:
            self._newest[series] = number
            if number > newest + 1:
                gaps = self._open.setdefault(series, [])
                gaps.append(_Gap(newest + 1, number - 1, at))
        elif gaps:
            self._fill(gaps, number, at)
        return self._due(series, gaps, at) if gaps else ()

    def _fill(self, gaps: list[_Gap], number: int, at: int) -> None:
        for place, gap in enumerate(gaps):
            if gap.first <= number <= gap.last:
                parts = (_Gap(gap.first, number - 1, at), _Gap(number + 1, gap.last, at))
                gaps[place : place + 1] = [part for part in parts if part.first <= part.last]
                return

    def _due(self, series: str, gaps: list[_Gap], at: int) -> tuple[Truth, ...]:
        due = [gap for gap in gaps if at - gap.noticed_at >= PATIENCE_SECONDS]
        gaps[:] = [gap for gap in gaps if gap not in due]
        faults = [(gap, self._lost.get((series, gap.first))) for gap in due]
        return tuple(fault.truth(f"{series}/{gap.first}-{gap.last}") for gap, fault in faults if fault)
