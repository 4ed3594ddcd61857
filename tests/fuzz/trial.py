"""One body on the way that it would take in the gateway and the router, and what may never happen on it."""

import resource
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from adapters.catalogue import Catalogue
from adapters.conformance import RECEIVED_AT, adapters, demo_source, samples, systems
from adapters.framing import messages
from contracts.adapter import Adapter
from contracts.canon import as_document
from contracts.canonical import Normalised
from contracts.documents import Arrival, Message, Source, ValidDocument
from contracts.errors import ContractViolated, EventError
from contracts.registry import Registry
from gateway.http.stages import source_event_id

REGISTRY = Registry.load()
CATALOGUE = Catalogue(adapter for system in systems() for adapter in adapters(system))

SECONDS_LIMIT = 1.0
MEMORY_LIMIT_MIB = 200
ITEMS_LIMIT = 10_000  # as the gateway's `items_limit`

MEDIA_TYPES = {".xml": "application/xml", ".json": "application/json", ".ndjson": "application/x-ndjson"}
REAL_FOLDERS = {"pos": "pos", "pos-modern": "pos", "wms": "wms", "erp": "erp"}

_T = TypeVar("_T")


class Seedling(Struct, frozen=True, kw_only=True):
    """A body that damaged ones grow out of."""

    name: str
    system: str
    message: Message


def seedlings(real_samples: Path | None) -> list[Seedling]:
    """Return the adapters' own samples and, where the folder is there, real payloads."""
    own = [
        Seedling(name=f"{system}/{each.format}/{each.case}", system=system, message=each.message)
        for system in systems()
        for each in samples(system)
    ]
    return own + list(_real(real_samples) if real_samples else ())


def _real(folder: Path) -> Iterator[Seedling]:
    for name, system in REAL_FOLDERS.items():
        for path in sorted((folder / name).rglob("*")):
            if path.suffix in MEDIA_TYPES:
                message = Message(body=path.read_bytes(), media_type=MEDIA_TYPES[path.suffix])
                yield Seedling(name=path.relative_to(folder).as_posix(), system=system, message=message)


def fault(system: str, message: Message) -> str | None:
    """Say what went wrong with a message of a system; None where it was taken, or refused in our words."""
    try:
        _take(system, message)
    except EventError:
        return None
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
        return _told(error)
    return None


def fault_of_document(document: ValidDocument) -> str | None:
    """Say what goes wrong with a document that keeps its contract."""
    adapter = CATALOGUE.for_contract(document.contract)
    source = demo_source(adapter.system)
    try:
        _prove(_timed("normalise", adapter.normalise, document, source, RECEIVED_AT))
    except EventError:
        return None
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
        return _told(error)
    return None


def shortened(message: Message, is_wrong: Callable[[Message], bool], tries: int = 400) -> Message:
    """Return a smaller body that is still wrong: chunks are left out as long as it stays so."""
    body, size = message.body, max(1, len(message.body) // 2)
    while size and tries:
        for start in range(0, len(body), size):
            smaller = msgspec.structs.replace(message, body=body[:start] + body[start + size :])
            tries -= 1
            if not tries:
                break
            if is_wrong(smaller):
                body = smaller.body
                break
        else:
            size //= 2
    return msgspec.structs.replace(message, body=body)


def peak_memory_mib() -> float:
    """Return the most memory that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _take(system: str, message: Message) -> None:
    source = demo_source(system)
    for each in _timed("framing", lambda: list(islice(messages(message), ITEMS_LIMIT))):
        adapter = _timed("recognises", CATALOGUE.for_message, system, each)
        for arrival in _timed("split", _items, adapter, each):
            with suppress(EventError):
                _take_item(adapter, arrival, source)


def _items(adapter: Adapter, message: Message) -> list[Arrival]:
    return list(islice(adapter.split(message), ITEMS_LIMIT))


def _take_item(adapter: Adapter, arrival: Arrival, source: Source) -> None:
    document = _timed("decode", adapter.decode, arrival)
    assert document.contract in adapter.contracts, f"{document.contract} is not announced"
    source_event_id(arrival, document)
    msgspec.json.encode(document.tree, order="deterministic")
    valid = _timed("validate", REGISTRY.validate, document)
    _prove(_timed("normalise", adapter.normalise, valid, source, RECEIVED_AT))


def _prove(meaning: Normalised) -> None:
    """Hold what was said against the canonical contracts; keys must be each one's own."""
    for canonical in (*meaning.facts, *meaning.exceptions):
        try:
            REGISTRY.validate(as_document(canonical))
        except ContractViolated as violated:
            broken = [each for each in violated.violations if each.keyword != "maxItems"]
            if not broken:
                continue  # more lines than a fact may have: the canon refuses it, for all adapters alike
            places = "; ".join(f"{each.pointer}: {each.detail}" for each in broken[:3])
            raise AssertionError(f"{violated.contract} is broken at {places}") from None
    keys = [(each.category, each.key) for each in meaning.exceptions]
    assert len(set(keys)) == len(keys), "two exceptions would get one id"


def _timed(step: str, call: Callable[..., _T], *arguments: Any) -> _T:
    """Return what a call returns. Raises: AssertionError for more than a second of processor time."""
    started = time.thread_time()
    try:
        return call(*arguments)
    finally:
        seconds = time.thread_time() - started
        assert seconds <= SECONDS_LIMIT, f"{step} took {seconds:.2f} s"


def _told(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(last.filename).name}:{last.lineno} in {last.name}"
    return f"{type(error).__name__}: {str(error)[:300]} ({where})"
