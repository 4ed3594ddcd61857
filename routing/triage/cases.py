"""Closed cases: what triage knew and said of an exception, and what its owners found; the rows of
training.
"""

from typing import Literal

from msgspec import Struct


class DecidedRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What triage had said. `model` is empty where no model had answered."""

    by: str
    root_cause: str
    level: str
    confidence: float
    review: bool
    taxonomy: str
    model: str = ""
    model_root_cause: str = ""
    level_p: float | None = None
    set: tuple[str, ...] = ()


class ClosedCase(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of `crossdock triage cases`.

    Times are RFC 3339: when it occurred, when it was decided, and when its owner closed it. `vector` and
    `ages` are the features as they were at the decision (little-endian float32, in JSON: base64), so that
    nothing that was learnt later can leak in. `truth` is the root cause that the owner found. Where
    `truth_from` is `reassign`, nobody named one: `owner` took the exception over, `candidates` are the root
    causes of its category that go to that owner, and `truth` is set where that is one alone. `audited`
    cases are a random sample whose reviewer was not shown the proposal; only they may calibrate.
    `passed_on` are the owners that said that it is not theirs, in order.
    """

    exception: str
    event: str
    category: str
    source: str
    system: str
    store: str
    occurred_at: str
    decided_at: str
    closed_at: str
    contract: str
    vector: bytes
    ages: bytes
    decided: DecidedRecord
    truth: str
    truth_from: Literal["verdict", "reassign"]
    owner: str
    audited: bool
    candidates: tuple[str, ...] = ()
    passed_on: tuple[str, ...] = ()
