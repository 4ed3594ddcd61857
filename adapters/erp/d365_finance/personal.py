"""Members that are about people: who started it, who has to act, and whom it is for."""

import re

# the envelope's, the batch jobs' and the alerts'; customers' accounts stand in facts as keyed hashes
PERSONAL = frozenset({
    "InitiatingUserAADObjectId", "InitiatingUserAzureActiveDirectoryObjectId", "AdminEmailId",
    "JobOwnerEmailId", "JobExecutedByEmailId", "Email", "WorkflowUserEmail", "UserId", "UserName",
    "CustomerAccount", "CustomerName", "Contact", "Name", "VendorName",
    "ContextRecordSubject", "ParentContextRecordSubjects", "Message", "MessageDetails", "Subject",
})  # fmt: skip

# companies add members of their own to the vendor's events
_PERSONAL_NAME = re.compile(
    "name|mail|phone|mobile|fax|address|street|city|zip|postal|contact|user|person|worker|employee|iban|bank|"
    "birth|note|comment|description",
    re.IGNORECASE,
)


def is_personal(name: str) -> bool:
    """Say whether a member of this name may be about a person."""
    return name in PERSONAL or _PERSONAL_NAME.search(name) is not None
