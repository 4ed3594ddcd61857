"""EPCIS: both syntaxes become one tree, what the standard refuses is refused, and what events mean."""

import copy
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.catalogue import Catalogue
from adapters.conformance import RECEIVED_AT, demo_source, samples
from adapters.framing import messages
from adapters.wms import ADAPTERS
from adapters.wms.epcis import identifiers, vocabulary
from adapters.wms.epcis.adapter import EpcisAdapter
from adapters.wms.epcis.identifiers import gtin, is_goods, is_person, lot
from adapters.wms.epcis.identity import as_one
from contracts.canon import as_document
from contracts.canonical import FactKind, Normalised
from contracts.documents import Arrival, Document, Message
from contracts.errors import ContractViolated, EventError, RequestUnreadable
from contracts.registry import Registry

ADAPTER = EpcisAdapter()
REGISTRY = Registry.load()
SOURCE = demo_source("wms")
SAMPLES = {each.case: each.message for each in samples("wms", "epcis")}

OBJECT_EVENT = {
    "type": "ObjectEvent",
    "eventTime": "2026-11-20T08:15:00+01:00",
    "eventTimeZoneOffset": "+01:00",
    "action": "OBSERVE",
    "epcList": ["urn:epc:id:sgtin:4099999.100123.71"],
}
CONTEXT = "https://ref.gs1.org/standards/epcis/epcis-context.jsonld"


