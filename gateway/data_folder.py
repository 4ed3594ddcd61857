"""The data folder (`--data`): the name of everything that a running Crossdock keeps beside the streams."""

import fcntl
import os
import secrets
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from gateway.settings import BrokerSettings
from routing.broker.connection import Credentials, read_credentials

DEFAULT = Path(".crossdock")


class FolderInUse(Exception):
    """Another process runs on this folder."""


class FolderLock:
    """Held until `release`, or until the process ends, however it ends."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def release(self) -> None:
        """Let the next process in. Doing so twice does no harm."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class DataFolder:
    """Names under one folder. What holds a secret is readable by its owner alone."""

    def __init__(self, path: Path = DEFAULT) -> None:
        self.path = path.absolute()
        self.lock_file = self.path / "lock"
        self.gateway_url = self.path / "gateway.url"
        self.settings_used = self.path / "settings.json"
        self.metrics = self.path / "metrics"  # prometheus_client's multiprocess files
        self.logs = self.path / "logs"
        self.broker = self.path / "broker"
        self.broker_config = self.broker / "nats.conf"
        self.broker_store = self.broker / "js"
        self.broker_log = self.broker / "nats.log"
        self.broker_output = self.broker / "nats.stderr"
        self.broker_pid = self.broker / "nats.pid"
        self.broker_port = self.broker / "port"
        self.credentials_folder = self.path / "credentials"
        self.issuer = self.path / "issuer"
        self.issuer_key = self.issuer / "private.json"
        self.jwks = self.issuer / "jwks.json"
        self.hash_keys = self.path / "hash-keys"
        self.webhook_secrets = self.path / "webhook-secrets"
        self.sending = self.path / "sending"

    def make(self) -> Self:
        """Make what isn't there yet. A folder that exists keeps its mode: it may be a shared one."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (
            self.metrics, self.logs, self.broker, self.credentials_folder, self.issuer,
            self.hash_keys, self.webhook_secrets,
        ):  # fmt: skip
            folder.mkdir(mode=0o700, exist_ok=True)
        return self

    def lock(self) -> FolderLock:
        """Make the folder this process's own. Raises: FolderInUse, naming the other process."""
        self.make()
        file = self.lock_file.open("a+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().decode().strip() or "unknown"
            file.close()
            raise FolderInUse(f"{self.path} is in use by process {holder}") from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n".encode())
        file.flush()
        return FolderLock(file)

    def credentials_file(self, user: str) -> Path:
        """Return where the credentials of a user of the embedded broker stand."""
        return self.credentials_folder / f"{user}.json"

    def credentials(self, user: str, broker: BrokerSettings) -> Credentials:
        """Return how `user` connects: to the embedded broker, or to the external one that the settings name.

        Raises: OSError where the embedded broker never ran here; msgspec.ValidationError for a broken file.
        """
        if not broker.url:
            return read_credentials(self.credentials_file(user))
        file = Path(broker.credentials_folder) / f"{user}.json"
        if broker.credentials_folder and file.exists():
            return read_credentials(file)
        return Credentials(url=broker.url, ca_file=broker.ca_file)

    def hash_key(self, source: str) -> bytes:
        """Return the source's own key for personal data; the first call makes it."""
        return self._kept(self.hash_keys / source)

    def webhook_secret(self, source: str) -> bytes:
        """Return the source's own webhook secret; the first call makes it."""
        return self._kept(self.webhook_secrets / source)

    def _kept(self, file: Path) -> bytes:
        self.make()
        if not file.exists():
            write_secret(file, f"{secrets.token_urlsafe(32)}\n".encode(), replace=False)
        return read_secret(file)


def read_secret(file: Path) -> bytes:
    """Return a secret without the white space around it. Raises: OSError; ValueError where it is empty."""
    secret = file.read_bytes().strip()
    if not secret:
        raise ValueError(f"{file} is empty")
    return secret


def write_secret(file: Path, content: bytes, *, replace: bool = True) -> None:
    """Write a file of mode 0600, whole or not at all; without `replace` the first writer's content stays."""
    draft = file.with_name(f".{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    if replace:
        draft.replace(file)
        return
    try:
        file.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
