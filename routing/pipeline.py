"""The router's stages, in the order of an event's way: decode, normalise, detect, triage, route, publish."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from contracts import subjects
from contracts.adapter import Adapter
from contracts.canon import Canon
from contracts.documents import Document, Message, Source
from contracts.errors import InternalFault, SenderError, Unmapped
from contracts.registry import Registry
from routing.broker.api import StreamReader
from routing.detection import Detector, FactContext, identify, without_known_conditions
from routing.intake import item_of_stored
from routing.items import (
    DecodedItem,
    FoundException,
    NormalisedItem,
    RoutedItem,
    RouterItem,
    SentException,
    TriagedException,
    TriagedItem,
)
from routing.rendering import RenderedItem, Renderer
from routing.routes import RouteTable
from routing.stages import Failed, SilentObserver, Stage, StageObserver, run_stages
from routing.triage import Triage, is_fault

AdapterOf = Callable[[str], Adapter]  # by contract
AdapterFor = Callable[[str, Message], Adapter]  # by system and what the bytes look like


class RefusedAtTheDoor(SenderError):
    """The gateway could not take this item and kept it, as its source asked (`on_violation`)."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code  # type: ignore[misc]  # the gateway's code, one of the closed list


class Pipeline:
    """The stages of one partition, with the memory that `detect` joins facts in."""

    def __init__(
        self,
        adapter_of: AdapterOf,
        adapter_for: AdapterFor,
        registry: Registry,
        sources: Mapping[str, Source],
        detector: Detector,
        triage: Triage,
        routes: RouteTable,
        renderer: Renderer,
        observer: StageObserver,
    ) -> None:
        self._adapter_of = adapter_of
        self._adapter_for = adapter_for
        self._registry = registry
        self._canon = Canon(registry)
        self._sources = sources
        self._detector = detector
        self._context = FactContext()
        self._triage = triage
        self._routes = routes
        self._observer = observer
        self._reading = (
            Stage("decode", self._decode),
            Stage("normalise", self._normalise),
            Stage("detect", self._detect),
        )
        self.stages = (
            *self._reading,
            Stage("triage", self._triage_all, is_batch=True),
            Stage("route", self._route),
            Stage("publish", renderer.render),
        )

    def run(self, items: Sequence[RouterItem]) -> list[RenderedItem | Failed]:
        """Take items through all stages; one result or failure each, in order."""
        return run_stages(self.stages, items, self._observer)

    async def warm_up(self, reader: StreamReader, partition: int, through: int, depth: int) -> None:
        """Fill `detect`'s memory with the last `depth` items up to `through`."""
        oldest = (await reader.state(subjects.INTAKE_STREAM))["first_seq"]
        begin = max(1, oldest, through - depth + 1)
        self._context = FactContext(is_whole=begin == 1)
        if through == 0:
            return
        # what arrived and what was replayed, as the router takes them
        async for stored in reader.scan(subjects.INTAKE_STREAM, f"*.{partition}.>", begin):
            if stored.sequence > through:
                return
            item = item_of_stored(stored, partition)
            # what is found here was published before; `detect` remembers that it was
            run_stages(self._reading, [item], SilentObserver())

    def _decode(self, item: RouterItem) -> DecodedItem:
        if item.refused_code:
            raise RefusedAtTheDoor(item.refused_code, item.refused_detail)
        if item.cycle > 1:
            return self._decode_again(item)
        adapter = self._adapter_of(item.contract.partition("@")[0])
        return DecodedItem(item=item, document=adapter.decode(item.arrival))

    def _decode_again(self, item: RouterItem) -> DecodedItem:
        """Judge a replay as the gateway would today: what was refused at the door may be fit by now."""
        arrival = item.arrival
        message = Message(body=arrival.body, media_type=arrival.media_type)
        adapter = self._adapter_for(self._source(item).system, message)
        _, _, version = item.contract.partition("@")
        document = self._registry.validate(adapter.decode(arrival), version or None)
        contract = f"{document.contract}@{document.version}"
        return DecodedItem(item=msgspec.structs.replace(item, contract=contract), document=document)

    def _normalise(self, decoded: DecodedItem) -> NormalisedItem:
        item = decoded.item
        adapter = self._adapter_of(item.contract.partition("@")[0])
        source = self._source(item)
        document = self._canon.spoken(decoded.document, item.contract.partition("@")[2])
        normalised = self._canon.hold(adapter.normalise(document, source, item.received_at))
        exceptions = identify(normalised.exceptions, item, source.system)
        if document is not decoded.document:
            exceptions = tuple(_as_sent(found, decoded.document) for found in exceptions)
        return NormalisedItem(
            item=item,
            facts=normalised.facts,
            exceptions=exceptions,
            conditions=normalised.conditions,
            series=normalised.series,
        )

    def _source(self, item: RouterItem) -> Source:
        source = self._sources.get(item.source)
        if source is None:
            raise Unmapped(f"source {item.source!r} is no longer in the settings")
        return source

    def _detect(self, normalised: NormalisedItem) -> NormalisedItem:
        normalised = without_known_conditions(normalised, self._context)
        detected = self._detector.detect(normalised, self._context)
        self._context.remember(normalised.facts)
        if not detected:
            return normalised
        self._canon.hold_each(detected)
        known = normalised.exceptions
        system = self._sources[normalised.item.source].system
        found = identify(detected, normalised.item, system, known)
        return msgspec.structs.replace(normalised, exceptions=known + found)

    def _triage_all(self, items: Sequence[NormalisedItem]) -> list[TriagedItem]:
        decided = self._triage.decide([found for item in items for found in item.exceptions])
        for decision in filter(is_fault, decided):
            # it goes to a person all the same; that triage is broken must be seen
            self._observer.stage_failed(Failed("triage", InternalFault(decision.review_reasons[0])))
        decisions = iter(decided)
        return [
            TriagedItem(
                item=item.item,
                facts=item.facts,
                exceptions=tuple(
                    TriagedException(found=found, decision=next(decisions)) for found in item.exceptions
                ),
            )
            for item in items
        ]

    def _route(self, triaged: TriagedItem) -> RoutedItem:
        return RoutedItem(
            item=triaged.item,
            facts=triaged.facts,
            exceptions=tuple(self._routes.route(exception) for exception in triaged.exceptions),
        )


def _as_sent(found: FoundException, document: Document) -> FoundException:
    """Keep with an exception the document that says it, which was cast for us."""
    _, _, version = found.contract.partition("@")
    return msgspec.structs.replace(found, sent=SentException(version=version, tree=document.tree))
