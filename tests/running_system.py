"""A Crossdock that runs, for tests that meet it from outside."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from gateway.data_folder import DataFolder
from gateway.issuer import mint
from gateway.settings import load
from routing.broker.connection import Credentials, read_credentials

START_SECONDS = 60
STOP_SECONDS = 20


class RunningSystem:
    """`crossdock up` with the default settings: broker, gateway, router, delivery, as anybody meets them."""

    def __init__(self, folder: Path) -> None:
        self._folder = DataFolder(folder)
        self._clients = load(None, {}).clients
        environ = {name: text for name, text in os.environ.items() if not name.startswith("CROSSDOCK")}
        self._log = (folder.parent / "up.log").open("w")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "gateway", "up", "--data", str(folder), "--http-port", "0"],
            env=environ, stdout=self._log, stderr=self._log, start_new_session=True,
        )  # fmt: skip

    @property
    def url(self) -> str:
        """Where the gateway answers."""
        return self._folder.gateway_url.read_text().strip()

    def token(self, client: str = "admin") -> str:
        """A token of one of the default clients, with all that it may."""
        return mint(self._folder, client, self._clients[client].scopes)

    def credentials_file(self, user: str) -> Path:
        """Where it says how a user of the broker connects: `owner-finance`, `operator`."""
        return self._folder.credentials_file(user)

    def credentials(self, user: str) -> Credentials:
        """How a user of the broker connects."""
        return read_credentials(self.credentials_file(user))

    def get(self, path: str) -> Any:
        """GET as the client that may read everything."""
        headers = {"Authorization": f"Bearer {self.token()}"}
        with urllib.request.urlopen(urllib.request.Request(self.url + path, headers=headers)) as answer:
            return json.load(answer)

    def wait_until_ready(self) -> None:
        """Wait until it takes events."""
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            assert self._process.poll() is None, f"it ended by itself: {Path(self._log.name).read_text()}"
            assert time.monotonic() < deadline, "it takes no events"
            time.sleep(0.05)

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health/ready") as answer:
                return bool(answer.status == 200)
        except (OSError, ValueError):  # not there yet, or not yet ready
            return False

    def stop(self) -> None:
        """End it as systemd would."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(STOP_SECONDS)
        self._log.close()
