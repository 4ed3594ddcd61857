"""What an edit of a contract touches: samples, adapters, triage, routes and readers, found out by trying.

Nobody keeps a list of who reads which member, for it would be wrong tomorrow. Instead each sample and example
that carries a touched member goes through the production code twice, as it is and without the member. Whoever
comes to another result reads it.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from adapters.catalogue import Catalogue
from adapters.conformance import RECEIVED_AT, Sample, demo_source, run, samples, systems
from adapters.framing import messages
from contracts.adapter import Adapter
from contracts.canon import as_document
from contracts.documents import ValidDocument
from contracts.errors import EventError
from contracts.expectations import Breach
from contracts.governance.pruning import has, without
from contracts.governance.reading import Reader
from contracts.registry import Registry
from contracts.validation import Validator
from gateway.impact_router import PartImpact


class SampleImpact(Struct, frozen=True, kw_only=True):
    """One item of an adapter's sample, or what it means, that is a document of the contract.

    `carries` are the touched places that it has, `read` those without which its adapter says something else.
    `broken` says where it breaks the proposal, and is empty where it keeps it.
    """

    sample: str
    carries: tuple[str, ...]
    read: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()


class Impact(Struct, frozen=True, kw_only=True):
    """All that an edit touches."""

    contract: str
    version: str
    against: str
    places: tuple[str, ...]
    consumers: tuple[Reader, ...] = ()
    breaches: tuple[Breach, ...] = ()
    samples: tuple[SampleImpact, ...] = ()
    parts: tuple[PartImpact, ...] = ()


class Carried(Struct, frozen=True, kw_only=True):
    """A document of the contract that a sample holds or means; with its adapter where it is a vendor's."""

    sample: str
    tree: Any
    document: ValidDocument | None = None
    adapter: Adapter | None = None


def carried(contract: str, registry: Registry, catalogue: Catalogue) -> Iterator[Carried]:
    """Yield every document of a contract in the samples of all adapters: native ones, and what they mean."""
    for system in systems():
        for sample in samples(system):
            adapter = catalogue.for_message(system, next(messages(sample.message)))
            yield from _of_sample(contract, sample, adapter, registry)


def _of_sample(contract: str, sample: Sample, adapter: Adapter, registry: Registry) -> Iterator[Carried]:
    name = f"{sample.system}/{sample.format}/{sample.case}"
    for item in run(adapter, sample, registry, demo_source(sample.system)):
        if item.document.contract == contract:
            yield Carried(sample=name, tree=item.document.tree, document=item.document, adapter=adapter)
        meant = [*map(as_document, item.normalised.facts), *map(as_document, item.normalised.exceptions)]
        for document in meant:
            if document.contract == contract:
                yield Carried(sample=name, tree=document.tree)


def sample_impacts(
    documents: Iterable[Carried], places: Iterable[str], proposed: Validator
) -> Iterator[SampleImpact]:
    """Yield the documents that carry a touched place or break the proposal."""
    places = tuple(places)
    for each in documents:
        carries = tuple(place for place in places if has(each.tree, place))
        broken = tuple(f"{found.path}: {found.detail}" for found in proposed.violations(each.tree, ""))
        if carries or broken:
            read = tuple(place for place in carries if _adapter_reads(each, place))
            yield SampleImpact(sample=each.sample, carries=carries, read=read, broken=broken)


def _adapter_reads(carried: Carried, place: str) -> bool:
    """Say whether the adapter says something else, or nothing, about the document without the member."""
    if carried.adapter is None or carried.document is None or not place:
        return False
    source = demo_source(carried.adapter.system)
    less = msgspec.structs.replace(carried.document, tree=without(carried.tree, place))
    meant = carried.adapter.normalise(carried.document, source, RECEIVED_AT)
    try:
        return carried.adapter.normalise(less, source, RECEIVED_AT) != meant
    except (EventError, LookupError, TypeError, ValueError):
        return True  # without the member the document breaks its contract, and an adapter may rely on that
