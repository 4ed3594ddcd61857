"""`owners list|subscribe`: who receives what, in which major, and with how much patience."""

from pathlib import Path

import msgspec
import rich_click as click

from gateway.cli.common import config_option, data_option, installation, json_option, show
from gateway.cli.subscribe import subscribe


@click.group()
def owners() -> None:
    """Teams that exceptions are delivered to."""


owners.add_command(subscribe)


@owners.command("list")
@data_option
@config_option
@json_option
def list_owners(data: Path, config: Path | None, as_json: bool) -> None:
    """List the owners of the settings and where their credentials are."""
    found = installation(data, config)
    rows = [
        {
            "owner": name,
            **msgspec.to_builtins(owner),
            "credentials": str(found.folder.credentials_file(f"owner-{name}")),
        }
        for name, owner in found.owners.items()
    ]
    for row in rows if not as_json else ():
        majors = row["subscriptions"].items()
        row["reads"] = ", ".join(f"{contract} {major}" for contract, major in majors) or "the newest"
    show(rows, ("owner", "title", "contact", "reads", "max_attempts", "credentials"), as_json=as_json)
