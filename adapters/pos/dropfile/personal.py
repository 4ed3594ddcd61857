"""Members of a drop file's documents that are about people."""

PERSONAL = frozenset({"operator", "customer"})
