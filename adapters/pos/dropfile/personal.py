"""Members of a drop file's documents that are about people."""

from adapters.personal import Personal

_NAMES = frozenset({"operator", "customer"})

PERSONAL = Personal(names=_NAMES)
