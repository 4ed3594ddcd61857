"""Members of a drop file's documents that are about people."""

from adapters.personal_members import PersonalMembers

_NAMES = frozenset({"operator", "customer"})

PERSONAL = PersonalMembers(names=_NAMES)
