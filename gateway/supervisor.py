"""Keeps the processes of `crossdock up` running: started again when they die, ended together."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import structlog
from msgspec import Struct

from gateway.child_process import ChildProcess, spawn
from gateway.restarts import Backoff

log = structlog.get_logger()

STOP_PATIENCE_SECONDS = 6.0  # with the broker's three it stays under the ten that `up` promises
HOPELESS_STATUS = 2  # wrong usage or settings: the next start would end the same way


class ChildHopeless(Exception):
    """A child said that starting it again can't help; the text names it."""


class AddressRefused(OSError):
    """The system does not let us listen there; the text names the address."""

    def __init__(self, host: str, port: int, cause: OSError) -> None:
        super().__init__(f"can't listen on {host}:{port}: {cause.strerror or cause}")


class Command(Struct, frozen=True, kw_only=True):
    """What to run under a name. `environ` is added to this process's own.

    The child gets each descriptor of `inherited` under the same number.
    """

    name: str
    arguments: tuple[str, ...]
    environ: Mapping[str, str] = {}
    inherited: tuple[int, ...] = ()


class Supervisor:
    """Keeps every command running until `stop`.

    With a `log_folder` each child writes to `<name>.log` there, else to where this process writes. `on_end`
    hears the id of each process that ended and is started again.
    """

    def __init__(
        self,
        commands: Iterable[Command],
        log_folder: Path | None = None,
        on_end: Callable[[int], None] = lambda pid: None,
    ) -> None:
        self._commands = tuple(commands)
        self._log_folder = log_folder
        self._on_end = on_end
        self._children: dict[str, ChildProcess] = {}
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self.restarts = {command.name: 0 for command in self._commands}

    @property
    def pids(self) -> dict[str, int]:
        """The process id of each child that runs at this moment."""
        return {name: child.pid for name, child in self._children.items() if child.is_running}

    async def start(self) -> None:
        """Start every command. Raises: OSError where one can't be started at all; none runs then."""
        try:
            for command in self._commands:
                self._children[command.name] = self._spawn(command)
        except BaseException:  # also when cancelled: all of them run, or none
            await self.stop()
            raise
        for command in self._commands:
            self._keepers[command.name] = asyncio.create_task(self._keep_running(command))

    async def wait(self) -> None:
        """Wait for as long as the children can be kept alive. Raises: ChildHopeless."""
        done, _ = await asyncio.wait(self._keepers.values(), return_when=asyncio.FIRST_COMPLETED)
        for keeper in done:
            keeper.result()

    async def stop(self) -> None:
        """End all children at once: SIGTERM, and SIGKILL for what is left after six seconds."""
        for keeper in self._keepers.values():
            keeper.cancel()
        await asyncio.gather(*self._keepers.values(), return_exceptions=True)
        children = [child for child in self._children.values() if child.is_running]
        await asyncio.gather(*(child.stop(STOP_PATIENCE_SECONDS) for child in children))

    async def _keep_running(self, command: Command) -> None:
        backoff = Backoff()
        while True:
            child = self._children[command.name]
            status = await child.ended()
            if status == HOPELESS_STATUS:
                raise ChildHopeless(f"{command.name} ended with status {status}: wrong usage or settings")
            self._on_end(child.pid)
            self.restarts[command.name] += 1
            started = False
            while not started:
                delay_seconds = backoff.next_delay_seconds(asyncio.get_running_loop().time())
                log.error(
                    "a process ended and is started again",
                    process=command.name,
                    status=status,
                    delay_seconds=delay_seconds,
                )
                await asyncio.sleep(delay_seconds)
                with suppress(OSError):  # no memory, no processes left: both pass
                    self._children[command.name] = self._spawn(command)
                    started = True

    def _spawn(self, command: Command) -> ChildProcess:
        environ = {**os.environ, **command.environ}
        if self._log_folder is None:
            return spawn(command.arguments, environ=environ, pass_fds=command.inherited)
        with (self._log_folder / f"{command.name}.log").open("ab") as output:
            return spawn(command.arguments, environ=environ, pass_fds=command.inherited, output=output)


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that already listens; port 0 takes a free one.

    It stays open here while the child that answers on it is started again: callers wait, none is refused.

    Raises: AddressRefused where the address is in use or is not ours.
    """
    with ExitStack() as ends:
        try:
            family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
            listener = ends.enter_context(socket.socket(family, socket.SOCK_STREAM))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
            listener.listen(2048)
        except OSError as error:
            raise AddressRefused(host, port, error) from None
        ends.pop_all()
    return listener


def adopt(descriptor: int) -> socket.socket:
    """Return the listening socket that the parent handed down. Raises: OSError where there is none."""
    return socket.socket(fileno=descriptor)


@contextmanager
def stop_requested() -> Iterator[asyncio.Event]:
    """Give an event that SIGINT and SIGTERM set, instead of ending this process."""
    loop = asyncio.get_running_loop()
    requested = asyncio.Event()
    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, requested.set)
    try:
        yield requested
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


async def run_until_stopped(supervisor: Supervisor, requested: asyncio.Event) -> None:
    """Wait until a stop is requested. Raises: ChildHopeless where a child gives up before."""
    tasks = [asyncio.create_task(requested.wait()), asyncio.create_task(supervisor.wait())]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
