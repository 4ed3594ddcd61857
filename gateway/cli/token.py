"""`token`: a bearer token of the local issuer."""

from pathlib import Path

import rich_click as click

from gateway.cli.common import config_option, data_option, fail, installation
from gateway.issuer import LIFETIME_SECONDS, mint


@click.command()
@data_option
@config_option
@click.option("--client", "name", required=True, help="A client of the settings.")
@click.option("--lifetime-seconds", type=click.IntRange(1, 30 * 86_400), default=LIFETIME_SECONDS)
def token(data: Path, config: Path | None, name: str, lifetime_seconds: int) -> None:
    """Print a token and nothing else."""
    if not data.is_dir():
        fail(f"there is no data folder {data}: start `crossdock up` first", 2)
    found = installation(data, config)
    client = found.settings.clients.get(name)
    if client is None:
        fail(f"no client {name!r}; the settings have {', '.join(sorted(found.settings.clients))}", 2)
    minted = mint(found.folder, name, client.scopes, lifetime_seconds, audience=found.settings.auth.audience)
    click.echo(minted)
