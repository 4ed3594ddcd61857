"""`owners subscribe`: another major of a contract for an owner, after its lane is drained."""

import getpass
from pathlib import Path

import rich_click as click
from nats.aio.client import Client
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from gateway import owners_file
from gateway.bootstrap import Installation
from gateway.cli.common import (
    CHECK_FAILED,
    USAGE,
    config_option,
    data_option,
    fail,
    installation,
    with_broker,
)
from gateway.settings_files import is_default
from gateway.subscribing import Change, Drain, SubscriptionRefused, change, record
from ledger.drain import OpenDelivery

SHOWN = 3


@click.command("subscribe")
@click.argument("owner")
@click.argument("contract")
@click.argument("major", type=click.IntRange(1))
@click.option(
    "--deadline", "deadline_seconds", type=click.FloatRange(0), default=60, show_default=True,
    metavar="SECONDS",
    help="How long to wait until nothing is open in another major.",
)  # fmt: skip
@click.option(
    "--now", "is_now", is_flag=True, help="Change it although deliveries are open in another major."
)
@click.option("--actor", default=getpass.getuser, help="Who does this, for the audit trail.")
@data_option
@config_option
def subscribe(
    owner: str, contract: str, major: int, deadline_seconds: float, is_now: bool, actor: str,
    data: Path, config: Path | None,
) -> None:  # fmt: skip
    """Let OWNER read MAJOR of CONTRACT, and write it to owners.toml; `*` stands for all others.

    Waits until the owner has finished what is open in another major. The router reads owners.toml when it
    starts: restart it afterwards.
    """
    found = installation(data, config)
    file = found.settings.owners_file
    if is_default(file):
        fail(f"{file} is the packaged file: copy it beside your crossdock.toml, and name that folder", USAGE)
    try:
        wanted = change(found, owner, contract, major)
    except SubscriptionRefused as error:
        fail(str(error), CHECK_FAILED)
    if wanted is None:
        click.echo(f"{owner} is subscribed to major {major} of {contract} already")
        return

    async def drained(installed: Installation, client: Client) -> list[OpenDelivery]:
        left = await _drained(installed, client, wanted, 0 if is_now else deadline_seconds)
        if not left or is_now:
            await record(client, wanted, actor, len(left))
        return left

    left = with_broker(data, config, "operator", drained)
    if left and not is_now:
        fail(_still_open(left, owner, file), CHECK_FAILED)
    try:
        owners_file.subscribe(file, owner, contract, major)
    except owners_file.NotEdited as error:
        fail(f"{file} is as it was: {error}", CHECK_FAILED)
    if left:
        click.echo(
            f"{len(left)} deliveries are open in another major: they, and their retries, still come in it,"
            f" so {owner} has to read both until they are finished"
        )
    click.echo(f"{file}: {owner} is subscribed to major {major} of {contract}")
    click.echo(
        "restart the router: it renders as before until then. Under `crossdock up` it is enough to end the"
        " router's process, which is started again; elsewhere restart `crossdock router`"
    )


async def _drained(
    installed: Installation, client: Client, wanted: Change, deadline_seconds: float
) -> list[OpenDelivery]:
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=Console(stderr=True), transient=True,
    )  # fmt: skip
    with bar:
        task = bar.add_task("draining", total=None)
        most = 0

        def tell(count: int) -> None:
            nonlocal most
            most = max(most, count)
            bar.update(task, total=most or None, completed=most - count)

        return await Drain(installed, client, wanted).wait(deadline_seconds, tell)


def _still_open(left: list[OpenDelivery], owner: str, file: Path) -> str:
    first = ", ".join(f"{each.delivery} ({each.contract})" for each in left[:SHOWN])
    more = f" and {len(left) - SHOWN} more" if len(left) > SHOWN else ""
    return (
        f"{len(left)} deliveries to {owner} are open in another major: {first}{more};"
        f" {file} is as it was. Let {owner} finish them, wait longer with --deadline, or use --now"
    )