def document(*events: Any, **members: Any) -> dict[str, Any]:
    return {
        "@context": [CONTEXT, {"acme": "https://ns.acme.example/"}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-11-20T18:00:00Z",
        "epcisBody": {"eventList": list(events)},
    } | members


def xml(*events: str, version: str = "2", attributes: str = "") -> bytes:
    return (
        f'<e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:{version}" xmlns:acme="https://ns.acme.example/"'
        f' schemaVersion="{version}.0" creationDate="2026-11-20T18:00:00Z" {attributes}>'
        f"<EPCISBody><EventList>{''.join(events)}</EventList></EPCISBody></e:EPCISDocument>"
    ).encode()


def xml_event(inner: str = "", kind: str = "ObjectEvent", action: str = "OBSERVE") -> str:
    return (
        f"<{kind}><eventTime>2026-11-20T08:15:00+01:00</eventTime>"
        f"<eventTimeZoneOffset>+01:00</eventTimeZoneOffset><epcList><epc>{OBJECT_EVENT['epcList'][0]}</epc>"
        f"</epcList><action>{action}</action>{inner}</{kind}>"
    )


def message(body: Any) -> Message:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Message(body=raw, media_type="application/xml" if b"<" in raw[:4] else "application/json")


def arrivals(body: Any) -> list[Arrival]:
    return list(ADAPTER.split(message(body)))


def decoded(body: Any) -> Document:
    (arrival,) = arrivals(body)
    return REGISTRY.validate(ADAPTER.decode(arrival))


def meant(body: Any) -> Normalised:
    return ADAPTER.normalise(decoded(body), SOURCE, RECEIVED_AT)


def meant_by(**members: Any) -> Normalised:
    """What an ObjectEvent with these members means."""
    return meant(document(OBJECT_EVENT | members))


def refused(body: Any) -> list[tuple[str, str]]:
    with pytest.raises(ContractViolated) as violated:
        decoded(body)
    return [(each.pointer, each.keyword) for each in violated.value.violations]


# what is recognised


@pytest.mark.parametrize("case", SAMPLES)
def test_sample_is_recognised_by_this_adapter_alone(case: str) -> None:
    assert Catalogue(ADAPTERS).for_message("wms", SAMPLES[case]).format == "epcis"
    assert [each.format for each in ADAPTERS if each.recognises(SAMPLES[case])] == ["epcis"]


def test_other_documents_are_not_recognised() -> None:
    for body in (b'{"webhook_type": "PO Update"}', b"<Invoice/>", b"[]", b"", b"\x00", b"<EPCISCaptureJob/>"):
        assert not ADAPTER.recognises(message(body))


# how a document is cut


def test_json_document_is_cut_into_documents_with_one_event_each_and_its_bytes_unchanged() -> None:
    first, second = b'{ "type":"ObjectEvent", "n": 1.50 }', b'{"type" :"ObjectEvent","s":"\\u00e9"}'
    body = b'{"@context": [ "x:y" ],"type":"EPCISDocument","epcisHeader":{"epcisMasterData":{}},'
    body += b'"epcisBody": {"eventList": [' + first + b" ,\n" + second + b"]}}"
    items = arrivals(body)
    assert [(each.item, each.items) for each in items] == [(1, 2), (2, 2)]
    for item, event in zip(items, (first, second), strict=True):
        assert event in item.body
        tree = json.loads(item.body)
        assert tree["@context"] == ["x:y"]
        assert len(tree["epcisBody"]["eventList"]) == 1
        assert "epcisHeader" not in tree


def test_xml_items_have_their_way_down_with_namespaces_and_unchanged_bytes() -> None:
    wrapped = "<extension><!-- 1.2 -->" + xml_event(kind="TransformationEvent") + "</extension>"
    body = b"\xef\xbb\xbf<?xml version='1.0'?>\r\n" + xml(xml_event("<!-- a -->"), wrapped, xml_event())
    body += b"\n<!-- end -->"
    items = arrivals(body)
    assert len(items) == 3
    assert xml_event("<!-- a -->").encode() in items[0].body
    assert b"<extension>" not in items[0].body
    assert b"<EventList><extension>" + xml_event(kind="TransformationEvent").encode() in items[1].body
    for item in items:
        assert item.body.startswith(b"\xef\xbb\xbf<?xml version='1.0'?>\r\n<e:EPCISDocument")
        assert item.body.endswith(b"</EventList></EPCISBody></e:EPCISDocument>\n<!-- end -->")


def test_broken_event_leaves_the_others_alone() -> None:
    verdicts = []
    for arrival in arrivals(document(OBJECT_EVENT, OBJECT_EVENT | {"action": "CREATE"}, "x", OBJECT_EVENT)):
        try:
            REGISTRY.validate(ADAPTER.decode(arrival))
            verdicts.append("valid")
        except ContractViolated as violated:
            verdicts.append(violated.violations[0].pointer)
    assert verdicts == ["valid", "/action", "/epcisBody/eventList/0", "valid"]


def test_master_data_in_the_header_is_no_event_and_is_not_repeated() -> None:
    header = b"<EPCISHeader><extension><EPCISMasterData><VocabularyList/></EPCISMasterData></extension>"
    body = xml(xml_event(), xml_event()).replace(b"<EPCISBody>", header + b"</EPCISHeader><EPCISBody>")
    assert len(arrivals(body)) == 2
    assert all(b"VocabularyList" not in item.body for item in arrivals(body))


def test_array_and_lines_of_bare_events_are_cut_before() -> None:
    bare = {"@context": CONTEXT, **OBJECT_EVENT}
    many = Message(body=json.dumps([bare, bare]).encode(), media_type="application/json")
    assert [decoded(each.body).contract for each in messages(many)] == ["wms-epcis-event"] * 2


# one tree


def test_both_syntaxes_become_one_tree() -> None:
    in_xml = decoded(SAMPLES["cycle-count"].body).tree
    assert in_xml == {
        "type": "ObjectEvent",
        "eventTime": "2026-11-20T21:30:00+01:00",
        "eventTimeZoneOffset": "+01:00",
        "epcList": ["urn:epc:id:sgtin:4099999.100123.9001", "urn:epc:id:sgtin:4099999.100123.9002"],
        "action": "OBSERVE",
        "bizStep": "cycle_counting",
        "disposition": "sellable_accessible",
        "readPoint": {"id": "urn:epc:id:sgln:4099999.00021.B7"},
        "bizLocation": {"id": "urn:epc:id:sgln:4099999.00021.0"},
        "quantityList": [
            {"epcClass": "urn:epc:class:lgtin:4099999.100456.L7", "quantity": 18},
            {"epcClass": "https://id.acme.example/01/04099999100785", "quantity": 3.25, "uom": "KGM"},
        ],
        "acme:action": "recount",
    }
    assert decoded(document(in_xml)).tree == in_xml


def test_every_list_and_attribute_of_xml_has_the_shape_of_json() -> None:
    tree = decoded(
        xml(
            xml_event(
                "<bizTransactionList><bizTransaction type='urn:epcglobal:cbv:btt:po'>acme:1</bizTransaction>"
                "<bizTransaction>acme:2</bizTransaction></bizTransactionList>"
                "<sourceList><source type='urn:epcglobal:cbv:sdt:location'>acme:3</source></sourceList>"
                "<sensorElementList><sensorElement>"
                "<sensorMetadata time='2026-11-20T08:00:00Z' acme:probe='7'/>"
                "<sensorReport type='gs1:Temperature' value='4.5' booleanValue='true' uom='CEL'/>"
                "<acme:note xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:type='x'>cold</acme:note>"
                "</sensorElement></sensorElementList>"
                "<persistentDisposition><set>urn:epcglobal:cbv:disp:available</set></persistentDisposition>"
                "<errorDeclaration><declarationTime>2026-11-21T08:00:00Z</declarationTime>"
                "<correctiveEventIDs><correctiveEventID>acme:4</correctiveEventID></correctiveEventIDs>"
                "</errorDeclaration><disposition/>"
            )
        )
    ).tree
    assert tree["bizTransactionList"] == [
        {"type": "po", "bizTransaction": "acme:1"},
        {"bizTransaction": "acme:2"},
    ]
    assert tree["sourceList"] == [{"type": "location", "source": "acme:3"}]
    assert tree["sensorElementList"] == [
        {
            "sensorMetadata": {"time": "2026-11-20T08:00:00Z", "acme:probe": "7"},
            "sensorReport": [{"type": "Temperature", "value": 4.5, "booleanValue": True, "uom": "CEL"}],
            "acme:note": "cold",
        }
    ]
    assert tree["persistentDisposition"] == {"set": ["available"]}
    assert tree["errorDeclaration"]["correctiveEventIDs"] == ["acme:4"]
    assert "disposition" not in tree


def test_version_1_2_without_its_wrappers() -> None:
    aggregation, transformation, count = (
        ADAPTER.decode(each).tree for each in arrivals(SAMPLES["version-1-2"].body)
    )
    assert aggregation["eventID"].startswith("urn:uuid:")
    assert aggregation["childQuantityList"][0]["quantity"] == 24
    assert aggregation["acme:line"] == "4"
    assert transformation["type"] == "TransformationEvent"
    assert (count["type"], count["action"]) == ("ObjectEvent", "OBSERVE")
    assert count["quantityList"] == [{"epcClass": "urn:epc:idpat:sgtin:4099999.100123.*", "quantity": 7}]


def test_vendors_element_with_the_name_of_ours_stands_beside_it() -> None:
    tree = decoded(xml(xml_event("<acme:action>TILT</acme:action><acme:eventTime>now</acme:eventTime>"))).tree
    assert (tree["action"], tree["acme:action"], tree["acme:eventTime"]) == ("OBSERVE", "TILT", "now")


def test_prefixes_and_encodings_do_not_matter() -> None:
    plain = decoded(xml(xml_event())).tree
    for prefix, declared in ((b"", b"xmlns="), (b"epcis:", b"xmlns:epcis=")):
        body = xml(xml_event()).replace(b"<e:", b"<" + prefix).replace(b"</e:", b"</" + prefix)
        assert decoded(body.replace(b"xmlns:e=", declared)).tree == plain
    utf16 = '<?xml version="1.0" encoding="UTF-16"?>' + xml(xml_event(), xml_event()).decode()
    for arrival in arrivals(utf16.encode("utf-16")):
        assert ADAPTER.decode(arrival).tree == plain


@pytest.mark.parametrize(
    "spelling",
    [
        "damaged",
        "urn:epcglobal:cbv:disp:damaged",
        "https://ref.gs1.org/cbv/Disp-damaged",
        "https://ns.gs1.org/cbv/Disp-damaged",
        "cbv:Disp-damaged",
    ],
)
def test_every_spelling_of_a_word_is_the_word(spelling: str) -> None:
    assert decoded(document(OBJECT_EVENT | {"disposition": spelling})).tree["disposition"] == "damaged"
    persistent = {"persistentDisposition": {"set": [spelling]}}
    assert decoded(document(OBJECT_EVENT | persistent)).tree["persistentDisposition"] == {"set": ["damaged"]}


def test_contract_and_adapter_know_the_same_words() -> None:
    schema = json.dumps(REGISTRY.resolve("wms-epcis-event").schema)
    for words in (
        vocabulary.BIZ_STEPS,
        vocabulary.DISPOSITIONS,
        vocabulary.TRANSACTION_TYPES,
        vocabulary.PARTY_TYPES,
        vocabulary.ERROR_REASONS,
    ):
        assert f'"^({"|".join(sorted(words))}|' in schema


def test_byte_order_mark_is_passed_over() -> None:
    body = b"\xef\xbb\xbf" + json.dumps(document(OBJECT_EVENT, OBJECT_EVENT)).encode()
    assert [ADAPTER.decode(each).tree for each in arrivals(body)] == [OBJECT_EVENT, OBJECT_EVENT]
    assert decoded(b"\xef\xbb\xbf" + json.dumps(document(OBJECT_EVENT)).encode()).tree == OBJECT_EVENT


def test_document_type_that_declares_nothing_is_passed_over() -> None:
    assert decoded(b"<!DOCTYPE project>" + xml(xml_event())).tree == decoded(xml(xml_event())).tree
    for declared in (b'SYSTEM "a.dtd"', b'PUBLIC "a" "b"', b'[<!ENTITY a "b">]', b"[]"):
        body = b"<!DOCTYPE project " + declared + b">" + xml(xml_event())
        with pytest.raises(RequestUnreadable, match="document type"):
            arrivals(body)
        with pytest.raises(RequestUnreadable, match="document type"):
            ADAPTER.decode(Arrival(body=body))


# what is refused


def changed(**members: Any) -> dict[str, Any]:
    return document(OBJECT_EVENT | members)


def without(*names: str, kind: str = "ObjectEvent", **members: Any) -> dict[str, Any]:
    event = OBJECT_EVENT | {"type": kind} | members
    return document({name: value for name, value in event.items() if name not in names})


LOT = "urn:epc:class:lgtin:4099999.100456.L7"
REFUSED = {
    "no time": (without("eventTime"), "/eventTime", "required"),
    "no offset": (without("eventTimeZoneOffset"), "/eventTimeZoneOffset", "required"),
    "no action": (without("action"), "/action", "required"),
    "no type": (without("type"), "/type", "required"),
    "unknown type": (changed(type="StockEvent"), "/type", "oneOf"),
    "unknown action": (changed(action="CREATE"), "/action", "enum"),
    "time without offset": (changed(eventTime="2026-11-20T08:15:00"), "/eventTime", "format"),
    "time that is none": (changed(eventTime="yesterday"), "/eventTime", "format"),
    "offset without colon": (changed(eventTimeZoneOffset="+0100"), "/eventTimeZoneOffset", "pattern"),
    "record time that is none": (changed(recordTime="later"), "/recordTime", "format"),
    "id that is no URI": (changed(eventID="event-1"), "/eventID", "format"),
    "EPC that is no URI": (changed(epcList=["4099999100123"]), "/epcList/0", "format"),
    "EPCs that are no list": (changed(epcList="urn:epc:id:sgtin:1.2.3"), "/epcList", "type"),
    "EPC twice": (changed(epcList=OBJECT_EVENT["epcList"] * 2), "/epcList/1", "uniqueItems"),
    "quantity as text": (
        changed(quantityList=[{"epcClass": LOT, "quantity": "20"}]),
        "/quantityList/0/quantity",
        "type",
    ),
    "quantity below zero": (
        changed(quantityList=[{"epcClass": LOT, "quantity": -1}]),
        "/quantityList/0/quantity",
        "minimum",
    ),
    "quantity of nothing": (changed(quantityList=[{"quantity": 1}]), "/quantityList/0/epcClass", "required"),
    "step with a blank": (changed(bizStep="cycle counting"), "/bizStep", "pattern"),
    "unknown step": (changed(bizStep="shiping"), "/bizStep", "pattern"),
    "disposition as a list": (changed(disposition=["damaged"]), "/disposition", "type"),
    "place without id": (changed(readPoint={}), "/readPoint/id", "required"),
    "misspelled member": (changed(bizLocaton={"id": "a:b"}), "/bizLocaton", "additionalProperties"),
    "misspelled inner member": (
        changed(quantityList=[{"epcClass": LOT, "quantity": 1, "unit": "KGM"}]),
        "/quantityList/0/unit",
        "additionalProperties",
    ),
    "no objects": (without("epcList"), "/epcList", "required"),
    "sensor data without a place": (
        without("epcList", sensorElementList=[{"sensorReport": [{"type": "Mass"}]}]),
        "/epcList",
        "required",
    ),
    "sensor without report": (
        changed(sensorElementList=[{}]),
        "/sensorElementList/0/sensorReport",
        "required",
    ),
    "report without type": (
        changed(sensorElementList=[{"sensorReport": [{"value": 1}]}]),
        "/sensorElementList/0/sensorReport/0/type",
        "required",
    ),
    "report with a text as value": (
        changed(sensorElementList=[{"sensorReport": [{"type": "Mass", "value": "1"}]}]),
        "/sensorElementList/0/sensorReport/0/value",
        "type",
    ),
    "nothing set": (changed(persistentDisposition={}), "/persistentDisposition", "anyOf"),
    "lot data of an old object": (changed(ilmd={"acme:lot": "7"}), "/ilmd", "not"),
    "declaration without time": (
        changed(errorDeclaration={"reason": "did_not_occur"}),
        "/errorDeclaration/declarationTime",
        "required",
    ),
    "aggregation without parent": (
        without("epcList", kind="AggregationEvent", action="ADD", childEPCs=OBJECT_EVENT["epcList"]),
        "/parentID",
        "required",
    ),
    "aggregation without children": (
        without("epcList", kind="AggregationEvent", parentID="a:b"),
        "/childEPCs",
        "required",
    ),
    "association without parent": (
        without("epcList", kind="AssociationEvent", action="DELETE"),
        "/parentID",
        "required",
    ),
    "transaction without documents": (
        without(kind="TransactionEvent"),
        "/bizTransactionList",
        "required",
    ),
    "transaction without objects": (
        without("epcList", kind="TransactionEvent", bizTransactionList=[{"bizTransaction": "a:b"}]),
        "/epcList",
        "required",
    ),
    "transformation into nothing": (
        without("epcList", "action", kind="TransformationEvent", inputEPCList=["a:b"]),
        "/outputEPCList",
        "required",
    ),
    "no context": (
        {name: value for name, value in document(OBJECT_EVENT).items() if name != "@context"},
        "/@context",
        "required",
    ),
    "bare event without context": (OBJECT_EVENT, "/@context", "required"),
    "no version": (document(OBJECT_EVENT, schemaVersion=None), "/schemaVersion", "pattern"),
    "version as a number": (document(OBJECT_EVENT, schemaVersion=2.0), "/schemaVersion", "pattern"),
    "no day of making": (document(OBJECT_EVENT, creationDate="today"), "/creationDate", "pattern"),
    "events that are no list": (
        document(epcisBody={"eventList": OBJECT_EVENT}),
        "/epcisBody/eventList",
        "type",
    ),
    "no events": (document(epcisBody={}), "/epcisBody/eventList", "required"),
    "event that is no object": (document("x"), "/epcisBody/eventList/0", "type"),
    "document of another type": (document(OBJECT_EVENT, type="Invoice"), "/type", "enum"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_standard_refuses_is_refused_at_its_place(case: str) -> None:
    body, pointer, keyword = REFUSED[case]
    assert refused(body) == [(pointer, keyword)]


XML_REFUSED = {
    "action": (xml_event(action="CREATE"), "/action", "enum", "/action"),
    "quantity": (
        xml_event(
            f"<quantityList><quantityElement><epcClass>{LOT}</epcClass><quantity>few</quantity>"
            "</quantityElement></quantityList>"
        ),
        "/quantityList/0/quantity",
        "type",
        "/quantityList[1]/quantity",
    ),
    "time": (xml_event().replace("eventTime>", "time>", 2), "/eventTime", "required", "/eventTime"),
    "empty time": (
        xml_event().replace("<eventTime>2026-11-20T08:15:00+01:00", "<eventTime>"),
        "/eventTime",
        "required",
        "/eventTime",
    ),
    "EPC": (xml_event().replace("urn:epc:id:sgtin:", ""), "/epcList/0", "format", "/epcList[1]"),
    "source": (
        xml_event("<sourceList><source>a:b</source></sourceList>"),
        "/sourceList/0/type",
        "required",
        "/sourceList[1]/type",
    ),
    "what": (
        xml_event().replace("<epcList><epc>", "<x><epc>").replace("</epcList>", "</x>"),
        "/epcList",
        "required",
        "/epcList",
    ),
}


@pytest.mark.parametrize("case", XML_REFUSED)
def test_xml_is_refused_at_its_place_in_the_words_of_xml(case: str) -> None:
    event, pointer, keyword, path = XML_REFUSED[case]
    with pytest.raises(ContractViolated) as violated:
        decoded(xml(event))
    (violation,) = violated.value.violations
    assert (violation.pointer, violation.keyword) == (pointer, keyword)
    assert violation.path == f"/EPCISDocument/EPCISBody/EventList/ObjectEvent{path}"


def test_xml_document_without_its_version_is_refused() -> None:
    body = re.sub(rb' schemaVersion="[^"]*"', b"", xml(xml_event()))
    assert refused(body) == [("/schemaVersion", "required")]


def test_what_the_standard_allows_is_accepted() -> None:
    sensor = [{"sensorReport": [{"type": "gs1:Temperature", "value": 4, "acme:probe": {"a": [1]}}]}]
    place = {"id": "urn:epc:id:sgln:4099999.00017.0", "acme:aisle": "4"}
    for body in (
        changed(epcList=[]),
        without("epcList", quantityList=[{"epcClass": LOT}]),
        without("epcList", sensorElementList=sensor, readPoint=place),
        changed(action="ADD", ilmd={"cbvmda:lotNumber": "L7"}),
        changed(bizStep="https://steps.acme.example/x", disposition="acme:odd", certificationInfo="a:b"),
        changed(**{"acme:any": {"deep": [{"bizStep": 7}]}, "https://ns.acme.example/x": True}),
        without("epcList", kind="AggregationEvent", childEPCs=["a:b"]),
        without("epcList", kind="AggregationEvent", action="DELETE", parentID="a:b"),
        without(
            "epcList",
            kind="TransactionEvent",
            action="DELETE",
            bizTransactionList=[{"bizTransaction": "a:b"}],
        ),
        without(
            "epcList", "action", kind="TransformationEvent", transformationID="a:b", inputEPCList=["a:b"]
        ),
        {"@context": {"@vocab": "https://a.example/"}, **OBJECT_EVENT},
    ):
        assert decoded(body).contract == "wms-epcis-event"


def test_type_with_the_prefix_of_epcis_is_the_type() -> None:
    for spelling in ("epcis:ObjectEvent", "https://ref.gs1.org/epcis/ObjectEvent"):
        assert decoded(changed(type=spelling)).tree == OBJECT_EVENT


def test_vendors_own_event_is_taken_and_not_interpreted() -> None:
    assert decoded(changed(type="acme:YardEvent", action=7)).contract == "wms-epcis-vendor-event"
    in_xml = xml("<extension>" + xml_event(kind="acme:YardEvent") + "</extension>", xml_event())
    assert [ADAPTER.decode(each).contract for each in arrivals(in_xml)] == [
        "wms-epcis-vendor-event",
        "wms-epcis-event",
    ]
    assert meant(changed(type="acme:YardEvent")) == Normalised()


def test_document_without_events_says_nothing() -> None:
    for body in (document(), document(type="EPCISQueryDocument", epcisBody={"queryResults": {"queryName": "a",
                 "resultsBody": {"eventList": []}}}), xml(), SAMPLES["master-data"].body):  # fmt: skip
        assert decoded(body).contract == "wms-epcis-document"
        assert meant(body) == Normalised()


# what an event is


def test_id_of_an_event_is_its_own_and_a_declaration_adds_its_time() -> None:
    event_id = "urn:uuid:1c6f3b3e-0c0b-4d52-9b3f-2f6c1f0a1001"
    assert decoded(changed(eventID=event_id)).source_event_id == event_id
    declared = changed(eventID=event_id, errorDeclaration={"declarationTime": "2026-11-21T09:00:00Z"})
    assert decoded(declared).source_event_id == f"{event_id}!2026-11-21T09:00:00Z"
    assert decoded(document(OBJECT_EVENT)).source_event_id is None


def test_event_is_the_same_in_another_document_and_after_a_repository_took_it() -> None:
    captured = document(OBJECT_EVENT)
    queried = document(
        OBJECT_EVENT | {"recordTime": "2026-11-22T00:00:00.123Z"}, creationDate="2026-11-23T00:00:00Z"
    )
    assert decoded(captured).tree == decoded(queried).tree
    assert meant(captured).facts[0].key == meant(queried).facts[0].key
    assert meant(captured).facts[0].key != meant_by(bizStep="storing").facts[0].key


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("urn:epc:id:sgtin:0614141.107346.2018", "10614141073464"),
        ("urn:epc:idpat:sgtin:4012345.098765.*", "04012345987652"),
        ("urn:epc:class:lgtin:4012345.012345.998877", "04012345123456"),
        ("urn:epc:id:upui:1234567.089456.51qIgY)%3C", "01234567894560"),
        ("https://id.gs1.org/01/04012345123456/10/998877", "04012345123456"),
        ("https://example.com/some/path/01/614141073467?17=261231", "00614141073467"),
        ("https://id.example.com/gtin/04012345123456", "04012345123456"),
        ("urn:epc:id:sscc:0614141.1234567890", None),
        ("urn:epc:idpat:sgtin:4012345.*.*", None),
        ("urn:epc:id:sgtin:40123450.0987651.1", None),
        ("https://id.gs1.org/01/123", None),
    ],
)
def test_trade_item_of_an_identifier(uri: str, expected: str | None) -> None:
    assert gtin(uri) == expected


def test_lot_of_a_class() -> None:
    assert lot("urn:epc:class:lgtin:4012345.012345.99.A") == "99.A"
    assert lot("https://id.gs1.org/01/04012345123456/10/B2?17=261231") == "B2"
    assert lot("urn:epc:idpat:sgtin:4012345.098765.*") is None


# what an event means


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        ("receiving", FactKind.RECEIPT),
        ("accepting", FactKind.RECEIPT),
        ("shipping", FactKind.SHIPMENT),
        ("departing", FactKind.SHIPMENT),
        ("cycle_counting", FactKind.STOCK_COUNT),
        ("stock_taking", FactKind.STOCK_COUNT),
        ("inventory_check", FactKind.STOCK_COUNT),
        ("storing", FactKind.STOCK_MOVEMENT),
        ("https://steps.acme.example/receiving", FactKind.STOCK_MOVEMENT),
    ],
)
def test_step_says_what_happened(step: str, kind: FactKind) -> None:
    (fact,) = meant_by(bizStep=step).facts
    assert fact.kind is kind


