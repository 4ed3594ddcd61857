"""Simulated messages through the code that runs in production, so that rows are what the router would see."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

import contracts
import simulator
from adapters import canonical, erp, pos, wms
from adapters.catalogue import Catalogue
from adapters.pos.dropfile.layouts import read_layouts
from contracts import ids
from contracts.adapter import Adapter
from contracts.canonical import RetailException
from contracts.documents import Message
from contracts.errors import EventError
from contracts.registry import Registry
from routing.detection import Detectors, InvoiceDetector, SequenceGapDetector
from routing.items import DecodedItem, FoundException, NormalisedItem, RouterItem
from routing.pipeline import Pipeline
from routing.rendering import Renderer
from routing.routes import RouteTable
from routing.routes_file import Match, RoutesFile, Row
from routing.stages import Failed, SilentObserver
from routing.subscriptions import Subscriptions
from routing.triage.decision import TriageSettings
from routing.triage.feature_table import NAMES
from routing.triage.memory import moment
from routing.triage.rules import Opinion, RuleTriage
from simulator import SimulatedMessage, Truth, sources
from simulator.sources import CURRENCY
from training.arrays import Floats
from training.labels import Labels
from training.rows import Rows

BATCH = 500
PUBLISHED = Path(contracts.__file__).parent / "published"
LAYOUTS = Path(simulator.__file__).parent / "layouts"


class Replay:
    """A gateway and a router without a broker: what they take, and what comes of it."""

    def __init__(self, labels: Labels) -> None:
        self._labels = labels
        self._sources = sources()
        tills = pos.adapters(read_layouts(LAYOUTS))
        self._catalogue = Catalogue((*tills, *wms.ADAPTERS, *erp.ADAPTERS, *canonical.ADAPTERS))
        self._registry = Registry.load(PUBLISHED)
        self._rules = RuleTriage(labels.taxonomy, TriageSettings(currency=CURRENCY))
        self._seen: set[str] = set()
        self._sequence = 0
        self.refused = self.failed = self.unmatched = 0
        self._pipeline = self._new_pipeline()

    def rows(self, messages: Iterable[SimulatedMessage], prefix: str) -> Rows:
        """Return one row for each exception that production code finds and the truth knows.

        `prefix` keeps the places and faults of one run apart from those of another.
        """
        columns = _Columns(self._labels, prefix)
        batch: list[tuple[DecodedItem, Sequence[Truth]]] = []
        for message in messages:
            batch += self._accepted(message)
            if len(batch) >= BATCH:
                self._take(batch, columns)
                batch = []
        self._take(batch, columns)
        return columns.rows()

    def _new_pipeline(self) -> Pipeline:
        taxonomy = self._labels.taxonomy
        everything = RoutesFile(routes=(Row(name="all", match=Match(), owners=("nobody",)),))
        return Pipeline(
            adapter_of=self._catalogue.for_contract,
            adapter_for=self._catalogue.for_message,
            registry=self._registry,
            sources=self._sources,
            detector=Detectors(InvoiceDetector(taxonomy), SequenceGapDetector()),
            triage=self._rules,
            routes=RouteTable(everything, {"nobody"}, taxonomy),
            renderer=Renderer("", self._registry, Subscriptions(self._registry, {})),
            observer=SilentObserver(),
        )

    def _accepted(self, message: SimulatedMessage) -> Iterator[tuple[DecodedItem, Sequence[Truth]]]:
        """Yield what the gateway would take of a message: what keeps its contract and is no repeat."""
        sent = Message(body=message.body, media_type=message.media_type)
        try:
            adapter: Adapter = self._catalogue.for_message(message.system, sent)
            for arrival in adapter.split(sent):
                document = self._registry.validate(adapter.decode(arrival))
                named = arrival.source_event_id or document.source_event_id
                event_id = ids.event_id(message.source, named or f"{arrival.file}/{arrival.item}")
                if event_id in self._seen:
                    continue
                self._seen.add(event_id)
                self._sequence += 1
                item = RouterItem(
                    sequence=self._sequence,
                    partition=0,
                    event_id=event_id,
                    source=message.source,
                    contract=f"{document.contract}@{document.version}",
                    arrival=arrival,
                    received_at=message.at.replace("Z", "+00:00"),
                )
                yield DecodedItem(item=item, document=document), message.truths
        except EventError:
            self.refused += 1

    def _take(self, batch: list[tuple[DecodedItem, Sequence[Truth]]], columns: "_Columns") -> None:
        read = self._pipeline.understand([item for item, _ in batch])
        known: list[tuple[FoundException, Truth, NormalisedItem]] = []
        for (_, truths), item in zip(batch, read, strict=True):
            if isinstance(item, Failed):
                self.failed += 1
                continue
            for found in item.exceptions:
                truth = _truth_of(found, truths)
                if truth is None or found.features is None:
                    self.unmatched += 1
                else:
                    known.append((found, truth, item))
        for found, truth, item in known:
            opinion = self._rules.opine(found)
            review = bool(self._rules.review(opinion, {}))
            columns.add(found, truth, moment(item.item.received_at, 0.0), opinion, review)


def _truth_of(found: FoundException, truths: Sequence[Truth]) -> Truth | None:
    exception = found.exception
    return next(
        (
            truth
            for truth in truths
            if truth.category == exception.category and truth.key in {None, exception.key}
        ),
        None,
    )


class _Columns:
    """Rows while they are collected."""

    def __init__(self, labels: Labels, prefix: str) -> None:
        self._labels = labels
        self._prefix = prefix
        self._values: list[bytes] = []
        self._ages: list[bytes] = []
        self._rest: list[tuple[int, int, float, str, str, float, int, float, bool, bool, int]] = []

    def add(self, found: FoundException, truth: Truth, at: float, opinion: Opinion, review: bool) -> None:
        assert found.features is not None  # noqa: S101 - the caller left those out
        exception, labels = found.exception, self._labels
        money = exception.money_at_risk
        self._values.append(found.features.values)
        self._ages.append(found.features.ages)
        self._rest.append(
            (
                labels.leaf_index[truth.root_cause],
                labels.categories.index(exception.category.value),
                at,
                f"{self._prefix}:{_place(exception)}",
                f"{self._prefix}:{truth.fault}",
                abs(float(money.amount)) if money else 0.0,
                labels.leaf_index[opinion.leaf.id],
                opinion.confidence,
                opinion.is_strong,
                review,
                len(opinion.absent),
            )
        )

    def rows(self) -> Rows:
        columns = list(zip(*self._rest, strict=True)) if self._rest else [()] * 11
        return Rows(
            x=_matrix(self._values),
            ages=_matrix(self._ages),
            leaf=np.array(columns[0], np.int64),
            category=np.array(columns[1], np.int64),
            at=np.array(columns[2], np.float64),
            place=np.array(columns[3], np.str_),
            fault=np.array(columns[4], np.str_),
            exposure=np.array(columns[5], np.float64),
            is_audited=np.zeros(len(self._rest), np.bool_),
            rules_leaf=np.array(columns[6], np.int64),
            rules_confidence=np.array(columns[7], np.float64),
            rules_strong=np.array(columns[8], np.bool_),
            rules_review=np.array(columns[9], np.bool_),
            absent=np.array(columns[10], np.int64),
        )


def _place(exception: RetailException) -> str:
    """Return the store, else the supplier: a retailer has few centres, and all suppliers deliver there."""
    if exception.place is not None and exception.place.kind == "store":
        return f"store {exception.place.id}"
    if exception.partner is not None:
        return f"{exception.partner.role} {exception.partner.id}"
    return exception.place.id if exception.place is not None else ""


def _matrix(vectors: list[bytes]) -> Floats:
    return np.frombuffer(b"".join(vectors), "<f4").reshape(-1, len(NAMES)).astype(np.float32)
