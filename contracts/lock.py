"""The lock: the hash of every file of every published version, so that nobody edits one unnoticed."""

import hashlib
import sys
from pathlib import Path

from contracts.folder import PUBLISHED, contract_folders
from contracts.manifest import MANIFEST_FILE, ContractsError, State, read_manifest

LOCK_FILE = "contracts.lock"


def verify(folder: Path = PUBLISHED, contract: str | None = None) -> list[str]:
    """Return what was edited, deleted or never locked, one sentence each, starting with the file.

    `contract` names the only one to look at.
    A draft may change and isn't locked; every other state is, for good. Manifests aren't: states change.
    """
    try:
        locked, found = _read_lock(folder), _hashes(folder, contract)
    except ContractsError as error:
        return list(error.findings)
    if contract is not None:
        locked = {path: digest for path, digest in locked.items() if path.startswith(f"{contract}/")}
    return _changed(locked, found) + [
        f"{path}: not in {LOCK_FILE}; add it when this version is final"
        for path in sorted(found.keys() - locked.keys())
    ]


def write(folder: Path = PUBLISHED) -> list[str]:
    """Add the files of new versions to the lock and return their paths.

    Raises: ContractsError where a locked file was edited or deleted, or has become a draft: publish a new
    version instead. The lock is then left as it is.
    """
    locked, found = _read_lock(folder), _hashes(folder)
    changed = _changed(locked, found)
    if changed:
        raise ContractsError(changed)
    lines = [f"{digest}  {path}\n" for path, digest in sorted(found.items())]
    (folder / LOCK_FILE).write_text("".join(lines), "utf-8")
    return sorted(found.keys() - locked.keys())


def _changed(locked: dict[str, str], found: dict[str, str]) -> list[str]:
    findings = []
    for path, digest in sorted(locked.items()):
        if path not in found:
            findings.append(f"{path}: locked, and deleted or turned into a draft; bring it back")
        elif found[path] != digest:
            findings.append(f"{path}: edited after publishing; bring it back and publish a new version")
    return findings


def _hashes(folder: Path, name: str | None = None) -> dict[str, str]:
    hashes = {}
    for contract in contract_folders(folder) if name is None else [folder / name]:
        for version, entry in read_manifest(contract / MANIFEST_FILE).versions.items():
            if entry.state is State.DRAFT:
                continue
            for file in (contract / version).rglob("*"):
                if file.is_file():
                    digest = hashlib.sha256(file.read_bytes()).hexdigest()
                    hashes[file.relative_to(folder).as_posix()] = digest
    return hashes


def _read_lock(folder: Path) -> dict[str, str]:
    file = folder / LOCK_FILE
    if not file.exists():
        return {}
    locked = {}
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        digest, separator, path = line.partition("  ")
        if not separator or len(digest) != 64:
            raise ContractsError([f"{LOCK_FILE}: line {number}: expected a hash, two spaces and a path"])
        locked[path] = digest
    return locked


def main(folder: Path = PUBLISHED) -> int:
    """Add new versions to the lock; 0 done, 1 a published file was changed."""
    try:
        added = write(folder)
    except ContractsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("".join(f"locked {path}\n" for path in added) or "nothing to add\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
