"""GS1 XML 3: which messages are recognised, how they are cut, what they mean, and which errors come out."""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from adapters.conformance import RECEIVED_AT, demo_source, samples
from adapters.wms.gs1.adapter import Gs1Adapter
from contracts.canon import as_document
from contracts.canonical import Category, Fact, FactKind, Normalised, RetailException
from contracts.documents import Arrival, Document, Message
from contracts.errors import (
    ContractUnknown,
    ContractViolated,
    RequestInvalid,
    RequestUnreadable,
    Unmapped,
)
from contracts.registry import Registry

ADAPTER = Gs1Adapter()
REGISTRY = Registry.load()
SOURCE = demo_source("wms")
SAMPLES = {each.case: each.message.body.decode() for each in samples("wms", "gs1")}


def message(text: str | bytes) -> Message:
    return Message(body=text.encode() if isinstance(text, str) else text, media_type="application/xml")


def decoded(text: str | bytes) -> Iterator[Document]:
    for arrival in ADAPTER.split(message(text)):
        yield ADAPTER.decode(arrival)


def meant(text: str | bytes) -> Normalised:
    """What a message with one document means, after it was held against its contract."""
    (document,) = decoded(text)
    return ADAPTER.normalise(REGISTRY.validate(document), SOURCE, RECEIVED_AT)


def only_fact(text: str | bytes) -> Fact:
    (fact,) = meant(text).facts
    return fact


def sides(exceptions: tuple[RetailException, ...]) -> list[tuple[str, str, str]]:
    return [(each.category.value, each.expected.value, each.actual.value) for each in exceptions]


def changed(case: str, old: str, new: str, count: int = 0) -> str:
    assert old in SAMPLES[case], old
    return SAMPLES[case].replace(old, new, count or -1)


# what is recognised


@pytest.mark.parametrize("case", SAMPLES)
def test_own_samples_are_recognised(case: str) -> None:
    assert ADAPTER.recognises(message(SAMPLES[case]))


def test_of_real_payloads_those_of_gs1_xml_are_recognised_and_understood(samples_folder: Path) -> None:
    recognised = []
    for path in sorted(samples_folder.rglob("*.xml")):
        if ADAPTER.recognises(message(path.read_bytes())):
            recognised.append(path.parent.name)
            for document in decoded(path.read_bytes()):
                normalised = ADAPTER.normalise(REGISTRY.validate(document), SOURCE, RECEIVED_AT)
                assert normalised.facts
                assert not normalised.exceptions
                for fact in normalised.facts:
                    REGISTRY.validate(as_document(fact))
    assert set(recognised) == {"sap-3pl-gs1xml"}


@pytest.mark.parametrize("body", [b"", b"<a/>", b"{}", b"<despatchAdvice/>", b"<Message/>", b"<"])
def test_what_is_no_message_of_gs1_is_not_recognised(body: bytes) -> None:
    assert not ADAPTER.recognises(message(body))


@pytest.mark.parametrize("namespace", ["", ' xmlns="urn:gs1:ecom:despatch_advice:xsd:3"'])
def test_a_message_is_recognised_without_its_prefix(namespace: str) -> None:
    text = re.sub(
        r"despatch_advice:despatchAdviceMessage", "despatchAdviceMessage", SAMPLES["despatch-advice"]
    )
    text = re.sub(r' *xmlns:despatch_advice="[^"]*"', namespace, text)
    assert ADAPTER.recognises(message(text))
    assert only_fact(text) == only_fact(SAMPLES["despatch-advice"])


def test_bom_and_ends_of_lines_change_nothing() -> None:
    text = "\ufeff" + SAMPLES["inbound-short"].replace("\n", "\r\n")
    assert ADAPTER.recognises(message(text))
    assert meant(text) == meant(SAMPLES["inbound-short"])


def test_utf_16_changes_nothing() -> None:
    text = SAMPLES["inbound-short"].replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16")
    assert ADAPTER.recognises(message(text))
    assert meant(text) == meant(SAMPLES["inbound-short"])


def test_a_message_of_another_family_is_refused_by_name() -> None:
    invoice = '<i:invoiceMessage xmlns:i="urn:gs1:ecom:invoice:xsd:3"><invoice/></i:invoiceMessage>'
    assert ADAPTER.recognises(message(invoice))
    with pytest.raises(ContractUnknown, match="invoiceMessage is no GS1 message that is read"):
        list(decoded(invoice))


# how a message is cut


def test_each_document_of_a_message_keeps_the_header() -> None:
    documents = list(decoded(SAMPLES["inventory-reports"]))
    headers = [each.tree["StandardBusinessDocumentHeader"] for each in documents]
    assert headers[0] == headers[1]
    assert len({each.source_event_id for each in documents}) == 2
    assert [each.business_key for each in documents] == ["stock:4012345000061", "stock:4012345000078"]


