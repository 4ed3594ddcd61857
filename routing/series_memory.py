"""What `detect` remembers of the series of one partition, and of the files that their documents came in."""

from collections import OrderedDict

from contracts.canonical import RetailException, SeriesPlace
from routing.items import RouterItem
from routing.series import Gap, Numbered, Series, SeriesSettings

SERIES_LIMIT = 10_000
FILES_LIMIT = 100
TOLD_LIMIT = 1_000


class SeriesMemory:
    """The series by source and name; those that were silent longest are forgotten first.

    Where it is not whole, a series' first documents may be late ones, with higher numbers before them that
    nobody remembers: then the series is blind for as long as a late number is waited for.
    """

    def __init__(self, limit: int = SERIES_LIMIT, *, is_whole: bool = True) -> None:
        self._limit = limit
        self._is_whole = is_whole
        self._series: OrderedDict[tuple[str, str], Series] = OrderedDict()
        self._read_of_file: OrderedDict[str, int] = OrderedDict()
        self._told: OrderedDict[str, tuple[RetailException, ...]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._series)

    def add(self, place: SeriesPlace, item: RouterItem, settings: SeriesSettings) -> tuple[Gap, ...]:
        """Take the number that an item has; return the gaps that are due with it."""
        file = item.arrival.file if item.arrival.items != 1 else ""
        unread = self._unread_before(file, item.arrival.item) if file else 0
        document = Numbered(place, item.received_at, file, unread)
        key = (item.source, place.series)
        series = self._series.get(key)
        if series is not None:
            self._series.move_to_end(key)
            return series.add(document, settings)
        self._series[key] = Series(document, 0 if self._is_whole else settings.patience_seconds)
        if len(self._series) > self._limit:
            self._series.popitem(last=False)
            self._is_whole = False
        return ()

    def told_by(self, event_id: str) -> tuple[RetailException, ...] | None:
        """Return what this event reported when it was here before, None where it reported nothing."""
        return self._told.get(event_id)

    def remember_told(self, event_id: str, exceptions: tuple[RetailException, ...]) -> None:
        """Note what an event reports, so that it reports the same when it is run again."""
        self._told[event_id] = exceptions
        if len(self._told) > TOLD_LIMIT:
            self._told.popitem(last=False)

    def _unread_before(self, file: str, place: int) -> int:
        """Count the file's item at `place` (from 1 on) as read; return how many before it were not."""
        read = self._read_of_file.get(file, 0) + 1
        self._read_of_file[file] = read
        self._read_of_file.move_to_end(file)
        if len(self._read_of_file) > FILES_LIMIT:
            self._read_of_file.popitem(last=False)
        return place - read
