"""`adapters list|try`: what we can read, and what becomes of one file."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import rich_click as click
from click.exceptions import Exit
from msgspec.structs import replace

from adapters.framing import messages
from adapters.media_type import with_parameter
from adapters.pos.dropfile.layout import Layout, LayoutRefused
from adapters.pos.dropfile.layouts import PARAMETER, Layouts, read_layout
from contracts.adapter import Adapter
from contracts.canon import Canon
from contracts.documents import Arrival, Message, Source
from contracts.errors import ContractViolated, EventError
from contracts.registry import Registry
from gateway.bootstrap import PUBLISHED, catalogue
from gateway.cli.common import CHECK_FAILED, USAGE, fail, json_option, print_json, show
from gateway.media_types import media_type_of

POS = "pos"
LARGEST_FILE_BYTES = 64 << 20


@click.group()
def adapters() -> None:
    """Vendor formats."""


@adapters.command("list")
@json_option
def list_adapters(as_json: bool) -> None:
    """List the adapters and the contracts that they can name."""
    rows = [
        {
            "system": adapter.system,
            "format": adapter.format,
            "title": adapter.title,
            "contracts": adapter.contracts,
        }
        for adapter in catalogue().adapters
    ]
    show(rows, ("system", "format", "title", "contracts"), as_json=as_json)


@adapters.command("try")
@click.argument("system")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--time-zone", default="UTC", show_default=True)
@click.option("--currency", default="EUR", show_default=True)
@click.option(
    "--layout",
    "layout_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    default=None,
    help="The layout of a drop file, whether it is in the settings yet or not.",
)
@json_option
def try_adapter(
    system: str, file: Path, time_zone: str, currency: str, layout_file: Path | None, as_json: bool
) -> None:
    """Show what a file becomes: its items, contracts, facts and exceptions. Nothing is sent."""
    source = Source(name="try", system=system, time_zone=time_zone, currency=currency, hash_key=b"try")
    if file.stat().st_size > LARGEST_FILE_BYTES:
        fail(f"{file} is larger than {LARGEST_FILE_BYTES >> 20} MiB", CHECK_FAILED)
    message = Message(body=file.read_bytes(), media_type=media_type_of(file))
    known = catalogue()
    if system not in known.systems:
        fail(f"there is no system {system!r}; there are: {', '.join(known.systems)}", USAGE)
    if layout_file is not None:
        layout = _layout(layout_file)
        known = catalogue(Layouts([layout]))
        message = replace(message, media_type=with_parameter(message.media_type, PARAMETER, layout.name))
    registry, now = Registry.load(PUBLISHED), datetime.now(UTC).isoformat(timespec="seconds")
    try:
        found = [
            (adapter, _outcome(adapter, arrival, registry, source, now))
            for each in messages(message)
            for adapter in [known.for_message(system, each)]
            for arrival in adapter.split(each)
        ]
    except EventError as error:
        hint = "" if layout_file else "; a drop file may need --layout"
        fail(f"{error.code}: {error.detail}{hint if system == POS else ''}", CHECK_FAILED)
    items = [outcome | {"item": place} for place, (_, outcome) in enumerate(found, 1)]
    titles = dict.fromkeys(adapter.title for adapter, _ in found)
    if as_json:
        print_json(items)
    else:
        show(
            list(_rows(items)), ("item", "contract", "verdict", "source_event_id", "facts", "exceptions"),
            as_json=False, title=f"{file.name}: {', '.join(titles)}",
        )  # fmt: skip
    if any(item["verdict"] != "valid" for item in items):
        raise Exit(CHECK_FAILED)


def _layout(file: Path) -> Layout:
    try:
        return read_layout(file)
    except LayoutRefused as error:
        fail(str(error), CHECK_FAILED)


def _outcome(
    adapter: Adapter, arrival: Arrival, registry: Registry, source: Source, now: str
) -> dict[str, Any]:
    found: dict[str, Any] = {"contract": "", "verdict": "valid"}
    try:
        decoded = adapter.decode(arrival)
        found["contract"] = decoded.contract
        found["source_event_id"] = arrival.source_event_id or decoded.source_event_id
        document = registry.validate(decoded)
        found["contract"] = f"{document.contract}@{document.version}"
        canon = Canon(registry)
        spoken = canon.spoken(document, document.version or "")
        normalised = canon.hold(adapter.normalise(spoken, source, now))
        found["facts"] = msgspec.to_builtins(normalised.facts)
        found["exceptions"] = msgspec.to_builtins(normalised.exceptions)
        found["series"] = msgspec.to_builtins(normalised.series)
    except EventError as error:
        found["verdict"], found["detail"] = error.code, error.detail
        if isinstance(error, ContractViolated):
            found["errors"] = msgspec.to_builtins(error.violations)
    return found


def _rows(items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for item in items:
        exceptions = [
            f"{exception['category']} at {exception['key']}: expected {exception['expected']['value']},"
            f" got {exception['actual']['value']}"
            for exception in item.get("exceptions", ())
        ]
        faults = [f"{error['path']}: {error['detail']}" for error in item.get("errors", ())]
        yield {
            **item,
            "facts": [fact["kind"] for fact in item.get("facts", ())],
            "exceptions": "\n".join(exceptions or faults or [item.get("detail", "")]),
        }
