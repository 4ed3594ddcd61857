"""`contracts …`: one module a command, or two that belong together."""

import rich_click as click

from gateway.cli.contracts import check, draft, export, listing, publish, words


@click.group()
def contracts() -> None:
    """Published contracts."""


for command in (
    listing.list_contracts,
    listing.show_contract,
    check.check_contracts,
    words.lint_contracts,
    words.diff_contracts,
    draft.draft_contract,
    draft.renumber_contract,
    publish.publish_contract,
    export.export_contract,
):
    contracts.add_command(command)
