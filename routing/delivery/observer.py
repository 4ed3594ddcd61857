"""What delivery tells of itself, for metrics and readiness."""

from enum import StrEnum
from typing import Protocol


class Stall(StrEnum):
    """Why delivery can't go on with an input."""

    DEAD_LETTERS_FULL = "dead-letters-full"  # XD_DLQ: dead letters can't be kept
    BROKER_FULL = "broker-full"  # XD_OUT or XD_TIMERS
    BROKER_AWAY = "broker-away"
    INPUT_GONE = "input-gone"  # the broker doesn't know delivery's consumer: it must be made again
    FAULT = "fault"  # what we never meant; the log says more


class DeliveryObserver(Protocol):
    """Hears what happened once it is durable; must not raise."""

    def verdict(self, owner: str, kind: str) -> None:
        """An owner's verdict was taken: done, retry, reject or reassign."""
        ...

    def labelled(self, owner: str, kind: str, *, is_known: bool) -> None:
        """A verdict named a `root_cause` or another `owner`; what is not known is dropped."""
        ...

    def refused(self, owner: str, why: str) -> None:
        """An input had no effect; `why` is a `Refusal`."""
        ...

    def timer_armed(self, owner: str) -> None:
        """A timer runs for a next attempt."""
        ...

    def retried(self, owner: str) -> None:
        """A further attempt stands in the owner's lane."""
        ...

    def dead_letter(self, lane: str, code: str) -> None:
        """A dead letter was kept."""
        ...

    def stuck(self, reason: Stall) -> None:
        """An input waits for this reason; nothing is lost, and it is tried again."""
        ...

    def unstuck(self, reason: Stall) -> None:
        """No input waits for this reason any more."""
        ...


class SilentDeliveryObserver:
    """Hears and forgets."""

    def verdict(self, owner: str, kind: str) -> None: ...

    def labelled(self, owner: str, kind: str, *, is_known: bool) -> None: ...

    def refused(self, owner: str, why: str) -> None: ...

    def timer_armed(self, owner: str) -> None: ...

    def retried(self, owner: str) -> None: ...

    def dead_letter(self, lane: str, code: str) -> None: ...

    def stuck(self, reason: Stall) -> None: ...

    def unstuck(self, reason: Stall) -> None: ...
