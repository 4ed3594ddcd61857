"""`owners.toml` changed in one place; every comment and every other line stays as it is."""

import os
import re
import tomllib
from pathlib import Path
from typing import Any

_TABLE = re.compile(r"\s*\[")
_KEY = "subscriptions"


class NotEdited(Exception):
    """The file can't be changed by us; the text says what to write into it by hand."""


def subscribe(file: Path, owner: str, contract: str, major: int) -> None:
    """Set an owner's subscription in the file, whole or not at all. Raises: NotEdited, OSError."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(subscribed(file.read_text("utf-8"), owner, contract, major), "utf-8")
    draft.chmod(file.stat().st_mode & 0o777)
    draft.replace(file)


def subscribed(text: str, owner: str, contract: str, major: int) -> str:
    """Return the text of `owners.toml` with the subscription in it. Raises: NotEdited."""
    wanted = tomllib.loads(text)
    before = dict(wanted["owners"][owner].get(_KEY, {}))
    wanted["owners"][owner][_KEY] = before | {contract: major}
    edited = _edited(text.splitlines(keepends=True), owner, before, contract, major)
    try:
        is_right = tomllib.loads(edited) == wanted
    except tomllib.TOMLDecodeError:
        is_right = False
    if not is_right:
        raise NotEdited(
            f"write `{_KEY} = {_inline(before | {contract: major})}` into [owners.{owner}] by hand"
        )
    return edited


def _edited(lines: list[str], owner: str, before: dict[str, Any], contract: str, major: int) -> str:
    own_table = _section(lines, f"owners.{owner}.{_KEY}")
    if own_table is not None:
        return _with_line(lines, own_table, contract, f'"{contract}" = {major}')
    section = _section(lines, f"owners.{owner}")
    if section is None:
        return ""
    return _with_line(lines, section, _KEY, f"{_KEY} = {_inline(before | {contract: major})}")


def _with_line(lines: list[str], section: tuple[int, int], key: str, line: str) -> str:
    """Replace the line of `key` in a section, and keep its comment, or add it after the section's last."""
    begin, end = section
    named = re.compile(rf"\s*(?:{re.escape(key)}|\"{re.escape(key)}\"|'{re.escape(key)}')\s*=")
    for place in range(begin, end):
        if named.match(lines[place]):
            comment = re.search(r"\s+#[^\"'}]*$", lines[place].rstrip("\n"))
            return "".join([*lines[:place], line, comment[0] if comment else "", "\n", *lines[place + 1 :]])
    last = max((place for place in range(begin, end) if _says_something(lines[place])), default=begin - 1)
    head = lines[: last + 1]
    if head and not head[-1].endswith("\n"):
        head[-1] += "\n"
    return "".join([*head, line, "\n", *lines[last + 1 :]])


def _section(lines: list[str], name: str) -> tuple[int, int] | None:
    """Return the lines of a table: from the one after its head up to the next head."""
    parts = r"\s*\.\s*".join(rf"(?:{re.escape(part)}|\"{re.escape(part)}\")" for part in name.split("."))
    head = re.compile(rf"\s*\[\s*{parts}\s*\]\s*(?:#.*)?$")
    for place, line in enumerate(lines):
        if head.match(line.rstrip("\n")):
            following = range(place + 1, len(lines))
            end = next((each for each in following if _TABLE.match(lines[each])), len(lines))
            return place + 1, end
    return None


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _inline(majors: dict[str, Any]) -> str:
    return "{ " + ", ".join(f'"{contract}" = {major}' for contract, major in majors.items()) + " }"
