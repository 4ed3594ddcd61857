"""All adapters, found by what a message looks like or by the contract that a document has."""

from collections.abc import Iterable

from adapters.json import parse_json
from adapters.media_type import essence
from contracts.adapter import Adapter
from contracts.documents import Message
from contracts.errors import ContractUnknown


class Catalogue:
    """The adapters of this installation. Two adapters must not claim one contract."""

    def __init__(self, adapters: Iterable[Adapter]) -> None:
        self.adapters = tuple(adapters)
        self._by_contract: dict[str, Adapter] = {}
        for adapter in self.adapters:
            for contract in adapter.contracts:
                other = self._by_contract.setdefault(contract, adapter)
                if other is not adapter:
                    raise ValueError(f"{contract} is claimed by {other.format} and {adapter.format}")

    @property
    def systems(self) -> tuple[str, ...]:
        """The systems that there are adapters for, by name."""
        return tuple(sorted({adapter.system for adapter in self.adapters}))

    def for_message(self, system: str, message: Message) -> Adapter:
        """Return the adapter of `system` that reads this message.

        Raises: ContractUnknown, naming what the system's adapters do read; RequestUnreadable where it says
        that it is JSON and isn't.
        """
        candidates = [adapter for adapter in self.adapters if adapter.system == system]
        if not candidates:
            raise ContractUnknown(
                f"no adapter is for system {system!r}; there are: {', '.join(self.systems)}"
            )
        for adapter in candidates:
            if adapter.recognises(message):
                return adapter
        if essence(message.media_type).endswith("json"):
            parse_json(message.body)
        titles = ", ".join(adapter.title for adapter in candidates)
        raise ContractUnknown(f"no adapter of system {system!r} reads this; it reads: {titles}")

    def for_contract(self, contract: str) -> Adapter:
        """Return the adapter whose documents have this contract. Raises: ContractUnknown."""
        try:
            return self._by_contract[contract]
        except KeyError:
            raise ContractUnknown(f"no adapter yields documents of {contract!r}") from None
