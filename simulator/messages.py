"""What comes out of a simulation: documents as a system would send them, and the truth about each."""

from msgspec import Struct


class Truth(Struct, frozen=True, kw_only=True):
    """What is really the matter behind one exception of a document.

    `fault` is shared by all that one fault caused, `root_cause` and `owner` (its team) are the taxonomy's
    names, `category` the contract's. `key` is the exception's own within its event.
    """

    fault: str
    root_cause: str
    owner: str
    category: str
    key: str | None = None


class SimulatedMessage(Struct, frozen=True, kw_only=True):
    """One document or event in the bytes of the system that sends it.

    `at` is when it is received, RFC 3339; `name` is its file's below the source's folder. `source_event_id`
    is what its event is called; a repeat has that of the first and no truths. `truths` are those of the
    exceptions that production code finds with this message. `is_damaged` says that the message was spoiled
    on purpose, and is to be refused.
    """

    source: str
    system: str
    at: str
    media_type: str
    body: bytes
    name: str
    source_event_id: str
    truths: tuple[Truth, ...] = ()
    is_damaged: bool = False