def test_a_message_without_documents_is_unreadable() -> None:
    empty = '<r:receivingAdviceMessage xmlns:r="urn:gs1:ecom:receiving_advice:xsd:3"/>'
    with pytest.raises(RequestUnreadable, match="holds no receivingAdvice"):
        list(decoded(empty))


def test_an_empty_document_breaks_its_contract() -> None:
    empty = "<receivingAdviceMessage><receivingAdvice/></receivingAdviceMessage>"
    (document,) = decoded(empty)
    with pytest.raises(ContractViolated):
        REGISTRY.validate(document)


def test_two_documents_in_one_item_are_unreadable() -> None:
    text = "<receivingAdviceMessage><receivingAdvice/><receivingAdvice/></receivingAdviceMessage>"
    with pytest.raises(RequestUnreadable, match="an item has one"):
        ADAPTER.decode(Arrival(body=text.encode()))


# which id a message has


def test_states_of_one_delivery_are_events_of_their_own() -> None:
    """SAP's integration sends the delivery's number as the InstanceIdentifier of each of its states."""
    (picked,) = decoded(SAMPLES["outbound-picked-short"])
    (loaded,) = decoded(SAMPLES["outbound-loaded"])
    assert picked.source_event_id != loaded.source_event_id
    assert picked.business_key == loaded.business_key == "delivery:8000411"


def test_a_message_without_a_header_has_no_id_of_its_own() -> None:
    header = re.compile(
        "<sh:StandardBusinessDocumentHeader>.*</sh:StandardBusinessDocumentHeader>", re.DOTALL
    )
    (document,) = decoded(header.sub("", SAMPLES["inbound-short"]))
    assert document.source_event_id is None
    REGISTRY.validate(document)


def test_an_identification_that_cannot_be_an_id_is_refused() -> None:
    with pytest.raises(RequestInvalid, match="InstanceIdentifier"):
        list(decoded(changed("inbound-short", "MSG-70012", "9" * 300)))


# what a receipt means


def test_a_receipt_names_what_it_answers_to() -> None:
    fact = only_fact(SAMPLES["inbound-received"])
    assert fact.kind is FactKind.RECEIPT
    assert fact.occurred_at == "2026-11-23T14:20:05+01:00"
    assert fact.place is not None
    assert fact.place.id == "DC07"
    assert fact.partner is not None
    assert (fact.partner.role, fact.partner.id) == ("supplier", "4033333000022")
    assert [(each.kind, each.id, each.line) for each in fact.references] == [
        ("delivery", "ASN-88120", None),
        ("purchase-order", "PO-55102", "000010"),
    ]
    first, second = fact.lines
    assert first.item is not None
    assert (first.item.id, first.item.gtin) == ("TEA-EARL-50", "04006381333931")
    assert second.quantity is not None
    assert (second.quantity.value, second.quantity.unit) == ("96.5", "KGM")


def test_a_line_that_got_less_than_planned_is_short_when_receiving_is_finished() -> None:
    normalised = meant(SAMPLES["inbound-short"])
    assert sides(normalised.exceptions) == [
        ("supplier-short-shipment", "240", "180"),
        ("supplier-short-shipment", "48", "0"),
    ]
    damaged = normalised.exceptions[1]
    assert damaged.item is not None
    assert damaged.item.id == "SUGAR-CANE-500"
    assert {each.value for each in damaged.evidence} == {
        "48",
        "0",
        "non_sellable_damaged",
        "RECEIVING_FINISHED",
    }
    assert normalised.facts[0].lines[2].reason == "non_sellable_damaged"


def test_lots_of_one_order_line_are_counted_together() -> None:
    text = changed(
        "inbound-short", "<lineItemNumber>20</lineItemNumber>", "<lineItemNumber>10</lineItemNumber>"
    )
    text = text.replace("COFFEE-FLT-1K", "TEA-EARL-50").replace('"H87">60<', '"H87">240<', 1)
    assert sides(meant(text).exceptions) == [("supplier-short-shipment", "48", "0")]


def test_a_quantity_in_another_unit_is_not_compared() -> None:
    text = changed("inbound-short", '"H87">180<', '"CT">10<')
    assert [each[1] for each in sides(meant(text).exceptions)] == ["48"]


def test_two_shipments_of_a_notification_are_two_facts() -> None:
    shipment = re.compile("<(warehousingInboundNotificationShipment)>.*</\\1>", re.DOTALL)
    text = shipment.sub(lambda found: found.group() * 3, SAMPLES["inbound-short"])
    text = text.replace("ASN-88121", "ASN-88122", 1)
    assert [fact.key for fact in meant(text).facts] == [
        "RCV-3302:ASN-88122",
        "RCV-3302:ASN-88121",
        "RCV-3302:3",
    ]


