"""One retained event held against a candidate: itself, and what an adapter makes of it."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from msgspec import Struct

from contracts.adapter import Adapter
from contracts.canon import Canon, as_document
from contracts.canonical import SPOKEN_MAJOR, Fact, Normalised, RetailException
from contracts.casting.cast import major_of
from contracts.casting.route import Leg
from contracts.casting.run import apply_leg
from contracts.documents import Document, Source
from contracts.errors import EventError, NoPath, Violation
from contracts.manifest import Kind
from contracts.registry import Registry
from gateway.dry_run.candidate import Candidate
from gateway.dry_run.tally import Tally
from routing.items import RouterItem


class _Held(Struct, frozen=True, kw_only=True):
    """A document for the candidate, and the version that it is in."""

    tree: Any
    version: str
    place: str
    root: str = ""


class Trial:
    """Takes events one by one and counts. What the router could not read or understand is counted apart."""

    def __init__(
        self,
        candidate: Candidate,
        registry: Registry,
        adapter_of: Callable[[str], Adapter],
        sources: dict[str, Source],
    ) -> None:
        self.tally = Tally()
        self._candidate = candidate
        self._registry = registry
        self._canon = Canon(registry)
        self._adapter_of = adapter_of
        self._sources = sources

    @property
    def subject(self) -> str:
        """The events that matter: of one contract, or all, since any may yield what is canonical."""
        return "in.>" if self._candidate.kind is Kind.CANONICAL else f"in.*.*.{self._candidate.name}"

    def take(self, item: RouterItem) -> None:
        """Hold one event's documents against the candidate."""
        self.tally.events += 1
        contract, _, version = item.contract.partition("@")
        try:
            adapter = self._adapter_of(contract)
            document = adapter.decode(item.arrival)
        except EventError:
            self.tally.unread += 1
            return
        normalised = self._normalised(adapter, document, item, version)
        if contract == self._candidate.name:
            place = _place(_said(normalised)) if normalised is not None else ""
            documents = [_Held(tree=document.tree, version=version, place=place, root=document.root)]
        elif normalised is not None:
            documents = list(self._yielded(normalised))
        else:
            self.tally.unread += 1
            return
        for each in documents:
            self.tally.take(item.event_id, item.source, each.place, self._violations(each))

    def _normalised(
        self, adapter: Adapter, document: Document, item: RouterItem, version: str
    ) -> Normalised | None:
        """Return what the adapter makes of a document, as far as it and the canon take it today."""
        source = self._sources.get(item.source)
        if source is None:
            return None
        try:
            spoken = self._canon.spoken(document, version)
            return self._canon.hold(adapter.normalise(spoken, source, item.received_at))
        except EventError:
            return None

    def _yielded(self, normalised: Normalised) -> Iterator[_Held]:
        for each in _said(normalised):
            document = as_document(each)
            if document.contract == self._candidate.name:
                yield _Held(tree=document.tree, version=SPOKEN_MAJOR, place=_place([each]))

    def _violations(self, held: _Held) -> Iterable[Violation]:
        tree, candidate = held.tree, self._candidate
        if candidate.cast and candidate.cast.up and major_of(held.version) != major_of(candidate.version):
            try:
                tree = self._cast(held)
            except NoPath as error:
                return [Violation(pointer="", path="$", keyword="cast", detail=error.detail)]
        if candidate.validator.is_valid(tree):
            return []
        return candidate.validator.violations(tree, held.root)

    def _cast(self, held: _Held) -> Any:
        """Return the document as the candidate's own cast makes it. Raises: NoPath where it fails."""
        cast = self._candidate.cast
        if cast is None or cast.up is None:
            return held.tree
        start = self._registry.contract(self._candidate.name).versions[cast.source]
        tree = self._registry.cast(self._candidate.name, held.tree, held.version, start)
        return apply_leg(Leg(start=cast.source, end=cast.to, way=cast.up), tree, start.schema)


def _said(normalised: Normalised) -> list[Fact | RetailException]:
    return [*normalised.facts, *normalised.exceptions]


def _place(canonical: Iterable[Fact | RetailException]) -> str:
    """Return the first place that is spoken of."""
    return next((f"{each.place.kind}/{each.place.id}" for each in canonical if each.place is not None), "")
