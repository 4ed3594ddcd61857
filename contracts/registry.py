"""The contracts of this installation: found by name and version, and held against documents.

What a sender may use depends on the moment (`at`, in Unix seconds): days of removal and brown-outs act by
themselves. Without a moment the states of the manifests alone count.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contracts.casting.cast import major_of
from contracts.casting.route import find_route
from contracts.casting.run import run_route
from contracts.contract import Contract, ContractVersion
from contracts.documents import Document, ValidDocument
from contracts.errors import (
    ContractUnknown,
    ContractViolated,
    NoPath,
)
from contracts.folder import PUBLISHED, SCHEMA_FILE, ContractFolder, contract_folders, read_contract
from contracts.lifecycle import ENDED, brown_out_at
from contracts.manifest import ContractsError, Manifest, State
from contracts.refusals import absence, browned_out, ended
from contracts.validation import VIOLATIONS_LIMIT, Validator, prove_formats
from contracts.views import writer_view

__all__ = ["Contract", "ContractVersion", "Registry", "hold"]


class Registry:
    """All contracts, read once and never changed. Validation needs no broker, no network and no clock."""

    def __init__(self, contracts: Mapping[str, Contract]) -> None:
        self._contracts = dict(sorted(contracts.items()))

    @classmethod
    def load(cls, folder: Path = PUBLISHED) -> "Registry":
        """Read every contract below `folder` and check it: manifest, profile, references, formats.

        Raises: ContractsError with every finding, each naming its file.
        """
        prove_formats()
        contracts: dict[str, Contract] = {}
        findings: list[str] = []
        for contract_folder in contract_folders(folder):
            try:
                contracts[contract_folder.name] = _contract(read_contract(contract_folder))
            except ContractsError as error:
                findings += error.findings
        if findings:
            raise ContractsError(findings)
        return cls(contracts)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all contracts, sorted."""
        return tuple(self._contracts)

    def contract(self, name: str) -> Contract:
        """Return the contract called `name`. Raises: ContractUnknown."""
        try:
            return self._contracts[name]
        except KeyError:
            raise ContractUnknown(f"there is no contract {name[:80]!r}") from None

    def exact(self, name: str, version: str) -> ContractVersion:
        """Return exactly `x.y.z`, whatever its state. Raises: ContractUnknown, VersionUnknown."""
        contract = self.contract(name)
        try:
            return contract.versions[version]
        except KeyError:
            raise absence(contract, version, None) from None

    def resolve(self, name: str, version: str | None = None, at: float | None = None) -> ContractVersion:
        """Return one that takes events: the newest published, that of a major (`1`), or exactly `x.y.z`.

        A draft or a candidate is returned only for its exact version.

        Raises: ContractUnknown, VersionUnknown where it isn't there; ContractRetired where it takes no events
        any more; ContractBrownOut where it takes none for a while.
        """
        contract = self.contract(name)
        exact = contract.versions.get(version or "")
        found = exact or (contract.newest(version, at) if version is None or "." not in version else None)
        if found is None:
            raise absence(contract, version, at)
        if found.deprecated is None and found.state not in ENDED:
            return found
        if found.state_at(at) in ENDED:
            raise ended(contract, found, at)
        brown_out = brown_out_at(found.deprecated, at)
        if brown_out is not None and at is not None:
            raise browned_out(contract, found, brown_out, at)
        return found

    def validate(
        self, document: Document, pinned: str | None = None, at: float | None = None
    ) -> ValidDocument:
        """Hold a document against its contract: the version that it names, else `pinned`, else the newest.

        Raises: what `resolve` raises; ContractViolated with the first 20 places.
        """
        return hold(self.resolve(document.contract, document.version or pinned, at), document)

    def readable(self, name: str, major: str) -> ContractVersion:
        """Return the version in which a reader of a major gets documents. Raises: ContractUnknown, NoPath."""
        found = self.contract(name).newest_read(major)
        if found is None:
            raise NoPath(f"{name} has no version of major {major} that is read")
        return found

    def has_path(self, name: str, start: str, end: str) -> bool:
        """Say whether casts lead from one major to another. Raises: ContractUnknown."""
        return find_route(self.contract(name).casts, start, end) is not None

    def cast(self, name: str, tree: Any, version: str, target: ContractVersion) -> Any:
        """Return a document of `version` as one of `target`, which keeps it; `tree` stays as it is.

        Within a major it is what a reader of `target` sees; between majors the casts are run one by one.

        Raises: ContractUnknown; NoPath where no chain of casts leads there, or where one fails.
        """
        contract = self.contract(name)
        route = find_route(contract.casts, major_of(version), major_of(target.version))
        if route is None:
            raise NoPath(
                f"no cast leads from {name} {version} to {target.version}"
                f"{_told(contract, version, target.version)}"
            )
        return run_route(route, tree, contract.versions, target)


def hold(version: ContractVersion, document: Document) -> ValidDocument:
    """Hold a document against a version, whatever its state. Raises: ContractViolated."""
    if not version.validator.is_valid(document.tree):
        raise _violated(version, document)
    return ValidDocument(
        contract=document.contract,
        version=version.version,
        tree=document.tree,
        business_key=document.business_key,
        source_event_id=document.source_event_id,
        root=document.root,
    )


def _contract(folder: ContractFolder) -> Contract:
    versions = {
        version: _version(folder.manifest, version, schema) for version, schema in folder.schemas.items()
    }
    settled = [to for to, version in versions.items() if version.state not in {State.DRAFT, State.CANDIDATE}]
    casts = tuple(cast for to, cast in folder.casts.items() if to in settled)
    return Contract(manifest=folder.manifest, versions=versions, casts=casts)


def _version(manifest: Manifest, version: str, schema: dict[str, Any]) -> ContractVersion:
    try:
        validator = Validator(writer_view(schema, manifest.kind), manifest.pii)
    except ContractsError as error:
        where = f"{manifest.name}/{version}/{SCHEMA_FILE}"
        raise ContractsError([f"{where}: {finding}" for finding in error.findings]) from None
    return ContractVersion(
        name=manifest.name,
        version=version,
        kind=manifest.kind,
        state=manifest.versions[version].state,
        schema=schema,
        pii=manifest.pii,
        validator=validator,
        deprecated=manifest.versions[version].deprecated,
    )


def _violated(version: ContractVersion, document: Document) -> ContractViolated:
    violations = version.validator.violations(document.tree, document.root)
    places = f"{len(violations)} place" + ("s" if len(violations) > 1 else "")
    if len(violations) == VIOLATIONS_LIMIT:
        places += " or more"
    first = f"; first {violations[0].path}: {violations[0].detail}" if violations else ""
    name = f" {document.source_event_id}" if document.source_event_id else ""
    return ContractViolated(
        f"the document{name} breaks {version.identifier} at {places}{first}", violations, version.identifier
    )


def _told(contract: Contract, *versions: str) -> str:
    """Return what the manifest says to those whom no cast takes over."""
    majors = {major_of(version) for version in versions}
    entries = contract.manifest.versions.items()
    notes = [entry.no_path for version, entry in entries if entry.no_path and major_of(version) in majors]
    return f": {'; '.join(notes)}" if notes else ""
