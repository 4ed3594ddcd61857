"""Members that never travel: the subscriber's secret, and who did it."""

from adapters.personal_members import PersonalMembers

_NAMES = frozenset({"clientState", "initiatingUserAADObjectId"})

PERSONAL = PersonalMembers(names=_NAMES)
