"""What the router's stages hand to each other: one item, its exceptions, their decisions and their owners."""

from typing import Any

from msgspec import Struct

from contracts.canonical import Category, Condition, Fact, Money, RetailException, SeriesPlace
from contracts.documents import Arrival, Document


class SentException(Struct, frozen=True, kw_only=True):
    """An exception as its sender wrote it, where that was in another major than our structs speak."""

    version: str
    tree: Any


class FoundException(Struct, frozen=True, kw_only=True):
    """An exception with the identity that stays its own: where it came from, and its id.

    `sent` is what owners' documents are made from where it is set: it may hold more than `exception` can.
    """

    exception_id: str
    event_id: str
    source: str
    system: str
    contract: str  # name@x.y.z of the document
    exception: RetailException
    sent: SentException | None = None


class TriageDecision(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What triage says of one exception. Travels to the owner in `data.triage`.

    `root_cause` is a leaf of the taxonomy (`INV.shrink`), `confidence` its probability 0..1, `alternatives`
    further leaves with theirs, most probable first. `level` and `team` come from the leaf. `severity` is
    P1..P4, `priority` its lower-case form. `review` sends it to a person, `review_reasons` says why.
    `missing` names the inputs of the severity that nobody gave. `decided_by` is `rules` or a model's version.
    """

    category: Category
    root_cause: str
    confidence: float
    level: str
    team: str
    severity: str
    priority: str
    review: bool
    decided_by: str
    taxonomy: str
    review_reasons: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    alternatives: dict[str, float] = {}
    exposure: Money | None = None
    missing: tuple[str, ...] = ()


class TriagedException(Struct, frozen=True, kw_only=True):
    """An exception with its decision."""

    found: FoundException
    decision: TriageDecision


class RoutedException(Struct, frozen=True, kw_only=True):
    """A triaged exception with its owners and the route's row that chose them."""

    triaged: TriagedException
    owners: tuple[str, ...]
    row: str


class RouterItem(Struct, frozen=True, kw_only=True):
    """One intake message as the router took it. `received_at` is the broker's timestamp, RFC 3339.

    `refused_code` is set when the gateway kept the item although it could not take it (`on_violation`).
    """

    sequence: int
    partition: int
    event_id: str
    source: str
    contract: str  # name@x.y.z, or `unreadable`
    arrival: Arrival
    received_at: str
    digest: str = ""
    key: str = ""
    cycle: int = 1
    trace: str = ""
    refused_code: str = ""
    refused_detail: str = ""


class DecodedItem(Struct, frozen=True, kw_only=True):
    """After `decode`."""

    item: RouterItem
    document: Document


class NormalisedItem(Struct, frozen=True, kw_only=True):
    """After `normalise` and `detect`: facts, and exceptions from the document or from facts over time."""

    item: RouterItem
    facts: tuple[Fact, ...]
    exceptions: tuple[FoundException, ...]
    conditions: tuple[Condition, ...] = ()
    series: SeriesPlace | None = None


class TriagedItem(Struct, frozen=True, kw_only=True):
    """After `triage`."""

    item: RouterItem
    facts: tuple[Fact, ...]
    exceptions: tuple[TriagedException, ...]


class RoutedItem(Struct, frozen=True, kw_only=True):
    """After `route`."""

    item: RouterItem
    facts: tuple[Fact, ...]
    exceptions: tuple[RoutedException, ...]
