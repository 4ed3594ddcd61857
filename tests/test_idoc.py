"""SAP IDocs: which are recognised, how a file is cut, what each means, and what is refused."""

import random
import re
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.catalogue import Catalogue
from adapters.conformance import RECEIVED_AT, demo_source, meaning, run, samples
from adapters.erp import ADAPTERS
from adapters.personal import looks_personal
from contracts.canon import as_document
from contracts.canonical import Category, Fact, FactKind, Money, Normalised, RetailException
from contracts.documents import Arrival, Document, Message
from contracts.errors import (
    ContractUnknown,
    ContractViolated,
    EventError,
    RequestUnreadable,
    Unmapped,
)
from contracts.registry import Registry

ADAPTER = ADAPTERS[0]
REGISTRY = Registry.load()
SOURCE = demo_source("erp")
SAMPLES = {sample.case: sample for sample in samples("erp", "idoc")}


def message(body: bytes) -> Message:
    return Message(body=body, media_type="application/xml")


def edited(case: str, *changes: tuple[str, str]) -> bytes:
    """A sample with texts replaced, wherever they stand."""
    text = SAMPLES[case].message.body.decode()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text.encode()


def documents(body: bytes) -> list[Document]:
    return [ADAPTER.decode(arrival) for arrival in ADAPTER.split(message(body))]


def meant(body: bytes) -> Normalised:
    """What the only IDoc of a file means, after it was held against its contract."""
    (document,) = documents(body)
    return ADAPTER.normalise(REGISTRY.validate(document), SOURCE, RECEIVED_AT)


def fact(body: bytes) -> Fact:
    (only,) = meant(body).facts
    return only


def exception(body: bytes) -> RetailException:
    (only,) = meant(body).exceptions
    return only


def differences(body: bytes) -> list[tuple[str, str, str]]:
    return [(each.key, each.expected.value, each.actual.value) for each in meant(body).exceptions]


def real_files(folder: Path) -> list[Path]:
    files = [
        *(folder / "erp" / "sap-idoc").glob("*.xml"),
        *(folder / "erp" / "mock-sap-generated").glob("*.xml"),
    ]
    assert len(files) >= 8
    return sorted(files)


# what is recognised


@pytest.mark.parametrize("case", SAMPLES)
def test_own_sample_is_recognised_and_means_what_its_expectation_says(case: str) -> None:
    sample = SAMPLES[case]
    assert ADAPTER.recognises(sample.message)
    assert [meaning(item) for item in run(ADAPTER, sample, REGISTRY, SOURCE)] == sample.expected.items


@pytest.mark.parametrize("root", ["ZORDERS", "WPUBON01", "ORDERS06", "INVOIC02X", "PEXR2002"])
def test_another_basic_type_is_unsupported_and_says_what_is_read(root: str) -> None:
    body = edited("order", ("ORDERS05>", f"{root}>"), ("<IDOCTYP>ORDERS05", f"<IDOCTYP>{root}"))
    assert Catalogue(ADAPTERS).for_message("erp", message(body)) is ADAPTER
    with pytest.raises(ContractUnknown, match=f"{root}.*INVOIC02, DELVRY07, ORDERS05, MATMAS05"):
        ADAPTER.decode(Arrival(body=body))


@pytest.mark.parametrize("body", [b"", b"{}", b"ISA*00*", b"<a/>", b"<IDOC/>", b"\xff\xfe\x00", b"<INVOIC02"])
def test_what_is_no_idoc_is_not_recognised(body: bytes) -> None:
    assert not ADAPTER.recognises(message(body))


def test_other_payloads_of_an_erp_are_not_recognised(samples_folder: Path) -> None:
    ours = set(real_files(samples_folder))
    others = [path for path in (samples_folder / "erp").rglob("*") if path.is_file() and path not in ours]
    assert others
    for path in others:
        assert not ADAPTER.recognises(message(path.read_bytes())), path.name


def test_namespace_and_encoding_do_not_matter() -> None:
    text = SAMPLES["order"].message.body.decode()
    text = text.replace('encoding="UTF-8"', 'encoding="UTF-16"').replace(
        "<ORDERS05>", '<ORDERS05 xmlns="urn:sap">'
    )
    body = text.encode("utf-16")
    assert ADAPTER.recognises(message(body))
    assert fact(body) == fact(SAMPLES["order"].message.body)


# real files


def test_every_real_file_keeps_its_contract_and_shows_no_exception(samples_folder: Path) -> None:
    for path in real_files(samples_folder):
        assert ADAPTER.recognises(message(path.read_bytes())), path.name
        normalised = meant(path.read_bytes())
        assert normalised.exceptions == (), path.name
        assert len(normalised.facts) == 1, path.name


def test_facts_of_real_files_keep_their_canonical_contracts(samples_folder: Path) -> None:
    for path in real_files(samples_folder):
        for each in meant(path.read_bytes()).facts:
            REGISTRY.validate(as_document(each))


def test_real_files_are_of_the_kinds_that_their_names_say(samples_folder: Path) -> None:
    kinds = {path.name: fact(path.read_bytes()).kind for path in real_files(samples_folder)}
    assert kinds["DELVRY07_customer_return.xml"] is FactKind.RETURN
    assert kinds["DELVRY07_inbound_delivery.xml"] is FactKind.SHIPMENT
    assert kinds["DELVRY07_o2c_edifact.xml"] is FactKind.SHIPMENT
    assert kinds["INVOIC02_o2c_x12_4010.xml"] is FactKind.INVOICE
    assert kinds["MATMAS05_material_master.xml"] is FactKind.ITEM
    assert kinds["ORDERS05_o2c_soap_response.xml"] is FactKind.SALES_ORDER
    assert kinds["ORDERS_1.xml"] is FactKind.PURCHASE_ORDER


