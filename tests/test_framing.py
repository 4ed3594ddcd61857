"""Many messages in one body: what is cut, and what can't be."""

import json
import time

import pytest

from adapters.framing import CLOUD_EVENT, CLOUD_EVENTS, JSON, ArrayCutter, Cutter, LineCutter, messages
from contracts.documents import Message
from contracts.errors import RequestUnreadable

LINES = "application/x-ndjson; charset=utf-8"


def cut(body: bytes, media_type: str = JSON) -> list[bytes]:
    return [message.body for message in messages(Message(body=body, media_type=media_type))]


def fed(cutter: Cutter, body: bytes, size: int) -> list[bytes]:
    """What a cutter makes of a body that comes in chunks of `size`."""
    found = [
        message.body
        for start in range(0, len(body), size)
        for message in cutter.feed(body[start : start + size])
    ]
    return found + [message.body for message in cutter.end()]


def is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


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


@pytest.mark.parametrize(
    ("body", "pieces"),
    [
        (b'[{"a":1}', [b'{"a":1}', b""]),
        (b'[{"a":1},', [b'{"a":1}', b""]),
        (b'[{"a":1},{"b', [b'{"a":1}', b'{"b']),
        (b"[1,,2]", [b"1", b"", b"2"]),
        (b"[1,]", [b"1", b""]),
        (b"[", [b""]),
        (b"[1] []", [b"1", b"][]"]),
        (b'[1] {"a":1}', [b"1", b']{"a":1}']),
        (b'[{"a":oops},{"b":1}]', [b'{"a":oops}', b'{"b":1}']),
    ],
)
def test_what_is_broken_in_an_array_is_a_message_that_nobody_can_read(
    body: bytes, pieces: list[bytes]
) -> None:
    assert cut(body) == pieces
    unreadable = [piece for piece in pieces if not is_json(piece)]
    assert len(unreadable) == 1


def test_batch_of_events_that_is_no_array_is_unreadable() -> None:
    with pytest.raises(RequestUnreadable):
        cut(b'{"specversion": "1.0"}', CLOUD_EVENTS)


def test_empty_array_and_empty_lines_hold_nothing() -> None:
    assert cut(b"[ ]") == cut(b" \n\r\n", LINES) == []


def test_body_is_cut_alike_wherever_its_chunks_end() -> None:
    values = [{"a,]": "\\", "b": ['"', {"c": "}"}]}, [], {}, "[é\\\\", -1.5e3, [[[]]], None, ""]
    for body in (json.dumps(values).encode(), json.dumps(values, ensure_ascii=False, indent=1).encode()):
        for size in range(1, len(body) + 1):
            found = fed(ArrayCutter(1000, JSON), body, size)
            assert [json.loads(piece) for piece in found] == values, size
    for size in range(1, 20):
        assert fed(LineCutter(1000), b'{"a":1}\r\n\n[2]\n3', size) == [b'{"a":1}', b"[2]", b"3"]


def test_message_over_the_limit_costs_only_itself_and_no_memory() -> None:
    long = b'{"a":"' + b"x" * 1000 + b'"}'
    for cutter, body in (
        (LineCutter(10), long + b"\n{}\n"),
        (ArrayCutter(10, JSON), b"[" + long + b",{}]"),
    ):
        assert fed(cutter, body, 7) == [long[:11], b"{}"]
        assert cutter.held_bytes == 0


def test_byte_order_mark_and_blanks_are_passed_over() -> None:
    assert cut(b"\xef\xbb\xbf [1, 2]") == [b"1", b"2"]
    assert cut(b"\xef\xbb\xbf{}\n[]", LINES) == [b"{}", b"[]"]
    assert cut(b'\xef\xbb\xbf[{"id": "1"}]', CLOUD_EVENTS) == [b'{"id": "1"}']
    assert fed(LineCutter(10), b" " * 30 + b'{"a":1}\n', 7) == [b'{"a":1}']
    assert fed(ArrayCutter(10, JSON), b"[" + b"\n" * 30 + b'{"a":1}]', 7) == [b'{"a":1}']


def test_array_is_cut_in_linear_time() -> None:
    """Each of these took minutes if one character more cost another look at all before it."""
    for body in (
        b"[" * 3_000_000,
        b'["' + b'\\"' * 3_000_000,
        b"[" + b'{"a":' * 1_000_000,
        b"[" + b"1," * 1_000_000,
        b"[" + b'{"a":"' * 500_000,
    ):
        begun = time.process_time()
        assert sum(1 for _ in messages(Message(body=body, media_type=JSON)))
        assert time.process_time() - begun < 5
