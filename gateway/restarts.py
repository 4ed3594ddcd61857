"""How long to wait before a dead child is started again."""

FIRST_DELAY_SECONDS = 0.1
LONGEST_DELAY_SECONDS = 5.0
QUIET_SECONDS = 5.0


class Backoff:
    """Doubles the wait with each death in a row; one that came after a quiet time starts a new row."""

    def __init__(self) -> None:
        self._delay_seconds = FIRST_DELAY_SECONDS
        self._last_death = float("-inf")

    def next_delay_seconds(self, now_seconds: float) -> float:
        """Return the wait after a death at `now_seconds` of any clock that only goes forward, 0.1..5."""
        if now_seconds - self._last_death > self._delay_seconds + QUIET_SECONDS:
            self._delay_seconds = FIRST_DELAY_SECONDS
        else:
            self._delay_seconds = min(self._delay_seconds * 2, LONGEST_DELAY_SECONDS)
        self._last_death = now_seconds
        return self._delay_seconds
