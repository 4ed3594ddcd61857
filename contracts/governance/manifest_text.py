"""Edits of `contract.toml` as text, so that its comments and its order stay."""

import re
import tomllib
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import fields

from contracts.manifest import VersionEntry

_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)
_KEY = re.compile(r"^[ \t]*(?:\"([^\"]+)\"|([A-Za-z0-9_-]+))[ \t]*=", re.MULTILINE)


class EditRefused(Exception):
    """The text is written in a way that these edits don't know; the message names the place."""


def with_entry(text: str, version: str, entry: VersionEntry) -> str:
    """Return the text of a manifest in which this version has this entry.

    Only keys whose values change are touched; a version that isn't there comes after the last one.

    Raises: EditRefused where the outcome, read again, would say anything else than this.
    """
    before = tomllib.loads(text)
    wanted: dict[str, Any] = _plain(entry)
    has = before.get("versions", {}).get(version)
    if has is None:
        edited = _append(text, version, wanted)
    else:
        edited = text
        for key in sorted({*has, *wanted}, key=[*wanted, *has].index):
            if has.get(key) != wanted.get(key):
                edited = _set(edited, version, key, wanted.get(key))
    after = {**before, "versions": {**before.get("versions", {}), version: wanted}}
    return _proven(edited, after, f'versions."{version}"')


def with_renamed(text: str, version: str, name: str) -> str:
    """Return the text of a manifest in which a version goes by another number. Raises: EditRefused."""
    before = tomllib.loads(text)
    header = re.compile(rf'^([ \t]*\[+[ \t]*versions[ \t]*\.[ \t]*")({re.escape(version)})(")', re.MULTILINE)
    edited = header.sub(lambda found: f"{found[1]}{name}{found[3]}", text)
    versions = {name if each == version else each: entry for each, entry in before["versions"].items()}
    return _proven(edited, {**before, "versions": versions}, f'versions."{version}"')


def _plain(value: Any) -> Any:
    """Return an entry as TOML would read it: what is not said is left out."""
    if isinstance(value, Struct):
        said = ((field.name, getattr(value, field.name), field.default) for field in fields(value))
        return {name: _plain(each) for name, each, default in said if each != default}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, StrEnum) else value


def _append(text: str, version: str, entry: dict[str, Any]) -> str:
    lines = [f'[versions."{version}"]', *(f"{key} = {toml(value)}" for key, value in entry.items())]
    place = _end_of_versions(text)
    head, tail = text[:place].rstrip("\n"), text[place:].lstrip("\n")
    block = "\n".join(lines)
    return f"{head}\n\n{block}\n" + (f"\n{tail}" if tail else "")


def _end_of_versions(text: str) -> int:
    """Return where the last table of the versions ends: before the comments of what comes next."""
    headers = [found.start() for found in _TABLE.finditer(text)]
    own = [place for place in headers if re.match(r"[ \t]*\[+[ \t]*versions\b", text[place:])]
    if not own:
        return len(text)
    after = next((place for place in headers if place > own[-1]), len(text))
    return _before_comments(text, after) if after < len(text) else after


def _before_comments(text: str, place: int) -> int:
    while place > 0:
        line = text[text.rfind("\n", 0, place - 1) + 1 : place]
        if not line.lstrip().startswith("#"):
            break
        place -= len(line)
    return place


def _set(text: str, version: str, key: str, value: Any) -> str:
    header = re.compile(
        rf'^[ \t]*\[[ \t]*versions[ \t]*\.[ \t]*"{re.escape(version)}"[ \t]*\][^\n]*\n?', re.M
    )
    table = header.search(text)
    if table is None:
        raise EditRefused(f'versions."{version}" is not a table of its own ([versions."{version}"])')
    after = _TABLE.search(text, table.end())
    end = _before_comments(text, after.start()) if after else len(text)
    body = text[table.end() : end]
    span = _value_span(body, key)
    if span is None:
        line = f"{key} = {toml(value)}\n"
        kept = body.rstrip("\n")
        body = f"{kept}\n{line}{body[len(kept) :].removeprefix(chr(10))}" if kept else line + body
    elif value is None:
        start, stop = span
        body = body[: body.rfind("\n", 0, start) + 1] + body[stop:].partition("\n")[2]
    else:
        body = body[: span[0]] + toml(value) + body[span[1] :]
    return text[: table.end()] + body + text[end:]


def _value_span(body: str, key: str) -> tuple[int, int] | None:
    """Return where the value of a key begins and ends: the shortest text that TOML reads as a value."""
    for found in _KEY.finditer(body):
        if (found[1] or found[2]) != key:
            continue
        start = found.end() + len(body[found.end() :]) - len(body[found.end() :].lstrip(" \t"))
        for stop in range(start + 1, len(body) + 1):
            if stop < len(body) and body[stop] not in "\n \t#":
                continue
            if _reads(body[start:stop]):
                return start, stop
    return None


def _reads(value: str) -> bool:
    try:
        tomllib.loads(f"value = {value}")
    except tomllib.TOMLDecodeError:
        return False
    return True


def toml(value: Any) -> str:
    """Return a value as TOML writes it, on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml(each) for each in value) + "]"
    return msgspec.json.encode(value).decode()


def _proven(edited: str, wanted: dict[str, Any], where: str) -> str:
    """Return the text if it says what is wanted and nothing else."""
    try:
        found = tomllib.loads(edited)
    except tomllib.TOMLDecodeError as error:
        raise EditRefused(f"{where} could not be edited: {error}") from None
    if found != wanted:
        raise EditRefused(f"{where} is written in a way that only a person can edit")
    return edited
