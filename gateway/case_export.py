"""Closed cases out of the streams: each delivery whose owner found out the cause, or who took it over."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

import msgspec
from msgspec import Struct

from contracts import headers, subjects
from contracts.records import Verdict, VerdictKind
from contracts.verdicts import read_verdict
from gateway.decisions import StoredDecision, read_decision
from routing.broker.api import StoredMessage, StreamReader
from routing.items import TriageDecision
from routing.receipts import decode
from routing.routes import RouteTable
from routing.routes_file import Given
from routing.triage.cases import ClosedCase, DecidedRecord
from routing.triage.taxonomy import Taxonomy

ENDS = frozenset({VerdictKind.DONE, VerdictKind.REJECT, VerdictKind.REASSIGN})


class _Said(Struct, frozen=True, kw_only=True):
    """A verdict that ends a delivery, by whom and when."""

    owner: str
    delivery: str
    at: str
    verdict: Verdict


class _Told(Struct, kw_only=True):
    """What is known of one exception while the streams are read."""

    decided: StoredDecision
    truths: list[_Said] = []
    passed_on: list[_Said] = []
    closed: list[_Said] = []


class CaseExport:
    """Reads the streams once; `skipped` then counts what became no case, and why."""

    def __init__(
        self, reader: StreamReader, taxonomy: Taxonomy, routes: RouteTable, systems: Mapping[str, str]
    ) -> None:
        self._reader = reader
        self._systems = systems
        self._taxonomy = taxonomy
        self._routes = routes
        self.skipped: Counter[str] = Counter()

    async def cases(self) -> list[ClosedCase]:
        """Return every closed case, in the order of their decisions. Raises: BrokerUnavailable."""
        said = await self._said()
        sealed = await self._sealed()
        told: dict[str, _Told] = {}
        async for stored in self._reader.scan(subjects.OUT_STREAM, "out.>"):
            exception = stored.headers.get(headers.EXCEPTION, "")
            heard = [one for one in said.get(stored.sequence, ()) if _is_about(one, stored)]
            if not heard or not exception:
                continue
            if exception not in told:
                told[exception] = _Told(decided=read_decision(stored, (), sealed.get(exception)))
            for one in heard:
                self._sort(one, told[exception])
        return [case for one in told.values() for case in self._case(one)]

    async def _said(self) -> Mapping[int, list[_Said]]:
        """Return the verdicts that end a delivery, by the sequence of the attempt that they speak of."""
        found: defaultdict[int, list[_Said]] = defaultdict(list)
        over: set[tuple[str, str, int]] = set()
        async for stored in self._reader.scan(subjects.RESULTS_STREAM, "result.>"):
            verdict = read_verdict(stored.body)
            if verdict is None or verdict.verdict not in ENDS:
                continue
            _, owner, delivery = stored.subject.split(".")
            if (owner, delivery, verdict.cycle) in over:
                continue  # a cycle's first terminal verdict decides it
            over.add((owner, delivery, verdict.cycle))
            found[verdict.sequence].append(
                _Said(owner=owner, delivery=delivery, at=stored.stored_at, verdict=verdict)
            )
        return found

    async def _sealed(self) -> Mapping[str, msgspec.Raw]:
        found: dict[str, msgspec.Raw] = {}
        async for stored in self._reader.scan(subjects.OUT_STREAM, "receipt.*"):
            for entry in decode(stored).receipt.entries:
                found.update((name, msgspec.Raw(bytes(raw))) for name, raw in entry.sealed.items())
        return found

    def _sort(self, one: _Said, told: _Told) -> None:
        if one.verdict.verdict is VerdictKind.REASSIGN:
            told.passed_on.append(one)
        else:
            told.closed.append(one)
        if one.verdict.root_cause in self._taxonomy.leaves:
            told.truths.append(one)
        elif one.verdict.root_cause:
            self.skipped["unknown root cause"] += 1

    def _case(self, told: _Told) -> Iterator[ClosedCase]:
        if len({one.verdict.root_cause for one in told.truths}) > 1:
            self.skipped["owners disagree"] += 1
        elif told.decided.decision.features is None:
            self.skipped["no features"] += 1
        elif told.truths:
            yield self._closed(told, told.truths[-1], told.truths[-1].verdict.root_cause)
        elif told.passed_on and told.closed:
            yield self._closed(told, told.closed[-1], "")
        else:
            self.skipped["nobody named a cause"] += 1

    def _closed(self, told: _Told, last: _Said, truth: str) -> ClosedCase:
        stored, decision = told.decided, told.decided.decision
        candidates = () if truth else self._candidates(stored, last.owner)
        features = decision.features
        if features is None:
            raise ValueError(f"{stored.exception_id} has no features")
        return ClosedCase(
            exception=stored.exception_id,
            event=stored.event_id,
            category=decision.category.value,
            source=stored.source,
            system=self._systems.get(stored.source, ""),
            store=(stored.exception.get("place") or {}).get("id", ""),
            occurred_at=stored.exception["occurred_at"],
            decided_at=stored.decided_at,
            closed_at=last.at,
            contract=features.contract,
            vector=features.vector,
            ages=features.ages,
            decided=_decided(decision),
            truth=truth or (candidates[0] if len(candidates) == 1 else ""),
            truth_from="verdict" if truth else "reassign",
            owner=last.owner,
            audited=decision.is_audit,
            candidates=candidates,
            passed_on=tuple(one.owner for one in told.passed_on),
        )

    def _candidates(self, stored: StoredDecision, owner: str) -> tuple[str, ...]:
        """Return the root causes of the category for which the routes name `owner`."""
        place = stored.exception.get("place") or {}
        leaves = [
            leaf for leaf in self._taxonomy.leaves.values() if leaf.category is stored.decision.category
        ]
        found = []
        for leaf in leaves:
            given = Given(
                root_cause=leaf.id,
                severity=stored.decision.severity,
                review=False,
                source=stored.source,
                system=self._systems.get(stored.source, ""),
                place_kind=place.get("kind", ""),
                place_id=place.get("id", ""),
            )
            if owner in self._routes.row_for(self._routes.traits(given)).owners:
                found.append(leaf.id)
        return tuple(found)


def _is_about(said: _Said, stored: StoredMessage) -> bool:
    """Say whether the verdict names this very attempt: what an owner says of others is a lie."""
    sent = stored.headers
    named = (said.owner, said.delivery, said.verdict.cycle, said.verdict.attempt)
    return named == (
        stored.subject.split(".")[1],
        sent.get(headers.DELIVERY),
        int(sent.get(headers.CYCLE, "1")),
        int(sent.get(headers.ATTEMPT, "1")),
    )


def _decided(decision: TriageDecision) -> DecidedRecord:
    model = decision.model
    return DecidedRecord(
        by=decision.decided_by,
        root_cause=decision.root_cause,
        level=decision.level,
        confidence=decision.confidence,
        review=decision.review,
        taxonomy=decision.taxonomy,
        model=model.model if model else "",
        model_root_cause=model.root_cause if model else "",
        level_p=model.level_p if model else None,
        set=model.set if model else (),
    )
