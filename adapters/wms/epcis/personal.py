"""Members of an event that are about people: those of customers, and whatever holds a person's identifier."""

import re

from adapters.personal_members import PersonalMembers
from adapters.wms.epcis.identifiers import is_person

PERSONAL = PersonalMembers(name_pattern=re.compile("customer", re.IGNORECASE), is_person=is_person)
