"""Where an owner connects and as whom: the file that Crossdock hands to each owner."""

import os
import ssl
from pathlib import Path

import msgspec
from msgspec import Struct

ENVIRONMENT = "CROSSDOCK_OWNER_CREDENTIALS"
USER_PREFIX = "owner-"


class CredentialsUnusable(Exception):
    """The credentials can't be read, or are not an owner's; the text says what was expected where."""


class Credentials(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One owner's user. `ca_file` is for a broker whose certificate a private authority has signed."""

    url: str
    user: str = ""
    password: str = ""
    ca_file: str = ""

    @property
    def owner(self) -> str:
        """The owner's name."""
        return self.user.removeprefix(USER_PREFIX)

    @property
    def inbox_prefix(self) -> str:
        """The only place where this user may receive replies."""
        return f"_INBOX_{self.user}"

    @property
    def tls(self) -> ssl.SSLContext | None:
        """How the broker is authenticated, or None where the connection is not encrypted."""
        if self.ca_file:
            return ssl.create_default_context(cafile=self.ca_file)
        return ssl.create_default_context() if self.url.startswith("tls://") else None


def read_credentials(path: Path | str | None = None) -> Credentials:
    """Read a credentials file; without a path, the one that CROSSDOCK_OWNER_CREDENTIALS names.

    Raises: CredentialsUnusable.
    """
    named = path or os.environ.get(ENVIRONMENT)
    if not named:
        raise CredentialsUnusable(f"name a credentials file, or set {ENVIRONMENT}")
    try:
        credentials = msgspec.json.decode(Path(named).read_bytes(), type=Credentials)
    except (OSError, msgspec.DecodeError) as error:
        raise CredentialsUnusable(f"{named}: {error}") from error
    if not credentials.user.startswith(USER_PREFIX):
        raise CredentialsUnusable(f"{named}: user: expected {USER_PREFIX}<name>, found `{credentials.user}`")
    return credentials
