"""A guided random search for a value that is valid under one schema and not under another."""

from collections.abc import Callable
from typing import Any

from msgspec import UNSET


def search(source: Any, target: Any, breaks: Callable[[Any], bool]) -> Any:
    """Return a value that breaks, UNSET where none was found."""
    return UNSET
