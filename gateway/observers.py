"""What the parts report, turned into metrics and one log line an outcome."""

import logging
import time
from collections.abc import Mapping
from datetime import datetime

import structlog
from prometheus_client import Counter

from contracts.canonical import Category
from contracts.records import Outcome, ReceiptEntry
from contracts.usage import Counted
from observability import metrics
from observability.spans import Spans
from observability.trace import is_sampled, trace_id
from routing.contract_usage import UsageCounts
from routing.delivery.observer import Stall
from routing.items import RouterItem
from routing.stages import Failed
from routing.triage.model.artefact import ModelRefused
from routing.triage.model.drift import WindowReport
from routing.triage.model.observer import Decided

log = structlog.get_logger()

LEVELS = {"try_later": "warning", "rejected": "info", "dead_letter": "error"}


class Children:
    """The children of a labelled counter, looked up once: `labels()` costs more than counting does."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._known: dict[tuple[str, ...], Counter] = {}

    def __call__(self, *labels: str) -> Counter:
        """Return the child with these labels, which come from closed sets."""
        child = self._known.get(labels)
        if child is None:
            child = self._known[labels] = self._counter.labels(*labels)
        return child


class StageMetrics:
    """Counts and times the stages of one process."""

    def __init__(self, process: str) -> None:
        self._process = process
        self._items = Children(metrics.stage_items)
        self._seconds = Children(metrics.stage_seconds)

    def stage_ran(self, stage: str, items: int, seconds: float) -> None:
        self._items(self._process, stage).inc(items)
        self._seconds(self._process, stage).inc(seconds)

    def stage_failed(self, failed: Failed) -> None:
        metrics.stage_failures.labels(self._process, failed.stage, failed.error.code).inc()
        if failed.cause is not None:
            log.error("a stage raised what it never should", stage=failed.stage, exc_info=failed.cause)


class GatewayObserver(StageMetrics):
    """Hears the gateway's HTTP face."""

    def __init__(self, spans: Spans) -> None:
        super().__init__("gateway")
        self._spans = spans
        self._answered = Children(metrics.items)
        self._requests = Children(metrics.requests)
        self._tells_all = bool(log.is_enabled_for(logging.DEBUG))

    def item_ended(
        self,
        *,
        source: str,
        verdict: str,
        code: str,
        stage: str,
        event_id: str,
        contract: str,
        detail: str,
        traceparent: str,
    ) -> None:
        self._answered(source, code or verdict).inc()
        if is_sampled(traceparent):
            now = time.time_ns()
            told = {"event_id": event_id, "source": source, "verdict": verdict, "code": code}
            self._spans.record("accept", traceparent, now, now, told)
        level = LEVELS.get(verdict, "debug")
        if level == "debug" and not self._tells_all:
            return
        getattr(log, level)(
            "an item was answered",
            source=source,
            verdict=verdict,
            code=code,
            stage=stage,
            event_id=event_id,
            contract=contract,
            detail=detail,
            trace_id=trace_id(traceparent),
        )

    def request_ended(self, status: int, seconds: float) -> None:
        self._requests(str(status)).inc()
        metrics.request_seconds.observe(seconds)


class _Stuck:
    """Says once that a part of a process can't go on, and once that it can again."""

    def __init__(self, process: str) -> None:
        self._gauge = metrics.stuck.labels(process)
        self._gauge.set(0)  # a process that was killed while it was stuck has left its 1 behind
        self._reasons: dict[str, str] = {}

    def tell(self, part: str, reason: str) -> None:
        """`part` can't go on; an empty reason means that it can again."""
        if reason == self._reasons.get(part, ""):
            return
        if reason:
            self._reasons[part] = reason
            log.warning("the process can't go on", part=part, reason=reason)
        else:
            del self._reasons[part]
            log.info("the process goes on", part=part)
        self._gauge.set(1 if self._reasons else 0)


def tell_sent(contract: str, version: str, counted: Counted) -> None:
    """Count what sources sent in a version, and how often they broke it."""
    for source, count in counted.used.items():
        metrics.contract_items.labels(contract, version, source).inc(count)
    for (source, keyword, _), count in counted.refusals.items():
        metrics.contract_refusals.labels(contract, version, source, keyword).inc(count)


def tell_read(contract: str, version: str, counted: Counted) -> None:
    """Count what owners were sent in a version."""
    for owner, count in counted.used.items():
        metrics.contract_deliveries.labels(contract, version, owner).inc(count)


