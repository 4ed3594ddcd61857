"""Series of numbered documents: how far each has come, and which of its gaps are due to be reported."""

from datetime import datetime
from typing import Annotated, NamedTuple

from msgspec import Meta, Struct

from contracts.canonical import SeriesPlace

GAPS_PER_RUN_LIMIT = 100

_Positive = Annotated[int, Meta(ge=1, le=100_000)]


class SeriesSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long a missing number may still be on its way, and how many can be missing.

    A gap is reported when `further_numbers` more have come one by one, though not within `least_seconds`, in
    which a sender that sends many at once may try again; or when one comes `patience_seconds` after it was
    noticed. More than `largest_gap` numbers are none: the series started anew. With 0 there are
    no gaps.
    """

    further_numbers: _Positive = 20
    least_seconds: Annotated[int, Meta(ge=0, le=100_000)] = 60
    patience_seconds: _Positive = 900
    largest_gap: Annotated[int, Meta(ge=0, le=1_000_000)] = 1_000


class Numbered(NamedTuple):
    """A document of a series as it came.

    `received_at` is RFC 3339. `file` is empty where it came alone, and `unread` counts the items of the file
    before it that never came here: others' partitions have them, or they could not be read.
    """

    place: SeriesPlace
    received_at: str
    file: str = ""
    unread: int = 0


class Gap(NamedTuple):
    """Numbers that have not come, `first` to `last`, between two documents that have.

    `moved` says how far the series was, and `noticed_at` when, as the gap was noticed or last became smaller.
    """

    first: int
    last: int
    before: SeriesPlace
    after: SeriesPlace
    moved: int
    noticed_at: str

    @property
    def key(self) -> str:
        """The series and the numbers: `417/3/115-117`."""
        return f"{self.after.series}/{self.first}-{self.last}"


class Run:
    """One stretch of numbers, from where a series began or started anew.

    Numbers from `start` to that of `newest` have come, or were reported, where no gap holds them. What came
    below `start` is not known.
    """

    def __init__(self, first: SeriesPlace, start: int) -> None:
        self.start = start
        self.newest = first
        self.first_day = self.last_day = first.business_day or ""
        self.gaps: list[Gap] = []  # ascending

    def takes(self, place: SeriesPlace, largest_gap: int) -> bool:
        """Say whether this can be one of the run's numbers: near the newest, and on a day that fits."""
        ahead = place.number - self.newest.number
        if abs(ahead) > largest_gap + 1:
            return False
        day = place.business_day
        if not day or not self.first_day:
            return True
        # a lower number on a later day is not late: the numbers started anew with the day
        return self.first_day <= day and (ahead > 0 or day <= self.last_day)

    def advance(self, document: Numbered, moved: int) -> None:
        """Take a number above all others; those that it leaves out become a gap."""
        place = document.place
        first, last = self.newest.number + 1, place.number - 1
        if self.start <= first <= last:
            self.gaps.append(Gap(first, last, self.newest, place, moved, document.received_at))
            del self.gaps[:-GAPS_PER_RUN_LIMIT]
        self.newest = place
        self.last_day = max(self.last_day, place.business_day or "")

    def fill(self, document: Numbered, moved: int) -> None:
        """Take a number that is late, or a duplicate. A gap that is being filled waits anew for the rest."""
        place = document.place
        for index, gap in enumerate(self.gaps):
            if gap.first <= place.number <= gap.last:
                since = (moved, document.received_at)
                parts = (
                    Gap(gap.first, place.number - 1, gap.before, place, *since),
                    Gap(place.number + 1, gap.last, place, gap.after, *since),
                )
                self.gaps[index : index + 1] = [part for part in parts if part.first <= part.last]
                del self.gaps[:-GAPS_PER_RUN_LIMIT]
                return


class Series:
    """The newest run of a series, and the one before it, whose last documents may still be under way."""

    def __init__(self, first: Numbered, blind_seconds: int = 0) -> None:
        """For `blind_seconds` after its first document only neighbours in a file show that one is missing."""
        self._runs: tuple[Run, ...] = (Run(first.place, first.place.number),)
        self._first_at, self._blind_seconds = first.received_at, blind_seconds
        # documents that went beyond all others; a file's count for nothing, as the file before it may be slow
        self._moved = 0
        self._last = first  # of those that came in a file

    def add(self, document: Numbered, settings: SeriesSettings) -> tuple[Gap, ...]:
        """Take the next document; return the gaps that nothing is expected to close any more.

        They are told once: from then on their numbers count as come.
        """
        place = document.place
        run = self._run_of(place, settings.largest_gap)
        if run is None:
            return ()
        neighbour = self._neighbour_in_file(document)
        if place.number > run.newest.number:
            self._moved += not document.file
            if self._is_blind(document.received_at):
                # what a backlog leaves out may have come before all that is remembered
                run.start = (neighbour if neighbour == run.newest.number else place.number) + 1
            run.advance(document, self._moved)
        else:
            run.fill(document, self._moved)
        return self._take_due(run, neighbour, document, settings) if self._has_gaps() else ()

    def _has_gaps(self) -> bool:
        return any(run.gaps for run in self._runs)

    def _is_blind(self, now: str) -> bool:
        if self._blind_seconds and _seconds(self._first_at, now) >= self._blind_seconds:
            self._blind_seconds = 0
        return self._blind_seconds > 0

    def _run_of(self, place: SeriesPlace, largest_gap: int) -> Run | None:
        """Return the run of the document, a new one where it is of none; None where it is older than both."""
        newest = self._runs[0]
        for run in self._runs:
            if run.takes(place, largest_gap):
                return run
        if place.business_day and place.business_day < newest.last_day:
            return None
        anew = Run(place, place.number)
        self._runs = (anew, newest)
        return anew

    def _neighbour_in_file(self, document: Numbered) -> int:
        """Return the number that stands before this one in its file; its own where that can't be told.

        What stands between the two and was not read may be the very number that is missing.
        """
        if not document.file:
            return document.place.number
        last, self._last = self._last, document
        is_next = (last.file, last.unread) == (document.file, document.unread)
        return last.place.number if is_next else document.place.number

    def _take_due(
        self, run: Run, neighbour: int, document: Numbered, settings: SeriesSettings
    ) -> tuple[Gap, ...]:
        due: list[Gap] = []
        for each in self._runs:
            for gap in each.gaps:
                is_in_file = each is run and neighbour < gap.first <= document.place.number
                if is_in_file or self._has_waited(gap, document.received_at, settings):
                    due.append(gap)
            each.gaps = [gap for gap in each.gaps if gap not in due]
        return tuple(due)

    def _has_waited(self, gap: Gap, now: str, settings: SeriesSettings) -> bool:
        waited = _seconds(gap.noticed_at, now)
        has_moved = self._moved - gap.moved >= settings.further_numbers
        return waited >= (settings.least_seconds if has_moved else settings.patience_seconds)


def _seconds(since: str, until: str) -> float:
    return (datetime.fromisoformat(until) - datetime.fromisoformat(since)).total_seconds()