def test_real_invoice_is_read_to_its_cents(samples_folder: Path) -> None:
    invoice = fact((samples_folder / "erp/sap-idoc/INVOIC02_o2c_x12_4010.xml").read_bytes())
    (line,) = invoice.lines
    assert line.quantity is not None
    assert (line.quantity.value, line.quantity.unit) == ("320", "H87")
    assert invoice.total is not None
    assert (invoice.total.amount, invoice.total.currency) == ("67574.40", "GBP")
    assert [(one.kind, one.id, one.line) for one in line.references] == [
        ("purchase-order", "1DFYVN6W", "000001"),
        ("sales-order", "2000321116", "000010"),
        ("delivery", "8000433686", "000010"),
    ]


# versions and wrappings


@pytest.mark.parametrize(
    ("case", "newest", "earlier"),
    [
        ("order", "ORDERS05", "ORDERS01"),
        ("order", "ORDERS05", "ORDERS04"),
        ("invoice", "INVOIC02", "INVOIC01"),
        ("inbound-delivery-short", "DELVRY07", "DELVRY03"),
        ("material", "MATMAS05", "MATMAS03"),
        ("goods-receipt", "MBGMCR03", "MBGMCR02"),
        ("goods-receipt", "MBGMCR03", "MBGMCR04"),
    ],
)
def test_earlier_version_of_a_basic_type_keeps_the_contract_of_the_newest(
    case: str, newest: str, earlier: str
) -> None:
    body = edited(case, (f"{newest}>", f"{earlier}>"), (f"<IDOCTYP>{newest}", f"<IDOCTYP>{earlier}"))
    original = SAMPLES[case].message.body
    assert ADAPTER.recognises(message(body))
    assert documents(body)[0].contract == documents(original)[0].contract
    assert documents(body)[0].root == f"/{earlier}/IDOC"
    assert meant(body) == meant(original)


def test_root_may_have_the_name_of_an_extension() -> None:
    body = edited(
        "order-with-custom-segments", ("<ORDERS05>", "<ZHVORDERS>"), ("</ORDERS05>", "</ZHVORDERS>")
    )
    assert ADAPTER.recognises(message(body))
    assert documents(body)[0].contract == "erp-sap-orders05"


def test_idocs_in_a_soap_envelope_are_items_of_their_own() -> None:
    text = SAMPLES["several-deliveries"].message.body.decode()
    root = text[text.index("<DELVRY07") :]
    namespace = "urn:sap-com:document:sap:idoc:soap:messages"
    wrapped = (
        '<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Header/><S:Body>'
        + root.replace("<DELVRY07", f'<DELVRY07 xmlns="{namespace}"', 1)
        + "</S:Body></S:Envelope>"
    ).encode()
    assert ADAPTER.recognises(message(wrapped))
    found, bare = documents(wrapped), documents(SAMPLES["several-deliveries"].message.body)
    assert [each.tree for each in found] == [each.tree for each in bare]
    assert [each.source_event_id for each in found] == [each.source_event_id for each in bare]


# goods movements


def test_goods_movements_go_the_way_that_their_type_says() -> None:
    receipt, movement = meant(SAMPLES["goods-receipt"].message.body).facts
    assert (receipt.kind, movement.kind) == (FactKind.RECEIPT, FactKind.STOCK_MOVEMENT)
    assert [(line.quantity and line.quantity.value, line.reason) for line in receipt.lines] == [("40", "101")]
    assert [(line.quantity and line.quantity.value, line.reason) for line in movement.lines] == [
        ("-3", "122")
    ]
    assert receipt.partner is not None
    assert receipt.partner.id == "0000104711"
    assert receipt.business_day == "2026-11-20"
    assert [(one.kind, one.id) for one in receipt.references] == [
        ("purchase-order", "4500038811"),
        ("idoc", "0000000004700011"),
    ]


@pytest.mark.parametrize(
    ("code", "kind", "quantity"),
    [
        ("101", FactKind.RECEIPT, "40"), ("102", FactKind.RECEIPT, "-40"), ("653", FactKind.RETURN, "40"),
        ("161", FactKind.STOCK_MOVEMENT, "-40"), ("551", FactKind.STOCK_MOVEMENT, "-40"),
        ("311", FactKind.STOCK_MOVEMENT, "-40"), ("901", FactKind.STOCK_MOVEMENT, "40"),
    ],
)  # fmt: skip
def test_movement_type_decides_what_happened(code: str, kind: FactKind, quantity: str) -> None:
    found = fact(edited("warehouse-movement", ("<BWART>101", f"<BWART>{code}")))
    (line,) = found.lines
    assert line.quantity is not None
    assert (found.kind, line.quantity.value) == (kind, quantity)


def test_unknown_movement_without_a_debit_or_credit_sign_has_no_quantity() -> None:
    body = edited("warehouse-movement", ("<BWART>101", "<BWART>901"), ("<SHKZG>S</SHKZG>", ""))
    assert fact(body).lines[0].quantity is None
    falls = edited("warehouse-movement", ("<BWART>101", "<BWART>901"), ("<SHKZG>S", "<SHKZG>H"))
    assert falls != body
    quantity = fact(falls).lines[0].quantity
    assert quantity is not None
    assert quantity.value == "-40"


def test_goods_movement_is_known_by_its_document_else_by_the_idoc_else_by_the_senders_number() -> None:
    assert fact(SAMPLES["warehouse-movement"].message.body).key == "5000001877:2026"
    not_posted = ("<MBLNR>5000001877</MBLNR>", "")
    assert fact(edited("warehouse-movement", not_posted)).key == "idoc:0000000004700013"
    no_number = ("<DOCNUM>0000000004700013</DOCNUM>", "")
    assert fact(edited("warehouse-movement", not_posted, no_number)).key == "80014477:20261120"
    with pytest.raises(Unmapped, match="XBLNR"):
        fact(edited("warehouse-movement", not_posted, no_number, ("<XBLNR>80014477</XBLNR>", "")))


