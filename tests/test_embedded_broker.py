"""The life of the embedded broker: start, crash, orphan, end; and what it leaves in the data folder."""

import asyncio
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
import uvloop
from nats.errors import NoRespondersError

from contracts import subjects
from contracts.errors import BrokerUnavailable
from gateway import embedded_broker
from gateway.broker_binary import VARIABLE, BinaryNotFound, find_binary
from gateway.data_folder import DataFolder, FolderInUse
from gateway.embedded_broker import BrokerFailed, EmbeddedBroker
from gateway.settings import BrokerSettings
from routing.broker import permissions
from routing.broker.api import StreamReader, request, request_api
from routing.broker.connection import connect, read_credentials
from routing.broker.streams import apply, streams

PARENT = """
import asyncio, sys
from pathlib import Path
from gateway.data_folder import DataFolder
from gateway.embedded_broker import EmbeddedBroker
from gateway.settings import BrokerSettings

async def main():
    broker = EmbeddedBroker(DataFolder(Path(sys.argv[1])), ["finance"], BrokerSettings())
    await broker.start()
    print(broker.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def is_alive(pid):
    """A zombie is dead: it only waits for somebody to read its status."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def start(*arguments, **pipes):
    return subprocess.Popen(arguments, **pipes)


def fake_server(path, says):
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


@pytest.fixture
async def small_broker(data_folder):
    """A broker without streams, for what needs none."""
    broker = EmbeddedBroker(data_folder, ["finance"], BrokerSettings())
    await broker.start()
    yield broker
    await broker.stop()


async def test_killed_broker_takes_messages_again_in_two_seconds_and_loses_nothing_acknowledged(
    broker, connect_as
):
    client = await connect_as("gateway")
    acknowledged, port, pid = [], broker.port, broker.pid

    async def publish(number):
        while True:
            try:
                answer = await client.request(
                    "in.0.till.sale", b"%d" % number, headers={"Nats-Msg-Id": str(number)}, timeout=0.2
                )
            except (TimeoutError, NoRespondersError):  # the port opens a moment before the streams answer
                continue
            acknowledged.append(msgspec.json.decode(answer.data)["seq"])
            return

    for number in range(200):
        await publish(number)
    os.kill(pid, signal.SIGKILL)
    killed_at = time.monotonic()
    await publish(200)
    back_after = time.monotonic() - killed_at
    assert back_after < 2, f"{back_after:.2f} s"
    assert (broker.port, broker.crashes) == (port, 1)
    assert broker.pid not in (pid, None)
    kept = [stored async for stored in StreamReader(client).scan(subjects.INTAKE_STREAM, "in.>")]
    assert [stored.body for stored in kept] == [b"%d" % number for number in range(201)]
    assert acknowledged == [stored.sequence for stored in kept]


async def test_broker_that_dies_again_and_again_comes_back(small_broker):
    for crash in range(3):
        client = await connect(small_broker.credentials("provisioner"), "test")
        await client.close()
        assert small_broker.crashes == crash
        os.kill(small_broker.pid, signal.SIGKILL)


async def test_second_broker_on_the_same_folder_is_refused_and_told_who_has_it(small_broker, data_folder):
    second = EmbeddedBroker(data_folder, ["finance"], BrokerSettings())
    with pytest.raises(FolderInUse, match=f"in use by process {os.getpid()}$"):
        await second.start()
    assert is_alive(small_broker.pid)


async def test_broker_does_not_outlive_a_parent_that_was_killed(tmp_path, eventually):
    parent = start(sys.executable, "-c", PARENT, str(tmp_path), stdout=subprocess.PIPE, text=True)
    with parent:
        broker_pid = int(await asyncio.to_thread(parent.stdout.readline))
        assert is_alive(broker_pid)
        parent.kill()
    await eventually(lambda: not is_alive(broker_pid))


async def test_orphan_of_a_system_without_death_signals_is_ended_before_the_next_start(
    data_folder, eventually
):
    first = EmbeddedBroker(data_folder, ["finance"], BrokerSettings())
    await first.start()
    await first.stop()
    orphan = start(find_binary(), "-c", str(data_folder.broker_config))
    try:
        await eventually(data_folder.broker_pid.exists)
        second = EmbeddedBroker(data_folder, ["finance"], BrokerSettings())
        await second.start()
        try:
            assert orphan.poll() is not None
        finally:
            await second.stop()
    finally:
        orphan.kill()
        orphan.wait()


async def test_process_that_merely_has_the_pid_of_an_old_broker_is_left_alone(data_folder):
    bystander = start(sys.executable, "-c", "input()", stdin=subprocess.PIPE)
    with bystander:
        data_folder.make().broker_pid.write_text(str(bystander.pid))
        broker = EmbeddedBroker(data_folder, [], BrokerSettings())
        await broker.start()
        await broker.stop()
        assert bystander.poll() is None
        bystander.kill()


async def test_stop_is_quick_and_leaves_neither_process_nor_lock(data_folder):
    broker = EmbeddedBroker(data_folder, ["finance"], BrokerSettings())
    await broker.start()
    pid, started = broker.pid, time.monotonic()
    await broker.stop()
    assert time.monotonic() - started < 2
    assert not is_alive(pid)
    data_folder.lock().release()


async def test_next_start_has_the_same_port_and_passwords(data_folder):
    seen = set()
    for _ in range(2):
        broker = EmbeddedBroker(data_folder, ["finance"], BrokerSettings())
        await broker.start()
        seen.add(broker.credentials("owner-finance"))
        await broker.stop()
    assert len(seen) == 1


