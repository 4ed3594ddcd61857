"""Spans of sampled traces, written as JSON lines: nothing leaves the machine that nobody configured.

Only where a sender asked for it (the sampled flag of its `traceparent`), so that the hot path pays nothing.
"""

from pathlib import Path

from msgspec import Struct
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from observability.trace import is_sampled


class TracingSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`spans_file` is where spans are appended, one JSON object a line; empty: none are made."""

    spans_file: str = ""


class Spans:
    """Writes what happened as spans of the sender's trace, after it happened."""

    def __init__(self, settings: TracingSettings, process: str) -> None:
        self._tracer: trace.Tracer | None = None
        self._propagator = TraceContextTextMapPropagator()
        if settings.spans_file:
            file = Path(settings.spans_file).open("a", buffering=1)  # noqa: SIM115 - open as long as the process
            provider = TracerProvider(resource=Resource({"service.name": f"crossdock-{process}"}))
            exporter = ConsoleSpanExporter(out=file, formatter=_one_line)
            provider.add_span_processor(SimpleSpanProcessor(exporter))
            self._tracer = provider.get_tracer("crossdock")

    def record(
        self, name: str, traceparent: str, start_ns: int, end_ns: int, attributes: dict[str, str]
    ) -> None:
        """Write one span below the sender's own; times are Unix nanoseconds."""
        if self._tracer is None or not is_sampled(traceparent):
            return
        parent = self._propagator.extract({"traceparent": traceparent})
        span = self._tracer.start_span(name, context=parent, start_time=start_ns, attributes=attributes)
        span.end(end_time=end_ns)


def _one_line(span: ReadableSpan) -> str:
    return f"{span.to_json(indent=None)}\n"
