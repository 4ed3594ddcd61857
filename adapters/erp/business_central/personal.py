"""Members that never travel: the subscriber's secret, and who did it."""

PERSONAL = frozenset({"clientState", "initiatingUserAADObjectId"})
