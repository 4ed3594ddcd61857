"""Two majors of a contract in a running system: what is sent in one and read in the other, and the change."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from http_face import Face
from next_major import CAST, NAME, published, set_cast

from adapters.framing import CLOUD_EVENT
from contracts import headers, subjects
from contracts.records import ReceiptEntry, Verdict, VerdictKind
from contracts.registry import Registry
from gateway import bootstrap
from gateway.bootstrap import Installation, install
from gateway.cli import crossdock
from gateway.data_folder import DataFolder
from gateway.observers import DeliveryMetrics
from gateway.owners_file import NotEdited, subscribed
from gateway.settings import SettingsError
from gateway.subscribing import SubscriptionRefused, change
from routing.broker.api import StoredMessage, StreamReader
from routing.delivery.process import DeliveryProcess
from routing.items import RouterItem
from routing.owners import OwnerSettings
from routing.router import PartitionRouter
from routing.stages import SilentObserver
from routing.subscriptions import Subscriptions

OTHER = "exception-refund-anomaly"
OWNERS_FILE = """# who receives what
[owners.finance]
title = "Finance"   # claims
contact = "finance@example.com"

[owners.store-ops]
title = "Stores"
contact = "stores@example.com"
# reads the first major until its worker is changed
subscriptions = { "exception-inventory-variance" = 1 }  # since 2026
"""
FINANCE_READS_2 = """
[owners.finance.subscriptions]
exception-inventory-variance = 2
"""
ROUTES_FILE = """
[[routes]]
name = "all"
match = {}
owners = ["store-ops", "finance"]
"""
SENT = {
    "category": "inventory-variance",
    "key": "SKU-77",
    "expected": {"kind": "quantity", "value": "24", "unit": "EA"},
    "actual": {"kind": "quantity", "value": "19", "unit": "EA"},
    "occurred_at": "2026-11-20T07:58:12+01:00",
    "detected_at": "2026-11-20T07:58:14+00:00",
    "references": [{"kind": "outbound-delivery", "id": "80"}],
    "exposure": {"amount": "61.50", "currency": "EUR"},
    "shelf": "A-01-3",
}


class Heard(SilentObserver):
    """What the router settled."""

    def __init__(self) -> None:
        self.entries: list[ReceiptEntry] = []

    def item_settled(self, item: RouterItem, entry: ReceiptEntry, cause: Exception | None) -> None:
        self.entries.append(entry)

    def stuck(self, partition: int, reason: str) -> None: ...


class System:
    """The gateway's face, and a router that can be restarted, on one broker and one folder of contracts."""

    def __init__(self, folder: DataFolder, config: Path, contracts: Path, clients: dict[str, Any]) -> None:
        self.folder, self.config, self.contracts, self.clients = folder, config, contracts, clients
        self.reader = StreamReader(clients["operator"])
        self.face: Face

    def installation(self) -> Installation:
        return install(self.folder, self.config, {})

    @asynccontextmanager
    async def router(self) -> AsyncIterator[Heard]:
        """A router that reads settings and contracts as they are now."""
        heard = Heard()
        installation = self.installation()
        stages = bootstrap.pipeline(installation, heard)
        router = PartitionRouter(self.clients["router"], 0, stages, installation.settings.router, heard)
        stop = asyncio.Event()
        task = asyncio.create_task(router.run(stop))
        try:
            yield heard
        finally:
            stop.set()
            await asyncio.wait_for(task, 5)

    @asynccontextmanager
    async def delivery(self) -> AsyncIterator[None]:
        installation = self.installation()
        process = DeliveryProcess(
            self.clients["delivery"], installation.settings.delivery, installation.owners, DeliveryMetrics()
        )
        stop = asyncio.Event()
        task = asyncio.create_task(process.run(stop))
        try:
            yield
        finally:
            stop.set()
            await asyncio.wait_for(task, 10)

    async def send(self, number: int, version: str = "2.0.0", **members: Any) -> None:
        """POST one exception as a CloudEvent; it must be accepted."""
        data = {name: value for name, value in (SENT | members).items() if value is not None}
        event = {
            "specversion": "1.0", "id": f"e{number}", "source": "/hub",
            "type": f"retail.exception.inventory-variance.v{version[0]}",
            "dataschema": f"https://crossdock.example/contracts/{NAME}/{version}", "data": data,
        }  # fmt: skip
        answer = await self.face.post(
            "/v1/sources/canonical-demo/events", event,
            {"content-type": CLOUD_EVENT, "authorization": f"Bearer {Face.token('admin')}"},
        )  # fmt: skip
        assert answer.status_code == 202, answer.text

    async def lane(self, owner: str) -> list[StoredMessage]:
        return [each async for each in self.reader.scan(subjects.OUT_STREAM, f"out.{owner}.>")]

    async def say(self, owner: str, attempt: StoredMessage, kind: VerdictKind, reason: str = "") -> None:
        """Give an owner's verdict."""
        sent = attempt.headers
        verdict = Verdict(
            verdict=kind, sequence=attempt.sequence, cycle=int(sent[headers.CYCLE]),
            attempt=int(sent[headers.ATTEMPT]), reason=reason,
        )  # fmt: skip
        subject = subjects.result(owner, sent[headers.DELIVERY])
        # the owner's account imports the subject; the stream takes it as a request
        client = self.clients[f"owner-{owner}"]
        answer = await client.request(subject, msgspec.json.encode(verdict), timeout=2)
        assert b"error" not in answer.data, answer.data

    async def command(self, *arguments: str) -> Result:
        """Run a command of the command line on this system."""
        places = ("--data", str(self.folder.path), "--config", str(self.config))
        return await asyncio.to_thread(
            CliRunner().invoke, crossdock, [*arguments, *places], catch_exceptions=True
        )