def test_difference_of_a_count_is_an_exception_from_two_units_on() -> None:
    found = exception(SAMPLES["count-differences"].message.body)
    assert (found.category, found.missing) == (Category.INVENTORY_VARIANCE, ("on_hand", "unit_cost"))
    assert [each.value for each in found.evidence] == ["702", "5.000", "PCE"]
    assert differences(edited("count-differences", ("5.000", "1.000"))) == []


def test_test_run_moves_nothing() -> None:
    body = edited("goods-receipt", ('<E1MBGMCR SEGMENT="1">', '<E1MBGMCR SEGMENT="1"><TESTRUN>X</TESTRUN>'))
    assert meant(body) == Normalised()


# the tree and its identity


def test_every_segment_is_a_list_and_the_control_record_is_not() -> None:
    (document,) = documents(SAMPLES["order"].message.body)
    assert document.root == "/ORDERS05/IDOC"
    assert isinstance(document.tree["EDI_DC40"], dict)
    for name in ("E1EDK01", "E1EDK14", "E1EDP01"):
        assert isinstance(document.tree[name], list)
    assert isinstance(document.tree["E1EDP01"][0]["E1EDP20"], list)


def test_segments_are_lists_without_their_segment_attribute_too() -> None:
    body = edited("order-with-custom-segments", (' SEGMENT="1"', ""))
    (document,) = documents(body)
    assert isinstance(document.tree["Z1HVHEAD"], list)
    assert isinstance(document.tree["E1EDP01"][0]["Z1HVITEM"], list)
    expected = fact(SAMPLES["order-with-custom-segments"].message.body)
    assert fact(body) == expected


def test_same_idoc_sent_again_has_the_same_id() -> None:
    first = documents(SAMPLES["invoice"].message.body)[0].source_event_id
    again = edited(
        "invoice",
        ("<CRETIM>081502", "<CRETIM>111111"),
        ("<SERIAL>20260910", "<SERIAL>20991231"),
        ("SAPHVR", "OTHER"),
    )
    assert documents(again)[0].source_event_id == first == "210:LI:0000104711:0000000004100001"


@pytest.mark.parametrize(
    "change",
    [
        ("<MANDT>210", "<MANDT>300"),
        ("<SNDPRT>LI", "<SNDPRT>KU"),
        ("<SNDPRN>0000104711", "<SNDPRN>0000104712"),
        ("<DOCNUM>0000000004100001", "<DOCNUM>0000000004100777"),
    ],
)
def test_another_client_partner_or_number_is_another_idoc(change: tuple[str, str]) -> None:
    other = documents(edited("invoice", change))[0].source_event_id
    assert other != documents(SAMPLES["invoice"].message.body)[0].source_event_id


def test_idoc_that_was_never_numbered_is_known_by_its_place_in_the_file() -> None:
    (document,) = documents(edited("invoice", ("0000000004100001", "0000000000000000")))
    assert document.source_event_id is None
    REGISTRY.validate(document)


def test_purchase_order_is_the_business_key_with_or_without_leading_zeros() -> None:
    padded = edited("invoice", ("4500031001", "0000031001"))
    plain = edited("invoice", ("4500031001", "31001"))
    assert documents(padded)[0].business_key == documents(plain)[0].business_key == "po:31001"
    # the document's own number is kept
    assert "0000031001" in {one.id for one in fact(padded).references}


def test_business_key_is_the_item_or_the_partner_where_there_is_no_order() -> None:
    assert documents(SAMPLES["material"].message.body)[0].business_key == "item:204410"
    no_order = edited("invoice", ("<QUALF>001</QUALF>", "<QUALF>999</QUALF>"))
    assert documents(no_order)[0].business_key == "partner:0000104711"


def test_order_and_its_invoice_have_one_business_key() -> None:
    keys = {
        documents(SAMPLES[case].message.body)[0].business_key
        for case in ("order", "invoice-dearer-than-order")
    }
    assert keys == {"po:4500031207"}


def test_each_idoc_of_a_file_is_an_item_with_an_id_of_its_own() -> None:
    sample = SAMPLES["several-deliveries"]
    arrivals = list(ADAPTER.split(sample.message))
    assert [(each.item, each.items) for each in arrivals] == [(1, 3), (2, 3), (3, 3)]
    assert len({each.file for each in arrivals}) == 1
    assert len({ADAPTER.decode(each).source_event_id for each in arrivals}) == 3
    kinds = [ADAPTER.normalise(ADAPTER.decode(each), SOURCE, RECEIVED_AT).facts[0].kind for each in arrivals]
    assert kinds == [FactKind.SHIPMENT, FactKind.SHIPMENT, FactKind.RETURN]


def test_order_of_segments_does_not_matter() -> None:
    """What comes first in a document must not decide what it means."""
    for case in ("invoice-total-off", "order-confirmation-short", "invoice-not-posted"):
        text = SAMPLES[case].message.body.decode()
        control = re.search(r"    <EDI_DC40.*?</EDI_DC40>\n", text, re.DOTALL)
        assert control is not None
        moved = text.replace(control.group(), "").replace("  </IDOC>", f"{control.group()}  </IDOC>")
        headers = re.findall(r"    <E1EDK0[12] .*?</E1EDK0[12]>\n", moved, re.DOTALL)
        for header in headers:
            moved = moved.replace(header, "", 1).replace("  </IDOC>", f"{header}  </IDOC>")
        assert moved != text
        assert [without_places(each) for each in meant(moved.encode()).exceptions] == [
            without_places(each) for each in meant(text.encode()).exceptions
        ]


def without_places(found: RetailException) -> RetailException:
    return msgspec.structs.replace(found, evidence=tuple(sorted(each.value for each in found.evidence)))


