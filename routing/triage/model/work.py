"""What is to be done about a root cause, and about those that it may be instead: checks, tasks,
write-backs.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from routing.triage.model.autonomy import level
from routing.triage.taxonomy import Taxonomy
from routing.triage.taxonomy_file import Autonomy, RootCause

CACHE_LIMIT = 10_000


class Work(Struct, frozen=True, kw_only=True):
    """`checks` are the cheapest decisive check of each root cause in question, `tasks` all of their tasks.

    `write_backs` are those of the decided root cause, each with how far it may go: a write-back's own cap
    binds that write-back alone.
    """

    checks: tuple[str, ...]
    tasks: tuple[str, ...]
    write_backs: Mapping[str, str]


class WorkTable:
    """Looks work up by root cause and set; the same question is answered once."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._causes: dict[str, RootCause] = {
            f"{code}.{name}": cause
            for code, row in taxonomy.file.categories.items()
            for name, cause in row.root_causes.items()
        }
        self._caps = {name: verb.cap for name, verb in taxonomy.file.writebacks.items()}
        self._known: dict[tuple[str, Sequence[str], Autonomy], Work] = {}

    def of(self, root_cause: str, others: tuple[str, ...], at_most: Autonomy) -> Work:
        """Return the work for a root cause that may also be one of `others` (hot path)."""
        key = (root_cause, others, at_most)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= CACHE_LIMIT:
                self._known.clear()
            known = self._known[key] = self._work(root_cause, others, at_most)
        return known

    def _work(self, root_cause: str, others: Sequence[str], at_most: Autonomy) -> Work:
        causes = [self._causes[name] for name in dict.fromkeys((root_cause, *others))]
        return Work(
            checks=tuple(dict.fromkeys(cause.confirm for cause in causes)),
            tasks=tuple(dict.fromkeys(task for cause in causes for task in cause.tasks)),
            write_backs={
                verb: min(self._caps[verb], at_most, key=level) for verb in self._causes[root_cause].wb
            },
        )