@pytest.fixture
def contracts_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Published contracts with two majors of one, which the processes read."""
    folder = published(tmp_path / "published")
    monkeypatch.setattr(bootstrap, "PUBLISHED", folder)
    return folder


@pytest.fixture
def installed(data_folder: DataFolder, tmp_path: Path, contracts_folder: Path) -> Callable[[], Installation]:
    """Read settings and contracts as they are now."""
    config = tmp_path / "config"
    config.mkdir()
    (config / "owners.toml").write_text(OWNERS_FILE)
    (config / "routes.toml").write_text(ROUTES_FILE)
    return lambda: install(data_folder, config, {})


@pytest.fixture
async def system(
    installed: Callable[[], Installation],
    data_folder: DataFolder,
    tmp_path: Path,
    contracts_folder: Path,
    connect_as: Callable[[str], Awaitable[Any]],
    open_face: Callable[..., Face],
) -> System:
    users = ("router", "delivery", "operator", "owner-finance", "owner-store-ops")
    clients = {user: await connect_as(user) for user in users}
    made = System(data_folder, tmp_path / "config", contracts_folder, clients)
    installation = installed()
    made.face = open_face(registry=installation.registry, sources=bootstrap.registered_sources(installation))
    return made


def read(stored: StoredMessage) -> dict[str, Any]:
    event: dict[str, Any] = msgspec.json.decode(stored.body)
    return event


def schema_of(stored: StoredMessage) -> str:
    return str(read(stored)["dataschema"]).rpartition("/contracts/")[2]


async def test_an_owner_on_major_1_keeps_receiving_while_a_source_sends_major_2(system, eventually):
    async with system.router() as heard:
        await system.send(1)
        await system.send(2, "1.1.0", exposure=None, shelf=None, references=None, missing=["unit_cost"])
        await eventually(lambda: len(heard.entries) == 2)
    registry = Registry.load(system.contracts)
    stores, finance = await system.lane("store-ops"), await system.lane("finance")
    for lane, version in ((stores, "1.1.0"), (finance, "2.0.0")):
        assert [schema_of(each) for each in lane] == [f"{NAME}/{version}"] * 2
        assert {read(each)["type"] for each in lane} == {f"retail.exception.inventory-variance.v{version[0]}"}
        for each in lane:
            written = read(each)["data"]["exception"]
            assert registry.contract(NAME).versions[version].validator.is_valid(written)
    first, second = (read(each)["data"]["exception"] for each in stores)
    assert first["money_at_risk"] == SENT["exposure"]
    assert first["references"] == [{"kind": "delivery", "id": "80"}]
    assert "shelf" not in first
    assert second["missing"] == ["unit_cost"]
    # who reads what the source sends gets all of it, although the router itself speaks the first major
    assert read(finance[0])["data"]["exception"] == SENT
    assert "missing" not in read(finance[1])["data"]["exception"]


async def test_without_a_path_the_bytes_are_kept_and_a_replay_delivers_once_there_is_a_cast(
    system, eventually
):
    set_cast(system.contracts, None)
    owners = system.config / "owners.toml"
    owners.write_text(OWNERS_FILE.replace("[owners.store-ops]", FINANCE_READS_2 + "[owners.store-ops]"))
    async with system.delivery(), system.router() as heard:
        await system.send(1)
        await eventually(lambda: heard.entries)
        assert (heard.entries[0].stage, heard.entries[0].code) == ("normalise", "contract.no_path")
        # also where a document is ours already, and just one of its owners reads the other major
        await system.send(2, "1.1.0", exposure=None, shelf=None, references=None)
        await eventually(lambda: len(heard.entries) == 2)
        assert (heard.entries[1].stage, heard.entries[1].code) == ("publish", "contract.no_path")

        async def letters() -> list[StoredMessage]:
            return [each async for each in system.reader.scan(subjects.DEAD_LETTERS_STREAM, "dlq.>")]

        first, second = await eventually(lambda: _when(letters, 2))
    assert read(first)["data"] == SENT
    assert "send 1.1.0 until there is a cast" in first.headers[headers.DETAIL]
    assert await system.lane("finance") == []
    set_cast(system.contracts, CAST)
    async with system.router() as heard:
        for letter in (first, second):
            told = await system.command("dead-letters", "replay", letter.headers[headers.EVENT])
            assert told.exit_code == 0, told.output
        await eventually(lambda: len(heard.entries) == 2)
    assert [schema_of(each) for each in await system.lane("store-ops")] == [f"{NAME}/1.1.0"] * 2
    assert read((await system.lane("finance"))[0])["data"]["exception"] == SENT


async def _when(found: Callable[[], Awaitable[list[Any]]], count: int) -> list[Any]:
    """What was found once there is so much of it, else nothing."""
    all_of_it = await found()
    return all_of_it if len(all_of_it) == count else []


async def test_a_subscription_changes_once_the_old_major_is_drained_and_the_router_was_restarted(
    system, eventually
):
    file = system.config / "owners.toml"
    async with system.delivery():
        async with system.router() as heard:
            await system.send(1)
            await eventually(lambda: heard.entries)
            refused = await system.command("owners", "subscribe", "store-ops", NAME, "2", "--deadline", "0")
            assert refused.exit_code == 1
            assert "1 deliveries to store-ops are open in another major: " in refused.output
            assert f"({NAME}@1.1.0)" in refused.output
            assert file.read_text() == OWNERS_FILE

            waiting = asyncio.create_task(system.command("owners", "subscribe", "store-ops", NAME, "2"))
            (open_one,) = await system.lane("store-ops")
            await asyncio.sleep(0)
            assert not waiting.done()
            await system.say("store-ops", open_one, VerdictKind.DONE)
            changed = await asyncio.wait_for(waiting, 20)
            assert changed.exit_code == 0, changed.output
            assert "restart the router" in changed.output
            assert file.read_text() == OWNERS_FILE.replace("= 1 }", "= 2 }")

            # the router that runs still says what it read at its start
            await system.send(2)
            await eventually(lambda: len(heard.entries) == 2)
        async with system.router() as heard:
            await system.send(3)
            await eventually(lambda: heard.entries)
    assert [schema_of(each) for each in await system.lane("store-ops")] == [
        f"{NAME}/1.1.0", f"{NAME}/1.1.0", f"{NAME}/2.0.0",
    ]  # fmt: skip
    again = await system.command("owners", "subscribe", "store-ops", NAME, "2")
    assert (again.exit_code, "already" in again.output) == (0, True)
    acts = [each async for each in system.reader.scan(subjects.AUDIT_STREAM, "audit.subscribed.>")]
    assert [msgspec.json.decode(each.body)["detail"] for each in acts] == [
        f"{NAME} in major 2, 0 open in another"
    ]


async def test_now_changes_at_once_and_says_what_stays_open(system, eventually):
    async with system.router() as heard:
        await system.send(1)
        await eventually(lambda: heard.entries)
    changed = await system.command("owners", "subscribe", "store-ops", NAME, "2", "--now")
    assert changed.exit_code == 0, changed.output
    assert "1 deliveries are open in another major" in changed.output
    assert "has to read both until they are finished" in changed.output
    assert system.installation().owners["store-ops"].subscriptions == {NAME: 2}


async def test_what_died_at_an_owner_is_replayed_in_the_major_that_it_reads_now(system, eventually):
    async with system.delivery(), system.router() as heard:
        await system.send(1)
        await eventually(lambda: heard.entries)
        (attempt,) = await system.lane("store-ops")
        await system.say("store-ops", attempt, VerdictKind.REJECT, "we can't read this")
        delivery = attempt.headers[headers.DELIVERY]

        async def is_dead() -> bool:
            return bool(
                await system.reader.counts(subjects.DEAD_LETTERS_STREAM, f"dlq.store-ops.{delivery}.1")
            )

        await eventually(is_dead)
        changed = await system.command("owners", "subscribe", "store-ops", NAME, "2")
        assert changed.exit_code == 0, changed.output
        set_cast(system.contracts, None)
        refused = await system.command("dead-letters", "replay", delivery)
        assert refused.exit_code == 1
        assert "can't be written for store-ops" in refused.output
        set_cast(system.contracts, CAST)
        replayed = await system.command("dead-letters", "replay", delivery)
        assert replayed.exit_code == 0, replayed.output
    before, again = await system.lane("store-ops")
    assert (schema_of(before), schema_of(again)) == (f"{NAME}/1.1.0", f"{NAME}/2.0.0")
    assert read(again)["data"]["exception"]["exposure"] == SENT["exposure"]
    assert (again.headers[headers.DELIVERY], again.headers[headers.CYCLE]) == (delivery, "2")
    assert read(again)["id"] == read(before)["id"]


def test_what_cannot_be_subscribed_is_refused_before_anything_is_asked(installed, contracts_folder):
    for arguments, said in (
        (("nobody", NAME, 2), "there is no owner 'nobody'; there are: finance, store-ops"),
        (("finance", "exception-heat", 2), "there is no such contract of exceptions"),
        (("finance", "fact-sale", 1), "there is no such contract of exceptions"),
        (("finance", NAME, 7), "has no published version of major 7"),
        (("finance", "*", 2), "exception-click-and-collect-delay has no published version of major 2"),
    ):
        with pytest.raises(SubscriptionRefused, match=re.escape(said)):
            change(installed(), *arguments)
    assert change(installed(), "store-ops", NAME, 1) is None
    assert change(installed(), "finance", "*", 1) is not None
    set_cast(contracts_folder, None)
    with pytest.raises(SubscriptionRefused, match="no cast leads from there to 2"):
        change(installed(), "finance", NAME, 2)


def test_the_owners_own_word_goes_before_its_word_for_all_and_that_before_the_newest(
    installed, contracts_folder
):
    registry = installed().registry

    def majors(**subscriptions: int) -> tuple[str, str]:
        owner = OwnerSettings(title="t", contact="c", subscriptions=subscriptions)
        found = Subscriptions(registry, {"finance": owner})
        return found.version("finance", NAME).version, found.version("finance", OTHER).version

    assert majors() == ("2.0.0", "1.1.0")
    assert majors(**{"*": 1}) == ("1.1.0", "1.1.0")
    assert majors(**{"*": 1, NAME: 2}) == ("2.0.0", "1.1.0")
    # a new major that no cast leads to breaks nobody who never asked for it
    set_cast(contracts_folder, None)
    registry = installed().registry
    assert majors() == ("1.1.0", "1.1.0")
    assert majors(**{NAME: 2}) == ("2.0.0", "1.1.0")


def test_settings_that_subscribe_to_what_is_not_there_do_not_load(installed, tmp_path):
    owners = tmp_path / "config" / "owners.toml"
    owners.write_text(OWNERS_FILE.replace("= 1 }", "= 7 }"))
    with pytest.raises(SettingsError, match=r"owners\.store-ops\.subscriptions.* of major 7"):
        installed()
    owners.write_text(OWNERS_FILE.replace("= 1 }", "= 0 }"))
    with pytest.raises(SettingsError, match=r"owners\.store-ops\.subscriptions\..*: 0 is not a major"):
        installed()


def test_the_packaged_owners_are_not_edited(tmp_path):
    told = CliRunner().invoke(
        crossdock, ["owners", "subscribe", "finance", NAME, "1", "--data", str(tmp_path)]
    )
    assert told.exit_code == 2
    assert "is the packaged file: copy it" in told.output


# owners.toml


@pytest.mark.parametrize(
    ("text", "owner", "contract", "expected"),
    [
        (  # an inline table keeps the comment behind it
            OWNERS_FILE, "store-ops", OTHER,
            OWNERS_FILE.replace("= 1 }", '= 1, "exception-refund-anomaly" = 2 }'),
        ),
        (  # a new line stands after the last of its table, before the comments of what follows
            "[owners.a]\nx = 1  # t\n\n# b is next\n[owners.b]\nx = 1\n", "a", "*",
            '[owners.a]\nx = 1  # t\nsubscriptions = { "*" = 2 }\n\n# b is next\n[owners.b]\nx = 1\n',
        ),
        (  # a table of its own
            '[owners.a]\nx = 1\n[owners.a.subscriptions]  # s\n"*" = 1 # all\n', "a", "*",
            '[owners.a]\nx = 1\n[owners.a.subscriptions]  # s\n"*" = 2 # all\n',
        ),
        (
            '[owners.a]\nx = 1\n[owners.a.subscriptions]\n"*" = 1', "a", NAME,
            f'[owners.a]\nx = 1\n[owners.a.subscriptions]\n"*" = 1\n"{NAME}" = 2\n',
        ),
        ('[owners."a-b"]\n', "a-b", "*", '[owners."a-b"]\nsubscriptions = { "*" = 2 }\n'),
    ],
)  # fmt: skip
def test_owners_toml_changes_in_one_line_and_keeps_its_comments(text, owner, contract, expected):
    assert subscribed(text, owner, contract, 2) == expected


@pytest.mark.parametrize(
    "text",
    [
        "owners = { a = { title = 't' } }\n",
        "owners.a.title = 't'\n",
        '[owners.a]\ntitle = """\nsubscriptions = 1\n"""\n',
        '[owners.a]\nsubscriptions."*" = 1\n',
    ],
)
def test_owners_toml_that_is_written_otherwise_is_left_to_a_person(text):
    by_hand = 'write `subscriptions = { "*" = 2 }` into [owners.a] by hand'
    with pytest.raises(NotEdited, match=re.escape(by_hand)):
        subscribed(text, "a", "*", 2)
