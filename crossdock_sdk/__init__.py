"""What a team imports to take its deliveries: `Owner`, a handler, and one of four answers."""

from crossdock_sdk.answers import Answer, Done, Reassign, Reject, Retry, Verdict, VerdictKind
from crossdock_sdk.credentials import Credentials, CredentialsUnusable, read_credentials
from crossdock_sdk.delivery import Delivery
from crossdock_sdk.owner import Owner
from crossdock_sdk.seen import Seen

__all__ = [
    "Answer", "Credentials", "CredentialsUnusable", "Delivery", "Done", "Owner", "Reassign", "Reject",
    "Retry", "Seen", "Verdict", "VerdictKind", "read_credentials",
]  # fmt: skip
