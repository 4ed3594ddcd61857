"""The contracts as files: one folder each, its manifest and its versions side by side."""

import json
from pathlib import Path
from typing import Any

from msgspec import Struct

from contracts.casting.cast import CAST_FILE, Cast, read_cast
from contracts.casting.lint import lint_cast
from contracts.casting.obligation import cast_findings
from contracts.manifest import MANIFEST_FILE, ContractsError, Manifest, State, read_manifest, version_order
from contracts.profile import lint, member_names

PUBLISHED = Path(__file__).parent / "published"
SCHEMA_FILE = "schema.json"
BASE_URI = "https://crossdock.example/contracts"


class ContractFolder(Struct, frozen=True, kw_only=True):
    """What the folder of one contract holds; `schemas` and `casts` are keyed by version, oldest first."""

    manifest: Manifest
    schemas: dict[str, dict[str, Any]]
    casts: dict[str, Cast] = {}


def contract_folders(published: Path) -> list[Path]:
    """Return the folder of each contract, sorted by name. Raises: ContractsError where there is none."""
    if not published.is_dir():
        raise ContractsError([f"{published}: there is no such folder of contracts"])
    return sorted(path for path in published.iterdir() if path.is_dir() and not path.name.startswith("."))


def version_folders(contract: Path) -> list[Path]:
    """Return the folder of each version of a contract, sorted by name."""
    return sorted(path for path in contract.iterdir() if path.is_dir() and not path.name.startswith("."))


def read_contract(folder: Path) -> ContractFolder:
    """Read one contract and lint its schemas.

    Raises: ContractsError with everything that is wrong in the folder.
    """
    manifest = read_manifest(folder / MANIFEST_FILE)
    on_disk = {path.name for path in version_folders(folder)}
    where = f"{folder.name}/{MANIFEST_FILE}"
    findings = [f'{where}: versions."{v}": its folder is missing' for v in manifest.versions.keys() - on_disk]
    findings += [f"{where}: versions: folder {v} is not listed" for v in on_disk - manifest.versions.keys()]
    schemas = {}
    for version in sorted(manifest.versions.keys() & on_disk, key=version_order):
        try:
            schemas[version] = _read_schema(folder / version / SCHEMA_FILE, manifest, version)
        except ContractsError as error:
            findings += error.findings
    findings += [f"{where}: reserved: {finding}" for finding in _revived(manifest, schemas)]
    casts: dict[str, Cast] = {}
    for version in schemas:
        try:
            casts |= _read_casts(folder / version / CAST_FILE, version, schemas)
        except ContractsError as error:
            findings += error.findings
    findings += [f"{where}: {finding}" for finding in cast_findings(manifest, casts)] if not findings else []
    if findings:
        raise ContractsError(sorted(findings))
    return ContractFolder(manifest=manifest, schemas=schemas, casts=casts)


def read_json(file: Path) -> Any:
    """Read one JSON file in which no object has a member twice. Raises: ContractsError."""
    try:
        return json.loads(file.read_text("utf-8"), object_pairs_hook=_members)
    except (OSError, ValueError) as error:
        raise ContractsError([f"{'/'.join(file.parts[-3:])}: {error}"]) from None


def _read_schema(file: Path, manifest: Manifest, version: str) -> dict[str, Any]:
    where = "/".join(file.parts[-3:])
    schema = read_json(file)
    if not isinstance(schema, dict):
        raise ContractsError([f"{where}: a schema is an object"])
    identity = f"{BASE_URI}/{manifest.name}/{version}"
    findings = [f"{where}#{finding.pointer}: {finding.sentence}" for finding in lint(schema, manifest.kind)]
    if schema.get("$id") != identity:
        findings.append(f"{where}#/$id: {schema.get('$id')!r} is not {identity!r}")
    if findings:
        raise ContractsError(findings)
    return schema


def _read_casts(file: Path, version: str, schemas: dict[str, dict[str, Any]]) -> dict[str, Cast]:
    """Return the cast of a version, where it has one, checked against both its schemas."""
    if not file.exists():
        return {}
    cast, where = read_cast(file), "/".join(file.parts[-3:])
    if cast.to != version:
        raise ContractsError([f"{where}: to: {cast.to!r} is not {version!r}, whose folder it stands in"])
    if cast.source not in schemas or version_order(cast.source) >= version_order(version)[:1]:
        raise ContractsError([f"{where}: from: {cast.source!r} is not a version of an earlier major"])
    findings = lint_cast(cast, schemas[cast.source], schemas[version])
    if findings:
        raise ContractsError([f"{where}: {finding}" for finding in findings])
    return {version: cast}


def _revived(manifest: Manifest, schemas: dict[str, dict[str, Any]]) -> list[str]:
    """Name reserved members in versions that may still come; those that had them keep them."""
    return [
        f"{name!r} must not come back, and is a member in {version}"
        for version, schema in schemas.items()
        if manifest.versions[version].state in {State.DRAFT, State.CANDIDATE} or version == list(schemas)[-1]
        for name in sorted(member_names(schema) & set(manifest.reserved))
    ]


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError(f"a member stands twice in {{{', '.join(name for name, _ in pairs)}}}")
    return members
