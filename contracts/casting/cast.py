"""One cast: how documents of one version become documents of another major, and the way back."""

import tomllib
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from contracts.casting.operations import AnyOperation
from contracts.casting.pointers import CastFailed
from contracts.manifest import ContractsError

CAST_FILE = "cast.toml"


class Direction(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The operations in their order, and what the way there and back again does not restore.

    `losses` are pointers into the document that goes in.
    """

    operations: tuple[AnyOperation, ...]
    losses: tuple[str, ...] = ()

    def apply(self, tree: Any) -> None:
        """Change `tree`. Raises: CastFailed, naming the operation."""
        for place, operation in enumerate(self.operations):
            try:
                operation.apply(tree)
            except CastFailed as error:
                raise CastFailed(f"operation {place + 1}: {error}") from None


class Cast(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"source": "from"}):
    """What one `cast.toml` says: from `source` up to `to`, and down; None where there is no such way."""

    source: str
    to: str
    up: Direction | None = None
    down: Direction | None = None


def read_cast(file: Path) -> Cast:
    """Read one `cast.toml`. Raises: ContractsError, naming the file and the key."""
    where = "/".join(file.parts[-3:])
    try:
        raw = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ContractsError([f"{where}: {error}"]) from None
    try:
        return msgspec.convert(raw, Cast)
    except msgspec.ValidationError as error:
        raise ContractsError([f"{where}: {error}{_operation(raw)}"]) from None


def major_of(version: str) -> str:
    """Return the major of a version."""
    return version.partition(".")[0]


def _operation(raw: dict[str, Any]) -> str:
    """Name the first operation that can't be read: msgspec writes `[...]` for any of them."""
    for way in ("up", "down"):
        table = raw.get(way)
        operations = table.get("operations") if isinstance(table, dict) else None
        for place, each in enumerate(operations if isinstance(operations, list) else ()):
            try:
                msgspec.convert(each, AnyOperation)
            except msgspec.ValidationError:
                return f" (operation {place + 1} of `{way}`)"
    return ""
