"""`token`: a bearer token of the local issuer."""

from pathlib import Path

import rich_click as click

from gateway.cli.common import OUT_OF_REACH, config_option, data_option, fail, installation
from gateway.issuer import LIFETIME_SECONDS, mint

HOPELESS = 2


@click.command()
@data_option
@config_option
@click.option("--client", "name", required=True, help="A client of the settings.")
@click.option("--lifetime-seconds", type=click.IntRange(1, 30 * 86_400), default=LIFETIME_SECONDS)
def token(data: Path, config: Path | None, name: str, lifetime_seconds: int) -> None:
    """Print a token and nothing else."""
    found = installation(data, config)
    if found.settings.auth.issuer:
        fail(f"tokens come from {found.settings.auth.issuer}, not from here", HOPELESS)
    if not found.folder.issuer_key.exists():
        fail(f"no Crossdock has run on {found.folder.path}: start `crossdock up` first", OUT_OF_REACH)
    client = found.settings.clients.get(name)
    if client is None:
        fail(f"no client {name!r}; the settings have {', '.join(sorted(found.settings.clients))}", HOPELESS)
    minted = mint(found.folder, name, client.scopes, lifetime_seconds, audience=found.settings.auth.audience)
    click.echo(minted)
