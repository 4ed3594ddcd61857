"""What a PATH of the contract commands names: all contracts, one, a version, or a schema by itself."""

import re
from pathlib import Path
from typing import Any

import msgspec
import rich_click as click
from msgspec import Struct

from contracts.expectations import Expectations, as_consumers, read_expectations
from contracts.folder import BASE_URI, SCHEMA_FILE, ContractFolder, read_contract, read_json
from contracts.governance.review import LIVE, Proposal
from contracts.lock import verify
from contracts.manifest import MANIFEST_FILE, ContractsError, State, read_manifest, version_order
from contracts.profile import lint
from gateway.bootstrap import PUBLISHED
from gateway.cli.common import USAGE, fail

CONSUMERS = PUBLISHED.parent.parent / "contract-tests" / "consumers"
folder_option = click.option(
    "--folder", type=click.Path(path_type=Path, exists=True, file_okay=False), default=PUBLISHED,
    envvar="CROSSDOCK_CONTRACTS", help="The folder of all contracts; without it, those of this installation.",
)  # fmt: skip
consumers_option = click.option(
    "--consumers", type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=CONSUMERS if CONSUMERS.is_dir() else None, help="The files in which owners say what they read.",
)  # fmt: skip
path_argument = click.argument("path", type=click.Path(path_type=Path, exists=True))

_IDENTITY = re.compile(re.escape(BASE_URI) + r"/([a-z0-9-]+)/([0-9]+\.[0-9]+\.[0-9]+)")
UNDER_WORK = frozenset({State.DRAFT, State.CANDIDATE})


class Target(Struct, frozen=True, kw_only=True):
    """A contract, what is proposed in it, and what is wrong with the files before anything is compared.

    `is_single` where the path names one version, whose folder is `version_folder` if it has one; else all
    that is under work in the contract is proposed.
    """

    published: Path
    contract: ContractFolder
    proposals: tuple[Proposal, ...]
    problems: tuple[str, ...] = ()
    version_folder: Path | None = None
    is_single: bool = True
    expectations: tuple[Expectations, ...] = ()


def is_folder_of_all(path: Path) -> bool:
    """Say whether a path is a folder of contracts, rather than one of them or a part of one."""
    return path.is_dir() and not (path / MANIFEST_FILE).exists() and not (path / SCHEMA_FILE).exists()


def read_target(path: Path, folder: Path) -> Target:
    """Read what a path names; `folder` has the contracts that a schema outside of it belongs to.

    Raises: ContractsError where a manifest or a schema can't be read at all.
    """
    path = path.resolve()
    if path.name == SCHEMA_FILE and (path.parent.parent / MANIFEST_FILE).exists():
        path = path.parent
    if path.is_dir() and (path / MANIFEST_FILE).exists():
        contract, problems = read_leniently(path)
        under_work = [v for v in contract.schemas if contract.manifest.versions[v].state in UNDER_WORK]
        proposals = tuple(_own(contract, version) for version in under_work)
        return Target(
            published=path.parent,
            contract=contract,
            proposals=proposals,
            problems=tuple(problems),
            is_single=False,
        )
    if path.is_dir() and (path.parent / MANIFEST_FILE).exists():
        return _of_version(path)
    if not path.is_file():
        fail(f"{path} is neither a folder of contracts, nor one of them, a version or a schema", USAGE)
    return _of_schema(path, folder)


def read_leniently(folder: Path) -> tuple[ContractFolder, list[str]]:
    """Read a contract, also where something is wrong with it, which is then told.

    Raises: ContractsError where its manifest or a schema can't be read at all.
    """
    problems = verify(folder.parent, folder.name)
    try:
        return read_contract(folder), problems
    except ContractsError as error:
        manifest = read_manifest(folder / MANIFEST_FILE)
        schemas = {
            version: _object(folder / version / SCHEMA_FILE)
            for version in sorted(manifest.versions, key=version_order)
            if (folder / version / SCHEMA_FILE).exists()
        }
        return ContractFolder(manifest=manifest, schemas=schemas), [*problems, *error.findings]


def with_expected_consumers(target: Target, folder: Path | None) -> Target:
    """Return a target that also knows what owners say in files of their own. Raises: ContractsError."""
    if folder is None:
        return target
    expectations, manifest = read_expectations(folder), target.contract.manifest
    consumers = (*manifest.consumers, *as_consumers(expectations, manifest.name))
    contract = msgspec.structs.replace(
        target.contract, manifest=msgspec.structs.replace(manifest, consumers=consumers)
    )
    return msgspec.structs.replace(target, contract=contract, expectations=expectations)


def contract_in(folder: Path, name: str) -> ContractFolder:
    """Read one contract by its name; ends where there is none. Raises: ContractsError."""
    if not (folder / name / MANIFEST_FILE).exists():
        fail(f"there is no contract {name!r} in {folder}", USAGE)
    return read_contract(folder / name)


def named_version(identifier: str) -> tuple[str, str]:
    """Cut `name@x.y.z`; ends where it is none."""
    name, at, version = identifier.partition("@")
    if not at or not name or not version:
        fail(f"{identifier!r} is not of the form name@x.y.z", USAGE)
    return name, version


def _of_version(path: Path) -> Target:
    contract, problems = read_leniently(path.parent)
    if path.name not in contract.schemas:
        fail(f"{path.name} is not a version of {contract.manifest.name} with a {SCHEMA_FILE}", USAGE)
    return Target(
        published=path.parent.parent,
        contract=contract,
        proposals=(_own(contract, path.name),),
        problems=tuple(problems),
        version_folder=path,
    )


def _own(contract: ContractFolder, version: str) -> Proposal:
    waivers = contract.manifest.versions[version].waivers
    return Proposal(schema=contract.schemas[version], version=version, waivers=waivers)


def _of_schema(path: Path, folder: Path) -> Target:
    schema = _object(path)
    identity = str(schema.get("$id", ""))
    named = _IDENTITY.fullmatch(identity)
    if named is None or not (folder / named[1] / MANIFEST_FILE).exists():
        fail(
            f"{path}: its $id, {identity!r}, names no contract of {folder} ({BASE_URI}/<name>/<x.y.z>)", USAGE
        )
    contract, problems = read_leniently(folder / named[1])
    entry = contract.manifest.versions.get(named[2])
    proposal = Proposal(
        schema=schema,
        version=named[2],
        names_live=entry is not None and entry.state in LIVE,
        waivers=entry.waivers if entry else (),
    )
    problems += [
        f"{path.name}#{each.pointer}: {each.sentence}" for each in lint(schema, contract.manifest.kind)
    ]
    return Target(published=folder, contract=contract, proposals=(proposal,), problems=tuple(problems))


def _object(file: Path) -> dict[str, Any]:
    schema = read_json(file)
    if not isinstance(schema, dict):
        raise ContractsError([f"{file.name}: a schema is an object"])
    return schema
