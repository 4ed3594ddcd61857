"""Members that are about people: who started it, who has to act, and whom it is for."""

import re

from adapters.personal_members import PersonalMembers

# free text, and accounts that may be a shopper's: in facts these stand as keyed hashes
_NAMES = frozenset({
    "CustomerAccount", "CustAccount", "ContextRecordSubject", "ParentContextRecordSubjects", "Message",
    "MessageDetails", "Subject",
})  # fmt: skip
# the envelope's, the batch jobs' and the alerts', and those that a company adds to the vendor's events
_NAME_PATTERN = re.compile(
    "name|mail|phone|mobile|fax|address|street|city|zip|postal|contact|user|person|worker|employee|iban|bank|"
    "birth|note|comment|description",
    re.IGNORECASE,
)

PERSONAL = PersonalMembers(names=_NAMES, name_pattern=_NAME_PATTERN)
