"""`contracts diff|lint`: what changed between two versions, and whether a schema keeps to the profile."""

from pathlib import Path

import rich_click as click

from contracts.governance.changes import changes
from contracts.manifest import MANIFEST_FILE, ContractsError
from gateway.cli.common import CHECK_FAILED, USAGE, fail, json_option, print_json, show
from gateway.cli.contracts.targets import (
    contract_in,
    folder_option,
    is_folder_of_all,
    path_argument,
    read_target,
)


@click.command("diff")
@click.argument("name")
@click.argument("old")
@click.argument("new")
@folder_option
@json_option
def diff_contracts(name: str, old: str, new: str, folder: Path, as_json: bool) -> None:
    """Say in words what changed between two versions of a contract."""
    contract = contract_in(folder, name)
    for version in (old, new):
        if version not in contract.schemas:
            fail(f"{name} has no version {version}; it has {', '.join(contract.schemas)}", USAGE)
    rows = changes(contract.schemas[old], contract.schemas[new])
    if not rows and not as_json:
        click.echo(f"{name} {new} says the same as {old}")
        return
    show(rows, ("place", "words"), as_json=as_json, title=f"{name} {new} against {old}")


@click.command("lint")
@path_argument
@folder_option
@json_option
def lint_contracts(path: Path, folder: Path, as_json: bool) -> None:
    """Say what of a schema, a contract or a folder of them is outside the profile, or wrong in the files."""
    each = sorted(path.glob(f"*/{MANIFEST_FILE}")) if is_folder_of_all(path) else [path]
    findings: list[str] = []
    for place in each:
        try:
            findings += read_target(place.parent if place.name == MANIFEST_FILE else place, folder).problems
        except ContractsError as error:
            findings += error.findings
    findings = list(dict.fromkeys(findings))
    if as_json:
        print_json(findings)
    for finding in findings if not as_json else ():
        click.echo(finding)
    if findings:
        fail(f"{len(findings)} findings in {path}", CHECK_FAILED)
    if not as_json:
        click.echo(f"{path} keeps to the profile")