def test_pointers_of_evidence_lead_to_what_they_quote() -> None:
    for sample in SAMPLES.values():
        for item in run(ADAPTER, sample, REGISTRY, SOURCE):
            for found in item.normalised.exceptions:
                assert found.evidence
                for each in found.evidence:
                    assert at(item.document.tree, each.pointer) == each.value


def at(tree: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        tree = tree[int(part)] if isinstance(tree, list) else tree[part]
    return tree


# numbers, days and what is not said


def test_minus_may_trail_and_blanks_may_lead() -> None:
    crate = fact(SAMPLES["invoice"].message.body).lines[2]
    assert crate.quantity is not None
    assert crate.amount is not None
    assert (crate.quantity.value, crate.amount.amount) == ("-12", "-3.00")
    (line,) = fact(SAMPLES["order-with-custom-segments"].message.body).lines
    assert line.quantity is not None
    assert line.quantity.value == "240"


def test_unit_price_is_for_one_unit_where_the_price_is_for_a_hundred() -> None:
    bags = fact(SAMPLES["invoice"].message.body).lines[1]
    assert bags.unit_price is not None
    assert bags.unit_price.amount == "0.31"


def test_unit_price_is_left_out_where_it_is_for_another_unit() -> None:
    order = edited("order", ("<PMENE>PCE", "<PMENE>CS"))
    assert fact(order).lines[0].unit_price is None


def test_zeros_are_no_day() -> None:
    assert fact(SAMPLES["invoice"].message.body).business_day == "2026-09-09"
    body = edited("invoice", ("<DATUM>20260909", "<DATUM>00000000"), ("<IDDAT>026", "<IDDAT>026"))
    assert fact(body).business_day is None
    assert fact(body).occurred_at == "2026-09-10T08:15:02+02:00"


def test_time_of_creation_is_the_sources_own_and_said_to_be_assumed() -> None:
    order = fact(SAMPLES["order"].message.body)
    assert order.occurred_at == "2026-09-02T14:10:11+02:00"
    assert ("time_zone", "Europe/Berlin") in {(each.name, each.value) for each in order.assumed}


@pytest.mark.parametrize("day", ["00000000", "", "20261341", "00010101"])
def test_idoc_without_a_day_of_creation_happened_when_it_came(day: str) -> None:
    order = fact(edited("order", ("<CREDAT>20260902", f"<CREDAT>{day}")))
    assert order.occurred_at == RECEIVED_AT
    assert ("occurred_at", "received_at") in {(each.name, each.value) for each in order.assumed}


@pytest.mark.parametrize("time", ["", "999999"])
def test_idoc_without_a_time_of_creation_happened_on_its_day(time: str) -> None:
    order = fact(edited("order", ("<CRETIM>141011", f"<CRETIM>{time}")))
    assert order.occurred_at == "2026-09-02T00:00:00+02:00"


def test_currency_and_unit_that_are_not_said_are_assumed() -> None:
    order = fact(
        edited("order", ("<CURCY>EUR</CURCY>", ""), ("<MENEE>PCE</MENEE>", ""), ("<PMENE>PCE</PMENE>", ""))
    )
    assumed = {each.name: each.value for each in order.assumed}
    assert assumed["currency"] == "EUR"
    assert order.lines[0].quantity is not None
    assert order.lines[0].quantity.unit == assumed["unit"]


def test_order_has_the_net_value_that_it_states() -> None:
    summary = (
        '<E1EDS01 SEGMENT="1"><SUMID>002</SUMID><SUMME>412.50</SUMME><SUNIT>EUR</SUNIT></E1EDS01></IDOC>'
    )
    stated = fact(edited("order", ("</IDOC>", summary)))
    assert stated.total == Money(amount="412.50", currency="EUR")


def test_item_keeps_its_leading_zeros() -> None:
    item = fact(SAMPLES["order"].message.body).lines[0].item
    assert item is not None
    assert item.id == "000000000000310120"


def test_item_has_our_number_whichever_side_we_are_on() -> None:
    bought = fact(SAMPLES["invoice"].message.body).lines[0].item
    sold = fact(edited("invoice", ("<DIRECT>2", "<DIRECT>1"))).lines[0].item
    assert bought is not None
    assert sold is not None
    assert (bought.id, sold.id) == ("000000000000204410", "NM-OAT-750")


def test_partner_is_the_supplier_of_what_came_in_and_the_customer_of_what_went_out() -> None:
    received = fact(SAMPLES["invoice"].message.body).partner
    sent = fact(edited("invoice", ("<DIRECT>2", "<DIRECT>1"))).partner
    assert received is not None
    assert sent is not None
    assert (received.role, received.id) == ("supplier", "0000104711")
    assert (sent.role, sent.id) == ("customer", "0000002000")


def test_system_is_no_partner() -> None:
    body = edited("order", ("<PARVW>LF", "<PARVW>ZZ"), ("<RCVPRT>LI", "<RCVPRT>LS"))
    assert fact(body).partner is None
    company = fact(edited("order", ("<PARVW>LF", "<PARVW>ZZ"))).partner
    assert company is not None
    assert (company.role, company.id) == ("supplier", "0000104822")


@pytest.mark.parametrize("minus", ["", "-"])
def test_credit_memo_counts_against_us_with_or_without_its_sign(minus: str) -> None:
    body = edited(
        "credit-memo",
        ("1213.80<", f"1213.80{minus}<"),
        ("1020.00<", f"1020.00{minus}<"),
        ("240.000<", f"240.000{minus}<"),
    )
    credit = fact(body)
    assert credit.total is not None
    assert credit.lines[0].quantity is not None
    assert (credit.total.amount, credit.lines[0].quantity.value) == ("-1213.80", "-240")


def test_material_has_a_line_for_each_unit() -> None:
    lines = fact(SAMPLES["material"].message.body).lines
    sizes = {line.line: line.quantity.value for line in lines if line.quantity is not None}
    assert sizes == {"PCE": "1", "CS": "12", "PF": "960"}
    assert [line.item.gtin for line in lines if line.item] == ["9521001000413", "19521001000410", None]
    assert {line.item.description for line in lines if line.item} == {"Rolled oats 750 g"}


def test_number_of_more_than_eighteen_characters_stands_in_the_long_field() -> None:
    long = "OATS-ROLLED-750-GRAMS-ORGANIC"
    body = edited("material", ("<MATNR>000000000000204410", "<MATNR>"), ("000000000000204410", long))
    assert fact(body).key == long


def test_other_messages_of_a_basic_type_are_observed() -> None:
    assert meant(edited("order", ("<MESTYP>ORDERS", "<MESTYP>REQOTE"))) == Normalised()


def test_document_without_a_number_refers_to_no_document() -> None:
    body = edited("order", ("<BELNR>4500031207</BELNR>", "<BELNR/>"))
    order = fact(body)
    assert order.key == "idoc:0000000004200001"
    assert [one.kind for one in order.references] == ["idoc"]


# custom segments and personal data


def test_custom_segments_and_fields_disturb_nothing_and_are_kept() -> None:
    order = fact(SAMPLES["order-with-custom-segments"].message.body)
    assert order.extensions["/Z1HVHEAD/0/ZPROMO"] == "AUTUMN26"
    assert order.extensions["/E1EDP01/0/Z1HVITEM/0/ZSHELF"] == "F-12"
    assert order.extensions["/E1EDP01/0/ZZBUYDAY"] == "20260901"
    assert order.extensions["/EDI_DC40/CIMTYP"] == "ZHVORDERS"
    assert order.lines[0].quantity is not None


def test_custom_fields_come_first_in_a_document_of_many_lines() -> None:
    text = SAMPLES["invoice"].message.body.decode()
    line = re.search(r"    <E1EDP01 .*?</E1EDP01>\n", text, re.DOTALL)
    assert line is not None
    many = text.replace("    <E1EDS01", line.group() * 100 + "    <E1EDS01", 1)
    many = many.replace("  </IDOC>", '<Z1LAST SEGMENT="1"><ZZWORD>kept</ZZWORD></Z1LAST>  </IDOC>')
    found = fact(many.encode()).extensions
    assert found["/Z1LAST/0/ZZWORD"] == "kept"
    assert len(found) == 200


def test_fields_that_master_data_leaves_alone_are_not_said() -> None:
    assert "/" not in fact(SAMPLES["material"].message.body).extensions.values()


@pytest.mark.parametrize("case", SAMPLES)
def test_personal_data_never_appears(case: str) -> None:
    personal = (
        "Marlow", "Lindqvist", "Okafor", "TOKAFOR", "Kaistraat", "4381 AB", "555 0144", "Northfold Mills BV",
        "Harbour and Vale", "Store Middelburg", "@", "0417164300", "NL91HAVE", "NL800012345B01", "Havenbank",
    )  # fmt: skip
    for item in run(ADAPTER, SAMPLES[case], REGISTRY, SOURCE):
        said = msgspec.json.encode(item.normalised).decode()
        assert [word for word in personal if word in said] == []


@pytest.mark.parametrize(
    "value",
    ["pia@shop.example", "+49 151 5550 0133", "+4915155500133", "(0228) 555-0133", "DE89370400440532013000"],
)
def test_custom_field_with_what_looks_personal_is_left_out(value: str) -> None:
    order = fact(edited("order-with-custom-segments", ("AUTUMN26", value)))
    assert "/Z1HVHEAD/0/ZPROMO" not in order.extensions
    assert "/Z1HVHEAD/0/ZROUTE" in order.extensions


def test_personal_data_of_real_files_never_appears(samples_folder: Path) -> None:
    names = re.compile(r"<(BNAME|ACNUM|BIBAN|E_MAIL|STRAS|ERNAM|AENAM|STREET1|TDLINE)>([^<]{6,})<")
    seen = 0
    for path in real_files(samples_folder):
        body = path.read_bytes()
        said = set(leaves(msgspec.to_builtins(meant(body))))
        # dummies that stand for other things too: a group of goods, an invoice's number
        values = {value for _, value in names.findall(body.decode())} - {"Dummy Str. 123", "0123456789"}
        seen += len(values)
        assert not values & said, path.name
    assert seen > 20


def leaves(node: Any) -> Iterator[str]:
    if isinstance(node, dict | list | tuple):
        for child in node.values() if isinstance(node, dict) else node:
            yield from leaves(child)
    else:
        yield str(node)


# not posted


@pytest.mark.parametrize(
    ("case", "category"),
    [
        ("invoice", Category.INVOICE_MISMATCH),
        ("inbound-delivery-short", Category.INVENTORY_VARIANCE),
        ("order", Category.SUPPLIER_SHORT_SHIPMENT),
        ("material", Category.FAILED_PRICE_UPDATE),
    ],
)
def test_idoc_that_was_not_posted_is_an_exception_of_its_message(case: str, category: Category) -> None:
    text = SAMPLES[case].message.body.decode()
    body = re.sub("<STATUS>[0-9]+", "<STATUS>51", text).encode()
    found = [each for each in meant(body).exceptions if each.key == "status"]
    assert [each.category for each in found] == [category]
    assert (found[0].expected.value, found[0].actual.value) == (
        "posted",
        "51 application document not posted",
    )
    REGISTRY.validate(as_document(found[0]))


@pytest.mark.parametrize(
    "code", ["00", "01", "03", "12", "16", "18", "25", "30", "31", "39", "41", "50", "52", "53"]
)
@pytest.mark.parametrize("case", ["invoice", "material"])
def test_status_that_is_no_failure_is_no_exception(case: str, code: str) -> None:
    body = edited(case, ("<STATUS>53", f"<STATUS>{code}"))
    assert meant(body).exceptions == ()
    assert fact(body).status == code


@pytest.mark.parametrize("code", ["61", "62", "64", "66", "68", "69", "70", "75"])
def test_status_of_what_waits_or_was_closed_is_no_exception(code: str) -> None:
    assert meant(edited("invoice", ("<STATUS>53", f"<STATUS>{code}"))).exceptions == ()


@pytest.mark.parametrize("code", ["40", "51", "54", "56", "60", "63", "65"])
def test_each_status_of_not_being_posted_is_one(code: str) -> None:
    found = exception(edited("invoice", ("<STATUS>53", f"<STATUS>{code}")))
    assert found.actual.value.startswith(f"{code} ")


@pytest.mark.parametrize("code", ["02", "04", "05", "26", "29"])
def test_what_was_not_sent_matters_only_where_the_stores_lack_it(code: str) -> None:
    assert meant(edited("invoice", ("<STATUS>53", f"<STATUS>{code}"))).exceptions == ()
    found = exception(edited("material", ("<STATUS>53", f"<STATUS>{code}")))
    assert found.category is Category.FAILED_PRICE_UPDATE
    assert found.expected.value == "sent"


def test_status_records_tell_of_a_failure_where_the_control_record_does_not() -> None:
    body = edited(
        "invoice-not-posted",
        ("<DIRECT>2", "<DIRECT>2"),
        ("      <STATUS>51</STATUS>\n      <DIRECT>", "<DIRECT>"),
    )
    assert exception(body).key == "status"


def test_idoc_that_was_posted_in_the_end_is_no_exception() -> None:
    body = edited(
        "invoice-not-posted",
        ("      <STATUS>51</STATUS>\n      <DIRECT>", "      <STATUS>53</STATUS>\n      <DIRECT>"),
    )
    assert meant(body).exceptions == ()


def test_whole_invoice_is_at_risk_while_it_is_not_posted() -> None:
    found = exception(SAMPLES["invoice-not-posted"].message.body)
    assert found.money_at_risk is not None
    assert found.money_at_risk.amount == "1213.80"
    assert {one.kind for one in found.references} >= {"invoice", "purchase-order", "idoc"}


# invoices that don't add up


def test_total_beyond_the_tolerance_is_a_mismatch_and_one_within_it_is_none() -> None:
    assert differences(SAMPLES["invoice-total-off"].message.body) == [("total", "1389", "1489")]
    # 2 % of 1389 is 27.78
    within = edited("invoice-total-off", ("1489.00", "1416.00"), ("282.91", "269.04"), ("1771.91", "1685.04"))
    assert differences(within) == []
    beyond = edited("invoice-total-off", ("1489.00", "1417.50"), ("282.91", "269.33"), ("1771.91", "1686.83"))
    assert differences(beyond) == [("total", "1389", "1417.5")]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "    <E1EDS01",
            '    <E1EDK05 SEGMENT="1"><ALCKZ>+</ALCKZ><BETRG>100.00</BETRG></E1EDK05>\n    <E1EDS01',
        ),
        (
            "    <E1EDS01",
            '    <E1EDS01 SEGMENT="1"><SUMID>020</SUMID><SUMME>100.00</SUMME></E1EDS01>\n    <E1EDS01',
        ),
        ("<BETRG>3.00-</BETRG>", ""),
        ("<POSEX>000030", "<UEPOS>000020</UEPOS><POSEX>000030"),
        ("<WAERQ>EUR", "<WAERQ>USD"),
        ("<MWSBT>282.91</MWSBT>", ""),
    ],
)
def test_total_that_something_else_may_explain_is_no_mismatch(old: str, new: str) -> None:
    body = edited(
        "invoice-total-off",
        (old, new),
        ("<NETWR>3.00-</NETWR>", "" if "3.00-" in old else "<NETWR>3.00-</NETWR>"),
    )
    assert differences(body) == []


