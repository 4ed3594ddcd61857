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


# SOAP

ENVELOPE = (
    '<e:Envelope xmlns:e="{}"><e:Header><MessageID>1</MessageID></e:Header><e:Body>{}</e:Body></e:Envelope>'
)
SOAP_VERSIONS = ("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope")


@pytest.mark.parametrize("namespace", SOAP_VERSIONS)
def test_what_a_soap_envelope_holds_is_the_document(namespace: str) -> None:
    body = ENVELOPE.format(namespace, '<x:File xmlns:x="urn:x"><Item>1</Item></x:File>').encode()
    assert root_name(Message(body=body)) == "File"
    assert parse_tree(body, never) == ("File", {"Item": "1"})


@pytest.mark.parametrize("namespace", SOAP_VERSIONS)
def test_items_in_a_soap_envelope_are_cut_and_stay_well_formed(namespace: str) -> None:
    items = "<f:Item>1</f:Item> <f:Other/><f:Item><f:Item>2</f:Item></f:Item><f:Item/>"
    text = ENVELOPE.format(namespace, f'<f:File a="1">{items}</f:File><Item/>').replace("<e:E", "<e:E", 1)
    body = text.replace(" xmlns:e", ' xmlns:f="urn:f" xmlns:e', 1).encode()
    arrivals = list(split_children(Message(body=body), frozenset({"Item"})))
    assert [parse_tree(each.body, never)[1] for each in arrivals] == [
        {"@a": "1", "Item": "1"},
        {"@a": "1", "Item": {"Item": "2"}},
        {"@a": "1", "Item": ""},
    ]
    for arrival in arrivals:
        assert [each.body for each in split_children(Message(body=arrival.body), frozenset({"Item"}))] == [
            arrival.body
        ]


def test_an_envelope_of_another_namespace_is_a_document_itself() -> None:
    body = ENVELOPE.format("urn:microsoft:message", "<File/>").encode()
    assert root_name(Message(body=body)) == "Envelope"
    assert parse_tree(body, never)[0] == "Envelope"


def test_an_envelope_that_holds_nothing_has_no_document() -> None:
    body = ENVELOPE.format(SOAP_VERSIONS[0], "").encode()
    assert root_name(Message(body=body)) is None
    assert parse_tree(body, never)[0] == "Envelope"
    (only,) = split_children(Message(body=body), frozenset({"File", "MessageID"}))
    assert only.body == body
