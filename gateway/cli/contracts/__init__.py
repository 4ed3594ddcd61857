"""`contracts …`: one module a command, or two that belong together."""

import rich_click as click

from gateway.cli.contracts import check, compare, listing, usage


@click.group()
def contracts() -> None:
    """Published contracts."""


for command in (
    listing.list_contracts,
    listing.show_contract,
    check.check_contracts,
    usage.show_usage,
    compare.compare_schemas,
):
    contracts.add_command(command)
