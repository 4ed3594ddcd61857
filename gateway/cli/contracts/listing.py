"""`contracts list|show`: what is published."""

import rich_click as click

from contracts.errors import ContractRetired, ContractUnknown
from contracts.registry import Registry
from gateway.bootstrap import PUBLISHED
from gateway.cli.common import CHECK_FAILED, fail, json_option, print_json, show


@click.command("list")
@json_option
def list_contracts(as_json: bool) -> None:
    """List every version of every contract."""
    registry = Registry.load(PUBLISHED)
    rows = [
        {
            "contract": name,
            "version": version.version,
            "state": str(version.state),
            "kind": str(version.kind),
            "title": registry.contract(name).manifest.title,
        }
        for name in registry.names
        for version in registry.contract(name).versions.values()
    ]
    show(rows, ("contract", "version", "state", "kind", "title"), as_json=as_json)


@click.command("show")
@click.argument("name")
@click.option("--version", default=None, help="x.y.z; without it the newest published.")
def show_contract(name: str, version: str | None) -> None:
    """Print a contract's schema."""
    try:
        registry = Registry.load(PUBLISHED)
        found = registry.exact(name, version) if version else registry.resolve(name)
    except (ContractUnknown, ContractRetired) as error:
        fail(error.detail, CHECK_FAILED)
    print_json(found.schema)
