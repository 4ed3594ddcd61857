"""Features: one vector an exception, from what it says, what its sender states and what triage remembers."""

from collections.abc import Sequence
from functools import lru_cache

from contracts.canonical import Circumstance
from routing.items import FeatureVector, FoundException, NormalisedItem
from routing.triage.derived import derive
from routing.triage.feature_table import CODES, INDEX, SYSTEMS
from routing.triage.feature_values import Values
from routing.triage.memory import Memory, moment
from routing.triage.memory_records import HOUR
from routing.triage.subject import Subject

_CATEGORY_PLACE = {category: INDEX[f"rt_{code}"] for code, category in CODES.items()}
_SYSTEM_PLACE = {system: INDEX[f"src_{system}"] for system in SYSTEMS}
_ONE_HOTS = len(CODES) + len(SYSTEMS)
_EVIDENCE_PLACE = {name: place for name, place in INDEX.items() if place >= _ONE_HOTS}
_EVIDENCE_PLACE["velocity_day"] = INDEX["velocity"]  # the taxonomy's name for the same in its formulas

# the first words of names of canonical sources
_WORDS = (
    *((system, system) for system in SYSTEMS),
    ("order", "oms"), ("orders", "oms"), ("workforce", "wfm"), ("prices", "price"), ("suppliers", "supplier"),
    ("payables", "erp"), ("tills", "pos"), ("warehouse", "wms"), ("warehouses", "wms"),
)  # fmt: skip

# hours since something: such a value goes on growing after it was stated; how much an hour, in its own unit
_GROWING = {
    INDEX[name]: by
    for name, by in (
        ("days_since_count", 1.0 / 24.0), ("h_since_receipt", 1.0), ("h_since_price_chg", 1.0),
        ("promo_h", 1.0), ("price_file_age", 1.0), ("heartbeat_age", 1.0), ("age_vs_promise", 1.0),
        ("po_rev_age", 1.0),
    )
}  # fmt: skip


def features_of(
    found: FoundException, normalised: NormalisedItem, memory: Memory, received_at: float
) -> FeatureVector:
    """Return the vector of one exception (hot path). `memory` does not hold the exception's own event yet.

    A sender's own statement wins over what is derived, unless it is older. Nothing that is later than the
    moment of detection counts.
    """
    exception = found.exception
    at = min(moment(exception.detected_at, received_at), received_at)
    values = Values()
    values.flag(_CATEGORY_PLACE[exception.category])
    place = _SYSTEM_PLACE.get(system_of(found))
    if place is not None:
        values.flag(place)
    derive(Subject(found, normalised, memory, at, received_at), values)
    state(exception.context, values, at)
    return values.packed()


def state(context: Sequence[Circumstance], values: Values, at: float) -> None:
    """Put what the sender states; names that are no features are left to others."""
    for one in context:
        place = _EVIDENCE_PLACE.get(one.name)
        if place is None:
            continue
        age = (at - moment(one.as_of, at)) / HOUR if one.as_of is not None else 0.0
        value = float(one.value)
        growth = _GROWING.get(place)
        if growth is not None and age > 0.0:
            value += growth * age
        values.put(place, value, age)


def system_of(found: FoundException) -> str:
    """Return the kind of system that an exception comes from.

    A sender of canonical events says it by the first word of its source's name: `wfm-north`, `store-app-2`.
    """
    return found.system if found.system in _SYSTEM_PLACE else _by_name(found.source)


@lru_cache(maxsize=10_000)
def _by_name(source: str) -> str:
    name = source.replace("-", "_") + "_"
    return next((system for word, system in _WORDS if name.startswith(f"{word}_")), "")
