"""`contracts …`: one module a command, or two that belong together."""

import rich_click as click

from gateway.cli.contracts import check, dry_run, listing


@click.group()
def contracts() -> None:
    """Published contracts."""


for command in (listing.list_contracts, listing.show_contract, check.check_contracts, dry_run.dry_run):
    contracts.add_command(command)
