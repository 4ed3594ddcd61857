"""The ids that senders give their events: any text, within bounds."""

import unicodedata

from contracts.documents import Arrival, Message, whole
from contracts.errors import RequestInvalid
from contracts.ids import SOURCE_EVENT_ID_MAX_CHARACTERS

# Unicode categories: control characters, half surrogates, ends of lines and of paragraphs
_UNUSABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
_LIMIT = SOURCE_EVENT_ID_MAX_CHARACTERS


def with_message_id(message: Message, header: str) -> Arrival:
    """Return the message as its own and only item, with the id that `header` gives it, if it is there.

    Raises: RequestInvalid for an id that can't be one.
    """
    message_id = message.headers.get(header)
    return whole(message, usable_event_id(message_id, header) if message_id else None)


def usable_event_id(text: str, where: str) -> str:
    """Return `text` if it can name an event.

    Raises: RequestInvalid, naming `where`, for an empty text, one of more than 256 characters, or one with
    control characters or line breaks.
    """
    if not 1 <= len(text) <= _LIMIT:
        raise RequestInvalid(f"{where}: an id has 1 to {_LIMIT} characters, this one has {len(text)}")
    for place, character in enumerate(text, 1):
        if unicodedata.category(character) in _UNUSABLE:
            raise RequestInvalid(f"{where}: character {place} (U+{ord(character):04X}) can't stand in an id")
    return text
