"""The calendar of a simulation: seconds since its first midnight, in UTC, and how each format writes them."""

from datetime import date, timedelta
from functools import lru_cache

MINUTE, HOUR, DAY = 60, 3_600, 86_400


class Calendar:
    """Writes a number of seconds since the first midnight as a time; earlier ones are negative."""

    def __init__(self, first_day: str) -> None:
        self._first = date.fromisoformat(first_day)
        self._day = lru_cache(maxsize=4096)(self._written_day)

    def day(self, second: int) -> str:
        """Return `2026-03-02`."""
        return self._day(second // DAY)

    def local(self, second: int) -> str:
        """Return `2026-03-02T10:15:33`: what a system writes that knows no zone."""
        day, rest = divmod(second, DAY)
        return f"{self._day(day)}T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"

    def moment(self, second: int) -> str:
        """Return `2026-03-02T10:15:33Z`, RFC 3339."""
        return self.local(second) + "Z"

    def plain_day(self, second: int) -> str:
        """Return `20260302`."""
        return self.day(second).replace("-", "")

    def plain_time(self, second: int) -> str:
        """Return `101533`."""
        rest = second % DAY
        return f"{rest // 3600:02}{rest // 60 % 60:02}{rest % 60:02}"

    def weekday(self, day: int) -> int:
        """Return the weekday of the simulation's day, 0 for Monday."""
        return (self._first + timedelta(days=day)).weekday()

    def _written_day(self, day: int) -> str:
        return (self._first + timedelta(days=day)).isoformat()
