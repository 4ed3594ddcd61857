"""`up`, and the three processes that it keeps running: `gateway`, `router`, `delivery`."""

import os
from pathlib import Path

import rich_click as click

from gateway.bootstrap import install, remembered_config
from gateway.cli.common import config_option, data_option, installation, run
from gateway.data_folder import DataFolder
from gateway.processes import run_delivery, run_gateway, run_router
from gateway.supervisor import AddressRefused
from gateway.up import run_up
from observability import metrics

metrics_port_option = click.option(
    "--metrics-port", type=click.IntRange(0, 65_535), default=0, show_default=True,
    help="Show this process's metrics there; 0 shows none.",
)  # fmt: skip
metrics_host_option = click.option(
    "--metrics-host", default="127.0.0.1", show_default=True, help="Nobody is asked for a token there."
)


@click.command()
@data_option
@config_option
@click.option("--http-port", type=click.IntRange(0, 65_535), default=None, help="0 takes a free one.")
def up(data: Path, config: Path | None, http_port: int | None) -> None:
    """Run everything on this machine: an embedded broker, gateway, router and delivery.

    The base URL is written to DATA/gateway.url once all of it is ready. SIGTERM ends it.
    """
    folder = DataFolder(data)
    chosen = config or remembered_config(folder)
    click.echo(f"settings: {chosen or 'the packaged defaults'}", err=True)
    run(run_up(install(folder, chosen, os.environ), chosen, http_port))


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
@metrics_port_option
@metrics_host_option
def router(data: Path, config: Path | None, metrics_port: int, metrics_host: str) -> None:
    """Run the router, for all partitions."""
    installed = installation(data, config)
    _show_metrics(metrics_host, metrics_port)
    run(run_router(installed))


@click.command()
@data_option
@config_option
@metrics_port_option
@metrics_host_option
def delivery(data: Path, config: Path | None, metrics_port: int, metrics_host: str) -> None:
    """Run delivery: verdicts, timers, dead letters."""
    installed = installation(data, config)
    _show_metrics(metrics_host, metrics_port)
    run(run_delivery(installed))


def _show_metrics(host: str, port: int) -> None:
    if not port:
        return
    try:
        metrics.serve(host, port)
    except OSError as error:
        raise AddressRefused(host, port, error) from None
