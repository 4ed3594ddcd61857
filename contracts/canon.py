"""The last word on what an adapter says: it keeps its canonical contract, or nobody hears of it."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from contracts.canonical import Category, Fact, FactKind, Normalised, RetailException
from contracts.documents import Document
from contracts.errors import ContractViolated, Unmapped
from contracts.registry import Registry

EXCEPTIONS_LIMIT = 10_000  # as many as a fact has lines


class Canon:
    """The canonical contracts, each ready to judge."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._is_valid: dict[FactKind | Category, Callable[[Any], bool]] = {}

    def hold(self, normalised: Normalised) -> Normalised:
        """Return what was said, all of which keeps its contract (hot path: 2 µs a fact).

        Raises: Unmapped, naming the contract and the first place that breaks it, or for too many exceptions.
        """
        if (count := len(normalised.exceptions)) > EXCEPTIONS_LIMIT:
            raise Unmapped(f"one event would have {count} exceptions, more than {EXCEPTIONS_LIMIT}")
        self.hold_each(normalised.facts)
        self.hold_each(normalised.exceptions)
        return normalised

    def hold_each(self, canonical: Iterable[Fact | RetailException]) -> None:
        """Raises: Unmapped for the first that breaks its contract."""
        for each in canonical:
            kind = each.kind if isinstance(each, Fact) else each.category
            is_valid = self._is_valid.get(kind) or self._judge(kind)
            if not is_valid(msgspec.to_builtins(each)):
                raise self._broken(each)

    def _judge(self, kind: FactKind | Category) -> Callable[[Any], bool]:
        version = self._registry.resolve(_contract(kind))
        self._is_valid[kind] = version.validator.is_valid
        return version.validator.is_valid

    def _broken(self, canonical: Fact | RetailException) -> Unmapped:
        try:
            self._registry.validate(as_document(canonical))
        except ContractViolated as violated:
            first = violated.violations[0]
            return Unmapped(f"{violated.contract} can't hold what this means: {first.path}: {first.detail}")
        return Unmapped("no canonical contract can hold what this means")


def as_document(canonical: Fact | RetailException) -> Document:
    """Return a fact or an exception as the document that goes over the wire."""
    kind = canonical.kind if isinstance(canonical, Fact) else canonical.category
    tree = msgspec.json.decode(msgspec.json.encode(canonical))
    return Document(contract=_contract(kind), tree=tree, business_key=canonical.key)


def _contract(kind: FactKind | Category) -> str:
    return f"fact-{kind}" if isinstance(kind, FactKind) else f"exception-{kind}"
