"""The examples of published contracts, for people who read a document."""

from pathlib import Path
from typing import Any

from contracts.folder import BASE_URI, PUBLISHED, read_json
from contracts.manifest import Kind
from contracts.registry import ContractVersion, Registry

_SENT_AT = "2026-11-25T08:00:00Z"


def example_files(version: ContractVersion, kind: str) -> list[Path]:
    """Return the files of a version's examples, sorted; `kind` is `valid` or `invalid`."""
    return sorted((PUBLISHED / version.name / version.version / "examples" / kind).glob("*.json"))


def canonical_examples(registry: Registry) -> dict[str, dict[str, Any]]:
    """Return one CloudEvent for each canonical contract: its fullest valid example, in the newest version."""
    found: dict[str, dict[str, Any]] = {}
    for name in registry.names:
        version = registry.contract(name).newest()
        if version is None or version.kind is not Kind.CANONICAL:
            continue
        files = sorted(example_files(version, "valid"), key=lambda file: (-file.stat().st_size, file.name))
        for file in files[:1]:
            found[name] = cloud_event(version, file.stem, read_json(file))
    return found


def cloud_event(version: ContractVersion, event_id: str, tree: Any) -> dict[str, Any]:
    """Return a document of a canonical contract as its sender would send it."""
    family, _, kind = version.name.partition("-")
    return {
        "specversion": "1.0",
        "id": f"{version.name}/{event_id}",
        "source": "urn:example:planning",
        "type": f"retail.{family}.{kind}.v{version.version.partition('.')[0]}",
        "time": _SENT_AT,
        "datacontenttype": "application/json",
        "dataschema": f"{BASE_URI}/{version.name}/{version.version}",
        "data": tree,
    }
