"""`crossdock up` that can't start: one sentence, an exit status, and nothing left behind."""

import os
import socket
import subprocess
import sys

import pytest

from gateway.bootstrap import install
from gateway.data_folder import DataFolder
from gateway.up import running
from routing.broker.api import ApiError


def up(folder: DataFolder, *more: str, **environ: str) -> tuple[int, str]:
    """Run `crossdock up` that ends by itself; return its status and the one sentence that says why."""
    ended = subprocess.run(
        [sys.executable, "-m", "gateway", "up", "--data", str(folder.path), *more],
        env={**os.environ, **environ}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    settings, said = ended.stderr.splitlines()
    assert settings.startswith("settings: ")
    return ended.returncode, said


def assert_free(folder: DataFolder) -> None:
    folder.lock().release()
    assert not folder.broker_pid.exists()
    assert not folder.gateway_url.exists()


def test_a_folder_in_use_is_named_and_what_runs_on_it_is_left_alone(data_folder):
    with data_folder.lock():
        counted = data_folder.metrics / "counter_1.db"
        data_folder.gateway_url.write_text("http://127.0.0.1:1\n")
        data_folder.settings_used.write_text("whatever")
        counted.write_text("")
        status, said = up(data_folder, "--http-port", "0")
        assert (status, said) == (2, f"crossdock: {data_folder.path} is in use by process {os.getpid()}")
        assert data_folder.gateway_url.exists()
        assert data_folder.settings_used.read_text() == "whatever"
        assert counted.exists()


def test_a_taken_port_is_named_and_nothing_goes_on_running(data_folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, said = up(data_folder, "--http-port", str(port))
    assert (status, said) == (2, f"crossdock: can't listen on 127.0.0.1:{port}: Address already in use")
    assert_free(data_folder)


def test_a_taken_port_for_metrics_is_named(data_folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run(
            [sys.executable, "-m", "gateway", "router", "--data", data_folder.path, f"--metrics-port={port}"],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert ended.returncode == 2
    assert ended.stderr == f"crossdock: can't listen on 127.0.0.1:{port}: Address already in use\n"


def test_a_broker_that_cannot_be_run_is_one_sentence(data_folder):
    status, said = up(data_folder, "--http-port", "0", CROSSDOCK_NATS_SERVER="/nowhere/nats-server")
    assert status == 2
    assert said.startswith("crossdock: /nowhere/nats-server was named as the nats-server to run, but ")


def test_a_broker_that_ends_at_once_is_one_sentence(data_folder, tmp_path):
    broken = tmp_path / "nats-server"
    broken.write_text(
        "#!/bin/sh\n[ $1 = --version ] && echo nats-server: v2.12.0 || { echo no luck; exit 7; }\n"
    )
    broken.chmod(0o700)
    status, said = up(data_folder, "--http-port", "0", CROSSDOCK_NATS_SERVER=str(broken))
    assert (status, said) == (3, "crossdock: nats-server ended with status 7: no luck")
    assert_free(data_folder)


async def test_what_was_started_by_half_is_ended(data_folder):
    three_copies = {"CROSSDOCK__BROKER__STREAMS__REPLICAS": "3"}  # which one node does not make
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with pytest.raises(ApiError, match="replicas"):
        async with running(install(data_folder, None, three_copies), None, port, log_to_files=True):
            pytest.fail("it can't be ready")
    assert_free(data_folder)
    socket.create_server(("127.0.0.1", port)).close()
