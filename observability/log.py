"""One JSON line an outcome: the message is a fixed sentence, the facts are keys. Never a body."""

import logging
import sys
import traceback
from typing import Literal

import structlog
from msgspec import Struct


class LogSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`level` is the least that is written; `console` is for people at a terminal."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "console"] = "json"


def configure(settings: LogSettings, process: str) -> None:
    """Set up structlog for this process; lines go to standard error, so that standard output stays data."""
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if settings.format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(_without_messages),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),  # one write a line: processes share it
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    # what libraries say through the standard library: warnings and worse, as plain lines
    logging.basicConfig(level=max(level, logging.WARNING), stream=sys.stderr, format="%(name)s: %(message)s")


def _without_messages(exc_info: structlog.typing.ExcInfo) -> str:
    """Return where it was raised and of what type, causes first; a message may quote a document."""
    raised: BaseException | None = exc_info[1]
    parts = []
    while raised is not None:
        frames = traceback.format_list(traceback.extract_tb(raised.__traceback__))
        parts.append("".join(frames) + type(raised).__name__)
        raised = raised.__cause__ or (None if raised.__suppress_context__ else raised.__context__)
    return "\nwhich led to:\n".join(reversed(parts))
