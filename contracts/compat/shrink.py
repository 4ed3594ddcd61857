"""Makes a witness smaller as long as it stays one, so that a person sees what it is about."""

from collections.abc import Callable, Iterator
from typing import Any

STEPS_LIMIT = 1000
WORK_LIMIT = 60_000


def shrunk(value: Any, keeps: Callable[[Any], bool]) -> Any:
    """Return a smallest value near `value` that `keeps` accepts too."""
    steps = min(STEPS_LIMIT, WORK_LIMIT // _size(value))
    changed = True
    while changed:
        changed = False
        for smaller in _smaller(value):
            steps -= 1
            if steps < 0:
                return value
            if keeps(smaller):
                value, changed = smaller, True
                break
    return value


def _size(value: Any) -> int:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(_size(part) for part in parts)


def _smaller(value: Any) -> Iterator[Any]:
    """Yield values that are one step smaller, those that lose most first."""
    if isinstance(value, dict):
        names = list(value)
        for kept in _parts(len(names)):
            yield {names[index]: value[names[index]] for index in kept}
        for name in names:
            yield from ({**value, name: smaller} for smaller in _smaller(value[name]))
    elif isinstance(value, list):
        for kept in _parts(len(value)):
            yield [value[index] for index in kept]
        for index, item in enumerate(value):
            yield from ([*value[:index], smaller, *value[index + 1 :]] for smaller in _smaller(item))
    elif isinstance(value, str):
        if len(value) > 1:
            yield from (value[: len(value) // 2], value[:-1], value[1:])
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from (each for each in (0, 1, round(value), round(value / 2)) if _plainer(each, value))


def _parts(count: int) -> Iterator[list[int]]:
    """Yield which of `count` parts are kept: first without half of them, then without ever fewer."""
    size = count
    while size:
        for start in range(0, count, size):
            yield [index for index in range(count) if not start <= index < start + size]
        size //= 2


def _plainer(one: float, other: float) -> bool:
    return (one != int(one), abs(one), one < 0) < (other != int(other), abs(other), other < 0)
