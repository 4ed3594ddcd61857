"""Many messages in one body: what is cut, and what can't be."""

import pytest

from adapters.framing import CLOUD_EVENT, CLOUD_EVENTS, JSON, messages
from contracts.documents import Message
from contracts.errors import RequestTooLarge, RequestUnreadable

LINES = "application/x-ndjson; charset=utf-8"


def cut(body: bytes, media_type: str = JSON) -> list[bytes]:
    return [message.body for message in messages(Message(body=body, media_type=media_type))]


def test_array_is_cut_into_its_elements_with_unchanged_bytes() -> None:
    first = b'{ "sku":"\\u00e9" }'
    second = b'{"n":1.50}'
    assert cut(b" [\n" + first + b" ,\t" + second + b"\n] ") == [first, second]


def test_lines_keep_their_bytes_and_blank_ones_are_none() -> None:
    assert cut(b'\r\n{"a": 1}\r\n \t\n\n  {"b" :2}', LINES) == [b'{"a": 1}', b'{"b" :2}']


def test_broken_line_leaves_the_others_alone() -> None:
    assert cut(b"{}\n{oops\n[1]", LINES) == [b"{}", b"{oops", b"[1]"]


def test_each_message_goes_by_its_own_media_type_and_has_no_headers() -> None:
    headers = {"x-shiphero-message-id": "of the request, not of its lines"}
    for media_type, expected in ((CLOUD_EVENTS, CLOUD_EVENT), (LINES, JSON), (JSON, JSON)):
        body = b"{}" if media_type == LINES else b"[{}]"
        (message,) = messages(Message(body=body, media_type=media_type, headers=headers))
        assert (message.media_type, message.headers) == (expected, {})


def test_what_is_neither_lines_nor_an_array_is_itself() -> None:
    for body, media_type in ((b"<a/>", "application/xml"), (b'{"a": [1]}', JSON), (b"[1]", CLOUD_EVENT)):
        message = Message(body=body, media_type=media_type, headers={"a": "b"})
        assert list(messages(message)) == [message]


@pytest.mark.parametrize("body", [b'[{"webhook_type": 1}', b"[1] []", b"[NaN]", b"[" * 9999])
def test_array_that_is_not_well_formed_is_unreadable(body: bytes) -> None:
    with pytest.raises(RequestUnreadable):
        cut(body)


def test_batch_of_events_that_is_no_array_is_unreadable() -> None:
    with pytest.raises(RequestUnreadable):
        cut(b'{"specversion": "1.0"}', CLOUD_EVENTS)


def test_empty_array_and_empty_lines_hold_nothing() -> None:
    assert cut(b"[ ]") == cut(b" \n\r\n", LINES) == []


def test_array_of_millions_of_values_is_not_even_cut() -> None:
    with pytest.raises(RequestTooLarge):
        cut(b"[" + b"1," * 4_000_001 + b"1]")
