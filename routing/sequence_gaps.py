"""Gaps in series: a number that never came is a document that never reached us, such as an unposted sale."""

from collections.abc import Collection

from contracts.canonical import Category, Evidence, Measure, RetailException
from routing.fact_context import FactContext
from routing.items import NormalisedItem
from routing.series import Gap, SeriesSettings


class SequenceGapDetector:
    """A detector. Of the sources in `silent` it says nothing: they leave numbers out by design."""

    def __init__(self, settings: SeriesSettings | None = None, silent: Collection[str] = ()) -> None:
        self._settings = settings or SeriesSettings()
        self._silent = frozenset(silent)

    def detect(self, item: NormalisedItem, context: FactContext) -> tuple[RetailException, ...]:
        """Return the gaps that are due with this item (hot path)."""
        if item.series is None or item.item.source in self._silent:
            return ()
        event_id, memory = item.item.event_id, context.series
        told = memory.told_by(event_id)
        if told is not None:
            return told
        gaps = memory.add(item.series, item.item, self._settings)
        if not gaps:
            return ()
        found = {gap.key: _exception(gap, item.item.received_at) for gap in gaps}
        exceptions = tuple(found.values())
        memory.remember_told(event_id, exceptions)
        return exceptions


def _exception(gap: Gap, detected_at: str) -> RetailException:
    before, after = gap.before, gap.after
    return RetailException(
        category=Category.INVENTORY_VARIANCE,
        key=gap.key,
        expected=Measure(kind="status", value=_numbers(gap)),
        actual=Measure(kind="status", value="missing"),
        occurred_at=after.occurred_at or detected_at,
        detected_at=detected_at,
        place=after.place,
        references=(before.document, after.document),
        evidence=(
            _evidence(after.series, "number_before", before.number),
            _evidence(after.series, "number_after", after.number),
        ),
        assumed=after.assumed,
        # what was in them, only they know
        missing=("items", "money_at_risk"),
    )


def _numbers(gap: Gap) -> str:
    kind = gap.after.document.kind
    return f"{kind} {gap.first}" if gap.first == gap.last else f"{kind}s {gap.first} to {gap.last}"


def _evidence(series: str, member: str, number: int) -> Evidence:
    """Point into the series, not into a document: `/series/<name>/<member>`."""
    name = series.replace("~", "~0").replace("/", "~1")
    return Evidence(pointer=f"/series/{name}/{member}", value=str(number))
