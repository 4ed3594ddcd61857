"""The shape of `taxonomy.yaml`, as it stands in the file: unresolved names and uncompiled expressions."""

from typing import Literal

from msgspec import Struct, field

Level = str
Severity = Literal["P1", "P2", "P3", "P4"]
Autonomy = Literal["L0", "L1", "L2", "L3", "L4"]
FactKind = Literal["number", "boolean", "text"]


class _Table(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row of the file; a key that it doesn't know is an error."""


class Calendar(_Table, frozen=True):
    """Working hours, as words that the SLA clock reads."""

    hours: str
    tz: str = ""
    holidays: str = ""


class SeverityRow(_Table, frozen=True):
    """One severity and its condition; the first row that is true wins."""

    sev: Severity
    when: str


class ApprovalStep(_Table, frozen=True):
    """Who may approve up to `max` of the taxonomy's currency."""

    max: float
    by: str
    dual: bool = False


class Team(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A team: its level, the calendar it works by, and the team above it."""

    level: Level
    calendar: str
    escalates_to: str


class Task(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A piece of work: whose, how long, and the evidence that closes it."""

    team: str
    minutes: int
    evidence: str


class WriteBack(_Table, frozen=True):
    """A verb on a system of record; `idem` is the template of its idempotency key, `undo` what reverts it."""

    system: str
    reversible: bool
    cap: Autonomy
    approval: str
    idem: str
    undo: str | None
    ttl_h: int | None = None
    note: str = ""


class ServiceLevel(_Table, frozen=True):
    """Minutes to acknowledge and to resolve, by severity."""

    clock: str
    P1: tuple[int, int]
    P2: tuple[int, int]
    P3: tuple[int, int]
    P4: tuple[int, int]
    hard_stop: str = ""


class EscalationStep(_Table, frozen=True):
    """What happens `at` this share of the time to resolve."""

    at: float
    do: str


class ReviewRule(_Table, frozen=True):
    """A condition that sends an exception to a person, whatever the confidence."""

    id: str
    when: str
    why: str


class CorrelationRule(_Table, frozen=True):
    """Exceptions that share `key` within the window belong to one case."""

    id: str
    key: str
    window_h: int
    categories: tuple[str, ...] = field(name="for")
    min: int = 1
    restricted: bool = False


class RootCause(_Table, frozen=True):
    """A leaf. `ev` are the features that speak for it, `confirm` the cheapest decisive check."""

    prior: float
    level: Level
    owner: str
    ev: tuple[str, ...]
    confirm: str
    tasks: tuple[str, ...]
    wb: tuple[str, ...]
    cap: Autonomy
    conf_with: tuple[str, ...]
    definition: str = field(name="def")


class CategoryRow(_Table, frozen=True):
    """A category. `name` is its name in the canonical language; its key in the file is a code (`INV`)."""

    name: str
    seed: str
    sources: tuple[str, ...]
    trigger: str
    cap: Autonomy
    human_if_missing: tuple[str, ...]
    root_causes: dict[str, RootCause]
    compliance_when: str = ""
    restricted: bool = False


class TaxonomyFile(_Table, frozen=True):
    """The whole file. What each section is for stands beside it in the file."""

    version: str
    currency: str
    label_order: tuple[str, ...]
    levels: tuple[Level, ...]
    facts: dict[FactKind, tuple[str, ...]]
    evidence: tuple[str, ...]
    params: dict[str, float]
    calendars: dict[str, Calendar]
    severity: tuple[SeverityRow, ...]
    autonomy: dict[Autonomy, str]
    approvals: dict[str, tuple[ApprovalStep, ...]]
    approval_rules: tuple[str, ...]
    teams: dict[str, Team]
    tasks: dict[str, Task]
    writebacks: dict[str, WriteBack]
    sla: dict[str, ServiceLevel]
    sla_pause_reasons: dict[str, str]
    escalation: tuple[EscalationStep, ...]
    exposure: dict[str, str]
    review_rules: tuple[ReviewRule, ...]
    correlation: tuple[CorrelationRule, ...]
    categories: dict[str, CategoryRow]
