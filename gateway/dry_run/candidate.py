"""The contract version on trial, as files: a schema, or a version's folder with its cast."""

import re
from pathlib import Path
from typing import Any

from msgspec import Struct

from contracts.casting.cast import CAST_FILE, Cast, read_cast
from contracts.casting.lint import lint_cast
from contracts.folder import BASE_URI, SCHEMA_FILE, read_json
from contracts.manifest import MANIFEST_FILE, ContractsError, Kind, read_manifest
from contracts.profile import lint
from contracts.registry import Registry
from contracts.validation import Validator
from contracts.views import writer_view

_IDENTITY = re.compile(re.escape(BASE_URI) + r"/([a-z0-9-]+)/([0-9]+\.[0-9]+\.[0-9]+)")
_CANONICAL = ("exception-", "fact-")


class Candidate(Struct, frozen=True, kw_only=True):
    """One version that is not published; `cast` is what its folder has to come from an earlier major."""

    name: str
    version: str
    kind: Kind
    schema: dict[str, Any]
    validator: Validator
    cast: Cast | None = None

    @property
    def identifier(self) -> str:
        """`name@x.y.z`."""
        return f"{self.name}@{self.version}"


def read_candidate(path: Path, registry: Registry) -> Candidate:
    """Read a schema file, or a folder with `schema.json`; its `$id` says which version it shall be.

    Personal data is what the manifest in the folder above names, else the published contract's.

    Raises: ContractsError with everything that is wrong in it.
    """
    file = path / SCHEMA_FILE if path.is_dir() else path
    schema = read_json(file)
    named = _IDENTITY.fullmatch(str(schema.get("$id"))) if isinstance(schema, dict) else None
    if named is None:
        raise ContractsError([f"{file}#/$id: expected {BASE_URI}/<name>/<x.y.z>"])
    name, version = named.groups()
    kind, pii = _promised(file, name, registry)
    findings = [f"{file}#{finding.pointer}: {finding.sentence}" for finding in lint(schema, kind)]
    if findings:
        raise ContractsError(findings)
    return Candidate(
        name=name,
        version=version,
        kind=kind,
        schema=schema,
        validator=Validator(writer_view(schema, kind), pii),
        cast=_cast(file.with_name(CAST_FILE), name, schema, registry) if path.is_dir() else None,
    )


def _promised(file: Path, name: str, registry: Registry) -> tuple[Kind, dict[str, str]]:
    manifest_file = file.parent.parent / MANIFEST_FILE
    if manifest_file.exists() and manifest_file.parent.name == name:
        manifest = read_manifest(manifest_file)
    elif name in registry.names:
        manifest = registry.contract(name).manifest
    else:
        return Kind.CANONICAL if name.startswith(_CANONICAL) else Kind.NATIVE, {}
    return manifest.kind, manifest.pii


def _cast(file: Path, name: str, schema: dict[str, Any], registry: Registry) -> Cast | None:
    if not file.exists():
        return None
    cast = read_cast(file)
    known = registry.contract(name).versions if name in registry.names else {}
    if cast.source not in known:
        raise ContractsError([f"{file}: from: {cast.source!r} is not a version of {name}"])
    findings = lint_cast(cast, known[cast.source].schema, schema)
    if findings:
        raise ContractsError([f"{file}: {finding}" for finding in findings])
    return cast
