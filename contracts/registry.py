"""The contracts of this installation: found by name and version, and held against documents.

What a sender may use depends on the moment (`at`, in Unix seconds): days of removal and brown-outs act by
themselves. Without a moment the states of the manifests alone count.
"""

from collections.abc import Mapping
from math import ceil
from pathlib import Path
from typing import Any

from msgspec import Struct

from contracts.casting.cast import Cast, major_of
from contracts.casting.route import find_route
from contracts.casting.run import run_route
from contracts.documents import Document, ValidDocument
from contracts.errors import (
    ContractBrownOut,
    ContractRetired,
    ContractUnknown,
    ContractViolated,
    NoPath,
    VersionUnknown,
)
from contracts.folder import PUBLISHED, SCHEMA_FILE, ContractFolder, contract_folders, read_contract
from contracts.lifecycle import ENDED, brown_out_at, state_at
from contracts.manifest import ContractsError, Deprecation, Kind, Manifest, State
from contracts.validation import VIOLATIONS_LIMIT, Validator, prove_formats
from contracts.views import writer_view

_READ = (State.PUBLISHED, State.DEPRECATED, State.SUNSET)


class ContractVersion(Struct, frozen=True, kw_only=True):
    """One exact version of a contract. `pii` maps JSON Pointers to classes of personal data."""

    name: str
    version: str
    kind: Kind
    state: State
    schema: dict[str, Any]
    pii: Mapping[str, str]
    validator: Validator
    deprecated: Deprecation | None = None

    @property
    def identifier(self) -> str:
        """`name@x.y.z`."""
        return f"{self.name}@{self.version}"

    def state_at(self, at: float | None) -> State:
        """Return the state that counts at a moment."""
        return state_at(self.state, self.deprecated, at)


class Contract(Struct, frozen=True, kw_only=True):
    """One contract; `versions` is in the order of the versions, oldest first.

    `casts` are those of versions that are no trial any more.
    """

    manifest: Manifest
    versions: Mapping[str, ContractVersion]
    casts: tuple[Cast, ...] = ()

    def newest(self, major: str | None = None, at: float | None = None) -> ContractVersion | None:
        """Return the newest published version, else the newest deprecated one, of all majors or of one."""
        candidates = [v for v in self.versions.values() if major in {None, v.version.partition(".")[0]}]
        for state in (State.PUBLISHED, State.DEPRECATED):
            usable = [version for version in candidates if version.state_at(at) is state]
            if usable:
                return usable[-1]
        return None

    def successor(self, ended: ContractVersion, at: float | None = None) -> ContractVersion | None:
        """Return what to use instead: what the manifest names, or what takes its place in its turn."""
        seen: set[str] = set()
        while ended.deprecated is not None and ended.version not in seen:
            seen.add(ended.version)
            ended = self.versions[ended.deprecated.alternative]
            if ended.state_at(at) not in ENDED:
                return ended
        return self.newest(None, at)

    def newest_read(self, major: str) -> ContractVersion | None:
        """Return the newest version of a major that is read: published, else deprecated, else sunset."""
        of_major = [each for each in self.versions.values() if major_of(each.version) == major]
        for state in _READ:
            found = [each for each in of_major if each.state is state]
            if found:
                return found[-1]
        return None


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
            raise _absence(contract, version, None) from None

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
            raise _absence(contract, version, at)
        if found.deprecated is None and found.state not in ENDED:
            return found
        state = found.state_at(at)
        if state in ENDED:
            raise _ended(contract, found, state, at)
        brown_out = brown_out_at(found.deprecated, at)
        if brown_out is not None and at is not None:
            raise ContractBrownOut(
                f"{found.identifier} takes no events until {brown_out.end.isoformat()}, to show what will be"
                f" from {found.deprecated.removal if found.deprecated else ''} on;"
                f" {_instead(contract, found, at)}",
                contract=found.identifier,
                successor=_successor(contract, found, at),
                retry_after_seconds=max(1, ceil(brown_out.end.timestamp() - at)),
            )
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


def _absence(contract: Contract, version: str | None, at: float | None) -> ContractUnknown | ContractRetired:
    name = contract.manifest.name
    of_major = [v for v in contract.versions.values() if version in {None, v.version.partition(".")[0]}]
    if of_major and all(each.state_at(at) in ENDED for each in of_major):
        return _ended(contract, of_major[-1], of_major[-1].state_at(at), at)
    usable = [v.version for v in contract.versions.values() if v.state_at(at) not in ENDED | {State.DRAFT}]
    asked, has = f"version {(version or '')[:40]!r}", f"it has {', '.join(usable) or 'none yet'}"
    if version is None:
        return ContractUnknown(f"{name} has no published version; {has}")
    return VersionUnknown(f"{name} has no {asked}; {has}")


def _ended(contract: Contract, ended: ContractVersion, state: State, at: float | None) -> ContractRetired:
    return ContractRetired(
        f"{ended.identifier} is {state}; {_instead(contract, ended, at)}",
        contract=ended.identifier,
        successor=_successor(contract, ended, at),
    )


def _instead(contract: Contract, ended: ContractVersion, at: float | None) -> str:
    successor = _successor(contract, ended, at)
    return f"use {successor}" if successor else "nothing takes its place"


def _successor(contract: Contract, ended: ContractVersion, at: float | None) -> str:
    found = contract.successor(ended, at)
    return found.identifier if found is not None else ""