def test_net_and_gross_total_may_have_changed_places() -> None:
    swapped = edited(
        "invoice", ("<SUMID>010", "<SUMID>0xx"), ("<SUMID>011", "<SUMID>010"), ("<SUMID>0xx", "<SUMID>011")
    )
    assert differences(swapped) == []


def test_line_that_is_not_quantity_times_price_is_a_mismatch() -> None:
    found = exception(SAMPLES["invoice-line-off"].message.body)
    assert (found.key, found.expected.value, found.actual.value) == (
        "000010:000000000000204410",
        "1020",
        "1140",
    )
    assert found.money_at_risk is not None
    assert found.money_at_risk.amount == "120.00"
    assert found.references[0].line == "00010"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<PEINH>1</PEINH>", ""),
        ("<PMENE>PCE", "<PMENE>CS"),
        (
            "<PEINH>1</PEINH>",
            '<PEINH>1</PEINH><E1EDP05 SEGMENT="1"><ALCKZ>+</ALCKZ><BETRG>120.00</BETRG></E1EDP05>',
        ),
        ("<VPREI>4.25</VPREI>", "<VPREI/>"),
        ("<NETWR>1140.00", "<NETWR>1020.00"),
    ],
)
def test_line_whose_price_may_mean_something_else_is_no_mismatch(old: str, new: str) -> None:
    assert differences(edited("invoice-line-off", (old, new))) == []


