"""A bundle of notifications, cut into one each without reading them: their bytes stay as they came."""

from codecs import BOM_UTF8
from collections.abc import Iterator
from itertools import islice

import msgspec
from msgspec import Struct, structs

from adapters.framing import JSON, messages
from contracts.documents import Arrival, Message, whole
from contracts.errors import RequestTooLarge, RequestUnreadable
from contracts.ids import body_digest

NOTIFICATIONS_LIMIT = 100_000

_NONE = msgspec.Raw()


class _Bundle(Struct):
    value: msgspec.Raw = _NONE


_bundle = msgspec.json.Decoder(_Bundle)


def split_bundle(message: Message) -> Iterator[Arrival]:
    """Yield each notification of a bundle as a bundle of its own; what is none, as it is.

    Raises: RequestUnreadable where it is not well-formed; RequestTooLarge for far more than a batch may have.
    """
    try:
        value = bytes(_bundle.decode(message.body.removeprefix(BOM_UTF8)).value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RequestUnreadable(f"a JSON object is expected: {error}") from None
    elements = list(islice(messages(Message(body=value, media_type=JSON)), NOTIFICATIONS_LIMIT + 1))
    if len(elements) > NOTIFICATIONS_LIMIT:
        raise RequestTooLarge(f"there are more than {NOTIFICATIONS_LIMIT} notifications in this bundle")
    if len(elements) == 1:
        yield structs.replace(whole(message), media_type=JSON)
        return
    file = body_digest(message.body)
    for number, element in enumerate(elements, 1):
        body = b'{"value":[' + element.body + b"]}"
        yield Arrival(body=body, media_type=JSON, file=file, item=number, items=len(elements))
