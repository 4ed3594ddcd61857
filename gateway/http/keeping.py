"""The stage `accept`: items go to the broker, in two steps so that many can be on their way at once."""

from collections.abc import Callable
from time import perf_counter

from msgspec import Struct

from contracts.errors import (
    ContractBrownOut,
    ContractRetired,
    ContractUnknown,
    ContractViolated,
    Disposition,
    EventError,
    InternalFault,
    RequestInvalid,
    RequestUnreadable,
)
from gateway.http import verdicts
from gateway.http.acceptance import Acceptance, Accepted, Flight
from gateway.http.candidates import DeadLetterCandidate, candidate_of, candidate_of_refused
from gateway.http.items import Item, RehearsedItem, ValidItem
from gateway.http.observer import Observer
from gateway.http.usage import UsageRecorder
from gateway.http.verdicts import Verdict
from routing.stages import Failed

STAGE = "accept"

_KEPT_WHERE_ASKED = (
    RequestUnreadable, ContractUnknown, ContractViolated, ContractRetired, ContractBrownOut,
)  # fmt: skip


class OnItsWay(Struct, frozen=True, kw_only=True):
    """An item that was sent to the broker at `begun`; `verdict_of` says what its acceptance means.

    `contract` is the version that it was held to, `name@x.y.z`, empty where it could not be read that far.
    """

    item: Item
    contract: str
    flight: Flight
    verdict_of: Callable[[Accepted], Verdict]
    begun: float


class Keeper:
    """Sends items on their way and waits for them. Every item ends in exactly one verdict."""

    def __init__(
        self,
        acceptance: Acceptance,
        observer: Observer,
        usage: UsageRecorder,
        *,
        partitions: int,
        body_limit_bytes: int,
    ) -> None:
        self._acceptance = acceptance
        self._observer = observer
        self._usage = usage
        self._partitions = partitions
        self._body_limit_bytes = body_limit_bytes

    def begin(self, item: Item, result: ValidItem | RehearsedItem | Failed) -> Verdict | OnItsWay:
        """Send an item on its way if it goes anywhere, else say what became of it. Never raises."""
        if isinstance(result, RehearsedItem):
            return verdicts.rehearsed(result)
        if isinstance(result, Failed) and not self._is_kept(item, result):
            return verdicts.refused(item, result.stage, result.error)
        try:
            if isinstance(result, Failed):
                return self._rehearse(item, result) if item.submission.dry_run else self._keep(item, result)
            return self._accept(item, result)
        except Exception as error:  # noqa: BLE001 - what can't be kept is answered with 503, so that it comes again
            return self._unkept(item, _held_to(result), error)

    async def room(self) -> None:
        """Wait until the broker keeps up. Raises: BrokerUnavailable where it takes too long."""
        try:
            await self._acceptance.room()
        except EventError as error:
            self._observer.stage_failed(Failed(STAGE, error))
            raise

    async def finish(self, begun: Verdict | OnItsWay) -> Verdict:
        """Wait for the broker where the item is on its way, and tell what became of it. Never raises."""
        verdict = await self._end(begun) if isinstance(begun, OnItsWay) else begun
        reply, error = verdict.reply, verdict.error
        self._usage.item_ended(verdict)
        self._observer.item_ended(
            source=verdict.item.submission.source.name,
            verdict=verdict.outcome,
            code=error.code if error else "",
            stage=verdict.stage,
            event_id=reply.event_id if reply else "",
            contract=(reply.contract or "") if reply else "",
            detail=error.detail if error else "",
            traceparent=verdict.item.traceparent,
        )
        return verdict

    async def _end(self, sent: OnItsWay) -> Verdict:
        try:
            kept = await self._acceptance.finish(sent.flight)
        except Exception as error:  # noqa: BLE001 - what can't be kept is answered with 503, so that it comes again
            return self._unkept(sent.item, sent.contract, error)
        self._observer.stage_ran(STAGE, 1, perf_counter() - sent.begun)
        return sent.verdict_of(kept)

    def _accept(self, item: Item, valid: ValidItem) -> OnItsWay:
        begun = perf_counter()
        flight = self._acceptance.begin(candidate_of(valid, self._partitions))
        reply = verdicts.expected(valid)
        return OnItsWay(
            item=item,
            contract=_held_to(valid),
            flight=flight,
            verdict_of=lambda kept: verdicts.accepted(item, reply, kept),
            begun=begun,
        )

    def _keep(self, item: Item, failed: Failed) -> OnItsWay:
        begun = perf_counter()
        kept = self._dead_letter(item, failed)
        return OnItsWay(
            item=item,
            contract=_held_to(failed),
            flight=self._acceptance.begin(kept.candidate),
            verdict_of=lambda accepted: verdicts.kept_as_dead_letter(item, kept, failed, accepted),
            begun=begun,
        )

    def _rehearse(self, item: Item, failed: Failed) -> Verdict:
        return verdicts.kept_as_dead_letter(item, self._dead_letter(item, failed), failed, None)

    def _dead_letter(self, item: Item, failed: Failed) -> DeadLetterCandidate:
        # adapters are pure, so this is the document that was judged
        adapter = item.adapter if failed.stage == "validate" else None
        document = adapter.decode(item.arrival) if adapter is not None else None
        return candidate_of_refused(item, document, failed.error, self._partitions)

    def _is_kept(self, item: Item, failed: Failed) -> bool:
        """Say whether what was refused becomes a dead letter; a file that can't be cut may be too large."""
        if len(item.arrival.body) > self._body_limit_bytes:
            return False
        if failed.error.disposition is Disposition.DEAD_LETTER:
            return True
        # a dry run is for who can act on an answer
        if item.submission.dry_run or item.submission.source.on_violation != "dead_letter":
            return False
        # before an item is read, an invalid request is the wrong endpoint or the wrong header
        is_id_unusable = isinstance(failed.error, RequestInvalid) and failed.stage != "split"
        return is_id_unusable or isinstance(failed.error, _KEPT_WHERE_ASKED)

    def _unkept(self, item: Item, contract: str, cause: Exception) -> Verdict:
        if isinstance(cause, EventError):
            failed = Failed(STAGE, cause)
        else:
            failed = Failed(STAGE, InternalFault(f"{STAGE}: {type(cause).__name__}"), cause)
        self._observer.stage_failed(failed)
        return verdicts.refused(item, STAGE, failed.error, contract)


def _held_to(result: ValidItem | Failed) -> str:
    if isinstance(result, Failed):
        return result.error.contract
    return f"{result.document.contract}@{result.document.version}"
