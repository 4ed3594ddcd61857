"""Members that never travel: the subscriber's secret, and who did it."""

from adapters.personal import Personal

_NAMES = frozenset({"clientState", "initiatingUserAADObjectId"})

PERSONAL = Personal(names=_NAMES)
