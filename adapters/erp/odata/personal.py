"""Members of an OData error in which people may be named: its words, and the traces of a program."""

from adapters.personal_members import PersonalMembers

_NAMES = frozenset({"message", "stacktrace", "internalexception", "@SAP__common.longtextUrl"})

PERSONAL = PersonalMembers(names=_NAMES)
