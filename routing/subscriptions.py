"""Which major of which contract each owner reads, and the version that it gets."""

from collections.abc import Iterator, Mapping

from contracts.canonical import SPOKEN_MAJOR
from contracts.casting.cast import major_of
from contracts.errors import ContractUnknown, NoPath
from contracts.manifest import State
from contracts.registry import ContractVersion, Registry
from routing.owners import OwnerSettings

ALL_CONTRACTS = "*"
EXCEPTIONS = "exception-"


class Subscriptions:
    """What `owners.toml` and the contracts say today; both are read once."""

    def __init__(self, registry: Registry, owners: Mapping[str, OwnerSettings]) -> None:
        self._registry = registry
        self._owners = owners
        self._versions: dict[tuple[str, str], ContractVersion] = {}

    def major(self, owner: str, contract: str) -> str:
        """Return the major that an owner reads: what it says for this contract, or for all, else the newest.

        The newest is the newest published one that casts lead to, so that a new major without any breaks
        nobody who never asked for it.

        Raises: ContractUnknown.
        """
        subscribed = self._owners[owner].subscriptions if owner in self._owners else {}
        major = subscribed.get(contract, subscribed.get(ALL_CONTRACTS))
        return str(major) if major is not None else self._newest(contract)

    def _newest(self, contract: str) -> str:
        found = self._registry.contract(contract)
        majors = dict.fromkeys(major_of(version) for version in reversed(list(found.versions)))
        for state in (State.PUBLISHED, State.DEPRECATED):
            for major in majors:
                newest = found.newest(major)
                is_usable = newest is not None and newest.state is state
                if is_usable and self._registry.has_path(contract, SPOKEN_MAJOR, major):
                    return major
        return SPOKEN_MAJOR

    def version(self, owner: str, contract: str) -> ContractVersion:
        """Return the version that an owner gets now (hot path). Raises: ContractUnknown, NoPath."""
        found = self._versions.get((owner, contract))
        if found is None:
            found = self._registry.readable(contract, self.major(owner, contract))
            self._versions[(owner, contract)] = found
        return found

    def problems(self) -> Iterator[str]:
        """Name each subscription to what is not there."""
        exceptions = [name for name in self._registry.names if name.startswith(EXCEPTIONS)]
        for owner, settings in self._owners.items():
            for contract, major in settings.subscriptions.items():
                place = f'owners.{owner}.subscriptions."{contract}"'
                if contract != ALL_CONTRACTS and contract not in exceptions:
                    yield f"{place}: there is no such contract of exceptions"
                    continue
                for name in exceptions if contract == ALL_CONTRACTS else [contract]:
                    if not self._is_there(name, str(major)):
                        yield f"{place}: {name} has no published version of major {major}"

    def _is_there(self, name: str, major: str) -> bool:
        try:
            return bool(self._registry.readable(name, major))
        except (ContractUnknown, NoPath):
            return False