async def test_port_that_was_taken_meanwhile_is_replaced(data_folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        data_folder.make().broker_port.write_text(str(taken.getsockname()[1]))
        broker = EmbeddedBroker(data_folder, [], BrokerSettings())
        await broker.start()
        try:
            assert broker.port != taken.getsockname()[1]
            client = await connect(broker.credentials("provisioner"), "test")
            await client.close()
        finally:
            await broker.stop()


async def test_every_user_has_credentials_that_only_the_owner_of_the_folder_can_read(
    small_broker, data_folder
):
    files = sorted(data_folder.credentials_folder.iterdir())
    assert [file.stem for file in files] == sorted(permissions.users(["finance"]))
    for file in (*files, data_folder.broker_config):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(data_folder.path.stat().st_mode) == 0o700
    client = await connect(read_credentials(data_folder.credentials_file("owner-finance")), "test")
    await client.close()


async def test_connection_without_credentials_is_refused(small_broker):
    nobody = msgspec.structs.replace(small_broker.credentials("gateway"), user="", password="")
    with pytest.raises(BrokerUnavailable, match=r"(?i)authorization violation"):
        await connect(nobody, "test", patience_seconds=0.3)


async def test_broker_that_is_not_there_is_given_up_after_a_while(small_broker):
    gateway = small_broker.credentials("gateway")
    await small_broker.stop()
    with pytest.raises(BrokerUnavailable, match=rf"no broker at {gateway.url}: .*Connect"):
        await connect(gateway, "test", patience_seconds=0.3)


async def test_broker_itself_says_that_it_syncs_before_it_acknowledges(small_broker):
    client = await connect(small_broker.credentials("monitor"), "test")
    try:
        answer = await request(client, "$SYS.REQ.SERVER.PING.JSZ", b"")
    finally:
        await client.close()
    assert msgspec.json.decode(answer.data)["data"]["config"]["sync_always"] is True


async def test_broker_takes_eight_mebibytes_and_no_more(broker, connect_as):
    client = await connect_as("gateway")
    assert client.max_payload == 8 << 20


async def test_broker_that_cannot_start_says_why_and_frees_the_folder(data_folder):
    data_folder.make().broker_store.write_text("a file where its folder should be")
    broker = EmbeddedBroker(data_folder, [], BrokerSettings())
    with pytest.raises(BrokerFailed, match=r"(?s)ended with status 1.*not a directory"):
        await broker.start()
    data_folder.lock().release()


async def test_broker_that_never_gets_ready_is_given_up(data_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(embedded_broker, "START_PATIENCE_SECONDS", 0.2)
    sleeper = tmp_path / "sleeper"
    sleeper.write_text('#!/bin/sh\n[ "$1" = --version ] && echo v2.15.1 && exit\nexec sleep 60\n')
    sleeper.chmod(0o755)
    broker = EmbeddedBroker(data_folder, [], BrokerSettings(binary=str(sleeper)))
    with pytest.raises(BrokerFailed, match="was not ready"):
        await broker.start()
    assert broker.pid is None


def test_broker_lives_on_uvloop_too(data_folder, eventually):
    async def crash_and_end():
        broker = EmbeddedBroker(data_folder, ["finance"], BrokerSettings())
        await broker.start()
        os.kill(broker.pid, signal.SIGKILL)
        await eventually(lambda: broker.crashes == 1 and broker.pid)
        await (await connect(broker.credentials("provisioner"), "test")).close()
        await broker.stop()

    uvloop.run(crash_and_end())


async def test_limits_of_the_streams_fit_into_the_room_that_the_broker_has(data_folder):
    settings = BrokerSettings()
    broker = EmbeddedBroker(data_folder, [], settings)
    await broker.start()
    client = await connect(broker.credentials("provisioner"), "test")
    try:
        assert await apply(client, settings.streams, [])
        account = await request_api(client, "INFO")
        assert account["streams"] == len(streams(settings.streams))
    finally:
        await client.close()
        await broker.stop()


def test_named_binary_is_taken_or_refused_but_never_passed_over(tmp_path, monkeypatch):
    old = fake_server(tmp_path / "old", "nats-server: v2.11.9")
    new = fake_server(tmp_path / "new", "nats-server: v2.12.0")
    assert find_binary(str(new)) == str(new)
    with pytest.raises(
        BinaryNotFound, match=r"old was named .* it is v2\.11\.9, and 2\.12\.0 or later is needed"
    ):
        find_binary(str(old))
    monkeypatch.setenv(VARIABLE, str(tmp_path / "none"))
    with pytest.raises(BinaryNotFound, match="can't be run"):
        find_binary()


def test_system_binary_is_preferred_but_passed_over_when_it_is_too_old(tmp_path, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    beside_python = str(Path(sys.executable).parent / "nats-server")
    system = fake_server(tmp_path / "good" / "nats-server", "nats-server: v2.14.0")
    monkeypatch.setenv("PATH", str(system.parent))
    assert find_binary() == str(system)
    outdated = fake_server(tmp_path / "bad" / "nats-server", "nats-server: v2.10.20")
    monkeypatch.setenv("PATH", str(outdated.parent))
    assert find_binary() == beside_python


def test_generated_secrets_are_made_once_and_differ_by_source(tmp_path):
    folder = DataFolder(tmp_path)
    key = folder.hash_key("pos-demo")
    assert DataFolder(tmp_path).hash_key("pos-demo") == key
    assert len({key, folder.hash_key("erp-demo"), folder.webhook_secret("pos-demo")}) == 3
    assert stat.S_IMODE((folder.hash_keys / "pos-demo").stat().st_mode) == 0o600
