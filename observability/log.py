"""One JSON line an outcome: the message is a fixed sentence, the facts are keys. Never a body."""

import logging
import sys
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
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    # what libraries say through the standard library: warnings and worse, as plain lines
    logging.basicConfig(level=max(level, logging.WARNING), stream=sys.stderr, format="%(name)s: %(message)s")
