"""Runs comparisons in processes of their own: few at once, each with a deadline and a limit of memory."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from contracts.errors import NotCompared, RequestInvalid, TooManyRequests
from contracts.manifest import Kind
from gateway.http.registry.comparison_worker import Answer, Task
from gateway.settings import HttpSettings

WORKER = (sys.executable, "-m", "gateway.http.registry.comparison_worker")
START_SECONDS = 5.0  # on top of the deadline, for a busy machine to start the process


class Comparer:
    """Compares schemas without stopping the loop, whatever they are."""

    def __init__(
        self, settings: HttpSettings, *, command: Sequence[str] = WORKER, start_seconds: float = START_SECONDS
    ) -> None:
        self._settings = settings
        self._command = tuple(command)
        self._start_seconds = start_seconds
        self._under_way = 0

    async def compare(
        self, candidate: Any, against: Mapping[str, dict[str, Any]], kind: Kind | None = None
    ) -> Answer:
        """Return the comparison of each schema, the old one, with the candidate, the new one.

        Raises: RequestInvalid for a candidate that is no schema; TooManyRequests; NotCompared past the
        deadline or the limit of memory.
        """
        if not isinstance(candidate, dict | bool):
            raise RequestInvalid("a schema is an object, or true or false")
        if self._under_way >= self._settings.checks_in_flight_limit:
            raise TooManyRequests(f"{self._under_way} comparisons are under way; ask again in a moment")
        self._under_way += 1
        try:
            answer = await self._run(candidate, dict(against), kind)
        finally:
            self._under_way -= 1
        if answer.fault:
            raise RequestInvalid(answer.fault)
        return answer

    async def _run(
        self, candidate: dict[str, Any] | bool, against: dict[str, Any], kind: Kind | None
    ) -> Answer:
        seconds = self._settings.check_seconds
        task = Task(
            candidate=candidate,
            against=against,
            seconds=seconds,
            memory_bytes=self._settings.check_memory_bytes,
            kind=kind,
        )
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(seconds + self._start_seconds):
                said, _ = await process.communicate(msgspec.json.encode(task))
        except TimeoutError:
            raise _not_compared(f"within {seconds} s") from None
        finally:
            # also when the one who asked has left
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        if process.returncode:
            raise _not_compared(f"within {seconds} s and {task.memory_bytes >> 20} MiB")
        return msgspec.json.decode(said, type=Answer)


def _not_compared(limits: str) -> NotCompared:
    return NotCompared(
        f"the comparison did not end {limits}; `crossdock contracts compare` has no such limits",
        retry_after_seconds=60,
    )
