"""What a search for a value returns, and how much work it may do."""

from typing import Any

from msgspec import Struct


class Solution(Struct, frozen=True):
    """A value that should be in a set; not `exact`: the set is larger than what was asked for."""

    value: Any
    exact: bool = True


class OutOfFuel(Exception):
    """The question would take more work than it is worth."""


class Fuel:
    """Counts steps down: work is bounded by steps, not by a clock, and answers are the same everywhere."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def spend(self, steps: int = 1) -> None:
        """Raises: OutOfFuel."""
        self.left -= steps
        if self.left < 0:
            raise OutOfFuel