def test_invoice_dearer_than_its_order_is_left_to_who_knows_both() -> None:
    (billed,) = fact(SAMPLES["invoice-dearer-than-order"].message.body).lines
    (ordered,) = fact(SAMPLES["order"].message.body).lines
    assert billed.unit_price is not None
    assert ordered.unit_price is not None
    assert Decimal(billed.unit_price.amount) > Decimal(ordered.unit_price.amount)
    assert billed.item == ordered.item
    assert billed.references[0].line == ordered.line


# what comes short


def test_line_confirmed_short_is_an_exception_with_the_money_that_is_missing() -> None:
    nuts, oats = meant(SAMPLES["order-confirmation-short"].message.body).exceptions
    assert (nuts.key, nuts.expected.value, nuts.actual.value) == ("00010:000000000000221900", "500", "400")
    assert nuts.money_at_risk is not None
    assert nuts.money_at_risk.amount == "310.00"
    assert nuts.partner is not None
    assert nuts.partner.role == "supplier"
    assert (oats.expected.value, oats.actual.value) == ("50", "0")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<WMENG>100.000", "<WMENG>200.000"),  # in full
        ("<WMENG>100.000", "<WMENG>250.000"),  # more than ordered
        ("<WMENG>100.000", "<WMENG>190.000"),  # 2 % and 31 euros short
        ("<POSEX>00010", "<ACTION>003</ACTION><POSEX>00010"),  # cancelled, by whom it doesn't say
        ("<WMENG>100.000</WMENG>", "<WMENG/>"),  # one date without a quantity
    ],
)
def test_line_that_is_not_short_or_does_not_say_is_none(old: str, new: str) -> None:
    text = SAMPLES["order-confirmation-short"].message.body.decode()
    if "<ACTION>" in new:
        text = text.replace("<POSEX>00010</POSEX>\n      <ACTION>001</ACTION>", "<POSEX>00010</POSEX>")
    assert old in text
    assert [key for key, _, _ in differences(text.replace(old, new).encode())] == ["00030:000000000000204410"]


