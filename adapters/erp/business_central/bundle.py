"""A bundle of notifications, cut into one each without reading them: their bytes stay as they came."""

from codecs import BOM_UTF8
from collections.abc import Iterator

import msgspec
from msgspec import Struct, structs

from adapters.framing import JSON, messages
from contracts.documents import Arrival, Message, whole
from contracts.errors import RequestUnreadable
from contracts.ids import body_digest

_NONE = msgspec.Raw()


class _Bundle(Struct):
    value: msgspec.Raw = _NONE


_bundle = msgspec.json.Decoder(_Bundle)


def split_bundle(message: Message) -> Iterator[Arrival]:
    """Yield each notification of a bundle as a bundle of its own; what is none, as it is.

    Raises: RequestUnreadable where it is not well-formed; RequestTooLarge for millions of notifications.
    """
    try:
        value = bytes(_bundle.decode(message.body.removeprefix(BOM_UTF8)).value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RequestUnreadable(f"a JSON object is expected: {error}") from None
    elements = list(messages(Message(body=value, media_type=JSON))) if value.startswith(b"[") else None
    if elements is None or len(elements) == 1:
        yield structs.replace(whole(message), media_type=JSON)
        return
    file = body_digest(message.body)
    for number, element in enumerate(elements, 1):
        body = b'{"value":[' + element.body + b"]}"
        yield Arrival(body=body, media_type=JSON, file=file, item=number, items=len(elements))
