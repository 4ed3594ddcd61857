"""The one loop that runs a pipeline's stages: it alone times, counts and turns an error into an outcome."""

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any, Protocol

from msgspec import Struct

from contracts.errors import EventError, InternalFault


class Stage(Struct, frozen=True):
    """One step: `work` takes one value and returns the next, or raises an EventError.

    Where `is_batch` is set, `work` takes all values that are still alive at once and returns as many.
    """

    name: str
    work: Callable[[Any], Any]
    is_batch: bool = False


class Failed(Struct, frozen=True):
    """Stands in a value's place from the stage on where it failed; `cause` is set for what we never meant."""

    stage: str
    error: EventError
    cause: Exception | None = None


class StageObserver(Protocol):
    """Hears what the loop did; must not raise."""

    def stage_ran(self, stage: str, items: int, seconds: float) -> None:
        """`items` values went through `stage` in `seconds` altogether."""
        ...

    def stage_failed(self, failed: Failed) -> None:
        """One value failed."""
        ...


class SilentObserver:
    """Hears and forgets."""

    def stage_ran(self, stage: str, items: int, seconds: float) -> None: ...

    def stage_failed(self, failed: Failed) -> None: ...


def run_stages(stages: Sequence[Stage], values: Sequence[Any], observer: StageObserver) -> list[Any | Failed]:
    """Run every value through every stage (hot path); return a result or a Failed for each, in order.

    One value's failure never touches another: a batch stage that raises is run again value by value.
    """
    results: list[Any | Failed] = list(values)
    alive = list(range(len(results)))
    for stage in stages:
        if not alive:
            break
        started = perf_counter()
        outcomes = _run(stage, [results[place] for place in alive])
        observer.stage_ran(stage.name, len(alive), perf_counter() - started)
        survivors = []
        for place, outcome in zip(alive, outcomes, strict=True):
            results[place] = outcome
            if isinstance(outcome, Failed):
                observer.stage_failed(outcome)
            else:
                survivors.append(place)
        alive = survivors
    return results


def _run(stage: Stage, values: list[Any]) -> list[Any | Failed]:
    if not stage.is_batch:
        return [_run_one(stage.name, stage.work, value) for value in values]
    try:
        outcomes = list(stage.work(values))
    except Exception:  # noqa: BLE001 - found again value by value, where it belongs to one of them
        return [_run_one(stage.name, lambda one: stage.work([one])[0], value) for value in values]
    return outcomes


def _run_one(name: str, work: Callable[[Any], Any], value: Any) -> Any | Failed:
    try:
        return work(value)
    except EventError as error:
        # a verdict and no bug: its frames would only keep the whole document in memory
        error.__context__ = error.__cause__ = None
        return Failed(name, error.with_traceback(None))
    except Exception as error:  # noqa: BLE001 - an unknown exception becomes a dead letter that keeps the bytes
        # its text may quote the document, and a detail leaves the streams that are kept short
        return Failed(name, InternalFault(f"{name}: {type(error).__name__}"), error)
