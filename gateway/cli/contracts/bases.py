"""What contracts are held against: another folder of them, or the one of a git reference."""

import hashlib
import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from contracts.folder import ContractFolder
from contracts.governance.review import LIVE, Proposal
from contracts.governance.transitions import leaps
from contracts.manifest import MANIFEST_FILE, State
from gateway.cli.common import USAGE, fail
from gateway.cli.contracts.targets import Target, read_leniently

GIT_PATIENCE_SECONDS = 30


@contextmanager
def base_folder(against: str, published: Path) -> Iterator[Path]:
    """Give a folder of contracts as it is elsewhere, or was at a git reference; ends where it is neither."""
    if Path(against).is_dir():
        yield Path(against)
        return
    with tempfile.TemporaryDirectory() as scratch:
        with tarfile.open(fileobj=io.BytesIO(_archive(against, published))) as archive:
            archive.extractall(scratch, filter="data")
        yield Path(scratch)


def rebased(target: Target, base: Path) -> Target:
    """Return a target whose live versions are those of the base, and whose proposals are what is new.

    What was edited or deleted since, or made a leap in its life, is a problem.
    """
    own, name = target.contract, target.contract.manifest.name
    before = ContractFolder(manifest=msgspec.structs.replace(own.manifest, versions={}), schemas={})
    if (base / name / MANIFEST_FILE).exists():
        before, _ = read_leniently(base / name)
    merged = ContractFolder(
        manifest=msgspec.structs.replace(
            own.manifest,
            versions=own.manifest.versions | before.manifest.versions,
            consumers=tuple(dict.fromkeys((*before.manifest.consumers, *own.manifest.consumers))),
            reserved=tuple(dict.fromkeys((*before.manifest.reserved, *own.manifest.reserved))),
        ),
        schemas=own.schemas | before.schemas,
    )
    merged = _with_drafts_of(own, merged)
    problems = [f"{name}: {leap}" for leap in leaps(before.manifest, own.manifest)]
    problems += _edited(before, base / name, target.published / name)
    return msgspec.structs.replace(
        target,
        contract=merged,
        proposals=target.proposals if target.is_single else tuple(_new(own, before)),
        problems=(*target.problems, *problems),
    )


def _with_drafts_of(own: ContractFolder, merged: ContractFolder) -> ContractFolder:
    """A draft of the base is not live there: what it has become is a proposal."""
    drafts = {
        version for version, entry in merged.manifest.versions.items() if entry.state is State.DRAFT
    } & own.schemas.keys()
    versions = merged.manifest.versions | {version: own.manifest.versions[version] for version in drafts}
    return ContractFolder(
        manifest=msgspec.structs.replace(merged.manifest, versions=versions),
        schemas=merged.schemas | {version: own.schemas[version] for version in drafts},
    )


def _new(own: ContractFolder, before: ContractFolder) -> Iterator[Proposal]:
    for version, schema in own.schemas.items():
        entry, old = own.manifest.versions[version], before.manifest.versions.get(version)
        if (old is None or old.state is State.DRAFT) and entry.state is not State.RETIRED:
            yield Proposal(schema=schema, version=version, waivers=entry.waivers)


def _edited(before: ContractFolder, base: Path, own: Path) -> list[str]:
    found = []
    fixed = [version for version, entry in before.manifest.versions.items() if entry.state in LIVE]
    for version in fixed:
        for file in sorted((base / version).rglob("*")):
            now = own / version / file.relative_to(base / version)
            if file.is_file() and (not now.is_file() or _hash(now) != _hash(file)):
                name = "/".join((own.name, version, file.relative_to(base / version).as_posix()))
                found.append(f"{name}: edited or deleted after publishing; bring it back")
    return found


def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _archive(reference: str, published: Path) -> bytes:
    if reference.startswith("-"):
        fail(f"{reference!r} is not a folder, a version or a git reference", USAGE)
    command = ["git", "-C", str(published), "archive", "--format=tar", reference, "."]
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command; the reference can't be an option
            command, capture_output=True, check=False, timeout=GIT_PATIENCE_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        fail(f"git could not be asked for {reference!r}: {error}", USAGE)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        fail(
            f"{reference!r} is not a folder, a version or a git reference: {said[-1] if said else ''}", USAGE
        )
    return done.stdout
