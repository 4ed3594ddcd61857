"""Log, trace context and spans."""

import json

import pytest
import structlog

from observability import log, trace
from observability.spans import Spans, TracingSettings

SAMPLED = f"00-{'a' * 32}-{'b' * 16}-01"
NOT_SAMPLED = f"00-{'a' * 32}-{'b' * 16}-00"


def test_a_senders_trace_is_continued():
    assert trace.continued(SAMPLED) == SAMPLED
    assert trace.trace_id(SAMPLED) == "a" * 32


@pytest.mark.parametrize(
    "broken",
    ["", "nonsense", f"00-{'0' * 32}-{'b' * 16}-01", f"00-{'a' * 32}-{'0' * 16}-01", SAMPLED.upper()],
)
def test_a_broken_context_is_replaced_by_a_new_one_that_is_not_sampled(broken):
    new = trace.continued(broken)
    assert new != broken
    assert trace.trace_id(new)
    assert not trace.is_sampled(new)


def test_only_sampled_traces_become_spans_below_the_senders(tmp_path):
    file = tmp_path / "spans.jsonl"
    spans = Spans(TracingSettings(spans_file=str(file)), "router")
    spans.record("route", NOT_SAMPLED, 1, 2, {})
    spans.record("route", SAMPLED, 1_000_000_000, 3_000_000_000, {"outcome": "observed"})
    (line,) = file.read_text().splitlines()
    span = json.loads(line)
    assert (span["name"], span["parent_id"]) == ("route", "0x" + "b" * 16)
    assert span["context"]["trace_id"] == "0x" + "a" * 32
    assert span["attributes"] == {"outcome": "observed"}


def test_without_a_file_no_span_is_made():
    Spans(TracingSettings(), "router").record("route", SAMPLED, 1, 2, {})


def test_a_log_line_is_one_json_object_with_facts_as_keys(capsys):
    structlog.reset_defaults()
    try:
        log.configure(log.LogSettings(level="info"), "router")
        structlog.get_logger().info("an item was routed", event_id="e1", code="")
        structlog.get_logger().debug("too small to be written")
        (line,) = capsys.readouterr().err.splitlines()
        written = json.loads(line)
        assert (written["event"], written["event_id"], written["process"]) == (
            "an item was routed",
            "e1",
            "router",
        )
    finally:
        structlog.reset_defaults()
        structlog.contextvars.clear_contextvars()
