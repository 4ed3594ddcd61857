"""A model's folder, `<models>/<name>/<semver>/`: read once, whole and bounded, by names that are fixed."""

import os
import re
import stat
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from routing.triage.model.manifest import CARD, GOLDEN, GRAPH, MANIFEST, MANIFEST_LIMIT_BYTES, SIGNATURE
from routing.triage.model.signatures import SIGNATURE_LIMIT_BYTES

SHIPPED = Path(__file__).resolve().parent.parent / "models"
CURRENT, CHALLENGER = "current", "challenger"  # pointer files: one line, `<name>/<semver>`
POINTER_LIMIT_BYTES = 200
LIMITS = {
    MANIFEST: MANIFEST_LIMIT_BYTES,
    GRAPH: 16 << 20,
    GOLDEN: 4 << 20,
    CARD: 1 << 20,
    SIGNATURE: SIGNATURE_LIMIT_BYTES,
}
_PLACE = re.compile(r"[a-z0-9][a-z0-9-]{0,63}/[0-9]{1,6}\.[0-9]{1,6}\.[0-9]{1,6}")


class Refusal(StrEnum):
    """Which check a model failed; a label of the metric."""

    FOLDER = "folder"
    SIZE = "size"
    SIGNATURE = "signature"
    MANIFEST = "manifest"
    HASH = "hash"
    GRAPH = "graph"
    FEATURES = "features"
    LEAVES = "leaves"
    RUNTIME = "runtime"
    GOLDEN = "golden"
    SLOW = "slow"


class ModelRefused(Exception):
    """The model may not decide; `code` says which check it failed, the text what was found."""

    def __init__(self, code: Refusal, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code


class ModelFiles(Struct, frozen=True, kw_only=True):
    """The bytes of a model's folder; `signature` is empty where there is none."""

    place: str
    manifest: bytes
    graph: bytes
    golden: bytes
    card: bytes
    signature: bytes


Print = tuple[str, tuple[tuple[int, int, int] | None, ...]]


def pointer(root: Path, name: str) -> str:
    """Return what a pointer file names, empty where there is none. Raises: ModelRefused."""
    file = root / name
    if not file.exists():
        return ""
    place = _read(file, POINTER_LIMIT_BYTES).decode("ascii", "replace").strip()
    return require_place(place)


def require_place(place: str) -> str:
    """Return `place` where it is `<name>/<semver>`. Raises: ModelRefused."""
    if _PLACE.fullmatch(place) is None:
        raise ModelRefused(Refusal.FOLDER, f"{place[:80]!r} is not <name>/<x.y.z>")
    return place


def places(root: Path) -> list[str]:
    """Return every `<name>/<semver>` below a folder of models that has a manifest."""
    found = (str(file.parent.relative_to(root)) for file in root.glob(f"*/*/{MANIFEST}"))
    return sorted(place for place in found if _PLACE.fullmatch(place))


def fingerprint(root: Path, place: str) -> Print:
    """Return what changes when a file of the model is written anew, without reading one."""
    return place, tuple(_stamp(root / place / name) for name in LIMITS)


def read_files(root: Path, place: str) -> ModelFiles:
    """Read a model's folder. Raises: ModelRefused where it is not below `root`, or a file is not as it must
    be.
    """
    folder = root / require_place(place)
    if not folder.is_dir():
        raise ModelRefused(Refusal.FOLDER, f"there is no {place} in the folder of models")
    if not folder.resolve().is_relative_to(root.resolve()):
        raise ModelRefused(Refusal.FOLDER, f"{place} leads out of the folder of models")
    content = {
        name: _read(folder / name, limit)
        for name, limit in LIMITS.items()
        if name != SIGNATURE or (folder / name).exists()
    }
    return ModelFiles(
        place=place,
        manifest=content[MANIFEST],
        graph=content[GRAPH],
        golden=content[GOLDEN],
        card=content[CARD],
        signature=content.get(SIGNATURE, b""),
    )


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _read(file: Path, limit_bytes: int) -> bytes:
    try:
        # no symbolic links, and no waiting for a writer where it is a pipe
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise ModelRefused(Refusal.FOLDER, f"{file.name}: {error.strerror}") from None
    with os.fdopen(descriptor, "rb") as opened:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise ModelRefused(Refusal.FOLDER, f"{file.name} is not a file")
        if found.st_size > limit_bytes:
            raise ModelRefused(Refusal.SIZE, f"{file.name} has {found.st_size} bytes, at most {limit_bytes}")
        content = opened.read(limit_bytes + 1)
    if len(content) > limit_bytes:
        raise ModelRefused(Refusal.SIZE, f"{file.name} grew beyond {limit_bytes} bytes")
    return content
