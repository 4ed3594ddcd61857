"""Wire records that are written once and read by others: receipts, verdicts, timers, audit."""

from enum import StrEnum
from typing import Literal

import msgspec
from msgspec import Struct


class Outcome(StrEnum):
    """What became of one accepted item. Each item has exactly one."""

    OBSERVED = "observed"
    WITH_EXCEPTIONS = "with_exceptions"
    DUPLICATE = "duplicate"
    DEAD = "dead"


class DeliveryEntry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One delivery that stands in the same atomic batch as the receipt, `offset` messages from its start.

    `version` is the one of `exception-<category>` that it is written in.
    """

    delivery: str
    exception: str
    owner: str
    category: str
    priority: str
    offset: int
    version: str = ""


class ReceiptEntry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The outcome of one intake sequence. `stage`, `code` and `detail` are set when it is dead.

    `sealed` holds triage decisions, by exception, that their receivers may not see whole.
    """

    sequence: int
    event: str
    source: str
    contract: str
    outcome: Outcome
    digest: str = ""
    cycle: int = 1
    exceptions: int = 0
    facts: dict[str, int] = {}  # how many of each kind
    deliveries: tuple[DeliveryEntry, ...] = ()
    sealed: dict[str, msgspec.Raw] = {}
    stage: str = ""
    code: str = ""
    detail: str = ""


class Receipt(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the router made of one batch: the last message of the atomic batch on XD_OUT.

    `through` is the last intake sequence that is wholly done. An item with more deliveries than one batch
    holds is spread: an entry whose sequence is beyond `through` is a part, whose last part comes later.
    """

    partition: int
    through: int
    entries: tuple[ReceiptEntry, ...] = ()
    batch_size: int = 0  # messages in the atomic batch, this receipt included


class VerdictKind(StrEnum):
    """What an owner can say of a delivery."""

    DONE = "done"
    RETRY = "retry"
    REJECT = "reject"
    REASSIGN = "reassign"


class Verdict(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An owner's word on one attempt. `sequence` is the attempt's own in XD_OUT.

    `delay_seconds` goes with `retry` (0 means the ladder's own wait), `reason` with `retry`, `reject` and
    `reassign`. `owner` is who should have it, with `reassign`. `root_cause` is what the owner found the
    cause to be, a leaf of the taxonomy, with any verdict that ends the delivery.
    """

    verdict: VerdictKind
    sequence: int
    cycle: int = 1
    attempt: int = 1
    delay_seconds: float = 0.0
    reason: str = ""
    owner: str = ""
    root_cause: str = ""


class TimerRecord(Struct, frozen=True, kw_only=True):
    """The next attempt of a delivery: `sequence` is the attempt in XD_OUT that it repeats."""

    owner: str
    delivery: str
    sequence: int
    cycle: int
    attempt: int
    reason: str


class AuditRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An act: who did what to which record, when (RFC 3339), and why."""

    act: Literal["claimed", "replayed", "discarded", "refused", "read", "subscribed"]
    subject_id: str
    actor: str
    at: str
    cycle: int = 1
    detail: str = ""
