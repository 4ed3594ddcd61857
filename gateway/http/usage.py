"""Counts which version each answered item was held to, and where it broke it."""

from collections.abc import Collection
from typing import Protocol

from contracts.errors import ContractBrownOut, ContractRetired, ContractViolated
from contracts.registry import Registry
from contracts.usage import places_of
from gateway.http.verdicts import Verdict


class Counts(Protocol):
    """Takes what is counted; must not raise or wait."""

    def used(self, contract: str, name: str) -> None: ...

    def refused(self, contract: str, source: str, places: Collection[tuple[str, str]]) -> None: ...


class UsageRecorder:
    """Hears of each item's verdict. What is only tried (`dry_run`) is no use."""

    def __init__(self, registry: Registry, counts: Counts) -> None:
        self._registry = registry
        self._counts = counts

    def item_ended(self, verdict: Verdict) -> None:
        """Count an item that is kept, or that its contract refused (hot path)."""
        error = verdict.error
        if error is None:
            if verdict.outcome == "accepted":
                self._counts.used(verdict.contract, verdict.item.submission.source.name)
        elif verdict.contract and not verdict.item.submission.dry_run:
            self._count_refused(verdict)

    def _count_refused(self, verdict: Verdict) -> None:
        error, contract = verdict.error, verdict.contract
        if isinstance(error, ContractViolated):
            name, _, version = contract.partition("@")
            places = places_of(error.violations, self._registry.exact(name, version).schema)
        elif isinstance(error, ContractRetired | ContractBrownOut):
            places = {(error.code, "")}
        else:
            return
        self._counts.refused(contract, verdict.item.submission.source.name, places)
