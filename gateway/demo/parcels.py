"""What the demo sends: the project's own samples, or a folder of real payloads by system."""

import re
from collections.abc import Collection
from pathlib import Path

from msgspec import Struct

from adapters.conformance import samples, systems
from contracts.subjects import is_token
from gateway.media_types import media_type_of

BROKEN = b"<POSLog><Transaction><RetailStoreID>1</RetailStoreID>"


class Parcel(Struct, frozen=True, kw_only=True):
    """One request; `path` is how people know the file. One with a message id is signed as its vendor does."""

    path: str
    source: str
    body: bytes
    media_type: str
    headers: dict[str, str] = {}
    is_batch: bool = False


def own_parcels() -> list[Parcel]:
    """Return every sample of every adapter, one of them twice, and a file that was cut off."""
    parcels = [
        Parcel(
            path=f"{system}/{sample.case}",
            source=f"{system}-demo",
            body=sample.message.body,
            media_type=sample.message.media_type,
            headers=dict(sample.message.headers),
            is_batch=len(sample.expected.items) > 1,
        )
        for system in systems()
        for sample in samples(system)
    ]
    cut_off = Parcel(
        path="pos/cut-off (broken on purpose)", source="pos-demo", body=BROKEN,
        media_type="application/xml", is_batch=True,
    )  # fmt: skip
    return [*parcels, *parcels[:1], cut_off]


def folder_parcels(folder: Path) -> list[Parcel]:
    """Return every file below the folders of `folder`, each of which is named for its system.

    Raises: NotADirectoryError.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is not a folder")
    systems_below = (each for each in sorted(folder.iterdir()) if each.is_dir())
    return [
        _parcel(file, str(file.relative_to(folder)), source_of(system.name))
        for system in systems_below
        for file in sorted(system.rglob("*"))
        if file.is_file()
    ]


def source_of(folder: str) -> str:
    """Return the name of the demo's source for a folder: `pos` and `pos-modern` are both of system `pos`."""
    name = re.sub(r"[^a-z0-9-]+", "-", folder.lower()).strip("-")
    system = next((system for system in systems() if f"{name}-".startswith(f"{system}-")), name)
    return f"{system}-demo" if is_token(f"{system}-demo") else "other-demo"


def settings_for(parcels: Collection[Parcel], known: Collection[str]) -> str:
    """Return the tables of `sources.toml` for those sources of the parcels that the settings don't know."""
    unknown = sorted({parcel.source for parcel in parcels} - set(known))
    return "".join(f'\n[sources.{name}]\nsystem = "{name.removesuffix("-demo")}"\n' for name in unknown)


def _parcel(file: Path, path: str, source: str) -> Parcel:
    # whether a file holds one item or many, its adapter knows
    return Parcel(
        path=path, source=source, body=file.read_bytes(), media_type=media_type_of(file), is_batch=True
    )
