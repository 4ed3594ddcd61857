"""XML whose size is in its shape: refused before it costs time or memory."""

import time

import pytest

from adapters.pos import ADAPTERS
from adapters.xml import parse_tree, root_name
from adapters.xml_outline import ATTRIBUTES_LIMIT
from adapters.xml_split import CHILDREN_LIMIT, split_children
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


def test_items_are_cut_out_of_lists_below_the_root_with_their_way_down():
    lists = frozenset({("Body", "List"), ("Body", "List", "more")})
    head, tail = b'<a:Doc xmlns:a="urn:a" v="1"><a:Body x="1">', b"</a:Body ></a:Doc>\n<!-- end -->"
    body = head + b"<Head><One/></Head><List><One>1</One><!-- b --><more><a:Two/></more></List>" + tail
    items = [each.body for each in split_children(Message(body=body), None, lists)]
    assert items == [
        head + b"<List><One>1</One></List>" + tail,
        head + b"<List><more><a:Two/></more></List>" + tail,
    ]
    (only,) = split_children(Message(body=body), frozenset({"Two"}), lists)
    assert only.body == body


def test_what_items_share_stands_in_each_of_them():
    root, header = b"<m:Message xmlns:m='urn:m'>", b"<Header>1</Header>"
    body = root + header + b"<Doc>1</Doc><m:Doc/><Other/><Header>2</Header></m:Message>"
    cut = split_children(Message(body=body), frozenset({"Doc"}), shared=frozenset({"Header"}))
    shared = root + header + b"<Header>2</Header>"
    assert [each.body for each in cut] == [
        shared + b"<Doc>1</Doc></m:Message>",
        shared + b"<m:Doc/></m:Message>",
    ]


def test_a_name_may_be_made_of_an_element_and_its_namespace():
    def qualified(_element: object, name: str) -> str:
        return name

    _, tree = parse_tree(b'<r xmlns:a="urn:a" a:x="1"><a:b/><b/></r>', never, qualified)
    assert tree == {"@{urn:a}x": "1", "{urn:a}b": "", "b": ""}


def test_a_document_type_that_is_only_a_name_declares_nothing():
    body = b"<!DOCTYPE project><r><i/><i/></r>"
    assert len(list(split_children(Message(body=body), frozenset({"i"})))) == 2
    assert parse_tree(body, never) == ("r", {"i": ["", ""]})
    for declared in (b'SYSTEM "a"', b'PUBLIC "a" "b"', b'[<!ATTLIST i a CDATA "b">]', b"[]"):
        with pytest.raises(RequestUnreadable, match="document type"):
            parse_tree(body.replace(b"project", b"project " + declared), never)


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


def test_only_the_first_body_of_an_envelope_holds_the_document() -> None:
    soap = SOAP_VERSIONS[0]
    bodies = "<e:Body><File><M>1</M></File></e:Body>" * 3
    body = f'<e:Envelope xmlns:e="{soap}">{bodies}</e:Envelope>'.encode()
    (only,) = split_children(Message(body=body), frozenset({"M"}))
    assert only.body == body


# what names may cost


def with_namespaces(inner: str, encoding: str = "utf-8") -> bytes:
    return f'<?xml version="1.0" encoding="{encoding}"?><File>{inner}</File>'.encode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_namespace_that_would_be_copied_into_each_name_is_refused(encoding: str, quote: str) -> None:
    long = f"<M xmlns:long={quote}{'u' * 1001}{quote}/>"
    with pytest.raises(RequestUnreadable, match="a namespace is longer than 1000"):
        parse_tree(with_namespaces(long, encoding), never)
    usual = f"<M xmlns:p={quote}{'u' * 1000}{quote}/>"
    assert parse_tree(with_namespaces(usual, encoding), never) == ("File", {"M": ""})


def test_a_long_prefix_does_not_hide_a_long_namespace() -> None:
    inner = f'<M xmlns:{"p" * 5000}  =  "{"u" * 2000}"/>'
    with pytest.raises(RequestUnreadable, match="a namespace is longer"):
        parse_tree(with_namespaces(inner), never)


def test_long_texts_and_values_are_no_namespaces() -> None:
    inner = f'<M note="{"x" * 5000}">xmlns "{"y" * 5000}"</M>'
    _, tree = parse_tree(with_namespaces(inner), never)
    assert tree["M"]["@note"] == "x" * 5000


def test_namespaces_of_many_elements_one_beside_the_other_are_taken() -> None:
    inner = "".join(f'<M xmlns="u{number}"/>' for number in range(500))
    assert len(parse_tree(with_namespaces(inner), never)[1]["M"]) == 500


def test_namespaces_that_pile_up_are_refused() -> None:
    declared = " ".join(f'xmlns:p{number}="u"' for number in range(60))
    inner = f"<M {declared}><M {declared}/></M>"
    with pytest.raises(RequestUnreadable, match="more than 100 namespaces"):
        parse_tree(with_namespaces(inner), never)
