"""What counts as personal: names of members in every style, and texts by their look."""

import time

import pytest

from adapters.personal import looks_personal, sounds_personal


@pytest.mark.parametrize(
    "name",
    [
        "name", "Name", "@Name", "NAME1", "first_name", "lastName", "FULL-NAME", "userName",
        "ZZKUNDENNAME", "buyerName", "supplier_name", "acme:operatorName", "e_mail", "E-Mail",
        "EMAIL_ADDRESS", "phone", "TELF1", "mobileNo", "fax", "contact", "ContactPerson", "street",
        "STRAS", "address1", "postal_code", "zipCode", "iban", "BIBAN", "bankAccount", "user_id",
        "createdBy", "LastChangedByUser", "signedBy", "signature", "dateOfBirth", "note", "gift_notes",
        "packing_note", "NoteText", "comment", "employeeId", "cashier",
    ],
)  # fmt: skip
def test_name_of_a_member_about_people_sounds_personal(name: str) -> None:
    assert sounds_personal(name)


@pytest.mark.parametrize(
    "name",
    [
        "filename", "file_name", "warehouseName", "WAREHOUSE-NAME", "product_name", "ItemName",
        "shop_name", "location_name", "companyName", "carrier_name", "eventTypeName", "namespace",
        "ornament", "deliveryNote", "DeliveryNoteNumber", "creditNote", "design", "assigned", "capacity",
        "contactless", "hotel", "telegram", "quantity", "id", "", "@",
    ],
)  # fmt: skip
def test_name_of_a_member_about_things_does_not(name: str) -> None:
    assert not sounds_personal(name)


@pytest.mark.parametrize(
    "text",
    [
        "pia@shop.example", "call pia@shop.example today", "+49 151 5550 0133", "+4915155500133",
        "(0228) 555-0133", "0228 5550133", "0049 228 5550133", "555-014-4477", "555.014.4477",
        "DE89370400440532013000", "DE89 3704 0044 0532 0130 00", "NO9386011117947",
    ],
)  # fmt: skip
def test_address_or_number_of_a_person_looks_personal(text: str) -> None:
    assert looks_personal(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-25", "25.11.2026", "04/12/2026", "04-12-26", "2026-11-25T10:00:00+01:00", "10:30",
        "-12.50", "1234567.89", "04012345000023", "000123-0001", "4711-0815-22", "AUTUMN26", "DE12",
        "2 @ 3.00", "10 - 20", "192.168.0.1", "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "urn:epc:id:sgtin:4012345.011122.25", "",
    ],
)  # fmt: skip
def test_day_number_or_code_does_not(text: str) -> None:
    assert not looks_personal(text)


@pytest.mark.parametrize(
    "text", ["0" * 300, "+" + "1 " * 150, "01 " * 100, "AB12" + " ABCD" * 60, "@ " * 150, "x@" * 150]
)
def test_text_of_any_look_is_judged_at_once(text: str) -> None:
    started = time.perf_counter()
    for _ in range(100):
        looks_personal(text)
    assert time.perf_counter() - started < 1
