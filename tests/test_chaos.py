"""kill -9 of every process at random under load, and a journal of our own that accounts for each message.

The journal holds what senders and owners saw; nothing in it comes from Crossdock's own books.
"""

import asyncio
import os
import random
import signal
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from chaos_load import (
    PLAIN,
    POISON,
    REJECTED,
    SOURCE,
    Journal,
    TillSender,
    event_of,
    expected_owners,
    kind,
)

from contracts import headers, subjects
from contracts.records import Outcome, Verdict, VerdictKind
from crossdock_sdk import Answer, Delivery, Owner
from gateway.bootstrap import Installation, install
from gateway.data_folder import DataFolder
from gateway.issuer import mint
from gateway.up import Running, running
from routing.broker import permissions
from routing.broker.api import StreamReader, request_api
from routing.broker.commit import Outgoing, publish
from routing.broker.connection import connect
from routing.broker.streams import SECOND, consumers
from routing.dead_letters import without_hop
from routing.receipts import decode

ACK_WAIT_SECONDS = 3
RESTART_SECONDS = 20
VICTIMS = ("broker", "gateway", "router", "delivery")


def victims(count: int, chance: random.Random) -> list[str]:
    """Draw whom to kill, in order: each process and the broker at least once."""
    drawn = [*VICTIMS, *chance.choices(VICTIMS, k=count - len(VICTIMS))]
    chance.shuffle(drawn)
    return drawn


async def kill_all(system: Running, names: list[str], chance: random.Random) -> None:
    """kill -9 of one after the other, each while it runs; `up` starts all of them again."""
    loop = asyncio.get_running_loop()
    for name in names:
        await asyncio.sleep(chance.uniform(0.2, 1.2))
        deadline = loop.time() + RESTART_SECONDS
        while (pid := pid_of(system, name)) is None:
            assert loop.time() < deadline, f"{name} was not started again"
            await asyncio.sleep(0.02)
        os.kill(pid, signal.SIGKILL)


def pid_of(system: Running, name: str) -> int | None:
    assert system.broker is not None
    return system.broker.pid if name == "broker" else system.supervisor.pids.get(name)


async def faults(journal: Journal, reader: StreamReader, count: int) -> list[str]:
    """Hold the journal against the streams; return a sentence for each thing that does not fit."""
    found: list[str] = []
    outcomes: dict[str, list[Outcome]] = defaultdict(list)
    async for stored in reader.scan(subjects.OUT_STREAM, "receipt.*"):
        receipt = decode(stored).receipt
        for entry in receipt.entries:
            if entry.sequence <= receipt.through and entry.outcome is not Outcome.DUPLICATE:
                outcomes[entry.event].append(entry.outcome)
    wanted_outcome = {PLAIN: Outcome.OBSERVED, POISON: Outcome.DEAD}
    for number in range(count):
        event, wanted = event_of(number), wanted_outcome.get(kind(number), Outcome.WITH_EXCEPTIONS)
        if not journal.acknowledged[number]:
            found.append(f"{number} was never acknowledged")
        if outcomes[event] != [wanted]:
            found.append(f"{number} has outcomes {outcomes[event]} and not {wanted}")
        owners = {owner for owner, _ in journal.seen.get(event, [])}
        if owners != expected_owners(number):
            found.append(f"{number} ({kind(number)}) came to {owners or 'nobody'}")
    found += [f"delivery {delivery} came to the wrong owner" for delivery in journal.wrong_owner]
    found += await _repeated_attempts(reader)
    return found + await _wrong_endings(journal, reader, count)


async def _repeated_attempts(reader: StreamReader) -> list[str]:
    """Owners tell a delivery that comes again by its number: no attempt may stand in the stream twice."""
    names = (headers.DELIVERY, headers.CYCLE, headers.ATTEMPT)
    attempts: Counter[tuple[str, ...]] = Counter()
    async for stored in reader.scan(subjects.OUT_STREAM, "out.>"):
        attempts[tuple(stored.headers[name] for name in names)] += 1
    return [
        f"attempt {attempt} stands there {times} times" for attempt, times in attempts.items() if times > 1
    ]


async def _wrong_endings(journal: Journal, reader: StreamReader, count: int) -> list[str]:
    done = {
        stored.subject.split(".")[2]
        async for stored in reader.scan(subjects.RESULTS_STREAM, "result.>")
        if msgspec.json.decode(stored.body, type=Verdict).verdict is VerdictKind.DONE
    }
    expected_letters: set[str] = set()
    found: list[str] = []
    for number in range(count):
        event = event_of(number)
        if kind(number) == POISON:
            expected_letters.add(subjects.dead_letter("normalise", event, 1))
        for owner, delivery in set(journal.seen.get(event, [])):
            if kind(number) == REJECTED:
                expected_letters.add(subjects.dead_letter(owner, delivery, 1))
            elif delivery not in done:
                found.append(f"{number} was never done")
    letters = set(await reader.counts(subjects.DEAD_LETTERS_STREAM, "dlq.>"))
    found += [f"dead letter {subject} is missing" for subject in expected_letters - letters]
    return found + [f"dead letter {subject} was not expected" for subject in letters - expected_letters]


def installed(place: Path) -> Installation:
    # what an owner held when the broker died comes again after this, and not after half a minute
    quick = {"CROSSDOCK__BROKER__STREAMS__OWNER_ACK_WAIT_SECONDS": str(ACK_WAIT_SECONDS)}
    return install(DataFolder(place / "data"), None, quick)


