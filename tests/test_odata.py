"""OData errors: which bodies are recognised, and when a failed call is an exception."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from adapters.conformance import RECEIVED_AT, demo_source, samples
from adapters.erp.odata.adapter import ODataAdapter
from adapters.erp.odata.objects import category_of, references_in
from contracts.canonical import Category, Normalised, RetailException
from contracts.documents import Message
from contracts.errors import ContractUnknown, ContractViolated, RequestUnreadable
from contracts.registry import Registry

ADAPTER = ODataAdapter()
REGISTRY = Registry.load()
SOURCE = demo_source("erp")
SAMPLES = {each.case: each for each in samples("erp", "odata")}


def meant(error: Any) -> Normalised:
    body = error if isinstance(error, bytes) else json.dumps(error).encode()
    message = Message(body=body)
    assert ADAPTER.recognises(message)
    (arrival,) = ADAPTER.split(message)
    return ADAPTER.normalise(REGISTRY.validate(ADAPTER.decode(arrival)), SOURCE, RECEIVED_AT)


def found(error: Any) -> RetailException:
    (exception,) = meant(error).exceptions
    return exception


def sample(case: str) -> dict[str, Any]:
    tree: dict[str, Any] = json.loads(SAMPLES[case].message.body)
    return tree


def failed(code: str, message: str = "It failed", **members: Any) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, **members}}


def test_real_errors_are_read(samples_folder: Path) -> None:
    for file in (samples_folder / "erp").rglob("odata_error*"):
        assert meant(file.read_bytes()) == Normalised()  # of a sales order: none of our kinds of exception


def test_no_other_payload_of_an_erp_is_recognised(samples_folder: Path) -> None:
    for path in (samples_folder / "erp").rglob("*"):
        if path.is_file() and not path.name.startswith("odata_error"):
            assert not ADAPTER.recognises(Message(body=path.read_bytes())), path.name


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{}", b'{"error":"invalid_client","error_description":"x"}', b'{"errors":{}}', b"<errors/>",
        b'[{"error":{"code":""}}]', b'{"a":{"error":{}}}', b"<a><error/></a>", b"error",
    ],
)  # fmt: skip
def test_what_is_no_error_of_odata_is_not_recognised(body: bytes) -> None:
    assert not ADAPTER.recognises(Message(body=body))


@pytest.mark.parametrize(
    ("code", "category"),
    [
        ("M8/534", Category.INVOICE_MISMATCH), ("ME/006", Category.SUPPLIER_SHORT_SHIPMENT),
        ("06/019", Category.SUPPLIER_SHORT_SHIPMENT), ("M7/021", Category.INVENTORY_VARIANCE),
        ("VL/001", Category.INVENTORY_VARIANCE), ("VK/123", Category.FAILED_PRICE_UPDATE),
        ("SY/530", None), ("M8", None), ("M8/5341", None), ("/IWBEP/CX_MGW_BUSI_EXCEPTION", None), ("", None),
    ],
)  # fmt: skip
def test_a_message_class_says_what_failed(code: str, category: Category | None) -> None:
    assert category_of([code], ["nothing else"]) is category


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("API_SUPPLIERINVOICE_PROCESS_SRV", Category.INVOICE_MISMATCH),
        ("A_SuplrInvcItemPurOrdRef", Category.INVOICE_MISMATCH),
        ("A_PurchaseOrder", Category.SUPPLIER_SHORT_SHIPMENT),
        ("in type 'PurchPurchaseOrderHeaderV2Entity'.", Category.SUPPLIER_SHORT_SHIPMENT),
        ("com.sap.gateway.srvd_a2x.api_purchaseorder_2.v0001.x", Category.SUPPLIER_SHORT_SHIPMENT),
        ("A_SlsPrcgConditionRecord", Category.FAILED_PRICE_UPDATE),
        ("API_SLSPRICINGCONDITIONRECORD_SRV", Category.FAILED_PRICE_UPDATE),
        ("A_Product('TG11')", Category.FAILED_PRICE_UPDATE),
        ("API_PRODUCT_SRV", Category.FAILED_PRICE_UPDATE),
        ("A_MaterialDocumentHeader", Category.INVENTORY_VARIANCE),
        ("API_MATERIAL_DOCUMENT_SRV", Category.INVENTORY_VARIANCE),
        ("A_InbDeliveryHeader", Category.INVENTORY_VARIANCE),
        ("API_PHYSICAL_INVENTORY_DOC_SRV", Category.INVENTORY_VARIANCE),
        ("A_SalesOrder", None), ("A_ProductionOrder", None), ("A_BusinessPartner", None),
        ("The purchase order of the supplier invoice and its material document do not exist", None),
        ("PURCHASEORDER", None), ("A product with that material", None), ("", None),
    ],
)  # fmt: skip
def test_names_of_services_and_entities_say_what_failed_and_sentences_do_not(
    text: str, category: Category | None
) -> None:
    assert category_of([], [text]) is category


def test_the_code_and_the_telling_one_of_the_details_are_the_state() -> None:
    exception = found(sample("purchase-order-locked"))
    assert exception.expected.value == "done"
    assert exception.actual.value == "/IWBEP/CX_MGW_BUSI_EXCEPTION ME/006"
    assert [(each.kind, each.id) for each in exception.references] == [("purchase-order", "4500017711")]
    assert exception.occurred_at == "2026-11-25T08:02:03+00:00"
    assert {each.pointer for each in exception.evidence} == {
        "/error/code", "/error/innererror/errordetails/0/code", "/error/innererror/application/service_id",
        "/error/innererror/transactionid", "/error/innererror/timestamp",
    }  # fmt: skip


def test_no_word_of_a_message_goes_further() -> None:
    for case in SAMPLES:
        if SAMPLES[case].message.media_type == "application/json":
            text = str(meant(SAMPLES[case].message.body))
            for words in ("PERSON", "Person", "editing", "Balance", "hold", "Deficit", "Update()"):
                assert words not in text, case
    said = "Ask A.PERSON@example.com"
    odd = failed(
        said, said, target=said, details=[{"code": said, "message": "A_PurchaseOrder", "target": said}]
    )
    exception = found(odd)
    assert "PERSON" not in str(exception)
    assert exception.actual.value == "failed"


def test_xml_and_json_of_one_error_mean_the_same() -> None:
    exception = found(SAMPLES["goods-movement"].message.body)
    assert exception.actual.value == "SY/530 M7/053"
    pointers = [each.pointer for each in exception.evidence]
    assert "/error/innererror/errordetails/errordetail/0/code" in pointers
    prefixed = (
        b'\xef\xbb\xbf<?xml version="1.0"?><m:error xmlns:m="x"><m:code>M8/082</m:code>\r\n'
        b"<m:message>No</m:message></m:error>"
    )
    assert found(prefixed).category is Category.INVOICE_MISMATCH
    utf16 = '<?xml version="1.0" encoding="utf-16"?><error><code>M8/082</code><message>é</message></error>'
    assert found(utf16.encode("utf-16")).category is Category.INVOICE_MISMATCH


def test_other_shapes_of_an_error_are_read() -> None:
    marked = b"\xef\xbb\xbf\r\n" + json.dumps(failed("M7/021")).encode()
    assert found(marked).category is Category.INVENTORY_VARIANCE
    older = {"odata.error": {"code": "M8/082", "message": {"lang": "en", "value": "No"}}}
    assert found(older).category is Category.INVOICE_MISMATCH
    bare = failed("M8/082", details=None, innererror=None, target=None)
    assert found(bare).assumed[0].name == "occurred_at"
    assert meant(failed("", "x", innererror="text", details=[])) == Normalised()
    one_detail = failed("x", innererror={"errordetails": {"errordetail": {"code": "M8/082"}}})
    assert found(one_detail).actual.value == "x M8/082"
    at_no_time = failed("M8/082", innererror={"timestamp": "20261399999999.0"})
    assert found(at_no_time).occurred_at == RECEIVED_AT


def test_a_business_key_is_the_order_that_the_error_names() -> None:
    for error, key in (
        (failed("x", "PurchaseOrder='4500017711' is locked"), "po:4500017711"),
        (failed("x", "no order"), "odata:x"),
        ({"error": {"code": 5, "message": {"value": "PurchaseOrder='A-1'"}}}, "po:A-1"),
    ):
        (arrival,) = ADAPTER.split(Message(body=json.dumps(error).encode()))
        assert ADAPTER.decode(arrival).business_key == key


def test_keys_are_documents_and_names_are_not() -> None:
    texts = [
        "SalesOrder='1',PurchaseOrder='2'",
        "PurchaseOrder='2'",
        "Supplier='A. Person' PurchaseOrder='ANNA'",
    ]
    assert [(each.kind, each.id) for each in references_in(texts)] == [
        ("sales-order", "1"),
        ("purchase-order", "2"),
    ]


@pytest.mark.parametrize(
    "body", [b'{"error":{', b'{"error":{"a":"\xff"}}', b"[]", b"7", b"<error>", b"<error"]
)
def test_what_is_broken_is_unreadable(body: bytes) -> None:
    (arrival,) = ADAPTER.split(Message(body=body))
    with pytest.raises(RequestUnreadable):
        ADAPTER.decode(arrival)


def test_another_xml_is_unknown() -> None:
    (arrival,) = ADAPTER.split(Message(body=b"<a/>"))
    with pytest.raises(ContractUnknown):
        ADAPTER.decode(arrival)


def test_of_many_details_only_the_first_are_read() -> None:
    many = failed("x", "A" * 90_000, details=[{"code": "M8/082", "message": "A_" * 5000}] * 2000)
    assert len(str(found(many))) < 20_000


@pytest.mark.parametrize(
    "value", [None, True, 7, -7.5, "x", "", [], [[]], ["x"], {}, {"a": {}}, {"#text": []}]
)
def test_no_value_of_any_member_breaks_more_than_its_event(value: Any) -> None:
    trees = [sample("supplier-invoice"), sample("goods-movement-v4"), sample("finance-purchase-order")]

    def holders(node: Any) -> list[dict[str, Any]]:
        inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        own = [node] if isinstance(node, dict) else []
        return own + [holder for child in inner for holder in holders(child)]

    for tree in trees:
        for holder in holders(tree["error"]):
            for name, kept in list(holder.items()):
                holder[name] = value
                with suppress(ContractViolated):
                    meant(tree)
                holder[name] = kept
