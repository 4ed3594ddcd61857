"""Contracts that tests make: one canonical contract whose versions are schemas of their own."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from contracts import lock
from contracts.folder import BASE_URI, ContractFolder
from contracts.manifest import Consumer, Kind, Manifest, Owner, State, VersionEntry, Waiver

NAME = "fact-shelf-gap"
DAY = date(2026, 12, 1)


def schema(version: str = "1.0.0", **members: Any) -> dict[str, Any]:
    """A closed schema with an id, a quantity and these further members; `demanded` makes one required."""
    required = ["id", "quantity", *(name for name, part in members.items() if part.pop("demanded", False))]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{BASE_URI}/{NAME}/{version}",
        "title": "A gap on a shelf",
        "description": "Somebody saw a gap.",
        "type": "object",
        "required": required,
        "properties": {
            "id": {"description": "Which.", "type": "string", "maxLength": 20},
            "quantity": {"description": "How many.", "type": "integer", "minimum": 0, "x-unit": "pieces"},
            **members,
        },
        "additionalProperties": False,
    }


def text(**keywords: Any) -> dict[str, Any]:
    return {"description": "A text.", "type": "string", "maxLength": 20, **keywords}


def manifest(states: dict[str, State], **further: Any) -> Manifest:
    waivers: dict[str, tuple[Waiver, ...]] = further.pop("waivers", {})
    return Manifest(
        name=NAME,
        title="A gap on a shelf",
        kind=further.pop("kind", Kind.CANONICAL),
        domain="facts",
        description="Somebody saw a gap.",
        owner=Owner(team="shelves", contact="shelves@example.com"),
        versions={
            version: VersionEntry(state=state, published=DAY, waivers=waivers.get(version, ()))
            for version, state in states.items()
        },
        **further,
    )


def contract(schemas: dict[str, dict[str, Any]], **further: Any) -> ContractFolder:
    """A contract whose versions are all published, but for those whose states are given."""
    states = dict.fromkeys(schemas, State.PUBLISHED) | further.pop("states", {})
    return ContractFolder(manifest=manifest(states, **further), schemas=schemas)


LOSS_PREVENTION = Consumer(
    name="loss-prevention", major=1, contact="lp@example.com", pointers=("/quantity", "/lines/*/item")
)

MANIFEST = """\
# why this contract is there
name = "fact-shelf-gap"
title = "A gap on a shelf"
kind = "canonical"
domain = "facts"
description = "Somebody saw a gap."
reserved = ["colour"]  # it meant the label's, once

[owner]
team = "shelves"
contact = "shelves@example.com"

[versions."1.0.0"]
state = "published"  # the first
published = 2026-11-23

# who reads it
[[consumers]]
name = "loss-prevention"
major = 1
contact = "lp@example.com"
pointers = ["/quantity"]
"""


def put(folder: Path, document: dict[str, Any] | None = None) -> Path:
    """Write the contract with its first version and the lock into a folder of contracts."""
    version = folder / NAME / "1.0.0"
    for kind in ("valid", "invalid"):
        (version / "examples" / kind).mkdir(parents=True)
    for number in range(3):
        valid = {"id": f"g{number}", "quantity": number}
        invalid = {
            "document": {"id": f"g{number}", "quantity": -1 - number},
            "violations": [{"pointer": "/quantity", "keyword": "minimum"}],
        }
        write(version / "examples" / "valid" / f"{number}.json", valid)
        write(version / "examples" / "invalid" / f"{number}.json", invalid)
    write(version / "schema.json", document or schema())
    (folder / NAME / "contract.toml").write_text(MANIFEST, "utf-8")
    lock.write(folder)
    return folder


def write(file: Path, value: Any) -> None:
    file.write_text(json.dumps(value, indent=2) + "\n", "utf-8")


def everything(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, to see that nothing was changed."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
