"""What the parts report: who is stuck, and log lines that quote no document."""

import io
import json
import subprocess
import sys

import pytest
import structlog

from contracts.documents import Arrival
from contracts.records import DeliveryEntry, Outcome, ReceiptEntry
from gateway import observers
from gateway.observers import DeliveryMetrics, RouterMetrics, StageMetrics, tell_read
from observability import log, metrics
from observability.spans import Spans, TracingSettings
from routing.contract_usage import UsageCounts
from routing.delivery.observer import Stall
from routing.items import RouterItem
from routing.stages import Failed, Stage, run_stages

ROUTER_THAT_IS_STUCK = """
import sys
from gateway.observers import RouterMetrics
from observability.spans import Spans, TracingSettings

router = RouterMetrics(Spans(TracingSettings(), "router"))
for partition, reason in enumerate(sys.argv[1:]):
    router.stuck(partition, reason)
"""
SHOW = "from observability import metrics; print(metrics.stuck_processes())"


@pytest.fixture
def log_lines(monkeypatch):
    """Write the log as a process does; call it to read the lines so far."""
    written = io.StringIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", written)
        log.configure(log.LogSettings(level="debug"), "router")
    monkeypatch.setattr(observers, "log", structlog.get_logger())  # the module's own keeps its first stream
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def router_metrics() -> RouterMetrics:
    return RouterMetrics(Spans(TracingSettings(), "router"))


def test_a_partition_that_goes_on_does_not_hide_one_that_is_stuck():
    router = router_metrics()
    router.stuck(2, "XD_OUT takes no more")
    router.stuck(0, "")
    router.stuck(1, "the broker is away")
    router.stuck(1, "")
    assert "router" in metrics.stuck_processes()
    router.stuck(2, "")
    assert "router" not in metrics.stuck_processes()


def test_delivery_is_stuck_until_its_last_reason_is_gone():
    delivery = DeliveryMetrics()
    delivery.stuck(Stall.DEAD_LETTERS_FULL)
    delivery.stuck(Stall.BROKER_AWAY)
    delivery.unstuck(Stall.BROKER_AWAY)
    assert "delivery" in metrics.stuck_processes()
    delivery.unstuck(Stall.DEAD_LETTERS_FULL)
    assert "delivery" not in metrics.stuck_processes()


def test_a_change_of_the_reason_is_one_line_and_a_repeat_is_none(log_lines):
    router = router_metrics()
    for reason in ("the broker is away", "the broker is away", "XD_OUT is full", "", ""):
        router.stuck(1, reason)
    assert [(line["event"], line["part"], line.get("reason")) for line in log_lines()] == [
        ("the process can't go on", "partition 1", "the broker is away"),
        ("the process can't go on", "partition 1", "XD_OUT is full"),
        ("the process goes on", "partition 1", None),
    ]


def run(folder, code, *arguments):
    """Run `code` in a process whose metrics stand in `folder`; return its process and what it printed."""
    environ = {metrics.MULTIPROCESS_FOLDER: str(folder), "PYTHONPATH": ":".join(filter(None, sys.path))}
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], env=environ, stdout=subprocess.PIPE, text=True
    )
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    return process.pid, out.strip()


def test_a_new_process_clears_the_gauge_of_one_that_died_stuck(tmp_path):
    run(tmp_path, ROUTER_THAT_IS_STUCK, "the broker is away")
    assert run(tmp_path, SHOW)[1] == "['router']"
    run(tmp_path, ROUTER_THAT_IS_STUCK)
    assert run(tmp_path, SHOW)[1] == "[]"


def test_an_ended_process_is_not_stuck_any_more_and_leaves_no_gauge(tmp_path):
    pid, _ = run(tmp_path, ROUTER_THAT_IS_STUCK, "the broker is away")
    assert list(tmp_path.glob(f"gauge_*_{pid}.db"))
    metrics.forget_process(tmp_path, pid)
    assert not list(tmp_path.glob(f"gauge_*_{pid}.db"))
    assert run(tmp_path, SHOW)[1] == "[]"


def test_what_a_stage_quotes_of_a_document_stands_neither_in_the_failure_nor_in_the_log(log_lines):
    def normalise(value: str) -> str:
        try:
            raise ValueError(f"no such article: {value}")
        except ValueError as error:
            raise KeyError(value) from error

    stages = [Stage("normalise", normalise)]
    (failed,) = run_stages(stages, ["SECRET"], StageMetrics("router"))
    assert isinstance(failed, Failed)
    assert failed.error.detail == "normalise: KeyError"
    (line,) = log_lines()
    assert line["event"] == "a stage raised what it never should"
    assert "SECRET" not in json.dumps(line)
    assert "in normalise" in line["exception"]
    assert line["exception"].index("ValueError") < line["exception"].rindex("KeyError")


def test_a_failing_batch_stage_does_not_quote_a_document_either(log_lines):
    def triage(values):
        raise ValueError(values[0])

    results = run_stages(
        [Stage("triage", triage, is_batch=True)], ["SECRET", "SECRET"], StageMetrics("router")
    )
    assert [failed.error.detail for failed in results] == ["triage: ValueError"] * 2
    assert "SECRET" not in json.dumps(log_lines())


def test_the_router_counts_who_is_sent_which_version():
    counts = UsageCounts()
    router = RouterMetrics(Spans(TracingSettings(), "router"), counts)
    found = [
        DeliveryEntry(
            delivery="d", exception="x", owner=owner, category="price-discrepancy", priority="p1", offset=0,
            version=version,
        )
        for owner, version in (("finance", "1.1.0"), ("finance", "1.1.0"), ("store-ops", "2.0.0"))
    ]  # fmt: skip
    entry = ReceiptEntry(
        sequence=1, event="e", source="till", contract="pos-poslog-transaction@1.1.0",
        outcome=Outcome.WITH_EXCEPTIONS, deliveries=tuple(found),
    )  # fmt: skip
    item = RouterItem(
        sequence=1, partition=0, event_id="e", source="till", contract="pos-poslog-transaction@1.1.0",
        received_at="2026-12-01T08:00:00+00:00", arrival=Arrival(body=b""),
    )  # fmt: skip
    router.item_settled(item, entry, None)
    taken = counts.take()
    assert {version: counted.used for version, counted in taken.items()} == {
        "exception-price-discrepancy@1.1.0": {"finance": 2},
        "exception-price-discrepancy@2.0.0": {"store-ops": 1},
    }
    tell_read("exception-price-discrepancy", "1.1.0", taken["exception-price-discrepancy@1.1.0"])
    shown = metrics.exposition().decode()
    labels = 'contract="exception-price-discrepancy",owner="finance",version="1.1.0"'
    assert f"crossdock_contract_deliveries_total{{{labels}}} 2.0" in shown
