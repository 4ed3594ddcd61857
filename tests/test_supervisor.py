"""Supervised children: started again when they die, ended together, never left behind."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from gateway import supervisor as module
from gateway.restarts import FIRST_DELAY_SECONDS, LONGEST_DELAY_SECONDS, QUIET_SECONDS, Backoff
from gateway.supervisor import (
    ChildHopeless,
    Command,
    Supervisor,
    bind,
    run_until_stopped,
    stop_requested,
)

IDLE = "import time\nprint('ready', flush=True)\ntime.sleep(600)"
STUBBORN = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + IDLE
WITH_GRANDCHILD = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {IDLE!r}], stdout=subprocess.DEVNULL)
print(child.pid, flush=True)
{IDLE}
"""
SERVER = """
import http.server, os, sys
from gateway.supervisor import adopt

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(str(os.getpid()).encode())

server = http.server.HTTPServer(("", 0), Handler, bind_and_activate=False)
server.socket.close()
server.socket = adopt(int(sys.argv[1]))
server.serve_forever()
"""
PARENT = f"""
import asyncio, sys
from gateway.supervisor import Command, Supervisor

async def main():
    children = [Command(name=n, arguments=(sys.executable, "-c", {IDLE!r})) for n in ("a", "b")]
    supervisor = Supervisor(children)
    await supervisor.start()
    print(*supervisor.pids.values(), flush=True)
    await supervisor.wait()

asyncio.run(main())
"""


def is_alive(pid):
    """A zombie is dead: it only waits for somebody to read its status."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def python(name, code, *arguments, **more):
    return Command(name=name, arguments=(sys.executable, "-c", code, *arguments), **more)


@pytest.fixture
async def supervised(tmp_path):
    """Start commands under a supervisor that is stopped after the test; they log to `tmp_path`."""
    started = []

    async def start(*commands):
        supervisor = Supervisor(commands, tmp_path)
        started.append(supervisor)
        await supervisor.start()
        return supervisor

    yield start
    for supervisor in started:
        await supervisor.stop()


async def test_killed_child_is_started_again_and_the_other_is_left_alone(supervised, eventually):
    supervisor = await supervised(python("router", IDLE), python("delivery", IDLE))
    first = supervisor.pids
    os.kill(first["router"], signal.SIGKILL)
    await eventually(lambda: supervisor.pids.get("router", first["router"]) != first["router"])
    assert supervisor.pids["delivery"] == first["delivery"]
    assert supervisor.restarts == {"router": 1, "delivery": 0}


async def test_child_that_ends_by_itself_is_started_again_and_again(supervised, eventually):
    supervisor = await supervised(python("router", "raise SystemExit(1)"))
    await eventually(lambda: supervisor.restarts["router"] >= 3)


async def test_child_with_wrong_settings_is_not_started_again(supervised):
    supervisor = await supervised(python("router", "raise SystemExit(2)"), python("delivery", IDLE))
    with pytest.raises(ChildHopeless, match="router ended with status 2"):
        await asyncio.wait_for(supervisor.wait(), 5)
    assert supervisor.restarts["router"] == 0
    assert is_alive(supervisor.pids["delivery"])


async def test_command_that_does_not_exist_leaves_no_other_running(tmp_path):
    missing = Command(name="router", arguments=(str(tmp_path / "none"),))
    supervisor = Supervisor([python("delivery", IDLE), missing], tmp_path)
    with pytest.raises(FileNotFoundError):
        await supervisor.start()
    assert supervisor.pids == {}


async def test_stop_ends_every_child(supervised):
    supervisor = await supervised(python("router", IDLE), python("delivery", IDLE))
    pids, started = supervisor.pids, time.monotonic()
    await supervisor.stop()
    assert time.monotonic() - started < 2
    assert len(pids) == 2
    assert not any(map(is_alive, pids.values()))


async def test_child_that_ignores_the_request_to_end_is_killed(supervised, eventually, tmp_path, monkeypatch):
    assert module.STOP_PATIENCE_SECONDS < 10
    monkeypatch.setattr(module, "STOP_PATIENCE_SECONDS", 0.2)
    supervisor = await supervised(python("router", STUBBORN))
    await eventually(lambda: "ready" in (tmp_path / "router.log").read_text())
    pid = supervisor.pids["router"]
    await supervisor.stop()
    assert not is_alive(pid)


async def test_what_a_dead_child_had_started_dies_with_it(supervised, eventually, tmp_path):
    supervisor = await supervised(python("gateway", WITH_GRANDCHILD))
    log = tmp_path / "gateway.log"
    grandchild = int((await eventually(lambda: log.read_text().splitlines()))[0])
    assert is_alive(grandchild)
    os.kill(supervisor.pids["gateway"], signal.SIGKILL)
    await eventually(lambda: not is_alive(grandchild))


async def test_children_do_not_outlive_a_parent_that_was_killed(eventually):
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    children = [int(pid) for pid in (await parent.stdout.readline()).split()]
    assert len(children) == 2
    assert all(map(is_alive, children))
    parent.kill()
    await parent.communicate()
    await eventually(lambda: not any(map(is_alive, children)))


async def test_connection_made_while_the_server_is_dead_waits_for_the_next_one(supervised, eventually):
    with bind("127.0.0.1", 0) as listener:
        descriptor = listener.fileno()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        command = python("gateway", SERVER, str(descriptor), inherited=(descriptor,))
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            supervisor = await supervised(command)
            first = int((await client.get(url)).text)
            os.kill(first, signal.SIGKILL)
            await eventually(lambda: not is_alive(first))
            second = int((await client.get(url)).text)
        assert first != second == supervisor.pids["gateway"]


async def test_port_in_use_is_refused_before_anything_runs():
    with bind("127.0.0.1", 0) as listener, pytest.raises(OSError, match="in use"):
        bind("127.0.0.1", listener.getsockname()[1])


async def test_child_sees_what_the_command_adds_to_the_environment(supervised, eventually, tmp_path):
    code = "import os\nprint(os.environ['CROSSDOCK__HTTP__PORT'], 'PATH' in os.environ)"
    await supervised(python("gateway", code, environ={"CROSSDOCK__HTTP__PORT": "9000"}))
    await eventually(lambda: (tmp_path / "gateway.log").read_text().startswith("9000 True"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_signal_ends_the_wait_and_not_the_process(supervised, number):
    supervisor = await supervised(python("router", IDLE))
    with stop_requested() as requested:
        os.kill(os.getpid(), number)
        await asyncio.wait_for(run_until_stopped(supervisor, requested), 5)
    assert is_alive(supervisor.pids["router"])


def test_waits_between_restarts_double_up_to_a_bound_and_start_anew_after_a_quiet_time():
    backoff, now, delays = Backoff(), 100.0, []
    for _ in range(10):
        delays.append(backoff.next_delay_seconds(now))
        now += delays[-1]  # it dies at once, each time
    assert delays[:4] == [FIRST_DELAY_SECONDS * 2**power for power in range(4)]
    assert delays[-1] == LONGEST_DELAY_SECONDS
    now += QUIET_SECONDS + LONGEST_DELAY_SECONDS
    assert backoff.next_delay_seconds(now) == FIRST_DELAY_SECONDS
