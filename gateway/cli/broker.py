"""`broker init|apply`: an external nats-server with our accounts, and the streams in it."""

from pathlib import Path

import rich_click as click

from gateway.cli.common import config_option, data_option, installation, run
from gateway.external_broker import provision, write_broker_files


@click.group()
def broker() -> None:
    """An external broker; `up` brings its own."""


@broker.command("init")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--url", required=True, help="Where our processes reach it, such as nats://nats:4222.")
@click.option("--store", default="/data/jetstream", show_default=True, help="Its folder for streams.")
@data_option
@config_option
def init(folder: Path, url: str, store: str, data: Path, config: Path | None) -> None:
    """Write FOLDER/nats.conf and FOLDER/credentials/<user>.json. Passwords that exist are kept."""
    click.echo(f"wrote {write_broker_files(installation(data, config), folder, url, store)}")


@broker.command("apply")
@data_option
@config_option
def apply(data: Path, config: Path | None) -> None:
    """Make the broker hold every stream and consumer. Doing so again changes nothing."""
    changes = run(provision(installation(data, config)))
    click.echo("\n".join(changes) if changes else "nothing to change")
