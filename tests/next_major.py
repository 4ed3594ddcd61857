"""A second major of a published contract in a folder of the tests' own: nothing of it is published."""

import copy
import json
from pathlib import Path
from typing import Any

from contracts.folder import PUBLISHED, contract_folders

NAME = "exception-inventory-variance"
FIRST, SECOND = "1.1.0", "2.0.0"

# renames a member and a code, and trades what nobody read for something that the first major can't say
CAST = f"""
from = "{FIRST}"
to = "{SECOND}"

[up]
losses = ["/missing"]
[[up.operations]]
op = "move"
at = "/money_at_risk"
to = "/exposure"
[[up.operations]]
op = "map"
at = "/references/*/kind"
values = {{ delivery = "outbound-delivery" }}
[[up.operations]]
op = "drop"
at = "/missing"

[down]
losses = ["/shelf"]
[[down.operations]]
op = "move"
at = "/exposure"
to = "/money_at_risk"
[[down.operations]]
op = "map"
at = "/references/*/kind"
values = {{ outbound-delivery = "delivery" }}
[[down.operations]]
op = "drop"
at = "/shelf"
"""

NO_PATH = 'no_path = "send 1.1.0 until there is a cast"\n'


def second_schema() -> dict[str, Any]:
    """The schema of 2.0.0."""
    schema = copy.deepcopy(json.loads((PUBLISHED / NAME / FIRST / "schema.json").read_text()))
    schema["$id"] = schema["$id"].replace(FIRST, SECOND)
    members = schema["properties"]
    members["exposure"] = members.pop("money_at_risk")
    del members["missing"]
    members["shelf"] = {"description": "The shelf.", "type": "string", "minLength": 1, "maxLength": 20}
    kinds = schema["$defs"]["reference"]["properties"]["kind"]["x-extensible-enum"]
    kinds[kinds.index("delivery")] = "outbound-delivery"
    return schema


def published(folder: Path, cast: str | None = CAST) -> Path:
    """Return the published contracts with a 2.0.0 of one of them, with its cast or with a note instead."""
    folder.mkdir()
    for contract in contract_folders(PUBLISHED):
        if contract.name != NAME:
            (folder / contract.name).symlink_to(contract)
    own = folder / NAME
    (own / SECOND).mkdir(parents=True)
    for version in ("1.0.0", FIRST):
        (own / version).symlink_to(PUBLISHED / NAME / version)
    (own / SECOND / "schema.json").write_text(json.dumps(second_schema()))
    set_cast(folder, cast)
    return folder


def set_cast(folder: Path, cast: str | None) -> None:
    """Add the cast, and take the note away; or the other way round."""
    manifest = (PUBLISHED / NAME / "contract.toml").read_text()
    entry = f'\n[versions."{SECOND}"]\nstate = "published"\npublished = 2026-11-27\n'
    (folder / NAME / "contract.toml").write_text(manifest + entry + ("" if cast else NO_PATH))
    file = folder / NAME / SECOND / "cast.toml"
    if cast:
        file.write_text(cast)
    else:
        file.unlink(missing_ok=True)
