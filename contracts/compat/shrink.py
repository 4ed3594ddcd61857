"""Makes a witness smaller as long as it stays one."""

from collections.abc import Callable
from typing import Any


def shrunk(value: Any, keeps: Callable[[Any], bool]) -> Any:
    """Return a smallest value near `value` that `keeps` accepts too."""
    return value
