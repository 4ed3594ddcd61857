"""A real nats-server as a supervised child: own accounts, own port, fsync always, restarted when it dies."""

import asyncio
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import structlog

from gateway.broker_binary import find_binary
from gateway.child_process import ChildProcess, spawn
from gateway.data_folder import DataFolder, FolderLock, write_secret
from gateway.restarts import Backoff
from gateway.settings import BrokerSettings
from routing.broker import permissions
from routing.broker.connection import Credentials, read_credentials
from routing.broker.streams import streams

log = structlog.get_logger()

HOST = "127.0.0.1"
MAX_PAYLOAD_BYTES = 8 << 20
TIMERS_ROOM_BYTES = 4 << 30  # XD_TIMERS has no limit of its own
START_PATIENCE_SECONDS = 60.0  # a large store is read before the port opens
STOP_PATIENCE_SECONDS = 3.0  # nothing acknowledged is lost by killing it: every write is synced
ORPHAN_PATIENCE_SECONDS = 5.0
POLL_SECONDS = 0.01


class BrokerFailed(Exception):
    """The nats-server did not come up; the text ends with what it said."""


class EmbeddedBroker:
    """One nats-server on a data folder. `crashes` counts how often it was started again."""

    def __init__(self, folder: DataFolder, owners: Sequence[str], settings: BrokerSettings) -> None:
        self._folder = folder
        self._owners = tuple(owners)
        self._settings = settings
        self._users = permissions.users(self._owners)
        self._passwords: dict[str, str] = {}
        self._child: ChildProcess | None = None
        self._watch: asyncio.Task[None] | None = None
        self._lock: FolderLock | None = None
        self._binary = ""
        self.port = 0
        self.crashes = 0

    @property
    def url(self) -> str:
        """Where it listens; the same for the whole life of this object."""
        return f"nats://{HOST}:{self.port}"

    @property
    def pid(self) -> int | None:
        """The process id of the nats-server, or None while there is none."""
        return self._child.pid if self._child and self._child.is_running else None

    def credentials(self, user: str) -> Credentials:
        """Return how one of `permissions.users(owners)` connects."""
        return Credentials(url=self.url, user=user, password=self._passwords[user])

    async def start(self) -> None:
        """Start it and write the credentials of each user; return when it takes connections.

        Raises: FolderInUse; BinaryNotFound; BrokerFailed.
        """
        self._lock = self._folder.lock()
        try:
            self._binary = await asyncio.to_thread(find_binary, self._settings.binary)
            await self._reap_orphan()
            self._passwords = {user: self._kept_password(user) for user in self._users}
            await self._launch_first()
        except BaseException:  # also when cancelled: no half-started broker and no lock may stay
            await self._end()
            raise
        self._watch = asyncio.create_task(self._keep_running())

    async def stop(self) -> None:
        """End it in order; the folder is free for another process then."""
        if self._watch:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch
        await self._end()

    async def _end(self) -> None:
        if self._child:
            await self._child.stop(STOP_PATIENCE_SECONDS)
            self._folder.broker_pid.unlink(missing_ok=True)
        if self._lock:
            self._lock.release()

    async def _launch_first(self) -> None:
        self.port = _free_or_zero(self._folder.broker_port)
        try:
            await self._launch()
        except BrokerFailed:
            if not self.port:
                raise
            self.port = 0  # another process may have taken the port since it was tried
            await self._launch()
        write_secret(self._folder.broker_port, str(self.port).encode())
        for user in self._users:
            write_secret(self._folder.credentials_file(user), msgspec.json.encode(self.credentials(user)))

    async def _launch(self) -> None:
        for stale in self._folder.broker.glob("*.ports"):
            stale.unlink(missing_ok=True)
        config = msgspec.json.format(msgspec.json.encode(self._config()))
        write_secret(self._folder.broker_config, config)
        with self._folder.broker_output.open("wb") as output:
            self._child = spawn(
                [self._binary, "-c", str(self._folder.broker_config)],
                output=output,
                death_signal=signal.SIGTERM,
            )
        self.port = await self._opened_port(self._child)

    async def _opened_port(self, child: ChildProcess) -> int:
        deadline = asyncio.get_running_loop().time() + START_PATIENCE_SECONDS
        # the broker picks a free port itself and writes it down, so nobody else can take it in between
        ports = self._folder.broker / f"{Path(self._binary).name}_{child.pid}.ports"
        while asyncio.get_running_loop().time() < deadline:
            if not child.is_running:
                raise BrokerFailed(
                    f"nats-server ended with status {await child.ended()}: {self._last_words()}"
                )
            with suppress(OSError, msgspec.DecodeError, KeyError):
                return int(msgspec.json.decode(ports.read_bytes())["nats"][0].rpartition(":")[2])
            await asyncio.sleep(POLL_SECONDS)
        await child.stop(STOP_PATIENCE_SECONDS)
        raise BrokerFailed(
            f"nats-server was not ready in {START_PATIENCE_SECONDS:.0f} s: {self._last_words()}"
        )

    async def _keep_running(self) -> None:
        backoff = Backoff()
        while self._child:
            status = await self._child.ended()
            self.crashes += 1
            while True:
                delay_seconds = backoff.next_delay_seconds(asyncio.get_running_loop().time())
                log.error(
                    "the embedded broker ended and is started again",
                    status=status,
                    delay_seconds=delay_seconds,
                )
                await asyncio.sleep(delay_seconds)
                try:
                    await self._launch()
                    break
                except (BrokerFailed, OSError) as error:
                    log.error("the embedded broker can't be started", error=str(error))

    async def _reap_orphan(self) -> None:
        """End a nats-server of this folder whose parent was killed where the system has no death signal."""
        try:
            pid = int(self._folder.broker_pid.read_text())
        except (OSError, ValueError):
            return
        for sent in (signal.SIGTERM, signal.SIGKILL):
            deadline = asyncio.get_running_loop().time() + ORPHAN_PATIENCE_SECONDS
            while str(self._folder.broker_config) in await asyncio.to_thread(_command_line, pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, sent)
                if asyncio.get_running_loop().time() > deadline:
                    break
                await asyncio.sleep(POLL_SECONDS * 5)

    def _config(self) -> dict[str, Any]:
        """Return the server's configuration; JSON is one of the forms that nats-server reads.

        Atomic batches need nothing here: the server's own limits (50 open batches a stream, 1,000 in all,
        1,000 messages and 10 s each) are wider than what one publisher a process opens.
        """
        limits = [stream.config["max_bytes"] for stream in streams(self._settings.streams)]
        return {
            "server_name": "crossdock-embedded",
            "host": HOST,
            "port": self.port or -1,
            "ports_file_dir": str(self._folder.broker),
            "pid_file": str(self._folder.broker_pid),
            "log_file": str(self._folder.broker_log),
            "logfile_size_limit": 16 << 20,
            "logfile_max_num": 3,
            "max_payload": MAX_PAYLOAD_BYTES,
            "write_deadline": "10s",
            # on a busy machine all clients come back at once; one that times out here never tries again
            "authorization": {"timeout": 10},
            "jetstream": {
                "store_dir": str(self._folder.broker_store),
                "sync_interval": "always",
                "max_memory_store": 64 << 20,
                # the limit of a stream counts as used when the stream is made
                "max_file_store": sum(limit for limit in limits if limit > 0) + TIMERS_ROOM_BYTES,
            },
            **permissions.accounts(self._owners, self._passwords),
        }

    def _kept_password(self, user: str) -> str:
        try:
            return read_credentials(self._folder.credentials_file(user)).password
        except (OSError, msgspec.DecodeError):
            return secrets.token_urlsafe(24)

    def _last_words(self) -> str:
        said = b""
        for file in (self._folder.broker_log, self._folder.broker_output):
            with suppress(OSError):
                said += file.read_bytes()[-600:]
        return said.decode(errors="replace").strip() or "it said nothing"


def _free_or_zero(port_file: Path) -> int:
    try:
        port = int(port_file.read_text())
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
            return port
    except (OSError, ValueError, OverflowError):
        return 0


def _command_line(pid: int) -> str:
    """Return the command line of a process, empty where there is none."""
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    asked = subprocess.run(  # noqa: S603 - our own command, no shell
        ["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return asked.stdout
