"""XML whose size is in its shape: refused before it costs time or memory."""

import time

import pytest

from adapters.pos import ADAPTERS
from adapters.xml import ATTRIBUTES_LIMIT, CHILDREN_LIMIT, parse_tree, root_name, split_children
from contracts.documents import Message
from contracts.errors import RequestTooLarge, RequestUnreadable


def never(_name: str, _attributes: object) -> bool:
    return False


def test_hundreds_of_thousands_of_attributes_are_refused_at_once():
    attributes = " ".join(f"a{number}=''" for number in range(330_000))
    body = f"<POSLog><Transaction {attributes}/></POSLog>".encode()
    started = time.monotonic()
    with pytest.raises(RequestUnreadable, match="attributes"):
        list(ADAPTERS[0].split(Message(body=body, media_type="application/xml")))
    with pytest.raises(RequestUnreadable, match="attributes"):
        parse_tree(body, never)
    assert time.monotonic() - started < 10


def test_as_many_attributes_as_are_allowed_pass():
    attributes = " ".join(f"a{number}=''" for number in range(ATTRIBUTES_LIMIT))
    assert len(parse_tree(f"<r {attributes}/>".encode(), never)[1]) == ATTRIBUTES_LIMIT


def test_counting_items_stops_at_a_limit():
    body = b"<INVOIC02>" + b"<IDOC/>" * (CHILDREN_LIMIT + 1) + b"</INVOIC02>"
    with pytest.raises(RequestTooLarge, match="items"):
        list(split_children(Message(body=body), frozenset({"IDOC"})))


def test_a_document_type_of_another_name_hides_no_root_and_is_refused():
    message = Message(body=b'<!DOCTYPE a [<!ENTITY x "y">]><POSLog><Transaction>&x;</Transaction></POSLog>')
    assert root_name(message) == "POSLog"
    with pytest.raises(RequestUnreadable, match="document type"):
        list(split_children(message, frozenset({"Transaction"})))


def test_entities_in_the_roots_attributes_do_not_blow_up():
    layers = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    message = Message(body=f'<!DOCTYPE a [<!ENTITY e0 "lol">{layers}]><POSLog a="&e11;"/>'.encode())
    started = time.monotonic()
    assert root_name(message) in {None, "POSLog"}
    assert time.monotonic() - started < 2


def test_children_that_all_items_share_go_with_each():
    body = b"<f><h>1</h><i>a</i><x/><i>b</i><h>2</h></f>"
    items = [each.body for each in split_children(Message(body=body), frozenset("i"), frozenset("h"))]
    assert items == [b"<f><h>1</h><h>2</h><i>a</i></f>", b"<f><h>1</h><h>2</h><i>b</i></f>"]


def test_what_items_repeat_is_bounded():
    body = b"<f><h>" + b"x" * 1_000_000 + b"</h>" + b"<i/>" * 1000 + b"</f>"
    with pytest.raises(RequestTooLarge, match="repeat"):
        list(split_children(Message(body=body), frozenset("i"), frozenset("h")))


def test_a_single_item_is_the_file_as_it_is():
    body = b"<f><h>1</h><i>a</i></f>"
    (only,) = split_children(Message(body=body), frozenset("i"), frozenset("h"))
    assert only.body == body
