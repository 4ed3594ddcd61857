"""Members of an event that are about people: vendors' extensions have no list, so their names decide."""

import re

from adapters.personal_members import PersonalMembers
from adapters.wms.epcis.identifiers import is_person

_NAME_PATTERN = re.compile(
    "operator|employee|worker|person|user|patient|customer|driver|contact|signature|signedBy|firstName|lastName"
    "|fullName|mail|phone|mobile|address|street|birth",
    re.IGNORECASE,
)

PERSONAL = PersonalMembers(name_pattern=_NAME_PATTERN, is_person=is_person)
