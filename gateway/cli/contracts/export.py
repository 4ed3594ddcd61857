"""`contracts export`: a contract in the words of others."""

from pathlib import Path

import rich_click as click
import yaml

from contracts.governance.odcs import odcs
from contracts.governance.review import live_versions
from gateway.cli.common import USAGE, fail, json_option, print_json
from gateway.cli.contracts.targets import contract_in, folder_option


@click.command("export")
@click.argument("name")
@click.option("--odcs", "as_odcs", is_flag=True, help="Open Data Contract Standard 3.1, as YAML.")
@click.option("--version", default=None, help="x.y.z; without it the newest that lives.")
@folder_option
@json_option
def export_contract(name: str, as_odcs: bool, version: str | None, folder: Path, as_json: bool) -> None:
    """Print a version of a contract in the format of another catalogue."""
    if not as_odcs:
        fail("say in which format: --odcs", USAGE)
    contract = contract_in(folder, name)
    version = version or next(iter(reversed(live_versions(contract))), None)
    if version is None or version not in contract.schemas:
        fail(f"{name} has no version {version or 'that lives'}; it has {', '.join(contract.schemas)}", USAGE)
    document = odcs(contract, version)
    if as_json:
        print_json(document)
    else:
        click.echo(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110), nl=False)
