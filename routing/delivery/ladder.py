"""The retry ladder: what follows an attempt that the owner did not take."""

from msgspec import Struct

from routing.owners import OwnerSettings

DELAY_LIMIT_SECONDS = 3600.0


class NextAttempt(Struct, frozen=True, kw_only=True):
    """A further attempt, `number` (1-based), after `delay_seconds` (0..3600)."""

    number: int
    delay_seconds: float


class LadderEnd(Struct, frozen=True, kw_only=True):
    """No further attempt; `detail` says why."""

    detail: str


def next_rung(
    owner: OwnerSettings | None, attempt: int, asked_delay_seconds: float = 0.0
) -> NextAttempt | LadderEnd:
    """Return what follows failed attempt `attempt` (1-based); without a wish the owner's own wait is taken.

    `owner` is None where the settings don't know the owner (any more).
    """
    if owner is None:
        return LadderEnd(detail="the owner is not in the settings any more")
    if attempt >= owner.max_attempts:
        return LadderEnd(detail=f"attempt {attempt} of {owner.max_attempts} failed")
    delays = owner.retry_delays_seconds
    wait_seconds = asked_delay_seconds if asked_delay_seconds > 0 else delays[min(attempt, len(delays)) - 1]
    return NextAttempt(number=attempt + 1, delay_seconds=min(max(wait_seconds, 0.0), DELAY_LIMIT_SECONDS))
