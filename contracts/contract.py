"""One contract and its versions, as the registry holds them."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from contracts.casting.cast import Cast, major_of
from contracts.lifecycle import ENDED, state_at
from contracts.manifest import Deprecation, Kind, Manifest, State
from contracts.validation import Validator

_READ = (State.PUBLISHED, State.DEPRECATED, State.SUNSET)


class ContractVersion(Struct, frozen=True, kw_only=True):
    """One exact version of a contract. `pii` maps JSON Pointers to classes of personal data."""

    name: str
    version: str
    kind: Kind
    state: State
    schema: dict[str, Any]
    pii: Mapping[str, str]
    validator: Validator
    deprecated: Deprecation | None = None

    @property
    def identifier(self) -> str:
        """`name@x.y.z`."""
        return f"{self.name}@{self.version}"

    def state_at(self, at: float | None) -> State:
        """Return the state that counts at a moment."""
        return state_at(self.state, self.deprecated, at)


class Contract(Struct, frozen=True, kw_only=True):
    """One contract; `versions` is in the order of the versions, oldest first.

    `casts` are those of versions that are no trial any more.
    """

    manifest: Manifest
    versions: Mapping[str, ContractVersion]
    casts: tuple[Cast, ...] = ()

    def newest(self, major: str | None = None, at: float | None = None) -> ContractVersion | None:
        """Return the newest published version, else the newest deprecated one, of all majors or of one."""
        candidates = [v for v in self.versions.values() if major in {None, v.version.partition(".")[0]}]
        for state in (State.PUBLISHED, State.DEPRECATED):
            usable = [version for version in candidates if version.state_at(at) is state]
            if usable:
                return usable[-1]
        return None

    def successor(self, ended: ContractVersion, at: float | None = None) -> ContractVersion | None:
        """Return what to use instead: what the manifest names, or what takes its place in its turn."""
        seen: set[str] = set()
        while ended.deprecated is not None and ended.version not in seen:
            seen.add(ended.version)
            ended = self.versions[ended.deprecated.alternative]
            if ended.state_at(at) not in ENDED:
                return ended
        return self.newest(None, at)

    def newest_read(self, major: str) -> ContractVersion | None:
        """Return the newest version of a major that is read: published, else deprecated, else sunset."""
        of_major = [each for each in self.versions.values() if major_of(each.version) == major]
        for state in _READ:
            found = [each for each in of_major if each.state is state]
            if found:
                return found[-1]
        return None
