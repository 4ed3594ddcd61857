"""What the registry says of contracts, as JSON."""

from datetime import date, datetime
from typing import Any

from msgspec import Struct

from contracts.compat.comparison import Comparison, Floor
from contracts.errors import Violation
from contracts.lifecycle import brown_outs_from
from contracts.manifest import Consumer, Kind, Owner, State
from contracts.registry import Contract, ContractVersion
from contracts.usage import VersionUsage


class VersionSummary(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One version as it stands at this moment; `brown_outs` are on or yet to come, `url` is its schema's."""

    version: str
    state: State
    url: str
    published: date | None = None
    effective: date | None = None
    removal: date | None = None
    successor: str = ""
    documentation: str = ""
    brown_outs: tuple[tuple[datetime, datetime], ...] = ()


class ContractSummary(Struct, frozen=True, kw_only=True):
    """One contract in the list of all; `newest` is what counts where nobody names a version."""

    name: str
    title: str
    kind: Kind
    domain: str
    newest: str | None
    url: str
    versions: tuple[VersionSummary, ...]


class ContractPage(ContractSummary, frozen=True, kw_only=True):
    """One contract with its owner and its declared readers; `pii` maps JSON Pointers to classes."""

    description: str
    owner: Owner
    reserved: tuple[str, ...]
    pii: dict[str, str]
    consumers: tuple[Consumer, ...]


class ContractList(Struct, frozen=True, kw_only=True):
    """All contracts."""

    contracts: tuple[ContractSummary, ...]


class Examples(Struct, frozen=True, kw_only=True):
    """The examples of a version by name: documents that keep it, and such that don't, with where and why."""

    valid: dict[str, Any]
    invalid: dict[str, Any]


class Diff(Struct, frozen=True, kw_only=True):
    """What changed between two versions, and what follows from it."""

    contract: str
    from_version: str
    to_version: str
    comparison: Comparison


class ComparedVersion(Struct, frozen=True, kw_only=True):
    """A candidate beside one version that lives."""

    version: str
    state: State
    comparison: Comparison


class ProfileFinding(Struct, frozen=True, kw_only=True):
    """Where a candidate leaves the profile of schemas that can be published."""

    pointer: str
    detail: str


class CheckReply(Struct, frozen=True, kw_only=True):
    """A candidate beside every version that lives, the newest first.

    `floor` is the least part that has to be raised above the newest one's, as far as schemas alone tell;
    waivers and readers are the business of `crossdock contracts check`.
    """

    contract: str
    floor: Floor | None
    profile: tuple[ProfileFinding, ...]
    against: tuple[ComparedVersion, ...]


class ValidationReply(Struct, frozen=True, kw_only=True):
    """Whether a document keeps a version; nothing of it is kept."""

    contract: str
    version: str
    valid: bool
    errors: tuple[Violation, ...]


class UsageReply(Struct, frozen=True, kw_only=True):
    """Who uses each version of a contract; what was counted in the last seconds may not be in it yet."""

    contract: str
    versions: tuple[VersionUsage, ...]


def summary(contract: Contract, at: float) -> ContractSummary:
    """Return a contract's line in the list."""
    return ContractSummary(**_summed(contract, at))


def page(contract: Contract, at: float) -> ContractPage:
    """Return a contract's page."""
    manifest = contract.manifest
    return ContractPage(
        **_summed(contract, at),
        description=manifest.description,
        owner=manifest.owner,
        reserved=manifest.reserved,
        pii=manifest.pii,
        consumers=manifest.consumers,
    )


def _summed(contract: Contract, at: float) -> dict[str, Any]:
    manifest, newest = contract.manifest, contract.newest(None, at)
    return {
        "name": manifest.name,
        "title": manifest.title,
        "kind": manifest.kind,
        "domain": manifest.domain,
        "newest": newest.version if newest else None,
        "url": f"/contracts/{manifest.name}",
        "versions": tuple(_version(contract, version, at) for version in contract.versions.values()),
    }


def _version(contract: Contract, version: ContractVersion, at: float) -> VersionSummary:
    said, url = version.deprecated, f"/contracts/{version.name}/{version.version}"
    published = contract.manifest.versions[version.version].published
    state = version.state_at(at)
    if said is None:
        return VersionSummary(version=version.version, state=state, url=url, published=published)
    return VersionSummary(
        version=version.version,
        state=state,
        url=url,
        published=published,
        effective=said.effective,
        removal=said.removal,
        successor=f"/contracts/{version.name}/{said.alternative}",
        documentation=said.documentation,
        brown_outs=tuple((each.start, each.end) for each in brown_outs_from(said, at)),
    )