def test_confirmation_without_schedule_lines_confirms_what_it_repeats() -> None:
    text = SAMPLES["order-confirmation-short"].message.body.decode()
    body = re.sub(r" *<E1EDP20 .*?</E1EDP20>\n", "", text, flags=re.DOTALL).encode()
    assert differences(body) == []
    assert [line.quantity == line.expected_quantity for line in fact(body).lines] == [True] * 3


def test_schedule_line_that_was_deleted_does_not_come() -> None:
    body = edited("order-confirmation-short", ("<WMENG>300.000", "<ACTION>003</ACTION><WMENG>300.000"))
    assert ("00010:000000000000221900", "500", "100") in differences(body)


def test_line_that_stands_several_times_is_added_up() -> None:
    text = SAMPLES["order-confirmation-short"].message.body.decode()
    twice = text.replace("<POSEX>00020", "<POSEX>00010").replace("000000000000221955", "000000000000221900")
    # 500 + 900 ordered, 400 + 900 confirmed
    assert ("00010:000000000000221900", "1400", "1300") in differences(twice.encode())


def test_order_by_itself_says_nothing_about_what_comes() -> None:
    assert meant(edited("order", ("<WMENG>6000.000", "<WMENG>10.000"))).exceptions == ()


def test_confirmation_that_we_sent_is_our_sales_order() -> None:
    body = edited("order-confirmation-short", ("<DIRECT>2", "<DIRECT>1"))
    order = fact(body)
    assert order.kind is FactKind.SALES_ORDER
    assert order.key == "NM-77120"
    assert order.partner is not None
    assert order.partner.role == "customer"


def test_inbound_delivery_short_beyond_its_tolerance_is_an_exception() -> None:
    found = exception(SAMPLES["inbound-delivery-short"].message.body)
    assert (found.key, found.expected.value, found.actual.value) == (
        "000010:000000000000221900",
        "480",
        "400",
    )
    assert (found.expected.unit, found.missing) == ("PCE", ("unit_cost",))
    assert {(one.kind, one.id) for one in found.references} >= {
        ("purchase-order", "4500031044"),
        ("delivery", "0180000771"),
        ("shipment", "NM-LS-5521"),
    }


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<UNTTO>5.0", "<UNTTO>20.0"),
        ("<MEINS>PCE", "<MEINS>CS"),
        ("<LFART>EL", "<LFART>LF"),
        ("<LFART>EL", "<LFART>LR"),
        ("<UEBTO>0.0", "<SHKZG>X</SHKZG><UEBTO>0.0"),
        ("<ORMNG>       480.000</ORMNG>", ""),
        ("<LFIMG>400.000", "<LFIMG>480.000"),
    ],
)
def test_delivery_that_is_tolerated_unclear_or_not_inbound_is_none(old: str, new: str) -> None:
    assert differences(edited("inbound-delivery-short", (old, new))) == []


def test_delivery_announced_to_us_without_a_type_is_inbound() -> None:
    body = edited("inbound-delivery-short", ("<LFART>EL</LFART>", "<LFART/>"))
    assert len(differences(body)) == 1
    assert documents(body)[0].business_key == "po:4500031044"


def test_what_a_warehouse_confirms_of_an_inbound_delivery_is_a_receipt() -> None:
    body = edited("inbound-delivery-short", ("<MESTYP>DESADV", "<MESTYP>WHSCON"))
    assert fact(body).kind is FactKind.RECEIPT
    assert len(differences(body)) == 1


def test_two_deliveries_in_one_idoc_are_two_facts_and_two_matters() -> None:
    text = SAMPLES["inbound-delivery-short"].message.body.decode()
    delivery = re.search(r"    <E1EDL20 .*</E1EDL20>\n", text, re.DOTALL)
    assert delivery is not None
    second = delivery.group().replace("0180000771", "0180000779")
    normalised = meant(text.replace("  </IDOC>", f"{second}  </IDOC>").encode())
    assert [each.key for each in normalised.facts] == ["0180000771", "0180000779"]
    assert len({each.key for each in normalised.exceptions}) == 2


# what is refused


