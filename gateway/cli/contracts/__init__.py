"""`contracts …`: one module a command, or two that belong together."""

import rich_click as click

from gateway.cli.contracts import (
    check,
    compare,
    draft,
    dry_run,
    export,
    impact,
    life,
    listing,
    pages,
    publish,
    usage,
    words,
)


@click.group()
def contracts() -> None:
    """Published contracts."""


for command in (
    listing.list_contracts,
    listing.show_contract,
    check.check_contracts,
    compare.compare_schemas,
    pages.write_contract_pages,
    words.lint_contracts,
    words.diff_contracts,
    draft.draft_contract,
    draft.renumber_contract,
    publish.publish_contract,
    life.deprecate_contract,
    life.sunset_contract,
    life.retire_contract,
    export.export_contract,
    impact.show_impact,
    dry_run.dry_run,
    usage.show_usage,
):
    contracts.add_command(command)
