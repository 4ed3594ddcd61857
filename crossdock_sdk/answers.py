"""What a handler may answer, and the verdict that the answer becomes on the wire."""

import math
from enum import StrEnum

from msgspec import Struct

from crossdock_sdk.delivery import Delivery

DELAY_LIMIT_SECONDS = 3600.0
REASON_LIMIT_CHARACTERS = 300
NAME_LIMIT_CHARACTERS = 64


class Done(Struct, frozen=True, kw_only=True):
    """The delivery is dealt with; it never comes again.

    `root_cause` is what the cause turned out to be, by its name in the taxonomy (`INV.shrink`): say it
    where you found out, also where it is what the delivery said. Crossdock learns from it, and drops names
    it doesn't know.
    """

    root_cause: str = ""


class Retry(Struct, frozen=True, kw_only=True):
    """Not now: a further attempt comes after `delay_seconds`, up to 3600; with 0 after the wait set for you.

    When the attempts that Crossdock grants are used up, the delivery becomes a dead letter.
    """

    delay_seconds: float = 0.0
    reason: str = ""


class Reject(Struct, frozen=True, kw_only=True):
    """Never: the delivery becomes a dead letter with `reason`, for a person to look at."""

    reason: str
    root_cause: str = ""


class Reassign(Struct, frozen=True, kw_only=True):
    """Not ours: `owner` gets it as a delivery of its own, and this one is over.

    Where there is no such owner, or the delivery came from there, it becomes a dead letter.
    """

    owner: str
    reason: str = ""
    root_cause: str = ""


Answer = Done | Retry | Reject | Reassign


class VerdictKind(StrEnum):
    """What an owner can say of a delivery."""

    DONE = "done"
    RETRY = "retry"
    REJECT = "reject"
    REASSIGN = "reassign"


class Verdict(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An answer on the wire. `sequence` is that of the attempt which it answers."""

    verdict: VerdictKind
    sequence: int
    cycle: int = 1
    attempt: int = 1
    delay_seconds: float = 0.0
    reason: str = ""
    owner: str = ""
    root_cause: str = ""


def verdict_on(delivery: Delivery, answer: Answer) -> Verdict:
    """Return the verdict that says `answer` of this attempt; its reason and delay fit the wire."""
    kind, delay_seconds, reason, owner = VerdictKind.DONE, 0.0, "", ""
    if isinstance(answer, Retry):
        kind, delay_seconds, reason = VerdictKind.RETRY, _delay(answer.delay_seconds), answer.reason
    elif isinstance(answer, Reject):
        kind, reason = VerdictKind.REJECT, answer.reason
    elif isinstance(answer, Reassign):
        kind, reason, owner = VerdictKind.REASSIGN, answer.reason, answer.owner
    return Verdict(
        verdict=kind,
        sequence=delivery.sequence,
        cycle=delivery.cycle,
        attempt=delivery.attempt,
        delay_seconds=delay_seconds,
        reason=_text(reason, REASON_LIMIT_CHARACTERS),
        owner=_text(owner, NAME_LIMIT_CHARACTERS),
        root_cause="" if isinstance(answer, Retry) else _text(answer.root_cause, NAME_LIMIT_CHARACTERS),
    )


def _text(text: str, limit: int) -> str:
    # a lone surrogate has no UTF-8
    return text[:limit].encode("utf-8", "replace").decode()


def _delay(asked_seconds: float) -> float:
    return min(max(asked_seconds, 0.0), DELAY_LIMIT_SECONDS) if math.isfinite(asked_seconds) else 0.0
