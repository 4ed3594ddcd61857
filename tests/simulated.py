"""Simulated messages through production code without a broker: what it takes, and what it finds."""

from collections.abc import Iterable
from functools import cache

from msgspec import Struct

from adapters import canonical, erp, pos, wms
from adapters.catalogue import Catalogue
from adapters.pos.dropfile.layouts import read_layouts
from contracts import ids
from contracts.canon import Canon
from contracts.documents import Message
from contracts.errors import SenderError
from contracts.registry import Registry
from gateway.http.stages import source_event_id
from routing.detection import Detectors, FactContext, InvoiceDetector, SequenceGapDetector, identify
from routing.items import FoundException, NormalisedItem, RouterItem
from routing.triage.taxonomy import Taxonomy
from simulator import SimulatedMessage, Truth, sources
from simulator.folder import LAYOUTS


class Found(Struct, frozen=True, kw_only=True):
    """One exception that production code found, with the truth where there is one."""

    message: SimulatedMessage
    exception: FoundException
    truth: Truth | None


class Outcome(Struct, kw_only=True):
    """What became of all messages; `missed` are truths without an exception."""

    messages: int = 0
    refused: list[SimulatedMessage] = []
    found: list[Found] = []
    missed: list[Truth] = []
    contracts: set[str] = set()


@cache
def catalogue() -> Catalogue:
    """All adapters, with the simulator's layouts."""
    tills = pos.adapters(read_layouts(LAYOUTS))
    return Catalogue((*tills, *wms.ADAPTERS, *erp.ADAPTERS, *canonical.ADAPTERS))


def received(messages: Iterable[SimulatedMessage]) -> Outcome:
    """Take messages as the gateway and the router do, in order; a repeat is taken once."""
    outcome = Outcome(refused=[], found=[], missed=[], contracts=set())
    registry, known = Registry.load(), sources()
    canon, context, seen = Canon(registry), FactContext(), set[tuple[str, str]]()
    detector = Detectors(InvoiceDetector(Taxonomy.load()), SequenceGapDetector())
    for message in messages:
        outcome.messages += 1
        sent = Message(body=message.body, media_type=message.media_type)
        try:
            adapter = catalogue().for_message(message.system, sent)
            (arrival,) = adapter.split(sent)
            document = registry.validate(adapter.decode(arrival))
        except SenderError:
            outcome.refused.append(message)
            continue
        own_id = source_event_id(arrival, document)
        assert own_id == message.source_event_id
        if (message.source, own_id) in seen:
            assert not message.truths
            continue
        seen.add((message.source, own_id))
        item = RouterItem(
            sequence=outcome.messages,
            partition=0,
            event_id=ids.event_id(message.source, own_id),
            source=message.source,
            contract=f"{document.contract}@{document.version}",
            arrival=arrival,
            received_at=message.at,
        )
        meant = canon.hold(adapter.normalise(document, known[message.source], message.at))
        normalised = NormalisedItem(
            item=item,
            facts=meant.facts,
            exceptions=identify(meant.exceptions, item, message.system),
            series=meant.series,
        )
        more = detector.detect(normalised, context)
        context.remember(normalised.facts)
        exceptions = normalised.exceptions + identify(more, item, message.system, normalised.exceptions)
        outcome.contracts.add(document.contract)
        _compare(message, exceptions, outcome)
    return outcome


def _compare(message: SimulatedMessage, exceptions: tuple[FoundException, ...], outcome: Outcome) -> None:
    truths = {(truth.category, truth.key): truth for truth in message.truths}
    assert len(truths) == len(message.truths), message.name
    for found in exceptions:
        truth = truths.pop((found.exception.category.value, found.exception.key), None)
        outcome.found.append(Found(message=message, exception=found, truth=truth))
    outcome.missed += truths.values()
