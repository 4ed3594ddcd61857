"""Why a version can't be had: it isn't there, its time is over, or it is switched off for a while."""

from math import ceil

from contracts.contract import Contract, ContractVersion
from contracts.errors import ContractBrownOut, ContractRetired, ContractUnknown, VersionUnknown
from contracts.lifecycle import ENDED
from contracts.manifest import BrownOut, State


def absence(contract: Contract, version: str | None, at: float | None) -> ContractUnknown | ContractRetired:
    """Return why no version is found for a wish: an exact one, a major, or None for the newest."""
    name = contract.manifest.name
    of_major = [v for v in contract.versions.values() if version in {None, v.version.partition(".")[0]}]
    if of_major and all(each.state_at(at) in ENDED for each in of_major):
        return ended(contract, of_major[-1], at)
    usable = [v.version for v in contract.versions.values() if v.state_at(at) not in ENDED | {State.DRAFT}]
    has = f"it has {', '.join(usable) or 'none yet'}"
    if version is None:
        return ContractUnknown(f"{name} has no published version; {has}")
    return VersionUnknown(f"{name} has no version {version[:40]!r}; {has}")


def ended(contract: Contract, version: ContractVersion, at: float | None) -> ContractRetired:
    """Return that a version is over, and what takes its place."""
    return ContractRetired(
        f"{version.identifier} is {version.state_at(at)}; {_instead(contract, version, at)}",
        contract=version.identifier,
        successor=_successor(contract, version, at),
    )


def browned_out(
    contract: Contract, version: ContractVersion, brown_out: BrownOut, at: float
) -> ContractBrownOut:
    """Return that a version takes nothing until the brown-out is over."""
    return ContractBrownOut(
        f"{version.identifier} takes no events until {brown_out.end.isoformat()}, to show what will be after"
        f" its sunset; {_instead(contract, version, at)}",
        contract=version.identifier,
        successor=_successor(contract, version, at),
        retry_after_seconds=max(1, ceil(brown_out.end.timestamp() - at)),
    )


def _instead(contract: Contract, version: ContractVersion, at: float | None) -> str:
    successor = _successor(contract, version, at)
    return f"use {successor}" if successor else "nothing takes its place"


def _successor(contract: Contract, version: ContractVersion, at: float | None) -> str:
    found = contract.successor(version, at)
    return found.identifier if found is not None else ""
