"""Where a version is in its life at a moment: the manifest's word, and the days that it names.

A moment is in Unix seconds, and comes in: nothing here looks at a clock.
"""

from datetime import UTC, date, datetime, time

from contracts.manifest import BrownOut, Deprecation, State

ENDED = frozenset({State.SUNSET, State.RETIRED})
_TIME_ACTS = frozenset({State.PUBLISHED, State.DEPRECATED})


def state_at(state: State, deprecated: Deprecation | None, at: float | None) -> State:
    """Return the state that counts at a moment; without one, what the manifest says.

    A deprecated version is sunset from its day of removal on; a published one whose deprecation was announced
    is deprecated from its day on.
    """
    if deprecated is None or at is None or state not in _TIME_ACTS:
        return state
    if at >= midnight(deprecated.removal):
        return State.SUNSET
    return State.DEPRECATED if at >= midnight(deprecated.effective) else state


def brown_out_at(deprecated: Deprecation | None, at: float | None) -> BrownOut | None:
    """Return the brown-out that is on, or None."""
    if deprecated is None or at is None:
        return None
    on = (each for each in deprecated.brown_outs if each.start.timestamp() <= at < each.end.timestamp())
    return next(on, None)


def brown_outs_from(deprecated: Deprecation | None, at: float) -> tuple[BrownOut, ...]:
    """Return the brown-outs that are on or yet to come, the next one first."""
    if deprecated is None:
        return ()
    to_come = (each for each in deprecated.brown_outs if each.end.timestamp() > at)
    return tuple(sorted(to_come, key=lambda each: each.start))


def midnight(day: date) -> float:
    """Return when a day begins in UTC."""
    return datetime.combine(day, time(), UTC).timestamp()
