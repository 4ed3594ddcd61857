"""The last word on what an adapter says: it keeps its canonical contract, or nobody hears of it."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from contracts.canonical import SPOKEN_MAJOR, Category, Fact, FactKind, Normalised, RetailException
from contracts.casting.cast import major_of
from contracts.documents import Document
from contracts.errors import Unmapped
from contracts.manifest import Kind
from contracts.registry import ContractVersion, Registry

EXCEPTIONS_LIMIT = 10_000  # as many as a fact has lines


class Canon:
    """The canonical contracts, each ready to judge."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._is_valid: dict[FactKind | Category, Callable[[Any], bool]] = {}

    def spoken(self, document: Document, version: str) -> Document:
        """Return a document in the major that our structs speak, before an adapter reads it.

        `version` is the exact one that it keeps. What is not of ours, or speaks it already, stays as it is.

        Raises: ContractUnknown; NoPath where no cast leads there.
        """
        if major_of(version) == SPOKEN_MAJOR:
            return document
        if self._registry.contract(document.contract).manifest.kind is not Kind.CANONICAL:
            return document
        target = self._spoken_version(document.contract)
        tree = self._registry.cast(document.contract, document.tree, version, target)
        return msgspec.structs.replace(document, tree=tree, version=target.version)

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
        version = self._spoken_version(_contract(kind))
        self._is_valid[kind] = version.validator.is_valid
        return version.validator.is_valid

    def _spoken_version(self, name: str) -> ContractVersion:
        return self._registry.readable(name, SPOKEN_MAJOR)

    def _broken(self, canonical: Fact | RetailException) -> Unmapped:
        document = as_document(canonical)
        version = self._spoken_version(document.contract)
        for first in version.validator.violations(document.tree, ""):
            return Unmapped(f"{version.identifier} can't hold what this means: {first.path}: {first.detail}")
        return Unmapped("no canonical contract can hold what this means")


def as_document(canonical: Fact | RetailException) -> Document:
    """Return a fact or an exception as the document that goes over the wire."""
    kind = canonical.kind if isinstance(canonical, Fact) else canonical.category
    tree = msgspec.json.decode(msgspec.json.encode(canonical))
    return Document(contract=_contract(kind), tree=tree, business_key=canonical.key)


def _contract(kind: FactKind | Category) -> str:
    return f"fact-{kind}" if isinstance(kind, FactKind) else f"exception-{kind}"
