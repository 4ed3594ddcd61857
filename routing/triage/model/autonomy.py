"""How far the machine may go alone: the least of the caps that taxonomy, model, settings and drift set."""

from collections.abc import Mapping

from routing.decision_record import AutonomyRecord
from routing.triage.taxonomy import Taxonomy
from routing.triage.taxonomy_file import Autonomy

LEVELS: tuple[Autonomy, ...] = ("L0", "L1", "L2", "L3", "L4")
ROUTES_ALONE = 2  # from L2 on nobody need look
RECOMMENDS = 1


def level(autonomy: Autonomy) -> int:
    """Return 0..4."""
    return int(autonomy[1:])


class AutonomyTable:
    """The caps of every root cause under one model and one tenant switch, worked out once."""

    def __init__(self, taxonomy: Taxonomy, model: Autonomy, tenant: Autonomy) -> None:
        self._records: dict[tuple[str, bool], AutonomyRecord] = {}
        for code, row in taxonomy.file.categories.items():
            for name, cause in row.root_causes.items():
                caps = {"category": row.cap, "root_cause": cause.cap, "model": model, "tenant": tenant}
                for is_drifting in (False, True):
                    self._records[f"{code}.{name}", is_drifting] = _record(caps, is_drifting=is_drifting)

    def of(self, root_cause: str, *, is_drifting: bool) -> AutonomyRecord:
        """Return how far the model may go with a root cause; drift of its category takes one level away."""
        return self._records[root_cause, is_drifting]


def _record(caps: Mapping[str, Autonomy], *, is_drifting: bool) -> AutonomyRecord:
    lowest = min(caps.values(), key=level)
    bound_by = next(name for name, cap in caps.items() if cap == lowest)
    if not is_drifting:
        return AutonomyRecord(level=lowest, bound_by=bound_by, caps=dict(caps))
    lowered = LEVELS[max(0, level(lowest) - 1)]
    return AutonomyRecord(level=lowered, bound_by="drift", caps={**caps, "drift": lowered})
