"""Members that are about people: whom it is for, and free text."""

# free text, and accounts that may be a shopper's: in facts these stand as keyed hashes
_PERSONAL = frozenset({
    "CustomerAccount", "CustAccount", "ContextRecordSubject", "ParentContextRecordSubjects", "Message",
    "MessageDetails", "Subject",
})  # fmt: skip
# of the names of members that a company adds to the vendor's events
_WORDS = ("city", "description", "zip")


def is_personal(name: str) -> bool:
    """Say whether a member of this name may be about a person in these events alone."""
    return name in _PERSONAL or any(word in name.lower() for word in _WORDS)
