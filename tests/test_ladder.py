"""The retry ladder: what follows an attempt that the owner did not take."""

import pytest

from routing.delivery.ladder import LadderEnd, NextAttempt, next_rung
from routing.owners import OwnerSettings

OWNER = OwnerSettings(title="t", contact="c@example.com", max_attempts=5, retry_delays_seconds=(5, 30, 7200))


@pytest.mark.parametrize(("attempt", "wait"), [(1, 5), (2, 30), (3, 3600), (4, 3600)])
def test_waits_follow_the_owners_table_and_its_last_one_repeats(attempt: int, wait: float) -> None:
    assert next_rung(OWNER, attempt) == NextAttempt(number=attempt + 1, delay_seconds=wait)


@pytest.mark.parametrize(("asked", "wait"), [(0.5, 0.5), (0, 5), (-3, 5), (1e9, 3600)])
def test_a_wish_is_granted_within_an_hour(asked: float, wait: float) -> None:
    assert next_rung(OWNER, 1, asked) == NextAttempt(number=2, delay_seconds=wait)


def test_after_the_last_attempt_the_ladder_ends_whatever_was_asked() -> None:
    assert isinstance(next_rung(OWNER, 5, 10), LadderEnd)


def test_an_owner_that_is_not_in_the_settings_gets_no_further_attempt() -> None:
    assert isinstance(next_rung(None, 1), LadderEnd)
