"""What the sources' settings say of contracts, held against what is there."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from msgspec import Struct

from contracts.errors import ContractBrownOut, ContractRetired, ContractUnknown
from contracts.manifest import State
from contracts.registry import ContractVersion, Registry


class PinFinding(Struct, frozen=True, kw_only=True):
    """One entry of a source's `contracts`, such as `pos-north.contracts.pos-poslog-transaction`.

    `is_fault` says that what the source sends is refused now; else it will be one day.
    """

    place: str
    sentence: str
    is_fault: bool


def pin_findings(sources: Mapping[str, Mapping[str, str]], registry: Registry, at: float) -> list[PinFinding]:
    """Return what can't work, or won't for long, at a moment in Unix seconds.

    `sources` maps each source to the contracts that it may send, with the version or major that it is pinned
    to, empty for the newest.
    """
    return [
        PinFinding(place=f"{source}.contracts.{name}", sentence=sentence, is_fault=is_fault)
        for source, contracts in sources.items()
        for name, pin in contracts.items()
        for sentence, is_fault in _said(registry, name, pin, at)
    ]


def _said(registry: Registry, name: str, pin: str, at: float) -> Iterator[tuple[str, bool]]:
    try:
        found = registry.resolve(name, pin or None, at)
    except ContractBrownOut as error:
        yield error.detail, False
    except (ContractUnknown, ContractRetired) as error:
        yield error.detail, True
    else:
        yield from _outlook(found, at)


def _outlook(found: ContractVersion, at: float) -> Iterator[tuple[str, bool]]:
    state = found.state_at(at)
    if state in {State.DRAFT, State.CANDIDATE}:
        yield f"{found.identifier} is a {state}", False
    if found.deprecated is not None:
        left = (found.deprecated.removal - datetime.fromtimestamp(at, UTC).date()).days
        end = f"{found.identifier} takes no events from {found.deprecated.removal} on, in {left} days"
        yield f"{end}; use {found.deprecated.alternative}", False
