"""The manifest of a contract, `contract.toml`: its owner, its versions and the state of each."""

import re
import tomllib
from datetime import UTC, date, datetime, time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

MANIFEST_FILE = "contract.toml"

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
_VERSION = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)")
_POINTER = re.compile(r"(/([^~/]|~[01])*)+")


class ContractsError(Exception):
    """The contracts on disk can't be used; `findings` has one sentence each, starting with the file."""

    def __init__(self, findings: list[str]) -> None:
        super().__init__("\n".join(findings))
        self.findings = tuple(findings)


class Kind(StrEnum):
    """Whose shape a contract describes: a vendor's document, or a fact or exception of ours."""

    NATIVE = "native"
    CANONICAL = "canonical"


class State(StrEnum):
    """Where a version is in its life.

    A draft may still change. A candidate is fixed and on trial. A deprecated version works and says when it
    will stop. A sunset version takes no more events, but those it took are still read; a retired one is gone.
    """

    DRAFT = "draft"
    CANDIDATE = "candidate"
    PUBLISHED = "published"
    DEPRECATED = "deprecated"
    SUNSET = "sunset"
    RETIRED = "retired"


class Owner(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who answers for the contract."""

    team: str
    contact: str


Moment = Annotated[datetime, Meta(tz=True)]


class BrownOut(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A while in which a deprecated version takes no events, so that those who still send it notice."""

    start: Moment
    end: Moment


class Deprecation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Since when a version is deprecated, when it ends, and what to use instead (xRegistry's names).

    Both days begin at midnight UTC. From `removal` on the version is sunset, whatever its state says.
    """

    effective: date
    removal: date
    alternative: str
    documentation: str = ""
    brown_outs: tuple[BrownOut, ...] = ()


class Waiver(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One finding that somebody answers for, until the end of a day.

    `rule` and `pointer` are the finding's (either of its pointers), `against` is the version that the finding
    compares with. After `expires` it counts as if it did not stand here.
    """

    rule: str
    pointer: str
    against: str
    owner: str
    reason: str
    expires: date


class VersionEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The state of one version, the day it was published, and what somebody answers for in it.

    `no_path` stands at the first version of a major that has no cast, or a cast in one direction only: it
    tells those on another major how to come over.
    """

    state: State
    published: date | None = None
    deprecated: Deprecation | None = None
    no_path: str = ""
    waivers: tuple[Waiver, ...] = ()


class Consumer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Someone who reads a major of this contract, and the JSON Pointers that they read."""

    name: str
    major: int
    contact: str
    pointers: tuple[str, ...] = ()


class Manifest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One contract.

    `versions` is keyed by `x.y.z`. `reserved` are member names that must never come back with another
    meaning. `pii` maps a JSON Pointer into the document (`*` for any list index or member) to the class of
    personal data there: its values are shown to nobody.
    """

    name: str
    title: str
    kind: Kind
    domain: str
    description: str
    owner: Owner
    versions: dict[str, VersionEntry]
    reserved: tuple[str, ...] = ()
    pii: dict[str, str] = {}
    consumers: tuple[Consumer, ...] = ()


def read_manifest(file: Path) -> Manifest:
    """Read and check one manifest.

    Raises: ContractsError, naming the file and the key.
    """
    where = f"{file.parent.name}/{file.name}"
    try:
        raw = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ContractsError([f"{where}: {error}"]) from None
    manifest = _convert(raw, where)
    findings = [f"{where}: {finding}" for finding in _findings(manifest, file.parent.name)]
    if findings:
        raise ContractsError(findings)
    return manifest


def version_order(version: str) -> tuple[int, ...]:
    """Return what sorts `1.10.0` after `1.9.0`."""
    return tuple(int(part) for part in version.split("."))


def _convert(raw: dict[str, Any], where: str) -> Manifest:
    versions = raw.get("versions")
    # msgspec writes `$.versions[...]` for any key of a mapping; one conversion each names the version
    for version, entry in versions.items() if isinstance(versions, dict) else ():
        try:
            msgspec.convert(entry, VersionEntry)
        except msgspec.ValidationError as error:
            raise ContractsError([f'{where}: versions."{version}": {error}']) from None
    try:
        return msgspec.convert(raw, Manifest)
    except msgspec.ValidationError as error:
        raise ContractsError([f"{where}: {error}"]) from None


def _findings(manifest: Manifest, folder: str) -> list[str]:
    found = []
    if manifest.name != folder:
        found.append(f"name: {manifest.name!r} is not the name of its folder, {folder!r}")
    if not _NAME.fullmatch(manifest.name):
        found.append(f"name: {manifest.name!r} is not two or more lower-case words joined by hyphens")
    prefixes = ("exception-", "fact-") if manifest.kind is Kind.CANONICAL else (f"{manifest.domain}-",)
    if not manifest.name.startswith(prefixes):
        found.append(
            f"name: a {manifest.kind} contract of {manifest.domain!r} starts with {' or '.join(prefixes)}"
        )
    if not manifest.versions:
        found.append("versions: at least one is expected")
    for version in manifest.versions:
        found += [f'versions."{version}"{finding}' for finding in _version_findings(manifest, version)]
    pointers = {"pii": tuple(manifest.pii)}
    pointers |= {f"consumers[{n}].pointers": each.pointers for n, each in enumerate(manifest.consumers)}
    for key, values in pointers.items():
        found += [
            f"{key}: {value!r} is not a JSON Pointer" for value in values if not _POINTER.fullmatch(value)
        ]
    return found


def _version_findings(manifest: Manifest, version: str) -> list[str]:
    if not _VERSION.fullmatch(version):
        return [": this is not a version of the form x.y.z"]
    entry, found = manifest.versions[version], _waiver_findings(manifest, version)
    if entry.published is None and entry.state not in {State.DRAFT, State.CANDIDATE}:
        found.append(f".published: a {entry.state} version needs the day it was published")
    if entry.deprecated is None:
        if entry.state in {State.DEPRECATED, State.SUNSET}:
            found.append(f".deprecated: a {entry.state} version needs effective, removal and alternative")
        return found
    if entry.deprecated.removal <= entry.deprecated.effective:
        found.append(".deprecated.removal: this is not after effective")
    if entry.deprecated.alternative not in manifest.versions:
        found.append(f".deprecated.alternative: {entry.deprecated.alternative!r} is not a version of this")
    return found + [
        f".deprecated.brown_outs[{n}]: {fault}"
        for n, brown_out in enumerate(entry.deprecated.brown_outs)
        if (fault := _fault_of(brown_out, entry.deprecated))
    ]


def _fault_of(brown_out: BrownOut, deprecated: Deprecation) -> str:
    if brown_out.end <= brown_out.start:
        return "end is not after start"
    first, last = (datetime.combine(day, time(), UTC) for day in (deprecated.effective, deprecated.removal))
    is_within = first <= brown_out.start and brown_out.end <= last
    return "" if is_within else "it is not between effective and removal"


def _waiver_findings(manifest: Manifest, version: str) -> list[str]:
    found = []
    for number, waiver in enumerate(manifest.versions[version].waivers):
        where = f".waivers[{number}]"
        if waiver.against not in manifest.versions or waiver.against == version:
            found.append(f"{where}.against: {waiver.against!r} is not another version of this")
        if waiver.pointer and not _POINTER.fullmatch(waiver.pointer):
            found.append(f"{where}.pointer: {waiver.pointer!r} is not a JSON Pointer")
        found += [
            f"{where}.{key}: somebody has to answer for it: this is empty"
            for key in ("rule", "owner", "reason")
            if not getattr(waiver, key).strip()
        ]
    return found
