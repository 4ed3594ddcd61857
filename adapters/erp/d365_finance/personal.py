"""Members that are about people: whom it is for, and free text."""

import re

from adapters.personal_members import PersonalMembers

# free text, and accounts that may be a shopper's: in facts these stand as keyed hashes
_NAMES = frozenset({
    "CustomerAccount", "CustAccount", "ContextRecordSubject", "ParentContextRecordSubjects", "Message",
    "MessageDetails", "Subject",
})  # fmt: skip
# in the names of members that a company adds to the vendor's events
_NAME_PATTERN = re.compile("city|description|zip", re.IGNORECASE)

PERSONAL = PersonalMembers(names=_NAMES, name_pattern=_NAME_PATTERN)