@pytest.mark.parametrize(
    "change",
    [
        ("<INVOIC02>", '<!DOCTYPE INVOIC02 [<!ENTITY a "b">]><INVOIC02>'),
        ("<INVOIC02>", '<!DOCTYPE INVOIC02 SYSTEM "http://attacker.example/a.dtd"><INVOIC02>'),
        ("<INVOIC02>", '<!DOCTYPE INVOIC02 [<!ENTITY a SYSTEM "file:///etc/passwd">]><INVOIC02>'),
        ("INV-26-03318", "&nobody;"),
        ("</IDOC>", "</IDOCS>"),
        ("</IDOC>", "<a>" * 100 + "</a>" * 100 + "</IDOC>"),
        ("</IDOC>", "<a>" * 10_000 + "</a>" * 10_000 + "</IDOC>"),
        ("Northfold", "\x00"),
    ],
)
def test_document_type_entity_depth_and_broken_syntax_are_refused(change: tuple[str, str]) -> None:
    body = edited("invoice", change)
    with pytest.raises(RequestUnreadable):
        list(ADAPTER.split(message(body)))
    with pytest.raises(RequestUnreadable):
        ADAPTER.decode(Arrival(body=body))


def test_item_of_two_idocs_is_refused() -> None:
    with pytest.raises(RequestUnreadable, match="3 IDOC elements"):
        ADAPTER.decode(Arrival(body=SAMPLES["several-deliveries"].message.body))


def test_root_without_an_idoc_is_unsupported() -> None:
    with pytest.raises(ContractUnknown, match="no IDOC element"):
        ADAPTER.decode(Arrival(body=b"<INVOIC02><EDI_DC40/></INVOIC02>"))


@pytest.mark.parametrize("idoc", [b"<IDOC/>", b"<IDOC BEGIN='1'/>", b"<IDOC>text</IDOC>"])
def test_empty_idoc_breaks_its_contract(idoc: bytes) -> None:
    with pytest.raises(ContractViolated) as caught:
        meant(b"<INVOIC02>" + idoc + b"</INVOIC02>")
    assert {each.pointer for each in caught.value.violations} == {"/EDI_DC40", "/E1EDK01"}


def test_violation_names_the_place_in_the_words_of_the_file() -> None:
    with pytest.raises(ContractViolated) as caught:
        meant(edited("invoice", ("<MENGE>1200.000", "<MENGE>1.200,00")))
    (violation,) = caught.value.violations
    assert violation.pointer == "/E1EDP01/1/MENGE"
    assert violation.path == "/INVOIC02/IDOC/E1EDP01[2]/MENGE"


def test_empty_segments_are_taken() -> None:
    body = edited(
        "invoice",
        (
            "    <E1EDS01",
            "    <E1EDS01/><E1EDP01/><E1EDKA1/><E1EDK02/><E1EDS01",
        ),
    )
    assert meant(body).exceptions == ()


def test_only_our_errors_escape_from_damaged_files() -> None:
    """Some of them are still valid: what they mean must then keep the canonical contracts too."""
    chance = random.Random(26_09)
    read: list[Normalised] = []
    bodies = [sample.message.body for sample in SAMPLES.values()]
    for _ in range(400):
        try:
            for arrival in ADAPTER.split(message(damaged(chance.choice(bodies), chance))):
                document = REGISTRY.validate(ADAPTER.decode(arrival))
                read.append(ADAPTER.normalise(document, SOURCE, RECEIVED_AT))
        except EventError:
            continue
    assert 50 < len(read) < 350
    for normalised in read:
        meanings: list[Fact | RetailException] = [*normalised.facts, *normalised.exceptions]
        for canonical in meanings:
            REGISTRY.validate(as_document(canonical))
        assert len({(each.category, each.key) for each in normalised.exceptions}) == len(
            normalised.exceptions
        )


def damaged(body: bytes, chance: random.Random) -> bytes:
    """The same bytes with a few of them, or a few texts between tags, replaced, doubled or cut out."""
    texts = [
        "",
        "-",
        "9" * 18,
        "-1",
        "0",
        "/",
        ".5",
        "00000000",
        "99991231",
        "\u00e9",
        "  7- ",
        "&#x10FFFF;",
        "X" * 400,
    ]
    changed = bytearray(body)
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(changed))
        if chance.random() < 0.6:
            start = changed.find(b">", start) + 1
            end = changed.find(b"<", start)
            changed[start:end] = chance.choice(texts).encode()
        elif chance.random() < 0.5:
            changed[start] = chance.randrange(256)
        else:
            end = start + chance.randrange(200)
            changed[start:end] = bytes(changed[start:end]) * chance.choice([0, 2])
    return bytes(changed)


@pytest.mark.parametrize("text", ["1" + "-" * 100_000, "1" + "- 1" * 100_000 + "-", "1" * 300_000 + "x"])
def test_text_that_is_almost_a_phone_number_is_judged_in_one_pass(text: str) -> None:
    started = time.thread_time()
    is_found = looks_personal(text)
    assert (is_found, time.thread_time() - started < 1) == (False, True)


@pytest.mark.parametrize(
    ("text", "is_personal"),
    [
        ("+4989123456", True), ("089 1234 56", True), ("(089) 12 34-56", True), ("08912/34567", True),
        ("1234.5678", False), ("20261123", False), ("12345-", False), ("089 1234 ", False),
    ],
)  # fmt: skip
def test_phone_numbers_are_personal_and_other_numbers_are_not(text: str, is_personal: bool) -> None:
    assert looks_personal(text) is is_personal


def test_deliveries_of_one_idoc_have_its_extensions_in_common() -> None:
    sample = edited("inbound-delivery-short", ("</E1EDL20>", "</E1EDL20><E1EDL20><VBELN>2</VBELN></E1EDL20>"))
    one, other = meant(sample).facts
    assert one.extensions is other.extensions
