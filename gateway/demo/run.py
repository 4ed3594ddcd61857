"""The demo from the first process to the last number."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from nats.aio.client import Client

from gateway.balance import read_balance
from gateway.bootstrap import Installation, install, remember_config
from gateway.data_folder import DataFolder
from gateway.demo.account import Account, draw_up
from gateway.demo.parcels import Parcel, folder_parcels, own_parcels, settings_for
from gateway.demo.sender import Answer, Sender
from gateway.demo.staff import Staff
from gateway.settings_files import find
from gateway.up import running
from ledger.conservation import Balance
from observability import log
from routing.broker import permissions
from routing.broker.api import StreamReader
from routing.broker.connection import connect
from routing.dead_letters import DeadLetter, DeadLetters, DeadLetterUnknown
from routing.replays import Replays

DRAIN_SECONDS = 60.0
POLL_SECONDS = 0.2
SENDING_AT_ONCE = 8


class Teller:
    """Hears how the demo goes on; a report shows it."""

    def step(self, sentence: str) -> None: ...

    def answered(self, answer: Answer, done: int, total: int) -> None: ...

    def drained(self, balance: Balance) -> None: ...

    def dead_letter(self, letter: DeadLetter) -> None: ...


async def run_demo(samples: Path | None, teller: Teller) -> Account:
    """Run the demo in a folder of its own, which is removed at the end. Raises: NotReady, OSError."""
    parcels = folder_parcels(samples) if samples else own_parcels()
    if not parcels:
        raise FileNotFoundError(f"there is no file below the folders of {samples}")
    with tempfile.TemporaryDirectory(prefix="crossdock-demo-") as place:
        folder = DataFolder(Path(place) / "data")
        config = _config(Path(place), parcels)
        installation = install(folder, config, {})
        remember_config(folder, config)
        log.configure(installation.settings.log, "demo")
        teller.step("starting the broker, gateway, router and delivery on free ports")
        async with running(installation, config, 0, log_to_files=True) as system:
            return await _play(installation, system.url, parcels, teller)


async def _play(installation: Installation, url: str, parcels: list[Parcel], teller: Teller) -> Account:
    folder = installation.folder
    credentials = [folder.credentials_file(permissions.owner_user(owner)) for owner in installation.owners]
    stop, staff = asyncio.Event(), Staff()
    client = await connect(folder.credentials("operator", installation.settings.broker), "demo")
    owners = asyncio.create_task(staff.work(credentials, stop))
    try:
        teller.step(
            f"sending {len(parcels)} requests to {url}, owners at work: {', '.join(installation.owners)}"
        )
        answers = await _send_all(installation, url, parcels, teller)
        await _drain(client, installation, teller)
        if staff.rejected_id:
            await _replay(client, staff.rejected_id, teller)
            await _drain(client, installation, teller)
        found = await read_balance(client, installation.consumer_names)
        return await draw_up(StreamReader(client), answers, staff, found)
    finally:
        stop.set()
        await owners
        await client.close()


async def _send_all(
    installation: Installation, url: str, parcels: list[Parcel], teller: Teller
) -> list[Answer]:
    sender = Sender(installation, url)
    places = asyncio.Semaphore(SENDING_AT_ONCE)
    answers: list[Answer] = []

    async def send(parcel: Parcel) -> Answer:
        async with places:
            answer = await sender.send(parcel)
            answers.append(answer)
            teller.answered(answer, len(answers), len(parcels))
            return answer

    try:
        return list(await asyncio.gather(*(send(parcel) for parcel in parcels)))
    finally:
        await sender.close()


async def _drain(client: Client, installation: Installation, teller: Teller) -> None:
    """Wait until nothing is in progress or open and every dead item has its dead letter."""

    async def is_drained() -> bool:
        found = await read_balance(client, installation.consumer_names)
        teller.drained(found)
        stages = sum(count for lane, count in found.dead_letters.items() if lane not in installation.owners)
        is_open = found.items.in_progress or any(line.open for line in found.by_owner.values())
        return not is_open and stages >= found.items.dead

    await _until(is_drained)


async def _replay(client: Client, delivery: str, teller: Teller) -> None:
    dead_letters = DeadLetters(StreamReader(client))

    async def is_kept() -> bool:
        try:
            await dead_letters.show(delivery)
        except DeadLetterUnknown:
            return False
        return True

    await _until(is_kept)
    teller.dead_letter((await dead_letters.show(delivery)).letter)
    await Replays(client).replay(delivery, actor="demo")


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    deadline = asyncio.get_running_loop().time() + DRAIN_SECONDS
    while not await condition():
        if asyncio.get_running_loop().time() > deadline:
            return  # the account says what is still open
        await asyncio.sleep(POLL_SECONDS)


def _config(place: Path, parcels: list[Parcel]) -> Path:
    """Write the default sources, and one for each further system that the parcels come from."""
    defaults = find(None, "sources.toml").read_text()
    known = [name for name in ("pos-demo", "wms-demo", "erp-demo", "canonical-demo") if name in defaults]
    config = place / "config"
    config.mkdir()
    (config / "sources.toml").write_text(defaults + settings_for(parcels, known))
    return config
