"""`up`, and the three processes that it keeps running: `gateway`, `router`, `delivery`."""

from pathlib import Path

import rich_click as click

from gateway.bootstrap import remember_config
from gateway.cli.common import config_option, data_option, installation, run
from gateway.data_folder import DataFolder
from gateway.processes import run_delivery, run_gateway, run_router
from gateway.up import run_up


@click.command()
@data_option
@config_option
@click.option("--http-port", type=click.IntRange(0, 65_535), default=None, help="0 takes a free one.")
def up(data: Path, config: Path | None, http_port: int | None) -> None:
    """Run everything on this machine: an embedded broker, gateway, router and delivery.

    The base URL is written to DATA/gateway.url once all of it is ready. SIGTERM ends it.
    """
    folder = DataFolder(data)
    remember_config(folder, config)
    run(run_up(installation(data, config), config, http_port))


@click.command()
@data_option
@config_option
@click.option("--socket", "descriptor", type=int, default=None, help="An inherited listening socket.")
def gateway(data: Path, config: Path | None, descriptor: int | None) -> None:
    """Run the HTTP gateway."""
    run(run_gateway(installation(data, config), descriptor))


@click.command()
@data_option
@config_option
def router(data: Path, config: Path | None) -> None:
    """Run the router, for all partitions."""
    run(run_router(installation(data, config)))


@click.command()
@data_option
@config_option
def delivery(data: Path, config: Path | None) -> None:
    """Run delivery: verdicts, timers, dead letters."""
    run(run_delivery(installation(data, config)))
