"""Objects in JSON, cut at a list in them: which bytes an item has, and how much is taken."""

import pytest

from adapters.json_split import ELEMENTS_LIMIT, split_member
from contracts.documents import Arrival, Message
from contracts.errors import RequestTooLarge, RequestUnreadable

WAYS = (("a", "list"), ("a", "b", "list"))


def cut(body: bytes) -> list[Arrival]:
    message = Message(body=body, media_type="application/json")
    return list(split_member(message, *WAYS, is_repeated=lambda name: name != "large"))


def test_item_is_the_object_around_one_element_with_its_bytes() -> None:
    body = b'\xef\xbb\xbf{"n": 1.50, "large": [1], "a" : {"t":"\\u00e9" ,"list": [ {"x": 1.0}, [2 ,3] ] }}'
    assert [each.body for each in cut(body)] == [
        b'{"n":1.50,"a":{"t":"\\u00e9","list":[{"x": 1.0}]}}',
        b'{"n":1.50,"a":{"t":"\\u00e9","list":[[2 ,3]]}}',
    ]
    assert [(each.item, each.items) for each in cut(body)] == [(1, 2), (2, 2)]


def test_first_way_that_leads_to_a_list_is_taken() -> None:
    assert [each.body for each in cut(b'{"a":{"b":{"list":[1,2]}}}')] == [
        b'{"a":{"b":{"list":[1]}}}',
        b'{"a":{"b":{"list":[2]}}}',
    ]


@pytest.mark.parametrize(
    "body", [b"{}", b'{"a":7}', b'{"a":{"list":{}}}', b'{"a":{"list":[1]}}', b'{"a":[1,2]}']
)
def test_what_has_no_list_or_one_element_stays_as_it_is(body: bytes) -> None:
    assert [each.body for each in cut(body)] == [body]


def test_empty_list_has_no_items() -> None:
    assert cut(b'{"a":{"list":[]}}') == []


@pytest.mark.parametrize("body", [b"", b"7", b"[]", b'{"a":', b'{"a":{"list":[1,]}}', b'{"a":' * 90_000])
def test_what_is_no_object_is_unreadable(body: bytes) -> None:
    with pytest.raises(RequestUnreadable):
        cut(body)


def test_more_than_is_taken_is_too_large() -> None:
    with pytest.raises(RequestTooLarge, match="items in this list"):
        cut(b'{"a":{"list":[' + b"1," * ELEMENTS_LIMIT + b"1]}}")
    with pytest.raises(RequestTooLarge, match="repeat too much"):
        cut(b'{"more":"' + b"x" * 60_000 + b'","a":{"list":[' + b"1," * 20_000 + b"1]}}")
    with pytest.raises(RequestTooLarge, match="more values"):
        cut(b'{"a":{"list":[[' + b"1," * 2_000_001 + b"1]]}}")