def test_epcs_are_counted_by_trade_item_and_quantities_by_lot() -> None:
    epcs = [f"urn:epc:id:sgtin:4099999.100123.{serial}" for serial in range(5)]
    pallet = "urn:epc:id:sscc:4099999.0000000017"
    quantities = [
        {"epcClass": LOT, "quantity": 2.5, "uom": "KGM"},
        {"epcClass": LOT, "quantity": 1.5, "uom": "KGM"},
        {"epcClass": "urn:epc:idpat:sgtin:4099999.100123.*", "quantity": 7},
        {"epcClass": "https://id.acme.example/01/04099999100785"},
    ]
    (fact,) = meant_by(bizStep="receiving", epcList=[*epcs, pallet], quantityList=quantities).facts
    assert [
        (line.line, line.quantity and (line.quantity.value, line.quantity.unit)) for line in fact.lines
    ] == [
        ("14099999001238", ("12", "EA")),
        (pallet, ("1", "EA")),
        ("14099999004567:L7", ("4", "KGM")),
        ("04099999100785", None),
    ]
    assert fact.lines[0].item is not None
    assert fact.lines[0].item.gtin == "14099999001238"
    assert fact.assumed == ()


def test_what_ceases_to_be_comes_off_the_stock() -> None:
    for members in (
        {"action": "DELETE", "bizStep": "decommissioning"},
        {"bizStep": "sampling"},
        {"bizStep": "storing", "disposition": "stolen"},
    ):
        (fact,) = meant_by(**members).facts
        assert fact.kind is FactKind.STOCK_MOVEMENT
        assert fact.lines[0].quantity is not None
        assert fact.lines[0].quantity.value == "-1"


