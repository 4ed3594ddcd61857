"""Settings as files and variables hold them: where they are found, read and, when wrong, put in words."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

DEFAULTS = Path(__file__).parent / "defaults"
PREFIX = "CROSSDOCK__"
NAMED_TABLES = ("clients", "sources")  # their entries are names, which may have hyphens

T = TypeVar("T")
Raw = dict[str, Any]


class SettingsError(Exception):
    """A setting can't be used; the text names the file (or the variable), the key and what was expected."""


def find(place: Path | None, file_name: str) -> Path:
    """Return the file of that name beside `place` (a folder, or `crossdock.toml`), else the packaged default.

    Raises: SettingsError where `place` itself isn't there.
    """
    if place is None:
        return DEFAULTS / file_name
    if not place.exists():
        raise SettingsError(f"{place}: there is no such file or folder")
    if place.is_file() and file_name == "crossdock.toml":
        return place
    found = (place if place.is_dir() else place.parent) / file_name
    return found if found.exists() else DEFAULTS / file_name


def folder_beside(place: Path | None, name: str) -> Path | None:
    """Return the folder of that name beside `place` (a folder, or `crossdock.toml`), or None."""
    if place is None:
        return None
    found = (place if place.is_dir() else place.parent) / name
    return found if found.is_dir() else None


def is_default(file: Path) -> bool:
    """Say whether this file is the packaged one."""
    return file.parent == DEFAULTS


def read(file: Path) -> Raw:
    """Return the file's tables, with every path in them absolute. Raises: SettingsError."""
    try:
        raw = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file.name}: this is not TOML: {error}") from error
    except OSError as error:
        raise SettingsError(f"{file}: {error.strerror}") from error
    absolute: Raw = _with_absolute_paths(raw, file.parent.absolute())
    return absolute


def convert(raw: Any, wanted: type[T], origin: str, key: str = "$", *, strict: bool = True) -> T:
    """Return `raw` as `wanted`; `key` is where it stands in `origin`. Raises: SettingsError."""
    try:
        return msgspec.convert(raw, wanted, strict=strict)
    except msgspec.ValidationError as error:
        fault, _, place = str(error).partition(" - at `$")
        fault = fault.removeprefix("Object contains ").removeprefix("Object ")
        fault = fault[0].lower() + fault[1:]
        raise SettingsError(f"{origin}: {fault} - at `{key}{place.removesuffix('`')}`") from error


def variables(environ: Mapping[str, str]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield each setting of the environment: the keys that lead to it, and its value.

    A value in brackets is read as a TOML array or inline table. Raises: SettingsError.
    """
    for variable in sorted(environ):
        if not variable.startswith(PREFIX):
            continue
        keys = variable.removeprefix(PREFIX).lower().split("__")
        if not all(keys):
            raise SettingsError(f"{variable}: a key between two `__` is empty")
        if len(keys) > 1 and keys[0] in NAMED_TABLES:
            keys[1] = keys[1].replace("_", "-")
        value = _value(variable, environ[variable])
        yield tuple(keys), _with_absolute_paths({keys[-1]: value}, Path.cwd())[keys[-1]]


def put(raw: Raw, keys: tuple[str, ...], value: Any) -> None:
    """Set one value, making the tables on the way to it."""
    for key in keys[:-1]:
        inner = raw.get(key)
        raw[key] = inner if isinstance(inner, dict) else {}
        raw = raw[key]
    raw[keys[-1]] = value


def _value(variable: str, text: str) -> Any:
    if not re.match(r"\s*[\[{]", text):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{variable}: this is not a TOML value: {error}") from error


def _with_absolute_paths(raw: Any, folder: Path, key: str = "") -> Any:
    if isinstance(raw, dict):
        return {inner: _with_absolute_paths(value, folder, inner) for inner, value in raw.items()}
    if isinstance(raw, list):
        return [_with_absolute_paths(value, folder, key) for value in raw]
    if isinstance(raw, str) and raw and key.endswith(("_file", "_files", "_folder")):
        return str(folder / Path(raw).expanduser())
    return raw