@pytest.mark.parametrize("case", ["inbound-short", "outbound-picked-short", "operations-counted"])
def test_a_document_that_is_withdrawn_says_nothing(case: str) -> None:
    assert meant(changed(case, ">ADD<", ">DELETE<")) == Normalised()


def test_a_return_is_known_by_the_guide_that_the_sender_follows() -> None:
    text = changed("inbound-received", ">ReceivingFinished<", ">CustomerReturnReceivingFinished<")
    fact = only_fact(text)
    assert fact.kind is FactKind.RETURN
    assert fact.partner is None


def test_a_bar_code_of_zeros_is_none() -> None:
    fact = only_fact(changed("inbound-received", "04006381333931", "00000000000000"))
    assert fact.lines[0].item is not None
    assert fact.lines[0].item.gtin is None


def test_an_item_without_a_number_of_its_own_goes_by_its_gtin() -> None:
    own = re.compile(" *<additionalTradeItemIdentification .*</additionalTradeItemIdentification>\n")
    fact = only_fact(own.sub("", SAMPLES["inbound-received"]))
    assert [line.item.id if line.item else None for line in fact.lines] == ["04006381333931", None]


# what a shipment means


def test_a_short_pick_is_a_variance_of_the_stock() -> None:
    assert sides(meant(SAMPLES["outbound-picked-short"]).exceptions) == [("inventory-variance", "24", "10")]


def test_one_unit_less_and_whole_packages_are_no_variance() -> None:
    assert not meant(SAMPLES["outbound-picked"]).exceptions
    assert not meant(changed("outbound-picked-short", '"H87">10<', '"H87">24<')).exceptions


def test_what_is_announced_after_picking_is_not_told_twice() -> None:
    assert not meant(SAMPLES["outbound-loaded"]).exceptions


def test_a_customer_without_a_gln_is_not_named() -> None:
    fact = only_fact(changed("outbound-picked", "<gln>4098765000408</gln>", ""))
    assert fact.partner is None


def test_lines_on_two_pallets_are_one_order_line() -> None:
    normalised = meant(SAMPLES["despatch-advice"])
    assert [line.quantity.value for line in normalised.facts[0].lines if line.quantity] == ["120", "80"]
    assert not normalised.exceptions


def test_less_despatched_than_requested_is_short() -> None:
    (short,) = meant(SAMPLES["despatch-advice-short"]).exceptions
    assert (short.expected.value, short.actual.value) == ("200", "120")
    assert [(name.name, name.value) for name in short.assumed] == [("place_kind", "dc"), ("unit", "EA")]
    assert "OUT_OF_INVENTORY" in {each.value for each in short.evidence}


# what a receiving advice means


def test_what_was_refused_did_not_arrive() -> None:
    normalised = meant(SAMPLES["receiving-advice-damaged"])
    assert sides(normalised.exceptions) == [("supplier-short-shipment", "100.5", "50")]
    assert normalised.facts[0].lines[0].reason == "DAMAGED_PRODUCT_OR_CONTAINER"


def test_where_nothing_is_said_of_accepting_what_was_received_counts() -> None:
    text = changed("receiving-advice-damaged", ">25</quantityReceived>", ">20</quantityReceived>")
    assert sides(meant(text).exceptions)[1] == ("supplier-short-shipment", "25", "20")


def test_lines_beside_the_logistic_units_are_read_too() -> None:
    text = re.sub("</?receivingAdviceLogisticUnit>", "", SAMPLES["receiving-advice-damaged"])
    assert sides(meant(text).exceptions) == [("supplier-short-shipment", "100.5", "50")]


# what stock means


def test_lots_that_add_up_are_lines_of_their_own() -> None:
    first, second = meant(SAMPLES["inventory-report"]).facts
    assert [(line.line, line.quantity.value) for line in first.lines if line.quantity] == [
        ("TEA-EARL-50:sellable_accessible:A-01-3:L77", "80"),
        ("TEA-EARL-50:sellable_accessible:A-01-3:L78", "40"),
        ("TEA-EARL-50:non_sellable_damaged:QA", "4"),
    ]
    assert first.occurred_at == "2026-11-24T06:00:00+01:00"
    assert [line.quantity.value for line in second.lines if line.quantity] == ["300"]


def test_a_location_that_comes_twice_is_one_fact() -> None:
    facts = meant(changed("inventory-report", "4012345000078", "4012345000061")).facts
    assert [(fact.key, len(fact.lines)) for fact in facts] == [("INV-162:4012345000061", 4)]