def test_transformation_uses_up_its_inputs() -> None:
    (fact,) = meant(arrivals(SAMPLES["version-1-2"].body)[1].body).facts
    assert [(line.line, line.quantity and line.quantity.value, line.reason) for line in fact.lines] == [
        ("input:14099999004567:L7", "-12", "input"),
        ("output:14099999009999", "2", "output"),
    ]


def test_business_documents_are_references_by_their_own_numbers() -> None:
    (fact,) = meant(arrivals(SAMPLES["shipping-and-receiving"].body)[1].body).facts
    assert [(each.kind, each.id) for each in fact.references] == [
        ("purchase-order", "PO-77120"),
        ("shipment", "LS/4711"),
    ]
    assert fact.partner is not None
    assert (fact.partner.role, fact.partner.id) == ("supplier", "urn:epc:id:pgln:4011111.00001")
    assert fact.place is not None
    assert fact.place.id == "urn:epc:id:sgln:4099999.00017.0"


def test_transfer_within_a_company_has_no_partner() -> None:
    owner = "urn:epc:id:pgln:4099999.00001"
    (fact,) = meant_by(
        bizStep="shipping",
        sourceList=[{"type": "owning_party", "source": owner}],
        destinationList=[{"type": "owning_party", "destination": owner}],
    ).facts
    assert fact.partner is None


