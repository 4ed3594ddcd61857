"""A child process that ends with its parent, in a process group of its own."""

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import IO

PR_SET_PDEATHSIG = 1  # prctl(2)

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class ChildProcess:
    """One running child. Made by `spawn`."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._end = asyncio.create_task(_end_of(process))

    @property
    def pid(self) -> int:
        """The process id, also the id of its process group."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """False once its end was seen."""
        return not self._end.done()

    async def ended(self) -> int:
        """Wait for the end; return the exit status, negative where a signal ended it."""
        return await asyncio.shield(self._end)

    async def stop(self, patience_seconds: float) -> int:
        """Ask it to end, and kill its whole group if it hasn't in time; return the exit status."""
        with suppress(ProcessLookupError):
            self._process.terminate()
        try:
            return await asyncio.wait_for(self.ended(), patience_seconds)
        except TimeoutError:
            self.kill()
            return await self.ended()

    def kill(self) -> None:
        """Kill it and whatever it started."""
        if self.is_running:
            _kill_group(self.pid)


def spawn(
    arguments: Sequence[str],
    *,
    environ: Mapping[str, str] | None = None,
    output: IO[bytes] | int | None = None,
    pass_fds: Sequence[int] = (),
    death_signal: signal.Signals = signal.SIGKILL,
) -> ChildProcess:
    """Start a child that gets `death_signal` when this process ends, however it ends.

    Linux only: elsewhere a child outlives a parent that was killed, and the next start has to find it.
    `output` takes what it writes to stdout and stderr. Terminal signals don't reach it: it has its own
    process group.

    Raises: OSError where it can't be started.
    """
    if threading.current_thread() is not threading.main_thread():
        # the kernel sends the death signal at the end of the thread that forked, not of the process
        raise RuntimeError("children are started from the main thread alone")
    process = subprocess.Popen(  # noqa: S603 - our own commands, no shell
        list(arguments),
        env=None if environ is None else dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=None if output is None else subprocess.STDOUT,
        pass_fds=tuple(pass_fds),
        process_group=0,
        preexec_fn=_bound_to_parent(os.getpid(), death_signal),  # noqa: PLW1509 - two system calls, no lock
    )
    return ChildProcess(process)


def _bound_to_parent(parent: int, death_signal: signal.Signals) -> Callable[[], None] | None:
    if _libc is None:
        return None
    prctl = _libc.prctl

    def bind() -> None:
        prctl(PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:  # it died before the signal was armed
            os._exit(1)

    return bind


async def _end_of(process: subprocess.Popen[bytes]) -> int:
    if sys.platform != "linux":
        # no pidfd: a thread waits, and what the child had started itself may outlive it
        return await asyncio.to_thread(process.wait)
    descriptor = os.pidfd_open(process.pid)
    try:
        await _readable(descriptor)
    finally:
        os.close(descriptor)
    # before it is reaped, so that the group's id can't be another's yet
    _kill_group(process.pid)
    return process.wait()


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)


def _kill_group(leader: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
