"""What became of one item at the door, and the bodies that tell the sender."""

from collections import Counter
from datetime import date
from typing import Literal

from msgspec import UNSET, Struct, UnsetType, structs

from contracts.errors import EventError, InternalFault, TryLater
from gateway.http.acceptance import Accepted
from gateway.http.candidates import DeadLetterCandidate
from gateway.http.items import Item, RehearsedItem, ValidItem
from gateway.http.problems import TABLE, Problem, told
from routing.stages import Failed

ACCEPTED = 202
VALID = 200

Outcome = Literal["accepted", "duplicate", "dead_letter", "valid", "rejected", "try_later"]


class Notice(Struct, frozen=True, kw_only=True):
    """What the headers say of a deprecated version, for one item of a batch. Both days begin in UTC."""

    effective: date
    removal: date
    successor: str


class AcceptedReply(Struct, frozen=True, kw_only=True, tag_field="status", tag="accepted"):
    """The item is durable at `sequence`.

    `item` is its place in a batch, 1-based; there `deprecated` says that its version will end.
    """

    item: int | UnsetType = UNSET
    event_id: str
    source: str
    source_event_id: str
    contract: str
    version: str
    duplicate: bool
    sequence: int
    deprecated: Notice | UnsetType = UNSET


class KeptReply(Struct, frozen=True, kw_only=True, tag_field="status", tag="dead_letter"):
    """The item could not be taken and is kept as a dead letter, for `code` and `detail`.

    `sequence` is null in a dry run, where it only would be.
    """

    item: int | UnsetType = UNSET
    event_id: str
    source: str
    source_event_id: str
    contract: str | None
    version: None = None
    code: str
    detail: str
    duplicate: bool
    sequence: int | None


class ValidReply(Struct, frozen=True, kw_only=True, tag_field="status", tag="valid"):
    """A dry run: the item would be accepted, and so many facts and exceptions of each kind found in it.

    Where the document keeps its contract and we could still not say what it means, `would_be` is the code of
    the dead letter that it would become, and `detail` why.
    """

    item: int | UnsetType = UNSET
    event_id: str
    source: str
    source_event_id: str
    contract: str
    version: str
    facts: dict[str, int]
    exceptions: dict[str, int]
    would_be: str | UnsetType = UNSET
    detail: str | UnsetType = UNSET
    deprecated: Notice | UnsetType = UNSET


class RefusedReply(Struct, frozen=True, kw_only=True, tag_field="status", tag="refused"):
    """One item of a batch was not taken."""

    item: int
    code: str
    problem: Problem


class BatchReply(Struct, frozen=True, kw_only=True):
    """One verdict for each item, in order.

    `accepted` counts what was kept now, `dead_letter` how many of these are kept as dead letters, and
    `valid` the items of a dry run.
    """

    items: list[AcceptedReply | KeptReply | ValidReply | RefusedReply]
    accepted: int
    duplicate: int
    refused: int
    dead_letter: int
    valid: int


class Verdict(Struct, frozen=True, kw_only=True):
    """One item's end. `stage` is where it ended.

    It has a `reply`, or an `error` where it was not taken; a dead letter has both. `contract` is the version
    that it was held to, `name@x.y.z`, as far as it came.
    """

    item: Item
    outcome: Outcome
    status: int
    stage: str
    reply: AcceptedReply | KeptReply | ValidReply | None = None
    error: EventError | None = None
    contract: str = ""


def expected(valid: ValidItem) -> AcceptedReply:
    """Return what its sender will hear of an item that is on its way; nothing of its document is held."""
    return AcceptedReply(
        event_id=valid.event_id,
        source=valid.item.submission.source.name,
        source_event_id=valid.source_event_id,
        contract=valid.document.contract,
        version=valid.document.version or "",
        duplicate=False,
        sequence=0,
    )


def accepted(item: Item, reply: AcceptedReply, kept: Accepted) -> Verdict:
    """The item is kept, now or by an earlier request."""
    return Verdict(
        item=item,
        outcome="duplicate" if kept.is_duplicate else "accepted",
        status=ACCEPTED,
        stage="accept",
        reply=structs.replace(reply, duplicate=kept.is_duplicate, sequence=kept.sequence),
        contract=f"{reply.contract}@{reply.version}",
    )


def kept_as_dead_letter(
    item: Item, kept: DeadLetterCandidate, failed: Failed, accepted: Accepted | None
) -> Verdict:
    """The item could not be taken and is kept; in a dry run, without `accepted`, it only would be."""
    is_duplicate = accepted is not None and accepted.is_duplicate
    reply = KeptReply(
        event_id=kept.candidate.event_id,
        source=item.submission.source.name,
        source_event_id=kept.source_event_id,
        contract=kept.contract,
        code=failed.error.code,
        detail=told(failed.error),
        duplicate=is_duplicate,
        sequence=accepted.sequence if accepted is not None else None,
    )
    outcome: Outcome = "duplicate" if is_duplicate else "dead_letter"
    return Verdict(
        item=item,
        outcome=outcome if accepted is not None else "rejected",
        status=ACCEPTED if accepted is not None else VALID,
        stage=failed.stage,
        reply=reply,
        error=failed.error,
        contract=failed.error.contract,
    )


def rehearsed(item: RehearsedItem) -> Verdict:
    """The item would be accepted."""
    valid = item.valid
    reply = ValidReply(
        event_id=valid.event_id,
        source=valid.item.submission.source.name,
        source_event_id=valid.source_event_id,
        contract=valid.document.contract,
        version=valid.document.version or "",
        facts=dict(Counter(fact.kind.value for fact in item.normalised.facts)),
        exceptions=dict(Counter(found.category.value for found in item.normalised.exceptions)),
        would_be=item.unmapped.code if item.unmapped else UNSET,
        detail=item.unmapped.detail if item.unmapped else UNSET,
    )
    return Verdict(
        item=valid.item,
        outcome="valid",
        status=VALID,
        stage="normalise",
        reply=reply,
        contract=f"{reply.contract}@{reply.version}",
    )


def refused(item: Item, stage: str, error: EventError, contract: str = "") -> Verdict:
    """The item was not taken; what we broke and can't keep is 503, so that it comes again."""
    tries_later = isinstance(error, TryLater | InternalFault)
    return Verdict(
        item=item,
        outcome="try_later" if tries_later else "rejected",
        status=503 if isinstance(error, InternalFault) else TABLE[error.code].status,
        stage=stage,
        error=error,
        contract=contract or error.contract,
    )