def test_sensor_report_and_inspection_move_nothing() -> None:
    assert meant_by(bizStep="sensor_reporting").facts == ()
    assert meant_by(bizStep="inspecting").facts == ()
    assert meant_by(epcList=[]).facts == ()
    untied = {
        "type": "TransactionEvent",
        "action": "DELETE",
        "bizTransactionList": [{"bizTransaction": "a:b"}],
    }
    assert meant_by(**untied).facts == ()


@pytest.mark.parametrize("word", ["damaged", "expired", "recalled", "no_pedigree_match", "stolen"])
def test_objects_that_can_not_be_sold_are_a_variance(word: str) -> None:
    (exception,) = meant_by(bizStep="holding", disposition=word).exceptions
    assert exception.key == f"14099999001238:EA:{word}"
    assert (exception.expected.value, exception.actual.value, exception.actual.unit) == ("1", "0", "EA")
    assert ("/disposition", word) in {(each.pointer, each.value) for each in exception.evidence}


def test_objects_with_epcs_of_their_own_stay_in_their_state_at_each_further_step() -> None:
    first, second = (meant_by(bizStep=step, disposition="damaged") for step in ("holding", "storing"))
    assert first.conditions == second.conditions
    assert [each.exception for each in first.conditions] == [first.exceptions[0].key]
    other = meant_by(disposition="damaged", epcList=["urn:epc:id:sgtin:4099999.900123.999"])
    assert {each.subject for each in other.conditions}.isdisjoint(each.subject for each in first.conditions)


