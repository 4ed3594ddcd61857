"""`contracts draft|renumber`: how a new version begins, and gets the number that its check asks for."""

import re
import shutil
from pathlib import Path

import rich_click as click

from contracts.compat.comparison import Floor
from contracts.folder import BASE_URI, SCHEMA_FILE, ContractFolder, read_contract
from contracts.governance.manifest_text import with_renamed
from contracts.governance.review import live_versions
from contracts.governance.transitions import entry_of
from contracts.governance.versions import raised
from contracts.manifest import MANIFEST_FILE, ContractsError, State, VersionEntry, version_order
from gateway.cli.common import CHECK_FAILED, USAGE, fail
from gateway.cli.contracts.targets import contract_in, folder_option, named_version
from gateway.cli.contracts.working_tree import all_or_nothing, put_entry

_VERSION = re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){2}")
_CONTENT = ("schema.json", "examples")


@click.command("draft")
@click.argument("name")
@click.option("--from", "origin", default=None, help="The version to begin with; without it the newest.")
@click.option(
    "--part", type=click.Choice([str(floor) for floor in Floor]), default=str(Floor.MINOR), show_default=True,
    help="Which part of the number to raise. The check says whether it is enough.",
)  # fmt: skip
@folder_option
def draft_contract(name: str, origin: str | None, part: str, folder: Path) -> None:
    """Begin the next version of a contract: a copy of the newest, as a draft that may still change."""
    contract = contract_in(folder, name)
    origin = origin or next(iter(reversed(live_versions(contract))), None)
    if origin is None or origin not in contract.schemas:
        fail(f"{name} has no version {origin or 'that lives'}; it has {', '.join(contract.schemas)}", USAGE)
    version = _free(contract, origin, Floor(part))
    place = folder / name / version
    with all_or_nothing(folder / name / MANIFEST_FILE):
        try:
            for content in _CONTENT:
                _copy(folder / name / origin / content, place / content)
            _name(place / SCHEMA_FILE, name, version)
            put_entry(folder / name, version, VersionEntry(state=State.DRAFT))
            read_contract(folder / name)
        except BaseException:  # an interruption, too, leaves no half of a version behind
            shutil.rmtree(place, ignore_errors=True)
            raise
    click.echo(f"{name} {version} is a draft in {place}")
    click.echo(f"edit {SCHEMA_FILE} and examples/, then: crossdock contracts check {place}")


@click.command("renumber")
@click.argument("identifier", metavar="NAME@VERSION")
@click.argument("version")
@folder_option
def renumber_contract(identifier: str, version: str, folder: Path) -> None:
    """Give a draft another number, in its folder, its $id and the manifest."""
    name, before = named_version(identifier)
    manifest = contract_in(folder, name).manifest
    if not _VERSION.fullmatch(version):
        fail(f"{version!r} is not of the form x.y.z", USAGE)
    if version in manifest.versions or (folder / name / version).exists():
        fail(f"nothing was changed: {name} has a version {version} already", CHECK_FAILED)
    old, new, file = folder / name / before, folder / name / version, folder / name / MANIFEST_FILE
    with all_or_nothing(file, old / SCHEMA_FILE):
        if entry_of(manifest, before).state is not State.DRAFT:
            raise ContractsError(
                [f"{identifier} is {manifest.versions[before].state}: only a draft may move"]
            )
        file.write_text(with_renamed(file.read_text("utf-8"), before, version), "utf-8")
        _name(old / SCHEMA_FILE, name, version)
        old.rename(new)
        try:
            read_contract(folder / name)
        except BaseException:  # an interruption, too, leaves the draft where it was
            new.rename(old)
            raise
    click.echo(f"{name} {before} is {version} now, in {new}")


def _free(contract: ContractFolder, origin: str, floor: Floor) -> str:
    """Return the number after the newest one: of all majors where a major is wanted, else of its own."""
    line = version_order(origin)[:1]
    known = [
        each for each in contract.manifest.versions if floor is Floor.MAJOR or version_order(each)[:1] == line
    ]
    newest = max(known, key=version_order)
    if contract.manifest.versions[newest].state is State.DRAFT:
        fail(f"{contract.manifest.name} {newest} is a draft already: edit that, or take it away first", USAGE)
    return raised(newest, floor)


def _copy(origin: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if origin.is_dir():
        shutil.copytree(origin, place)
    elif origin.exists():
        shutil.copyfile(origin, place)


def _name(file: Path, name: str, version: str) -> None:
    """Write another version into a schema's `$id`, and leave every other character as it is."""
    identity = re.compile(r'("\$id"\s*:\s*")' + re.escape(f"{BASE_URI}/{name}/") + r'[^"]*(")')
    text, count = identity.subn(
        lambda found: f"{found[1]}{BASE_URI}/{name}/{version}{found[2]}", file.read_text("utf-8")
    )
    if count != 1:
        raise ContractsError([f"{file}: its $id stands there {count} times, and should once"])
    file.write_text(text, "utf-8")
