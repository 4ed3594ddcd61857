"""Members that are about people: who started it, who has to act, and whom it is for."""

import re

# free text, and accounts that may be a shopper's: in facts these stand as keyed hashes
_PERSONAL = frozenset({
    "CustomerAccount", "CustAccount", "ContextRecordSubject", "ParentContextRecordSubjects", "Message",
    "MessageDetails", "Subject",
})  # fmt: skip
# the envelope's, the batch jobs' and the alerts', and those that a company adds to the vendor's events
_PERSONAL_NAME = re.compile(
    "name|mail|phone|mobile|fax|address|street|city|zip|postal|contact|user|person|worker|employee|iban|bank|"
    "birth|note|comment|description",
    re.IGNORECASE,
)


def is_personal(name: str) -> bool:
    """Say whether a member of this name may be about a person."""
    return name in _PERSONAL or _PERSONAL_NAME.search(name) is not None
