"""What an adapter is: pure functions from a vendor's bytes to facts and exceptions."""

from collections.abc import Iterator
from typing import Protocol

from msgspec import Struct

from contracts.canonical import Normalised
from contracts.documents import Arrival, Document, Message, Source


class Signature(Struct, frozen=True, kw_only=True):
    """A vendor's webhook signature, as data: HMAC over the raw body.

    `header` and `timestamp_header` are lower-case. Where `timestamp_header` is set, the signed octets are the
    timestamp (Unix seconds), a full stop and the body, and the gateway checks its age.
    """

    header: str
    algorithm: str = "sha256"
    encoding: str = "base64"
    timestamp_header: str | None = None


class SharedSecret(Struct, frozen=True, kw_only=True):
    """The proof of a vendor that does not sign: a secret that stands in each of its messages, as data.

    `pointers` are JSON Pointers into the body, `*` is every element of a list. The first that leads to any
    value counts, and each value there has to be the secret. `handshake` is the field of the query in which
    the vendor sends a token when a subscription begins or is renewed; it wants the token back.
    """

    pointers: tuple[str, ...]
    handshake: str | None = None


class Reply(Struct, frozen=True, kw_only=True):
    """The success reply that a vendor demands instead of our 202."""

    status: int
    body: bytes
    media_type: str = "application/json"


class Adapter(Protocol):
    """One vendor format. Pure: no clock, no I/O, no state. Instances are shared between tasks.

    `format` is its name (`poslog`), `contracts` the native contracts that it can name, `title` a phrase for
    people (`NCR ACS POSLog XML`).
    """

    @property
    def system(self) -> str: ...
    @property
    def format(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def contracts(self) -> tuple[str, ...]: ...
    @property
    def signature(self) -> Signature | SharedSecret | None: ...
    @property
    def reply(self) -> Reply | None: ...

    def recognises(self, message: Message) -> bool:
        """Say, from the media type and the first bytes, whether this message is in this format. Cheap."""
        ...

    def split(self, message: Message) -> Iterator[Arrival]:
        """Cut a message into its items, each well-formed by itself with unchanged bytes inside.

        Raises: RequestUnreadable where the message is not well-formed.
        """
        ...

    def decode(self, arrival: Arrival) -> Document:
        """Read one item and name its contract.

        Raises: RequestUnreadable (syntax, encoding, depth); ContractUnknown (well-formed, but a kind of
        document that this adapter doesn't know).
        """
        ...

    def normalise(self, document: Document, source: Source, received_at: str) -> Normalised:
        """Say what a valid document means; `received_at` is RFC 3339 and becomes `detected_at`.

        Raises: Unmapped where the document keeps its contract and still can't be understood.
        """
        ...
