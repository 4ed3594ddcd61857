"""Detection: exceptions that no single document states, found by joining facts over time."""

from collections.abc import Sequence
from typing import Protocol

from msgspec.structs import replace

from contracts import ids
from contracts.canonical import RetailException
from contracts.errors import Unmapped
from routing.fact_context import FactContext
from routing.invoice_match import InvoiceDetector
from routing.items import FoundException, NormalisedItem, RouterItem
from routing.sequence_gaps import SequenceGapDetector

__all__ = [
    "Detector", "Detectors", "FactContext", "InvoiceDetector", "SequenceGapDetector", "identify",
    "without_known_conditions",
]  # fmt: skip


class Detector(Protocol):
    """One kind of comparison over time. No clock, no I/O; its only memory is the context."""

    def detect(self, item: NormalisedItem, context: FactContext) -> tuple[RetailException, ...]:
        """Return what this item's facts, joined with those in `context`, show to be wrong.

        The caller remembers the item's facts afterwards. Both orders of arrival find the same, once.
        """
        ...


class Detectors:
    """Several detectors as one: each sees every item."""

    def __init__(self, *detectors: Detector) -> None:
        self._detectors = detectors

    def detect(self, item: NormalisedItem, context: FactContext) -> tuple[RetailException, ...]:
        """Return what each of them finds, in their order."""
        return tuple(found for detector in self._detectors for found in detector.detect(item, context))


def identify(
    exceptions: Sequence[RetailException], item: RouterItem, system: str, known: Sequence[FoundException] = ()
) -> tuple[FoundException, ...]:
    """Return the exceptions of one event with their ids; `known` are those that it has already.

    Raises: Unmapped where two have the same category and key. Only a fault in an adapter or a detector makes
    such a pair, and one of the two would get lost: the event is a dead letter until that is mended.
    """
    found: list[FoundException] = []
    taken = {one.exception_id for one in known}
    for exception in exceptions:
        exception_id = ids.exception_id(item.event_id, exception.category.value, exception.key)
        if exception_id in taken:
            raise Unmapped(f"two exceptions of category {exception.category} have the key {exception.key!r}")
        taken.add(exception_id)
        found.append(
            FoundException(
                exception_id=exception_id,
                event_id=item.event_id,
                source=item.source,
                system=system,
                contract=item.contract,
                exception=exception,
            )
        )
    return tuple(found)


def without_known_conditions(item: NormalisedItem, context: FactContext) -> NormalisedItem:
    """Leave out the exceptions of states that an earlier event has told and none has ended."""
    if not item.conditions:
        return item
    event_id, known = item.item.event_id, set[str]()
    for condition in item.conditions:
        subject = (item.item.source, condition.subject)
        if condition.exception is None:
            context.release(subject)
        elif not context.claim(subject, event_id):
            known.add(condition.exception)
    return replace(item, exceptions=tuple(e for e in item.exceptions if e.exception.key not in known))
