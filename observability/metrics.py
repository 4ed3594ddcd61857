"""Every metric, once: its name, its labels from closed sets, and what it counts.

Where the environment names a folder in PROMETHEUS_MULTIPROC_DIR, all processes of one machine write there and
one of them shows them all.
"""

import os
from pathlib import Path

from prometheus_client import REGISTRY as OWN_REGISTRY
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
    start_http_server,
)

MULTIPROCESS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"

SECONDS = (0.00005, 0.0002, 0.001, 0.005, 0.02, 0.1, 0.5, 2.0)

items = Counter(
    "crossdock_gateway_items_total",
    "Items at the door, by what the sender was told: accepted, duplicate, or the code of the refusal.",
    ["source", "code"],
)
requests = Counter(
    "crossdock_gateway_requests_total", "Requests at the ingest endpoints, by status.", ["status"]
)
request_seconds = Histogram(
    "crossdock_gateway_request_seconds", "From the first byte to the answer.", buckets=SECONDS
)
stage_items = Counter("crossdock_stage_items_total", "Items that went through a stage.", ["process", "stage"])
stage_seconds = Counter(
    "crossdock_stage_seconds_total", "Time spent in a stage, for all its items.", ["process", "stage"]
)
stage_failures = Counter(
    "crossdock_stage_failures_total", "Items that failed in a stage.", ["process", "stage", "code"]
)
outcomes = Counter(
    "crossdock_router_outcomes_total",
    "Routed items by outcome: observed, with_exceptions, duplicate, dead.",
    ["source", "outcome"],
)
deliveries = Counter(
    "crossdock_router_deliveries_total", "Deliveries published.", ["owner", "category", "priority"]
)
latency_seconds = Histogram(
    "crossdock_router_latency_seconds", "From the broker's acceptance of an item to its receipt.",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2.0, 10.0, 60.0),
)  # fmt: skip
contract_items = Counter(
    "crossdock_contract_items_total",
    "Items that were kept, by the version that they were held to; some seconds late.",
    ["contract", "version", "source"],
)
contract_refusals = Counter(
    "crossdock_contract_refusals_total",
    "Places at which items broke a version, by the schema's keyword; some seconds late.",
    ["contract", "version", "source", "keyword"],
)
contract_deliveries = Counter(
    "crossdock_contract_deliveries_total",
    "Deliveries, by the version that they were written in; some seconds late.",
    ["contract", "version", "owner"],
)
verdicts = Counter("crossdock_delivery_verdicts_total", "Owners' verdicts.", ["owner", "verdict"])
attempts = Counter("crossdock_delivery_attempts_total", "Attempts after the first.", ["owner"])
timers = Counter("crossdock_delivery_timers_total", "Timers armed for a next attempt.", ["owner"])
dead_letters = Counter("crossdock_dead_letters_total", "Dead letters kept.", ["lane", "code"])
ignored = Counter(
    "crossdock_delivery_ignored_total", "Inputs of owners that had no effect.", ["owner", "why"]
)
deciding = Gauge(
    "crossdock_triage_model", "1 for who has a role in triage: `current` decides, `challenger` only watches.",
    ["role", "model"], multiprocess_mode="livemostrecent",
)  # fmt: skip
model_refusals = Counter(
    "crossdock_triage_model_refusals_total", "Models that were not taken, by the check that they failed.",
    ["role", "check"],
)  # fmt: skip
model_failures = Counter(
    "crossdock_triage_model_failures_total", "Batches in which a model raised: the rules took them.",
    ["model"],
)  # fmt: skip
decisions = Counter(
    "crossdock_triage_decisions_total", "Decisions, by who made them and whether a person must look.",
    ["category", "decided_by", "review"],
)  # fmt: skip
shadows = Counter(
    "crossdock_triage_shadow_total",
    "Answers of the challenger: root_cause, level or none is what it agrees with the model on.",
    ["category", "agreement"],
)
drift_psi = Gauge(
    "crossdock_triage_drift_psi", "Population stability index of a feature in the last window.",
    ["category", "feature"], multiprocess_mode="livemostrecent",
)  # fmt: skip
drift_mean = Gauge(
    "crossdock_triage_drift_mean", "Mean confidence and set size in the last window.",
    ["category", "signal"], multiprocess_mode="livemostrecent",
)  # fmt: skip
drift_alarm = Gauge(
    "crossdock_triage_drift_alarm", "1 while the category's last window was beyond a bound.",
    ["category"], multiprocess_mode="livemostrecent",
)  # fmt: skip
missing_share = Gauge(
    "crossdock_triage_missing_share", "Features that were missing in the last window of a source.",
    ["source"], multiprocess_mode="livemostrecent",
)  # fmt: skip
labels = Counter(
    "crossdock_delivery_labels_total",
    "Root causes and owners that verdicts named: taken, or dropped because nobody knows them.",
    ["owner", "kind", "fate"],
)
stuck = Gauge(
    "crossdock_process_stuck", "1 while a process can't go on and a person should look.", ["process"],
    multiprocess_mode="livemostrecent",
)  # fmt: skip


def exposition() -> bytes:
    """Return the metrics in Prometheus' text format, of all processes where they share a folder."""
    return generate_latest(_registry())


def serve(host: str, port: int) -> None:
    """Show the metrics at `/metrics` from a thread of its own until the process ends; to whoever asks.

    Raises: OSError where the port is taken.
    """
    start_http_server(port, host, registry=_registry())


def stuck_processes() -> list[str]:
    """Return the processes that can't go on, as far as they share a folder with this one."""
    return sorted(
        sample.labels["process"]
        for metric in _registry().collect()
        if metric.name == "crossdock_process_stuck"
        for sample in metric.samples
        if sample.value
    )


def deciding_model() -> str:
    """Return who decides in triage, as far as the router shares a folder with this process; else empty."""
    return next(
        (
            sample.labels["model"]
            for metric in _registry().collect()
            if metric.name == "crossdock_triage_model"
            for sample in metric.samples
            if sample.value and sample.labels["role"] == "current"
        ),
        "",
    )


def forget_process(folder: Path, pid: int) -> None:
    """Remove what is true of a live process alone; what an ended one counted stays counted."""
    multiprocess.mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]  # not annotated there


def clear_folder(folder: Path) -> None:
    """Forget what earlier runs counted; only before the first process starts."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*.db"):
        file.unlink()


def _registry() -> CollectorRegistry:
    if not os.environ.get(MULTIPROCESS_FOLDER):
        return OWN_REGISTRY
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # not annotated there
    return registry
