"""What the parts report, turned into metrics and one log line an outcome."""

import time
from datetime import datetime

import structlog

from contracts.records import Outcome, ReceiptEntry
from observability import metrics
from observability.spans import Spans
from observability.trace import trace_id
from routing.delivery.observer import Stall
from routing.items import RouterItem
from routing.stages import Failed

log = structlog.get_logger()


class StageMetrics:
    """Counts and times the stages of one process."""

    def __init__(self, process: str) -> None:
        self._process = process

    def stage_ran(self, stage: str, items: int, seconds: float) -> None:
        metrics.stage_items.labels(self._process, stage).inc(items)
        metrics.stage_seconds.labels(self._process, stage).inc(seconds)

    def stage_failed(self, failed: Failed) -> None:
        metrics.stage_failures.labels(self._process, failed.stage, failed.error.code).inc()
        if failed.cause is not None:
            log.error("a stage raised what it never should", stage=failed.stage, exc_info=failed.cause)


class GatewayObserver(StageMetrics):
    """Hears the gateway's HTTP face."""

    def __init__(self, spans: Spans) -> None:
        super().__init__("gateway")
        self._spans = spans

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
        metrics.items.labels(source, code or verdict).inc()
        write = {"try_later": log.warning, "rejected": log.info, "dead_letter": log.error}.get(
            verdict, log.debug
        )
        write(
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

        now = time.time_ns()
        told = {"event_id": event_id, "source": source, "verdict": verdict, "code": code}
        self._spans.record("accept", traceparent, now, now, told)

    def request_ended(self, status: int, seconds: float) -> None:
        metrics.requests.labels(str(status)).inc()
        metrics.request_seconds.observe(seconds)


class _Stuck:
    """Says once that a process can't go on, and once that it can again."""

    def __init__(self, process: str) -> None:
        self._process = process
        self._reason = ""

    def tell(self, reason: str) -> None:
        if reason == self._reason:
            return
        self._reason = reason
        metrics.stuck.labels(self._process).set(1 if reason else 0)
        if reason:
            log.warning("the process can't go on", reason=reason)
        else:
            log.info("the process goes on")


class RouterMetrics(StageMetrics):
    """Hears the router."""

    def __init__(self, spans: Spans) -> None:
        super().__init__("router")
        self._spans = spans
        self._stuck = _Stuck("router")

    def item_settled(self, item: RouterItem, entry: ReceiptEntry, cause: Exception | None) -> None:
        metrics.outcomes.labels(entry.source, entry.outcome.value).inc()
        now = time.time_ns()
        accepted = int(datetime.fromisoformat(item.received_at).timestamp() * 1e9)
        metrics.latency_seconds.observe((now - accepted) / 1e9)
        told = {"event_id": entry.event, "outcome": entry.outcome.value, "code": entry.code}
        self._spans.record("route", item.trace, accepted, now, told)
        for delivery in entry.deliveries:
            metrics.deliveries.labels(delivery.owner, delivery.category, delivery.priority).inc()
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

    def stuck(self, reason: str) -> None:
        self._stuck.tell(reason)


class DeliveryMetrics:
    """Hears delivery."""

    def __init__(self) -> None:
        self._stuck = _Stuck("delivery")
        self._reasons: set[Stall] = set()

    def verdict(self, owner: str, kind: str) -> None:
        metrics.verdicts.labels(owner, kind).inc()

    def refused(self, owner: str, why: str) -> None:
        metrics.ignored.labels(owner, why).inc()

    def timer_armed(self, owner: str) -> None:
        metrics.timers.labels(owner).inc()

    def retried(self, owner: str) -> None:
        metrics.attempts.labels(owner).inc()

    def dead_letter(self, lane: str, code: str) -> None:
        metrics.dead_letters.labels(lane, code).inc()

    def stuck(self, reason: Stall) -> None:
        self._reasons.add(reason)
        self._stuck.tell(", ".join(sorted(self._reasons)))

    def unstuck(self, reason: Stall) -> None:
        self._reasons.discard(reason)
        self._stuck.tell(", ".join(sorted(self._reasons)))
