"""W3C trace context (https://www.w3.org/TR/trace-context/): carried from the request to the owner."""

import random
import re

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


def continued(traceparent: str) -> str:
    """Return the sender's context if it is valid, else a new one that is not sampled."""
    match = _TRACEPARENT.fullmatch(traceparent)
    if match and match[1] != "0" * 32 and match[2] != "0" * 16:
        return traceparent
    # ids for finding, not for keeping secrets: the system's random source costs a fifth of a request
    trace, parent = random.getrandbits(128) or 1, random.getrandbits(64) or 1
    return f"00-{trace:032x}-{parent:016x}-00"


def trace_id(traceparent: str) -> str:
    """Return the trace's id for a log line, or an empty string."""
    match = _TRACEPARENT.fullmatch(traceparent)
    return match[1] if match else ""


def is_sampled(traceparent: str) -> bool:
    """Say whether the sender asked for this trace to be recorded."""
    match = _TRACEPARENT.fullmatch(traceparent)
    return match is not None and bool(int(match[3], 16) & 1)