def test_of_a_mere_quantity_a_second_event_can_mean_others() -> None:
    quantities = [{"epcClass": LOT, "quantity": 3}]
    assert meant_by(epcList=[], quantityList=quantities, disposition="damaged").conditions == ()


def test_disposition_that_is_told_twice_is_one_exception() -> None:
    persistent = {"set": ["urn:epcglobal:cbv:disp:non_sellable_damaged", "damaged"]}
    assert len(meant_by(disposition="damaged", persistentDisposition=persistent).exceptions) == 1


def test_none_of_nothing_is_no_exception() -> None:
    quantities = [{"epcClass": LOT, "quantity": 0}]
    assert meant_by(epcList=[], quantityList=quantities, disposition="damaged").exceptions == ()


def test_objects_without_a_number_differ_by_their_state() -> None:
    (exception,) = meant_by(epcList=[], quantityList=[{"epcClass": LOT}], disposition="expired").exceptions
    assert (exception.expected.kind, exception.expected.value) == ("status", "sellable")
    assert exception.actual.value == "expired"


@pytest.mark.parametrize(
    "word",
    sorted(
        vocabulary.DISPOSITIONS
        - {"damaged", "expired", "recalled", "no_pedigree_match", "stolen"}
        - {"mismatch_class", "mismatch_instance", "mismatch_quantity"}
        - {word for word in vocabulary.DISPOSITIONS if word.startswith("non_sellable_")}
    ),
)
def test_ordinary_disposition_is_no_exception(word: str) -> None:
    assert meant_by(bizStep="storing", disposition=word).exceptions == ()


