"""`sources list`: who may send what."""

from pathlib import Path

import rich_click as click

from gateway.cli.common import config_option, data_option, installation, json_option, show


@click.group()
def sources() -> None:
    """Registered senders."""


@sources.command("list")
@data_option
@config_option
@json_option
def list_sources(data: Path, config: Path | None, as_json: bool) -> None:
    """List the sources of the settings."""
    found = installation(data, config)
    rows = [
        {
            "source": name,
            "system": source.system,
            "time_zone": source.time_zone,
            "currency": source.currency,
            "on_violation": source.on_violation,
            "contracts": sorted(source.contracts) or "all of its system",
            "clients": sorted(
                client
                for client, settings in found.settings.clients.items()
                if {name, "*"} & set(settings.sources)
            ),
        }
        for name, source in found.settings.sources.items()
    ]
    show(
        rows, ("source", "system", "contracts", "clients", "time_zone", "currency", "on_violation"),
        as_json=as_json,
    )  # fmt: skip
