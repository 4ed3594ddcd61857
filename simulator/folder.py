"""A simulation on disk: a folder for each source, the truth, and the settings to receive it with."""

import shutil
from pathlib import Path

import msgspec
from msgspec import Struct

from simulator.messages import SimulatedMessage
from simulator.sources import CURRENCY, SENDERS, TIME_ZONE

LAYOUTS = Path(__file__).parent / "layouts"
TRUTH, SETTINGS = "truth.ndjson", "settings"


class FoundBy(Struct, frozen=True, kw_only=True):
    """One exception of a fault: the file and the event that it is found with, and its key there."""

    document: str
    source: str
    source_event_id: str
    key: str | None


class FaultLine(Struct, frozen=True, kw_only=True):
    """One line of the truth. `documents` are files, relative to the simulation's folder."""

    fault_id: str
    root_cause: str
    owner: str
    category: str
    documents: list[str]
    exceptions: list[FoundBy]


class SimulationFolder:
    """Writes messages as they come; the truth is complete when all have, and then written by `end`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._faults: dict[str, FaultLine] = {}
        for sender in SENDERS:
            (path / sender.name).mkdir(parents=True, exist_ok=True)

    def keep(self, message: SimulatedMessage) -> None:
        """Write one message, and note what is true of it."""
        document = f"{message.source}/{message.name}"
        (self._path / document).write_bytes(message.body)
        for truth in message.truths:
            line = self._faults.setdefault(
                truth.fault,
                FaultLine(
                    fault_id=truth.fault, root_cause=truth.root_cause, owner=truth.owner,
                    category=truth.category, documents=[], exceptions=[],
                ),
            )  # fmt: skip
            if document not in line.documents:
                line.documents.append(document)
            line.exceptions.append(
                FoundBy(
                    document=document,
                    source=message.source,
                    source_event_id=message.source_event_id,
                    key=truth.key,
                )
            )

    def end(self) -> int:
        """Write the truth, a line a fault; return how many faults there are."""
        lines = [msgspec.json.encode(self._faults[fault]) for fault in sorted(self._faults)]
        (self._path / TRUTH).write_bytes(b"".join(line + b"\n" for line in lines))
        return len(lines)


def write_settings(path: Path) -> None:
    """Write the settings folder of a Crossdock that takes exactly these sources."""
    shutil.copytree(LAYOUTS, path / "layouts", dirs_exist_ok=True)
    (path / "sources.toml").write_text(_sources_file(), "utf-8")
    (path / "crossdock.toml").write_text(_MAIN_FILE, "utf-8")


def _sources_file() -> str:
    tables = [
        f'[sources.{sender.name}]\ntitle = "Simulated: {sender.title}"\nsystem = "{sender.system}"\n'
        f'time_zone = "{TIME_ZONE}"\ncurrency = "{CURRENCY}"\n'
        for sender in SENDERS
    ]
    return "# The systems of a simulated retailer.\n\n" + "\n".join(tables)


_MAIN_FILE = f"""# The settings of a Crossdock that a simulated retailer sends to.

[triage]
currency = "{CURRENCY}"

[clients.simulator]
scopes = ["events:write", "events:read"]
sources = ["*"]

[clients.admin]
scopes = [
    "events:write", "events:read", "contracts:read", "deadletters:read", "deadletters:write",
    "payloads:read", "admin",
]
sources = ["*"]
"""