class RouterMetrics(StageMetrics):
    """Hears the router; `usage` counts the versions that deliveries are written in."""

    def __init__(self, spans: Spans, usage: UsageCounts | None = None) -> None:
        super().__init__("router")
        self._usage = usage or UsageCounts()
        self._spans = spans
        self._stuck = _Stuck("router")
        self._outcomes = Children(metrics.outcomes)
        self._deliveries = Children(metrics.deliveries)
        self._tells_all = bool(log.is_enabled_for(logging.DEBUG))

    def item_settled(self, item: RouterItem, entry: ReceiptEntry, cause: Exception | None) -> None:
        self._outcomes(entry.source, entry.outcome.value).inc()
        for delivery in entry.deliveries:
            self._deliveries(delivery.owner, delivery.category, delivery.priority).inc()
            self._usage.used(f"exception-{delivery.category}@{delivery.version}", delivery.owner)
        now = time.time_ns()
        accepted = int(datetime.fromisoformat(item.received_at).timestamp() * 1e9)
        metrics.latency_seconds.observe((now - accepted) / 1e9)
        if is_sampled(item.trace):
            told = {"event_id": entry.event, "outcome": entry.outcome.value, "code": entry.code}
            self._spans.record("route", item.trace, accepted, now, told)
        if entry.outcome is Outcome.DEAD or self._tells_all:
            _log_outcome(item, entry)

    def stuck(self, partition: int, reason: str) -> None:
        self._stuck.tell(f"partition {partition}", reason)


def _log_outcome(item: RouterItem, entry: ReceiptEntry) -> None:
    write = log.error if entry.outcome is Outcome.DEAD else log.debug
    write(
        "an item was routed",
        event_id=entry.event,
        source=entry.source,
        contract=entry.contract,
        verdict=entry.outcome.value,
        stage=entry.stage,
        code=entry.code,
        detail=entry.detail,
        sequence=entry.sequence,
        trace_id=trace_id(item.trace),
    )


class ModelMetrics:
    """Hears the model's side of triage."""

    def __init__(self) -> None:
        self._decided = Children(metrics.decisions)
        self._shadowed = Children(metrics.shadows)
        self._roles: dict[str, str] = {}
        self._is_alarmed: dict[str, bool] = {}

    def model_loaded(self, role: str, identity: str, signer: str) -> None:
        self._show(role, identity)
        log.info("a model was taken", role=role, model=identity, signer=signer)

    def model_refused(self, role: str, refused: ModelRefused, stays: str) -> None:
        metrics.model_refusals.labels(role, refused.code.value).inc()
        self._show(role, stays)
        log.error("a model was refused", role=role, code=refused.code.value, detail=str(refused), stays=stays)

    def model_left(self, role: str, instead: str) -> None:
        self._show(role, instead)
        log.warning("no model has this role any more", role=role, instead=instead)

    def model_failed(self, identity: str, error: Exception) -> None:
        metrics.model_failures.labels(identity).inc()
        log.error("a model raised, and the rules took the batch", model=identity, exc_info=error)

    def decided(self, counts: Mapping[Decided, int]) -> None:
        for (category, decided_by, review), count in counts.items():
            self._decided(category.value, decided_by, "yes" if review else "no").inc(count)

    def shadowed(self, counts: Mapping[tuple[Category, str], int]) -> None:
        for (category, agreement), count in counts.items():
            self._shadowed(category.value, agreement).inc(count)

    def window_closed(self, report: WindowReport) -> None:
        for feature, psi in report.psi.items():
            metrics.drift_psi.labels(report.category, feature).set(psi)
        metrics.drift_mean.labels(report.category, "confidence").set(report.confidence)
        metrics.drift_mean.labels(report.category, "set_size").set(report.set_size)
        metrics.drift_alarm.labels(report.category).set(1 if report.alarms else 0)
        is_alarmed = bool(report.alarms)
        if is_alarmed != self._is_alarmed.get(report.category, False):
            self._is_alarmed[report.category] = is_alarmed
            write = log.warning if is_alarmed else log.info
            write("triage drifts" if is_alarmed else "triage drifts no more", category=report.category,
                  signals=report.alarms[:10])  # fmt: skip

    def missing(self, shares: Mapping[str, float]) -> None:
        for source, share in shares.items():
            metrics.missing_share.labels(source).set(share)

    def _show(self, role: str, model: str) -> None:
        before = self._roles.get(role)
        if before is not None and before != model:
            metrics.deciding.labels(role, before).set(0)
        self._roles[role] = model
        metrics.deciding.labels(role, model).set(1)


class DeliveryMetrics:
    """Hears delivery."""

    def __init__(self) -> None:
        self._stuck = _Stuck("delivery")

    def verdict(self, owner: str, kind: str) -> None:
        metrics.verdicts.labels(owner, kind).inc()

    def labelled(self, owner: str, kind: str, *, is_known: bool) -> None:
        metrics.labels.labels(owner, kind, "taken" if is_known else "dropped").inc()

    def refused(self, owner: str, why: str) -> None:
        metrics.ignored.labels(owner, why).inc()

    def timer_armed(self, owner: str) -> None:
        metrics.timers.labels(owner).inc()

    def retried(self, owner: str) -> None:
        metrics.attempts.labels(owner).inc()

    def dead_letter(self, lane: str, code: str) -> None:
        metrics.dead_letters.labels(lane, code).inc()

    def stuck(self, reason: Stall) -> None:
        self._stuck.tell(reason.name.lower(), reason)

    def unstuck(self, reason: Stall) -> None:
        self._stuck.tell(reason.name.lower(), "")