async def shorten_waits(folder: DataFolder, installation: Installation) -> None:
    """What delivery held when it died shall come again as soon as what an owner held."""
    provisioner = await connect(
        folder.credentials("provisioner", installation.settings.broker), "chaos-waits"
    )
    try:
        for consumer in consumers(installation.settings.broker.streams, ()):
            place = f"{consumer.stream}.{consumer.name}"
            config = (await request_api(provisioner, f"CONSUMER.INFO.{place}"))["config"]
            config["ack_wait"] = ACK_WAIT_SECONDS * SECOND
            ask = {"stream_name": consumer.stream, "config": config}
            await request_api(provisioner, f"CONSUMER.CREATE.{place}.{consumer.filter_subject}", ask)
    finally:
        await provisioner.close()


async def until_no_faults(look: Callable[[], object], seconds: float) -> list[str]:
    """Wait until everything fits, and return what still does not when time is over."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        found: list[str] = await look()  # type: ignore[misc]  # a coroutine function
        if not found or asyncio.get_running_loop().time() > deadline:
            return found
        await asyncio.sleep(0.5)


@pytest.mark.parametrize(
    ("count", "kills", "drain_seconds"),
    [(600, 6, 60), pytest.param(20_000, 60, 180, marks=pytest.mark.chaos)],
)
async def test_every_message_is_accounted_for_while_processes_are_killed(
    tmp_path, monkeypatch, count, kills, drain_seconds
):
    # a message's owner shall follow from its number alone: the rules decide, and nothing is audited
    monkeypatch.setenv("CROSSDOCK__TRIAGE__MODEL__ENABLED", "false")
    chance = random.Random(count)
    journal, stop = Journal(), asyncio.Event()
    installation = installed(tmp_path)
    folder = installation.folder
    async with running(installation, None, 0, log_to_files=True) as system:
        await shorten_waits(folder, installation)
        credentials = [
            folder.credentials_file(permissions.owner_user(owner)) for owner in installation.owners
        ]
        owners = [Owner.from_credentials(path) for path in credentials]
        for owner in owners:
            owner.on_delivery(_handler(owner, journal))
        tasks = [asyncio.create_task(owner.serve(stop)) for owner in owners]
        client = await connect(folder.credentials("operator", installation.settings.broker), "chaos")
        reader = StreamReader(client)
        try:
            token = mint(folder, SOURCE, installation.settings.clients[SOURCE].scopes)
            sender = TillSender(system.url, token, journal)
            killer = asyncio.create_task(kill_all(system, victims(kills, chance), chance))
            try:
                await sender.send(count, killer.done)
                await killer
            finally:
                killer.cancel()
            left = await until_no_faults(lambda: _patiently(journal, reader, sender.sent), drain_seconds)
            assert left == [], f"{len(left)} faults, the first: {left[:5]}"
            tell(system, journal, sender)
            await _faults_are_noticed(journal, folder, installation, reader, sender.sent)
        finally:
            stop.set()
            await asyncio.gather(*tasks, return_exceptions=True)
            await client.close()


def tell(system: Running, journal: Journal, sender: TillSender) -> None:
    """Print the figures, which `make chaos` shows."""
    assert system.broker is not None
    restarts = {**system.supervisor.restarts, "broker": system.broker.crashes}
    handled = sum(map(len, journal.seen.values()))
    print(  # noqa: T201
        f"\n{sender.sent} messages sent, {journal.acknowledged.total()} acknowledgements;"
        f" {len(journal.seen)} events came to owners in {handled} deliveries; started again: {restarts}"
    )


def _handler(owner: Owner, journal: Journal):  # type: ignore[no-untyped-def]
    async def handle(delivery: Delivery) -> Answer:
        return journal.take(owner.name, delivery)

    return handle


async def _patiently(journal: Journal, reader: StreamReader, count: int) -> list[str]:
    try:
        return await faults(journal, reader, count)
    except Exception as error:  # noqa: BLE001 - the broker may be just restarting
        return [f"the streams can't be read yet: {error}"]


async def _faults_are_noticed(
    journal: Journal, folder: DataFolder, installation: Installation, reader: StreamReader, count: int
) -> None:
    """A check that could not fail would prove nothing: make each fault, and it must be found."""
    event = next(event for event, seen in journal.seen.items() if seen)
    kept = journal.seen.pop(event)
    assert await faults(journal, reader, count), "a delivery that no owner saw is not noticed"
    journal.seen[event] = kept
    assert not await faults(journal, reader, count)
    provisioner = await connect(
        folder.credentials("provisioner", installation.settings.broker), "chaos-removal"
    )
    try:
        receipt = await reader.next(subjects.OUT_STREAM, "receipt.*", 1)
        assert receipt is not None
        await request_api(provisioner, f"STREAM.MSG.DELETE.{subjects.OUT_STREAM}", {"seq": receipt.sequence})
        assert await faults(journal, reader, count), "an outcome that is gone is not noticed"
    finally:
        await provisioner.close()
    operator = await connect(folder.credentials("operator", installation.settings.broker), "chaos-repeat")
    try:
        attempt = await reader.next(subjects.OUT_STREAM, "out.>", 1)
        assert attempt is not None
        again = without_hop(attempt.headers)
        await publish(operator, Outgoing(subject=attempt.subject, body=attempt.body, headers=again))
        assert await _repeated_attempts(reader), "an attempt that stands there twice is not noticed"
    finally:
        await operator.close()