def test_what_somebody_deals_with_is_no_exception() -> None:
    for members in (
        {"bizStep": "destroying"},
        {"bizStep": "repairing"},
        {"action": "DELETE"},
    ):
        assert meant_by(disposition="damaged", **members).exceptions == ()
    assert meant_by(persistentDisposition={"unset": ["damaged"]}).exceptions == ()


def test_declared_error_is_an_exception_and_no_fact() -> None:
    declaration = {"declarationTime": "2026-11-21T09:00:00Z", "reason": "did_not_occur"}
    normalised = meant_by(bizStep="receiving", disposition="damaged", errorDeclaration=declaration)
    assert normalised.facts == ()
    (exception,) = normalised.exceptions
    assert exception.expected.value == "receiving: 1 EA 14099999001238"
    assert exception.actual.value == "declared wrong, did_not_occur, not corrected"
    assert exception.occurred_at == "2026-11-21T09:00:00+00:00"
    assert "corrective_event" in exception.missing


def test_people_go_no_further() -> None:
    patient = "urn:epc:id:gsrn:4099999.0000000017"
    assert is_person(patient)
    assert is_person("https://id.acme.example/8018/409999900000000179")
    body = changed(bizStep="receiving", epcList=[patient, *OBJECT_EVENT["epcList"]], parentID=patient,
                   **{"acme:operatorName": "Kim Example", "acme:dock": {"acme:userId": "k17"}})  # fmt: skip
    said = msgspec.json.encode(meant(body)).decode()
    for personal in (patient, "Kim Example", "k17"):
        assert personal not in said


# any input


