"""CloudEvents from senders of canonical contracts: modes, attributes, and that only our errors come out."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.canonical import ADAPTERS
from adapters.conformance import RECEIVED_AT, demo_source, samples
from contracts.canonical import Category, Fact, FactKind, Normalised, RetailException
from contracts.documents import Arrival, Document, Message
from contracts.errors import (
    ContractUnknown,
    ContractViolated,
    EventError,
    RequestInvalid,
    RequestUnreadable,
    Unmapped,
)
from contracts.registry import Registry

(ADAPTER,) = ADAPTERS
REGISTRY = Registry.load()
SOURCE = demo_source("canonical")
SAMPLES = {each.case: each for each in samples("canonical") if "ndjson" not in each.message.media_type}
FOLDER = Path(__file__).parent.parent / "adapters" / "canonical" / "samples"
STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"


def event(case: str = "exception", **members: Any) -> dict[str, Any]:
    tree: dict[str, Any] = json.loads(SAMPLES[case].message.body)
    return tree | members


def message(body: Any, media_type: str = STRUCTURED, headers: dict[str, str] | None = None) -> Message:
    octets = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Message(body=octets, media_type=media_type, headers=headers or {})


def decoded(tree: Any) -> Document:
    (arrival,) = ADAPTER.split(message(tree))
    return ADAPTER.decode(arrival)


def binary(case: str = "exception", **headers: str | None) -> Message:
    """The sample as a binary message; a header that is None is left out."""
    tree = event(case)
    data = tree.pop("data")
    media_type = tree.pop("datacontenttype", "application/json")
    values = {f"ce-{name}": value for name, value in tree.items()}
    values |= {name.replace("_", "-"): value for name, value in headers.items()}
    return message(data, media_type, {name: value for name, value in values.items() if value is not None})


# modes


@pytest.mark.parametrize("case", SAMPLES)
def test_own_samples_are_recognised_as_plain_json(case: str) -> None:
    assert SAMPLES[case].message.media_type == "application/json"
    assert ADAPTER.recognises(SAMPLES[case].message)


@pytest.mark.parametrize(
    ("body", "media_type", "is_ours"),
    [
        (b"", STRUCTURED, True),
        (b"{", "Application/CloudEvents+JSON; charset=utf-8", True),
        (b"", BATCHED, True),
        (b'{"specversion": "1.0"}', "application/cloudevents+avro", False),
        (b"<event/>", "application/cloudevents+xml", False),
        (b'{"specversion": "1.0"}', "", True),
        (b'{"id": "1"}', "application/json", False),
        (b"specversion", "text/plain", False),
    ],
)
def test_event_is_recognised_by_media_type_or_specversion(
    body: bytes, media_type: str, is_ours: bool
) -> None:
    assert ADAPTER.recognises(message(body, media_type)) is is_ours


def test_one_event_is_one_object() -> None:
    with pytest.raises(RequestInvalid, match="one JSON object"):
        decoded([event()])


@pytest.mark.parametrize("case", ["exception", "receipt"])
def test_binary_event_is_the_structured_one(case: str) -> None:
    sent = binary(case)
    assert ADAPTER.recognises(sent)
    (arrival,) = ADAPTER.split(sent)
    assert arrival.media_type == STRUCTURED
    assert ADAPTER.decode(arrival) == decoded(event(case))


def test_bytes_of_binary_data_are_unchanged() -> None:
    data = b'{ "category" : "failed-price-update",\t"n": 1.50 }'
    (arrival,) = ADAPTER.split(msgspec.structs.replace(binary(), body=data))
    assert data in arrival.body


def test_binary_data_can_bring_no_attribute_of_its_own() -> None:
    with pytest.raises(RequestUnreadable, match="data"):
        list(ADAPTER.split(msgspec.structs.replace(binary(), body=b'{}, "id": "of another"')))


def test_structured_media_type_overrules_headers() -> None:
    both = message(event(), STRUCTURED, {"ce-id": "another", "ce-specversion": "1.0"})
    (arrival,) = ADAPTER.split(both)
    assert ADAPTER.decode(arrival).source_event_id == event()["id"]


# headers of the binary mode


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),
        ("lower%e2%82%ac", "lower€"),
        ("%41needless", "Aneedless"),
        ("once%2541", "once%41"),
        ('"quoted \\"pair\\" \\\\ %2C"', 'quoted "pair" \\ ,'),
        ('half"', 'half"'),
        ('"', '"'),
    ],
)
def test_header_is_unquoted_and_percent_decoded_once(value: str, text: str) -> None:
    (arrival,) = ADAPTER.split(binary(ce_subject=value, ce_id=value))
    document = ADAPTER.decode(arrival)
    assert document.source_event_id == text


@pytest.mark.parametrize("value", ["%C0%A0", "%ED%A0%80", "%", "%4", "%zz", "caf\xe9", "a\nb", "%FF"])
def test_header_that_can_not_be_decoded_is_named(value: str) -> None:
    with pytest.raises(RequestInvalid, match="ce-subject"):
        list(ADAPTER.split(binary(ce_subject=value)))


@pytest.mark.parametrize("header", ["ce-datacontenttype", "ce-data", "ce-data_base64"])
def test_what_is_no_header_of_its_own_is_refused(header: str) -> None:
    sent = binary()
    headers = dict(sent.headers) | {header: "application/json"}
    with pytest.raises(RequestInvalid, match=f"^{header}: "):
        list(ADAPTER.split(msgspec.structs.replace(sent, headers=headers)))


def test_control_character_hidden_by_percent_encoding_is_refused() -> None:
    (arrival,) = ADAPTER.split(binary(ce_id="a%0D%0AXd-Event:%20b"))
    with pytest.raises(RequestInvalid, match=r"^id: "):
        ADAPTER.decode(arrival)


@pytest.mark.parametrize("missing", ["ce_specversion", "ce_id", "ce_type", "ce_source"])
def test_binary_event_without_a_needed_header_is_told_which(missing: str) -> None:
    sent = binary(**{missing: None})
    assert ADAPTER.recognises(sent)
    (arrival,) = ADAPTER.split(sent)
    with pytest.raises(RequestInvalid, match=missing.removeprefix("ce_")):
        ADAPTER.decode(arrival)


def test_binary_data_that_is_not_json_by_its_type_is_refused() -> None:
    (arrival,) = ADAPTER.split(msgspec.structs.replace(binary(), media_type="text/plain"))
    with pytest.raises(RequestInvalid, match="datacontenttype"):
        ADAPTER.decode(arrival)


def test_binary_event_without_a_body_has_no_data() -> None:
    (arrival,) = ADAPTER.split(msgspec.structs.replace(binary(), body=b" "))
    with pytest.raises(RequestInvalid, match="data"):
        ADAPTER.decode(arrival)


# attributes


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("specversion", "0.3"), ("specversion", 1.0), ("specversion", None),
        ("id", ""), ("id", None), ("id", 7), ("id", "x" * 257), ("id", "x" * 65536),
        ("id", "a\nb"), ("id", "a\u0085b"), ("id", "a\u2028b"), ("id", "\ufffe"),
        ("source", ""), ("source", "not a uri"), ("source", "/a%zz"), ("source", "/\u00e9"), ("source", []),
        ("type", ""), ("type", None), ("type", {"a": 1}),
        ("time", "yesterday"), ("time", "2026-11-20"), ("time", "2026-11-20T05:15:01"),
        ("time", "2026-13-20T05:15:01Z"), ("time", "2026-11-20T25:15:01Z"), ("time", "2026-11-20 05:15:01Z"),
        ("time", 1763615701), ("time", "\u0662026-11-20T05:15:01Z"),
        ("subject", ""), ("subject", "a\x00"), ("subject", True),
        ("datacontenttype", "text/xml"), ("datacontenttype", "application/jsonp"),
        ("dataschema", "/contracts/exception-failed-price-update/1.0.0"), ("dataschema", ""),
        ("dataschema", "https://crossdock.example/contracts/exception-failed-price-update"),
        ("dataschema", "https://crossdock.example/contracts/exception-failed-price-update/1.0"),
        ("dataschema", "https://crossdock.example/contracts/exception-failed-price-update/1.0.0/"),
        ("dataschema", "https://crossdock.example/contracts/exception-failed-price-update/2.0.0"),
        ("dataschema", "https://crossdock.example/contracts/exception-refund-anomaly/1.0.0"),
        ("dataschema", "https://elsewhere.example/schema.json"),
        ("partition", 1.5), ("partition", 2**31), ("partition", ["a"]), ("partition", {"a": "b"}),
        ("data_base64", "e30="), ("data", None),
    ],
)  # fmt: skip
def test_attribute_that_breaks_a_rule_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(RequestInvalid, match=rf"^{name}: "):
        decoded(event(**{name: value}))


@pytest.mark.parametrize("name", ["Trace", "trace_parent", "trace-parent", "träce", "", "a b", "x\n"])
def test_attribute_with_a_name_that_can_not_be_one_is_refused(name: str) -> None:
    with pytest.raises(RequestInvalid, match="the name of an attribute"):
        decoded(event(**{name: "1"}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("time", "2026-11-20t05:15:01.123456789z"), ("time", "2016-12-31T23:59:60Z"),
        ("time", "2026-11-20T05:15:01-00:00"), ("time", None), ("subject", None),
        ("source", "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66"), ("source", "../north?a=%20#b"),
        ("datacontenttype", "application/vnd.shop+json; charset=utf-8"), ("datacontenttype", "text/json"),
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ("sequence", 2**31 - 1), ("sampled", True), ("unset", None), ("data_base64", None),
        ("dataschema", None), ("dataschema", "urn:x/contracts/exception-failed-price-update/1.12.3"),
    ],
)  # fmt: skip
def test_attribute_that_keeps_the_rules_is_taken(name: str, value: Any) -> None:
    assert decoded(event(**{name: value})).contract == "exception-failed-price-update"


def test_id_names_the_event_whatever_characters_it_has() -> None:
    assert decoded(event(id="a.b c>*/é" * 20)).source_event_id == "a.b c>*/é" * 20


# contracts


def test_every_category_and_kind_has_its_contract() -> None:
    names = {f"exception-{category}" for category in Category} | {f"fact-{kind}" for kind in FactKind}
    assert set(ADAPTER.contracts) == names <= set(REGISTRY.names)


@pytest.mark.parametrize(
    "name",
    [
        "com.example.someevent", "sap.s4.beh.businesspartner.v1.BusinessPartner.Created.v1",
        "retail.exception.inventory-variance", "retail.exception.inventory-variance.v0",
        "retail.exception.receipt.v1", "retail.fact.inventory-variance.v1", "retail.exception.none.v1",
        "retail.exception.inventory-variance.v1 ", "Retail.Fact.Sale.V1", "retail.fact.sale.v1.1",
    ],
)  # fmt: skip
def test_type_that_is_not_ours_is_an_unknown_contract(name: str) -> None:
    with pytest.raises(ContractUnknown, match=r"^type: "):
        decoded(event(type=name))


def test_dataschema_names_the_exact_version_and_type_alone_the_major() -> None:
    assert decoded(event()).version == "1.0.0"
    assert decoded(event(dataschema=None)).version == "1"
    assert REGISTRY.validate(decoded(event(dataschema=None))).version == "1.1.0"


@pytest.mark.parametrize(
    "change",
    [
        {"dataschema": "https://crossdock.example/contracts/exception-failed-price-update/1.99.0"},
        {"type": "retail.exception.failed-price-update.v7", "dataschema": None},
    ],
)
def test_version_that_is_not_published_is_unknown(change: dict[str, Any]) -> None:
    with pytest.raises(ContractUnknown):
        REGISTRY.validate(decoded(event(**change)))


def test_pointers_start_at_the_data() -> None:
    data = event()["data"] | {"occurred_at": "yesterday"}
    with pytest.raises(ContractViolated) as caught:
        REGISTRY.validate(decoded(event(data=data)))
    assert [violation.pointer for violation in caught.value.violations] == ["/occurred_at"]


@pytest.mark.parametrize("data", [[], "text", 7, False, {}])
def test_data_of_another_shape_breaks_the_contract(data: Any) -> None:
    with pytest.raises(ContractViolated):
        REGISTRY.validate(decoded(event(data=data)))


def test_what_groups_events_is_the_subject_else_the_key_else_the_id() -> None:
    assert decoded(event()).business_key == "store:0042"
    assert decoded(event(subject=None)).business_key == "SKU-1180:price"
    assert decoded(event(subject=None, data={"key": ""})).business_key == event()["id"]


# meaning


def normalised(tree: Any) -> Normalised:
    return ADAPTER.normalise(REGISTRY.validate(decoded(tree)), SOURCE, RECEIVED_AT)


def test_data_is_taken_as_it_is() -> None:
    (exception,) = normalised(event()).exceptions
    assert exception == msgspec.convert(event()["data"], RetailException)
    (fact,) = normalised(event("receipt")).facts
    assert fact == msgspec.convert(event("receipt")["data"], Fact)


def test_time_of_detection_is_the_senders() -> None:
    data = event()["data"] | {"detected_at": "2026-11-20T06:15:00+01:00"}
    assert normalised(event(data=data)).exceptions[0].detected_at == "2026-11-20T06:15:00+01:00"


@pytest.mark.parametrize("change", [{"category": "refund-anomaly"}, {"expected": 5}, {"item": "SKU"}])
def test_data_that_does_not_fit_its_contract_is_unmapped(change: dict[str, Any]) -> None:
    document = decoded(event(data=event()["data"] | change))
    with pytest.raises(Unmapped):
        ADAPTER.normalise(document, SOURCE, RECEIVED_AT)


def test_fact_of_another_kind_than_its_contract_is_unmapped() -> None:
    document = decoded(event("receipt", data=event("receipt")["data"] | {"kind": "sale"}))
    with pytest.raises(Unmapped, match="/kind"):
        ADAPTER.normalise(document, SOURCE, RECEIVED_AT)


# nothing but our errors


@pytest.mark.parametrize(
    "body",
    [
        b'{"specversion": NaN}',
        b'{"specversion": "1.0", "id": "\\ud83d"}',
        b'{"specversion": "1.0", "id": "\xe9"}',
        b'{"specversion": "1.0", "data": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        b'{"specversion": "1.0", "data": ' + b"[" * 70 + b"]" * 70 + b"}",
        b'{"specversion": "1.0"',
        b"",
    ],
    ids=["nan", "surrogate", "latin", "10000-deep", "70-deep", "cut", "empty"],
)
def test_what_is_not_json_is_unreadable(body: bytes) -> None:
    with pytest.raises(RequestUnreadable):
        ADAPTER.decode(Arrival(body=body))


@pytest.mark.parametrize("depth", [10_000, 1_000_000])
def test_deep_binary_data_is_unreadable(depth: int) -> None:
    with pytest.raises(RequestUnreadable):
        list(ADAPTER.split(msgspec.structs.replace(binary(), body=b"[" * depth + b"]" * depth)))


def mutate(source: random.Random, body: bytes) -> bytes:
    octets = bytearray(body)
    for _ in range(min(source.randint(1, 6), len(octets))):
        place = source.randrange(len(octets))
        kind = source.randrange(3)
        if kind == 0:
            octets[place] = source.choice(b'0-19.eE"\\{}[],: \x00\xff\xd8nt')
        elif kind == 1:
            del octets[place]
        else:
            octets[place:place] = octets[place : place + source.randint(1, 40)]
    return bytes(octets)


def structured_messages(source: random.Random) -> Message:
    sample = source.choice(list(SAMPLES.values()))
    return message(
        mutate(source, sample.message.body), source.choice(["application/json", STRUCTURED, BATCHED])
    )


def binary_messages(source: random.Random) -> Message:
    whole = binary(source.choice(["exception", "receipt"]))
    headers = dict(whole.headers)
    name = source.choice(sorted(headers))
    headers[name] = mutate(source, headers[name].encode()).decode("latin-1")
    return message(mutate(source, whole.body) if source.random() < 0.3 else whole.body, "", headers)


@pytest.mark.parametrize("make", [structured_messages, binary_messages])
def test_mutated_bytes_raise_nothing_but_errors_of_ours(make: Callable[[random.Random], Message]) -> None:
    """8,000 messages with 1 to 6 bytes changed, removed or doubled, by a fixed seed, none validated."""
    source = random.Random(20261123)
    outcomes = {"read": 0, "refused": 0}
    for _ in range(8000):
        try:
            for arrival in ADAPTER.split(make(source)):
                ADAPTER.normalise(ADAPTER.decode(arrival), SOURCE, RECEIVED_AT)
            outcomes["read"] += 1
        except EventError:
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 200, outcomes
