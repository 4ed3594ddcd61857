"""What the parts of delivery did, for the process to report. Each is durable when it is handed out."""

from enum import StrEnum
from typing import Literal

from msgspec import Struct

from routing.dead_letters import DeadLetter


class Refusal(StrEnum):
    """Why an input had no effect."""

    UNREADABLE = "unreadable"  # no verdict, or none that we know
    UNFOUND = "unfound"  # no attempt is where it points to
    FOREIGN = "foreign"  # it speaks of another delivery, cycle or attempt than the one it points to
    LATE = "late"  # the delivery's cycle was over, or the next attempt was on its way


class Answered(Struct, frozen=True, kw_only=True):
    """An owner's verdict was taken; `kind` is done, retry, reject or reassign."""

    owner: str
    kind: str


class Refused(Struct, frozen=True, kw_only=True):
    """An input was dropped."""

    owner: str
    why: Refusal


class Labelled(Struct, frozen=True, kw_only=True):
    """A verdict named a root cause or another owner; what nobody knows by that name is dropped."""

    owner: str
    kind: Literal["root_cause", "owner"]
    is_known: bool


class PassedOn(Struct, frozen=True, kw_only=True):
    """A delivery stands in another owner's lane."""

    owner: str
    to: str


class Armed(Struct, frozen=True, kw_only=True):
    """A timer runs for the next attempt."""

    owner: str
    attempt: int


class Redelivered(Struct, frozen=True, kw_only=True):
    """A further attempt stands in the owner's lane."""

    owner: str
    attempt: int


class Buried(Struct, frozen=True, kw_only=True):
    """A dead letter was kept."""

    letter: DeadLetter


Effect = Answered | Refused | Labelled | PassedOn | Armed | Redelivered | Buried
