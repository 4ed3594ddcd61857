"""What the gateway's stages hand to each other."""

from msgspec import Struct

from contracts.adapter import Adapter, Reply
from contracts.canonical import Normalised
from contracts.documents import Arrival, Document, Message, ValidDocument
from contracts.errors import NoPath, Unmapped
from gateway.http.sources import RegisteredSource, Sender


class WantedVersion(Struct, frozen=True, kw_only=True):
    """What the header `Contract` asks for: `name@x.y.z`, or `name@major`."""

    contract: str
    version: str


class Submission(Struct, frozen=True, kw_only=True):
    """After `authenticate`: a body, who sent it and as which source.

    `vendor_reply` is set where a vendor's signature proved who sends and the vendor demands a success reply
    of its own. `traceparent` is the sender's, empty where none came.
    """

    sender: Sender
    source: RegisteredSource
    message: Message
    wanted: WantedVersion | None = None
    dry_run: bool = False
    vendor_reply: Reply | None = None
    traceparent: str = ""


class Item(Struct, frozen=True, kw_only=True):
    """After `split`: one arrival, and the adapter that reads it. None reads what is kept unread."""

    submission: Submission
    arrival: Arrival
    adapter: Adapter | None
    traceparent: str


class DecodedItem(Struct, frozen=True, kw_only=True):
    """After `decode`."""

    item: Item
    document: Document


class ValidItem(Struct, frozen=True, kw_only=True):
    """After `validate`. `digest` identifies the document whatever its bytes looked like."""

    item: Item
    document: ValidDocument
    event_id: str
    source_event_id: str
    digest: str


class RehearsedItem(Struct, frozen=True, kw_only=True):
    """After `normalise`, in a dry run only: what the router would find, or why it would find nothing."""

    valid: ValidItem
    normalised: Normalised
    unmapped: Unmapped | NoPath | None = None
