"""What every adapter is held to: its own samples, from bytes to facts and exceptions."""

import importlib
from pathlib import Path

import msgspec
from msgspec import Struct

from adapters.framing import messages
from contracts.adapter import Adapter
from contracts.canon import Canon
from contracts.canonical import Normalised
from contracts.documents import Message, Source, ValidDocument
from contracts.registry import Registry

RECEIVED_AT = "2026-11-23T12:00:00+00:00"

_ADAPTERS = Path(__file__).parent
_MEDIA_TYPES = {
    ".xml": "application/xml", ".json": "application/json", ".ndjson": "application/x-ndjson",
    ".csv": "text/csv", ".txt": "text/plain", ".dat": "text/plain",
}  # fmt: skip


class ExpectedException(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An exception that a sample holds; `expected` and `actual` are the values without their units."""

    category: str
    key: str
    expected: str
    actual: str


class ExpectedItem(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one item of a sample means: its contract, its own id, the kinds of its facts, its exceptions.

    `source_event_id` is null where neither the transport nor the document has one.
    """

    contract: str
    source_event_id: str | None
    facts: list[str]
    exceptions: list[ExpectedException]


class Expected(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a sample means: `<case>.expected.json`."""

    items: list[ExpectedItem]


class Sample(Struct, frozen=True, kw_only=True):
    """One message of a system as its vendor sends it, and what it means."""

    system: str
    format: str
    case: str
    message: Message
    expected: Expected


class Item(Struct, frozen=True, kw_only=True):
    """One item of a sample after its way through the adapter."""

    source_event_id: str | None
    document: ValidDocument
    normalised: Normalised


def systems() -> list[str]:
    """Return the name of every system that has a folder here."""
    return sorted(path.parent.name for path in _ADAPTERS.glob("*/__init__.py"))


def adapters(system: str) -> tuple[Adapter, ...]:
    """Return the adapters that a system's folder exports."""
    exported: tuple[Adapter, ...] = importlib.import_module(f"adapters.{system}").ADAPTERS
    return exported


def samples(system: str, format_name: str = "*") -> list[Sample]:
    """Return the samples of a system, or of one of its formats, by format and case.

    Raises: FileNotFoundError for one without `.expected.json`; msgspec.ValidationError for one that says
    something else than `Expected`.
    """
    folder = _ADAPTERS / system
    files = (path for path in sorted(folder.glob(f"{format_name}/samples/*")) if path.suffix in _MEDIA_TYPES)
    return [_sample(system, path) for path in files if "." not in path.stem]


def demo_source(system: str) -> Source:
    """Return a source of a system that says nothing of its own."""
    return Source(
        name=f"{system}-demo", system=system, time_zone="Europe/Berlin", currency="EUR", hash_key=b"samples"
    )


def run(adapter: Adapter, sample: Sample, registry: Registry, source: Source) -> list[Item]:
    """Take a sample the way that an event takes: split, decode, validate, normalise.

    Raises: what the adapter, the registry and the canon raise; a sample breaks nothing.
    """
    items = []
    canon = Canon(registry)
    arrivals = (arrival for message in messages(sample.message) for arrival in adapter.split(message))
    for arrival in arrivals:
        document = registry.validate(adapter.decode(arrival))
        items.append(
            Item(
                source_event_id=arrival.source_event_id or document.source_event_id,
                document=document,
                normalised=canon.hold(adapter.normalise(document, source, RECEIVED_AT)),
            )
        )
    return items


def meaning(item: Item) -> ExpectedItem:
    """Return what an item means, in the words of `.expected.json`."""
    return ExpectedItem(
        contract=item.document.contract,
        source_event_id=item.source_event_id,
        facts=[fact.kind.value for fact in item.normalised.facts],
        exceptions=[
            ExpectedException(
                category=each.category.value,
                key=each.key,
                expected=each.expected.value,
                actual=each.actual.value,
            )
            for each in item.normalised.exceptions
        ],
    )


def _sample(system: str, file: Path) -> Sample:
    expected = msgspec.json.decode(file.with_suffix(".expected.json").read_bytes(), type=Expected)
    headers_file = file.with_suffix(".headers.json")
    headers: dict[str, str] = {}
    if headers_file.exists():
        headers = msgspec.json.decode(headers_file.read_bytes(), type=dict[str, str])
    message = Message(
        body=file.read_bytes(),
        media_type=headers.get("content-type", _MEDIA_TYPES[file.suffix]),
        headers=headers,
    )
    return Sample(
        system=system, format=file.parent.parent.name, case=file.stem, message=message, expected=expected
    )