def places(node: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield above
    parts = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, child in parts:
        yield from places(child, (*above, name))


def replaced(tree: Any, place: tuple[Any, ...], value: Any) -> Any:
    tree = copy.deepcopy(tree)
    holder = tree
    for name in place[:-1]:
        holder = holder[name]
    holder[place[-1]] = value
    return tree


@pytest.mark.parametrize("case", [case for case, sample in SAMPLES.items() if "json" in sample.media_type])
def test_wrong_value_at_any_place_is_a_verdict_and_no_crash(case: str) -> None:
    tree = json.loads(SAMPLES[case].body)
    for place in places(tree):
        for wrong in (None, True, -1, 1e300, "", "a b", [], ["x"], [[]], {}, {"a": {}}) if place else ():
            verdict(lambda p=place, w=wrong: replaced(tree, p, w))


def test_cut_off_and_disordered_bytes_are_a_verdict_and_no_crash() -> None:
    for sample in SAMPLES.values():
        for end in range(0, len(sample.body), 37):
            verdict(lambda e=end, b=sample.body: b[:e])
            verdict(lambda e=end, b=sample.body: b[:e] + b"<x>]}" + b[e + 11 :])


def verdict(body: Callable[[], Any]) -> None:
    try:
        for arrival in arrivals(body()):
            valid = REGISTRY.validate(ADAPTER.decode(arrival))
            for each in ADAPTER.normalise(valid, SOURCE, RECEIVED_AT).facts:
                REGISTRY.validate(as_document(each))
    except EventError:
        pass


def test_deep_and_huge_values_are_refused() -> None:
    deep = b'{"@context":"a:b","type":"ObjectEvent","a:b":' + b"[" * 5000 + b"]" * 5000 + b"}"
    with pytest.raises(RequestUnreadable):
        decoded(deep)
    number = f"<quantityList><quantityElement><epcClass>{LOT}</epcClass><quantity>{'9' * 6000}</quantity>"
    assert refused(xml(xml_event(f"{number}</quantityElement></quantityList>"))) == [
        ("/quantityList/0/quantity", "type")
    ]


# real files


def test_real_documents_are_accepted_and_invalid_ones_refused(samples_folder: Path) -> None:
    files = sorted((samples_folder / "wms" / "gs1-epcis-2.0").iterdir())
    assert files
    for path in files:
        body = message(path.read_bytes())
        assert Catalogue(ADAPTERS).for_message("wms", body).format == "epcis", path.name
        for arrival in ADAPTER.split(body):
            if "Invalid" in path.name:
                with pytest.raises(ContractViolated):
                    REGISTRY.validate(ADAPTER.decode(arrival))
                continue
            normalised = ADAPTER.normalise(REGISTRY.validate(ADAPTER.decode(arrival)), SOURCE, RECEIVED_AT)
            for each in (*normalised.facts, *normalised.exceptions):
                REGISTRY.validate(as_document(each))
            assert {each.key for each in normalised.exceptions} <= {"error-declaration"}, path.name


def test_real_documents_mean_the_same_in_both_syntaxes(samples_folder: Path) -> None:
    folder = samples_folder / "wms" / "gs1-epcis-2.0"
    for case in ("ObjectEvent", "TransactionEvent"):
        in_json, in_xml = (
            [
                ADAPTER.normalise(ADAPTER.decode(each), SOURCE, RECEIVED_AT)
                for each in arrivals(
                    (folder / f"{syntax}_Capture_Documents_{case}.{syntax.lower()}").read_bytes()
                )
            ]
            for syntax in ("JSON", "XML")
        )
        assert [each.facts and each.facts[0].lines for each in in_json] == [
            each.facts and each.facts[0].lines for each in in_xml
        ]


@pytest.mark.parametrize(
    ("epc", "is_ours"),
    [
        ("urn:epc:id:sgtin:4099999.012345.7", True),
        ("urn:epc:id:sscc:4099999.0123456789", True),
        ("https://id.example.com/01/04099999123452/21/7", True),
        ("https://example.com/anything/7", True),
        ("urn:epc:id:giai:4099999.T77", False),
        ("urn:epc:id:grai:4099999.55555.31", False),
        ("urn:epc:id:gdti:4099999.55555.31", False),
        ("https://id.example.com/8004/4099999T77", False),
        ("https://id.example.com/414/4099999000007", False),
    ],
)
def test_assets_documents_and_places_are_no_goods(epc: str, is_ours: bool) -> None:
    assert is_goods(epc) is is_ours


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-11-20T11:30:00.000Z", "2026-11-20T11:30:00Z"),
        ("2026-11-20T11:30:00.116000-06:00", "2026-11-20T11:30:00.116-06:00"),
        ("2026-11-20T11:30:00.100Z", "2026-11-20T11:30:00.1Z"),
        ("2026-11-20T11:30:00Z", "2026-11-20T11:30:00Z"),
        ("2026-11-20T11:30:00.010+01:00", "2026-11-20T11:30:00.01+01:00"),
        ("20.000", "20.000"),
    ],
)
def test_copies_of_an_event_write_its_time_alike(written: str, read: str) -> None:
    assert as_one({"eventTime": written}) == {"eventTime": read}
    declared = as_one({"errorDeclaration": {"declarationTime": written}})
    assert declared == {"errorDeclaration": {"declarationTime": read}}


# what costs more than it is long


LONG = 200_000


@pytest.mark.parametrize(
    "uri",
    [
        "https://x" + "/8018/123456789012345678" * (LONG // 24) + "\nx",
        "https://x/10/" + "a" * LONG + "\nx",
        "https://x" + "/253/a" * (LONG // 6) + "\n",
        "https://x" + "/01/12345678/a" * (LONG // 14) + "\n",
        "urn:epc:id:sgtin:" + "1" * LONG + "." + "1" * LONG + "\n",
    ],
)
def test_identifier_of_any_length_is_judged_in_one_pass(uri: str) -> None:
    started = time.thread_time()
    for judge in (gtin, is_goods, is_person, lot):
        judge(uri)
    assert time.thread_time() - started < 1


def test_long_identifiers_are_not_remembered() -> None:
    before = identifiers._remembered_item.cache_info().currsize
    assert identifiers.item_of("urn:x:" + "y" * 1000).id == ("urn:x:" + "y" * 1000)[:256]
    assert identifiers._remembered_item.cache_info().currsize == before


def test_prefixes_are_looked_up_once_a_namespace() -> None:
    inner = "".join(f'<v:a{number} xmlns:v="urn:v">1</v:a{number}>' for number in range(3))
    tree = decoded(xml(xml_event(inner))).tree
    assert {name for name in tree if name.startswith("v:")} == {"v:a0", "v:a1", "v:a2"}


def test_members_with_names_too_long_for_a_pointer_are_left_out_of_the_fact() -> None:
    found = meant_by(**{"x:" + "y" * 2000: {"a": 1}, "x:short": "here"})
    assert found.facts[0].extensions["/x:short"] == "here"
    assert max(map(len, found.facts[0].extensions)) < 100


def test_a_disposition_that_is_set_again_and_again_is_one_matter_for_each_class() -> None:
    classes = [f"urn:epc:id:sgtin:4012345.0{number:05d}.1" for number in range(3000)]
    started = time.thread_time()
    found = meant_by(epcList=classes, persistentDisposition={"set": ["damaged"] * 3000}).exceptions
    assert (len(found), time.thread_time() - started < 1) == (3000, True)


def test_an_exception_refers_to_fifty_documents_at_most() -> None:
    orders = [{"type": "po", "bizTransaction": f"urn:acme:po:{number}"} for number in range(200)]
    found = meant_by(bizTransactionList=orders, disposition="damaged")
    assert len(found.facts[0].references) == 200
    assert {len(each.references) for each in found.exceptions} == {50}