def test_a_count_of_more_lines_than_a_fact_holds_is_several_facts() -> None:
    status = re.compile("<(tradeItemInventoryStatus)>.*</\\1>", re.DOTALL)
    text = re.sub(">\\s+<", "><", SAMPLES["inventory-report"])
    one = "<tradeItemInventoryStatus><tradeItemQuantity>1</tradeItemQuantity></tradeItemInventoryStatus>"
    facts = meant(status.sub(one * 10_001, text)).facts
    assert [len(fact.lines) for fact in facts] == [10_000, 1]
    assert len({fact.key for fact in facts}) == 2
    REGISTRY.validate(as_document(facts[0]))


def test_a_period_without_times_or_offsets_ends_in_the_sources_zone() -> None:
    text = re.sub("<(begin|end)Time>.*</\\1Time>", "", SAMPLES["inventory-report"])
    fact = meant(text.replace("2026-11-24+01:00</endDate>", "2026-11-24</endDate>")).facts[0]
    assert fact.occurred_at == "2026-11-24T00:00:00+01:00"
    assert ("time_zone", "Europe/Berlin") in {(each.name, each.value) for each in fact.assumed}


def test_a_change_of_disposition_moves_stock_out_and_in() -> None:
    normalised = meant(SAMPLES["operations-damaged"])
    assert [line.quantity.value for line in normalised.facts[0].lines if line.quantity] == ["-3", "3"]
    assert not normalised.exceptions


def test_what_a_count_changed_is_a_variance_from_two_units_on() -> None:
    (variance,) = meant(SAMPLES["operations-counted"]).exceptions
    assert variance.category is Category.INVENTORY_VARIANCE
    assert (variance.expected.value, variance.actual.value) == ("0", "-12")
    assert ("quantity", "change") in {(each.name, each.value) for each in variance.assumed}
    assert variance.missing == ("on_hand", "unit_cost")


def test_a_movement_without_a_direction_has_no_quantity() -> None:
    text = re.sub(" *<inventoryMovementTypeCode>.*\n", "", SAMPLES["operations-counted"])
    normalised = meant(text)
    assert [line.quantity for line in normalised.facts[0].lines] == [None, None]
    assert not normalised.exceptions


# what is only observed


@pytest.mark.parametrize(
    "document",
    ["warehousingOutboundInstruction", "warehousingOperationsInstruction", "itemDataNotification",
     "inventoryReport", "transportStatusNotification", "logisticsInventoryReportRequest"],
)  # fmt: skip
def test_other_logistics_messages_are_accepted_and_say_nothing(document: str) -> None:
    text = SAMPLES["inbound-instruction"].replace("warehousingInboundInstruction", document)
    assert ADAPTER.recognises(message(text))
    assert meant(text) == Normalised()


def test_an_instruction_is_grouped_with_its_notification() -> None:
    (instruction,) = decoded(SAMPLES["inbound-instruction"])
    assert instruction.business_key == "delivery:ASN-88121"


# what goes no further, and what is wrong


@pytest.mark.parametrize("case", SAMPLES)
def test_names_and_addresses_go_no_further(case: str) -> None:
    for document in decoded(SAMPLES[case]):
        said = msgspec.json.encode(ADAPTER.normalise(document, SOURCE, RECEIVED_AT)).decode()
        assert not re.search("Mira|Timo|Jonas|Lena|Marktgasse|example|5550123", said)


def test_a_quantity_in_words_breaks_the_contract_at_its_place() -> None:
    with pytest.raises(ContractViolated) as caught:
        meant(changed("inbound-short", '"H87">180<', '"H87">many<'))
    assert caught.value.violations[0].path.endswith("[1]/actualReceiptQuantity")


def mutations(case: str) -> Iterator[str]:
    """The sample without each of its elements, with it empty, and with it twice."""
    text = SAMPLES[case]
    for name in sorted(set(re.findall("<([A-Za-z:_]+)[ >]", text))):
        element = re.compile(f"<{name}(>| [^>]*>).*?</{name}>", re.DOTALL)
        yield element.sub("", text)
        yield element.sub(f"<{name}/>", text)
        yield element.sub(lambda found: found.group() * 2, text)


def understandable(text: str) -> Iterator[Normalised]:
    """What the documents of a message mean, as far as they mean anything."""
    try:
        for document in decoded(text):
            yield ADAPTER.normalise(REGISTRY.validate(document), SOURCE, RECEIVED_AT)
    except (ContractUnknown, ContractViolated, RequestInvalid, RequestUnreadable, Unmapped):
        return


@pytest.mark.parametrize("case", SAMPLES)
def test_elements_that_are_gone_empty_or_twice_crash_nothing_and_break_no_canonical_contract(
    case: str,
) -> None:
    understood = 0
    for text in mutations(case):
        for normalised in understandable(text):
            understood += 1
            for canonical in (*normalised.facts, *normalised.exceptions):
                REGISTRY.validate(as_document(canonical))
    assert understood > 20
