"""The documents' commands, run as they stand there: only port, folders and ids are a test's own."""

import asyncio
import os
import re
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
READY_SECONDS = 60
STOP_SECONDS = 10


def commands(document: str) -> list[str]:
    """Every command of the code blocks of a document, with its continuation lines joined."""
    text = (REPOSITORY / document).read_text()
    blocks = re.findall(r"^ *```(\w*)\n(.*?)^ *```$", text, flags=re.DOTALL | re.MULTILINE)
    plain = "\n".join(block for language, block in blocks if not language)
    lines = [line.strip() for line in plain.replace("\\\n", " ").splitlines()]
    is_command = re.compile(r"\S*crossdock|curl|make|[A-Z_]+=")
    return [line.partition("   #")[0].strip() for line in lines if is_command.match(line)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Walk:
    """Runs commands in the repository with a data folder and a port of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.environ = {**os.environ, "CROSSDOCK_DATA": str(folder / "data"), "COLUMNS": "200"}

    def translated(self, command: str, **words: str) -> str:
        for old, new in {
            ".venv/bin/": f"{BIN}/", "8080": str(self.port), ".crossdock/": f"{self.folder}/data/",
            "examples/owner.py cases": f"examples/owner.py {self.folder}/cases",
            "build/": f"{self.folder}/build/", **words,
        }.items():  # fmt: skip
            command = command.replace(old, new)
        return command if command.startswith(("curl", str(BIN), "CROSSDOCK")) else f"{BIN}/{command}"

    async def run(self, command: str, **words: str) -> str:
        """Run to the end and return what it printed; it must succeed."""
        process = await self.start(command, **words)
        out, err = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0, f"{command}: {out.decode()}{err.decode()}"
        return out.decode()

    async def start(self, command: str, **words: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            "bash", "-c", f"exec env {self.translated(command, **words)}",
            cwd=REPOSITORY, env=self.environ,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip

    @asynccontextmanager
    async def in_background(self, command: str, **words: str) -> AsyncIterator[asyncio.subprocess.Process]:
        process = await self.start(command, **words)
        try:
            yield process
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(process.communicate(), STOP_SECONDS)


def one(found: list[str], part: str) -> str:
    """The one command that holds `part`."""
    matching = [command for command in found if part in command]
    assert len(matching) == 1, f"{part}: {matching}"
    return matching[0]


async def test_the_readme_takes_a_stranger_from_up_to_an_owners_verdict(tmp_path, eventually):
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    found, walk = commands("README.md"), Walk(tmp_path)
    async with walk.in_background(one(found, "crossdock up")) as up:
        await eventually((tmp_path / "data" / "gateway.url").exists, READY_SECONDS)
        assert (tmp_path / "data" / "gateway.url").read_text().strip() == f"http://127.0.0.1:{walk.port}"
        answer = await walk.run(one(found, "curl"))
        assert answer.startswith("HTTP/1.1 202")
        event = msgspec.json.decode(answer.rpartition("\n")[2])["event_id"]
        shown = await walk.run(one(found, "events show"), EVENT_ID=event)
        assert "invoice-mismatch" in shown
        assert "open" in shown

        async def is_done() -> bool:
            return "done" in await walk.run(one(found, "events show"), EVENT_ID=event)

        async with walk.in_background(one(found, "examples/owner.py")):
            await eventually(is_done, 30)
        assert len(list((tmp_path / "cases").glob("*.json"))) == 1
        for command in (one(found, "dead-letters list"), one(found, "ledger check")):
            await walk.run(command)
    assert up.returncode == 0


async def test_the_bulk_guide_sends_a_file_and_tries_another(tmp_path, eventually):
    found, walk = commands("docs/bulk.md"), Walk(tmp_path)
    async with walk.in_background("crossdock up --http-port 8080"):
        await eventually((tmp_path / "data" / "gateway.url").exists, READY_SECONDS)
        assert "4 accepted" in await walk.run(one(found, "stock-counts.ndjson"))
        assert "4 items were answered by earlier runs" in await walk.run(one(found, "stock-counts.ndjson"))
        assert "0 refused" in await walk.run(one(found, "--dry-run"))


async def test_the_simulators_guide_simulates_and_sends(tmp_path, eventually):
    found, walk = commands("docs/simulator.md"), Walk(tmp_path)
    folder = {"retailer": str(tmp_path / "retailer")}
    assert "exceptions" in await walk.run(one(found, "--out"), **folder)
    walk.environ |= {"CROSSDOCK__HTTP__PORT": str(walk.port)}
    async with walk.in_background(one(found, "crossdock up"), **folder):
        await eventually((tmp_path / "data" / "gateway.url").exists, READY_SECONDS)
        assert "dead_letter 0  refused 0" in await walk.run(one(found, "--send"))
        assert "with exceptions" in await walk.run(one(found, "ledger check"))


async def test_the_guides_of_majors_try_a_candidate_and_subscribe_an_owner(tmp_path, eventually):
    walk, config = Walk(tmp_path), tmp_path / "config"
    shutil.copytree(REPOSITORY / "gateway" / "defaults", config)
    sample = REPOSITORY / "adapters/erp/idoc/samples/invoice-line-off.xml"
    words = {"FOLDER": str(config)}
    async with walk.in_background("crossdock up --http-port 8080 --config FOLDER", **words):
        await eventually((tmp_path / "data" / "gateway.url").exists, READY_SECONDS)
        await walk.run(f"crossdock send {sample} --source erp-demo")
        said = await walk.run(one(commands("docs/casting.md"), "dry-run"))
        assert "0 would be refused" in said
        assert "nothing is shown" not in said
        subscribe = one(commands("docs/owners.md"), "owners subscribe")
        assert "restart the router" in await walk.run(subscribe, **words)
    changed, before = (config / "owners.toml").read_text(), REPOSITORY / "gateway/defaults/owners.toml"
    added = [line for line in changed.splitlines() if line not in before.read_text().splitlines()]
    assert added == ['subscriptions = { "exception-inventory-variance" = 1 }']


async def test_the_readmes_commands_that_need_nothing_running(tmp_path):
    found, walk = commands("README.md"), Walk(tmp_path)
    assert "sale" in await walk.run(one(found, "adapters try"))
    assert "finance" in await walk.run(one(found, "routes explain"))
    makefile = (REPOSITORY / "Makefile").read_text()
    for target in re.findall(r"^make (\w+)", "\n".join(found), flags=re.MULTILINE):
        assert f"\n{target}:" in makefile


@pytest.mark.parametrize("guide", ["docs/add-an-adapter.md", "docs/documents.md"])
async def test_the_guides_commands_work_as_they_stand(tmp_path, guide):
    walk, found = Walk(tmp_path), [each for each in commands(guide) if "crossdock" in each]
    assert found
    for command in found:
        await walk.run(command)


async def test_the_operations_guide_sets_up_an_external_broker_and_replays(tmp_path, eventually):
    """The whole way again, with each process by itself against a nats-server that we don't own."""
    found, walk = commands("docs/operations.md"), Walk(tmp_path)
    broker_port, router_metrics, delivery_metrics = free_port(), free_port(), free_port()
    await walk.run(
        one(found, "broker init"), FOLDER=str(tmp_path / "broker"),
        **{"nats://nats:4222": f"nats://127.0.0.1:{broker_port} --store {tmp_path}/streams"},
    )  # fmt: skip
    config = tmp_path / "broker" / "nats.conf"
    config.write_text(config.read_text().replace("4222", str(broker_port)))
    walk.environ |= {
        "CROSSDOCK__BROKER__URL": f"nats://127.0.0.1:{broker_port}",
        "CROSSDOCK__BROKER__CREDENTIALS_FOLDER": str(tmp_path / "broker" / "credentials"),
        "CROSSDOCK__HTTP__PORT": str(walk.port),
    }
    server = [str(BIN / "nats-server"), "-c", str(config), "-a", "127.0.0.1"]
    quiet = asyncio.subprocess.DEVNULL
    broker = await asyncio.create_subprocess_exec(*server, stdout=quiet, stderr=quiet)
    try:
        await eventually(lambda: _answers(broker_port), 10)
        assert "XD_INTAKE made" in await walk.run(one(found, "broker apply"))
        assert "nothing to change" in await walk.run(one(found, "broker apply"))
        async with (
            walk.in_background("crossdock gateway"),
            walk.in_background(one(found, "crossdock router"), **{"9101": str(router_metrics)}),
            walk.in_background(one(found, "crossdock delivery"), **{"9102": str(delivery_metrics)}),
        ):
            await eventually(lambda: _answers(walk.port), 30)
            await _poison_becomes_a_dead_letter_and_is_replayed(walk, found, eventually)
            await _usage_is_shown(walk, [each for each in found if "contracts usage" in each], eventually)
            routed = await walk.run(f"curl -s http://127.0.0.1:{router_metrics}/metrics")
            assert 'crossdock_router_outcomes_total{outcome="dead",source="pos-demo"} 2.0' in routed
            assert 'crossdock_process_stuck{process="router"} 0.0' in routed
            delivered = await walk.run(f"curl -s http://127.0.0.1:{delivery_metrics}/metrics")
            assert 'crossdock_process_stuck{process="delivery"} 0.0' in delivered
    finally:
        broker.terminate()
        await asyncio.wait_for(broker.wait(), STOP_SECONDS)


async def _usage_is_shown(walk: Walk, found: list[str], eventually) -> None:
    of_all, of_one = found

    async def is_counted() -> bool:
        return "pos-demo" in await walk.run(of_all)

    await eventually(is_counted, 15)
    assert {each["version"] for each in msgspec.json.decode(await walk.run(of_one))} >= {"1.0.0", "1.1.0"}


async def _poison_becomes_a_dead_letter_and_is_replayed(walk: Walk, found: list[str], eventually) -> None:  # type: ignore[no-untyped-def]
    sale = (REPOSITORY / "adapters/pos/poslog/samples/price-difference.xml").read_text()
    poison = walk.folder / "poison.xml"
    poison.write_text(sale.replace("<EndDateTime>2026-03-14", "<EndDateTime>2026-02-30"))
    token = (await walk.run("crossdock token --client pos-demo")).strip()
    answer = await walk.run(
        f"curl -s http://127.0.0.1:{walk.port}/v1/sources/pos-demo/events -H 'Authorization: Bearer {token}'"
        f" -H 'Content-Type: application/xml' --data-binary @{poison}"
    )
    event = msgspec.json.decode(answer)["event_id"]
    ready = msgspec.json.decode(await walk.run(f"curl -s http://127.0.0.1:{walk.port}/health/ready"))
    assert ready["durability"] == "fsync"  # which the user `monitor` of that broker asked it

    async def listed() -> bool:
        return event in await walk.run(one(found, "dead-letters list"))

    await eventually(listed, 20)
    assert "adapter.unmapped" in await walk.run(one(found, "dead-letters show"), ID=event)
    assert "cycle 2" in await walk.run(one(found, "dead-letters replay"), ID=f"{event}.1")

    async def dead_again() -> bool:
        return f"{event}.2" in await walk.run(one(found, "dead-letters list"))

    await eventually(dead_again, 20)
    again = await walk.start(one(found, "dead-letters replay"), ID=f"{event}.1")
    _, said = await again.communicate()
    assert again.returncode == 1
    assert b"was replayed" in said


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.2).close()
    except OSError:
        return False
    return True
