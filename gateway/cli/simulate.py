"""`simulate`: a retailer's documents with the truth beside them, in a folder or on their way."""

from collections.abc import Callable
from pathlib import Path

import httpx
import rich_click as click
from click.exceptions import Exit
from msgspec.structs import replace
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from gateway.cli.common import (
    CHECK_FAILED,
    OUT_OF_REACH,
    USAGE,
    config_option,
    data_option,
    fail,
    installation,
    json_option,
    print_json,
)
from gateway.cli.send import running_at, token_for
from gateway.sending.courier import Courier, GatewayUnreached, Refusal, SenderUnknown
from gateway.sending.journal import Counts
from gateway.sending.pieces import Piece
from simulator import SimulatedMessage, simulate
from simulator.folder import SETTINGS, SimulationFolder, write_settings
from simulator.sources import SENDERS
from simulator.worlds import WORLDS

PATIENCE_SECONDS = 300.0
_SHOWN_REFUSALS = 10

Receiver = Callable[[SimulatedMessage], None]


class Sending:
    """Brings each message to a running Crossdock, in order, as `send` does."""

    def __init__(self, client: httpx.Client, token_of: Callable[[str], Callable[[], str]]) -> None:
        self.counts = Counts()
        self.refusals: list[Refusal] = []
        self._couriers = {
            sender.name: Courier(
                client, sender.name, token_of(sender.name), patience_seconds=PATIENCE_SECONDS
            )
            for sender in SENDERS
        }

    def take(self, message: SimulatedMessage) -> None:
        """Send one message. Raises: GatewayUnreached, SenderUnknown."""
        piece = Piece(body=message.body, media_type=message.media_type)
        counts, refusals = self._couriers[message.source].bring(piece, f"{message.source}/{message.name}")
        self.counts.add(counts)
        if not message.is_damaged:
            self.refusals += refusals


@click.command(name="simulate")
@click.option(
    "--days", type=click.IntRange(1, 3650), default=None, help="How many days pass; else the world's own."
)
@click.option(
    "--stores", type=click.IntRange(1, 5000), default=None, help="How many stores; else the world's own."
)
@click.option("--seed", type=int, default=None, help="The same seed gives the same bytes.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=None,
              help="A new folder: one for each source, truth.ndjson, settings.")  # fmt: skip
@click.option("--world", type=click.Choice(sorted(WORLDS)), default="training", show_default=True,
              help="Its size, what goes wrong in it, and how well its systems say so.")  # fmt: skip
@click.option(
    "--start", type=click.DateTime(["%Y-%m-%d"]), default=None, help="The first day; else the world's own."
)
@click.option("--send", "sends", is_flag=True, help="Send the messages to a running Crossdock.")
@click.option(
    "--url", default="", help="With --send: the gateway; else the one that runs on the data folder."
)
@data_option
@config_option
@json_option
def simulate_command(
    days: int | None,
    stores: int | None,
    seed: int | None,
    out: Path | None,
    world: str,
    start: click.DateTime | None,
    sends: bool,
    url: str,
    data: Path,
    config: Path | None,
    as_json: bool,
) -> None:
    """Simulate a retailer: write what its systems send, and what is really the matter, or send it.

    The Crossdock that receives it runs with the settings that stand in the folder.
    """
    if out is None and not sends:
        fail("give --out DIR, or --send, or both", USAGE)
    given = {"days": days, "stores": stores, "seed": seed, "start": f"{start:%Y-%m-%d}" if start else None}
    settings = replace(WORLDS[world], **{name: value for name, value in given.items() if value is not None})
    folder = _new_folder(out) if out is not None else None
    receivers: list[Receiver] = [folder.keep] if folder is not None else []
    found = installation(data, config) if sends else None
    address = (url or running_at(found)) if found else ""
    messages, exceptions = 0, 0
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[messages]} messages"))
    with (
        Progress(*columns, console=Console(stderr=True), transient=True) as progress,
        httpx.Client(base_url=address, trust_env=False) as client,
    ):
        task = progress.add_task("simulating", total=None, messages=0)
        sending = Sending(client, lambda source: token_for(found, source, None)) if found else None
        if sending:
            receivers.append(sending.take)
        try:
            for message in simulate(settings):
                for receive in receivers:
                    receive(message)
                messages, exceptions = messages + 1, exceptions + len(message.truths)
                progress.update(task, messages=messages)
        except GatewayUnreached as error:
            fail(f"{address}: {error}", OUT_OF_REACH)
        except SenderUnknown as error:
            fail(f"{error}; the Crossdock that receives it runs with the simulation's own settings", USAGE)
    result: dict[str, object] = {"world": world, "messages": messages, "exceptions": exceptions}
    if folder is not None:
        result |= {"faults": folder.end(), "folder": str(out)}
    _report(result, sending, as_json=as_json)


def _new_folder(path: Path) -> SimulationFolder:
    if path.exists() and any(path.iterdir()):
        fail(f"--out: {path} is not empty", USAGE)
    folder = SimulationFolder(path)
    (path / SETTINGS).mkdir()
    write_settings(path / SETTINGS)
    return folder


def _report(result: dict[str, object], sending: Sending | None, *, as_json: bool) -> None:
    if sending:
        counts = sending.counts
        result |= {
            "accepted": counts.accepted, "duplicate": counts.duplicate, "dead_letter": counts.dead_letter,
            "refused": counts.refused,
        }  # fmt: skip
    if as_json:
        print_json(result)
    else:
        click.echo("  ".join(f"{name} {value}" for name, value in result.items()))
    for refusal in sending.refusals[:_SHOWN_REFUSALS] if sending else ():
        click.echo(f"{refusal.code} {refusal.file}: {refusal.detail}", err=True)
    if sending and sending.refusals:
        raise Exit(CHECK_FAILED)
