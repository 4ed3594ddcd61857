"""The contract registry: what it refuses to load, which version it chooses, and how exactly it says no."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from contracts.documents import Document
from contracts.errors import ContractRetired, ContractUnknown, ContractViolated, Violation
from contracts.manifest import ContractsError
from contracts.registry import Registry
from contracts.validation import compile_schema, prove_formats

NAME = "pos-till-sale"

MANIFEST = """
name = "pos-till-sale"
title = "A sale at a till"
kind = "native"
domain = "pos"
description = "One sale."
reserved = ["cashier"]
[owner]
team = "pos-platform"
contact = "pos-platform@example.com"
[pii]
"/Operator" = "employee"
"/lines/*/giftTo" = "customer"
"""

PUBLISHED = 'state = "published"\npublished = 2026-11-23\n'
DEPRECATED = (
    'state = "deprecated"\npublished = 2026-01-01\n'
    'deprecated = {effective = 2026-11-01, removal = 2027-05-01, alternative = "2.0.0"}\n'
)

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "A sale at a till",
    "description": "One sale.",
    "type": "object",
    "required": ["@StoreID", "lines"],
    "properties": {
        "@StoreID": {"type": "string", "pattern": "^[0-9]{4}$"},
        "Operator": {"type": "string", "minLength": 8},
        "endedAt": {"type": "string", "format": "date-time"},
        "lines": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["qty"],
                "properties": {
                    "qty": {"type": "integer", "minimum": 0},
                    "unit": {"type": "string", "enum": ["EA", "KGM"]},
                    "giftTo": {"type": "string", "maxLength": 5},
                    "tender": {"$ref": "#/$defs/tender"},
                    "a/b~c": {"type": "boolean"},
                },
            },
        },
    },
    "$defs": {
        "tender": {
            "oneOf": [
                {
                    "type": "object",
                    "required": ["type", "amount"],
                    "properties": {"type": {"const": "cash"}, "amount": {"type": "string"}},
                },
                {
                    "type": "object",
                    "required": ["type", "card"],
                    "properties": {"type": {"const": "card"}, "card": {"type": "string"}},
                },
            ]
        }
    },
}


def put(
    folder: Path,
    versions: dict[str, str] | None = None,
    manifest: str = MANIFEST,
    schema: dict[str, Any] = SCHEMA,
) -> Path:
    """Write one contract with `versions` (their lines of the manifest) and return the folder of all."""
    contract = folder / NAME
    contract.mkdir(parents=True)
    for version, lines in (versions or {"1.0.0": PUBLISHED}).items():
        manifest += f'[versions."{version}"]\n{lines}'
        (contract / version).mkdir()
        identity = {"$id": f"https://crossdock.example/contracts/{NAME}/{version}"}
        (contract / version / "schema.json").write_text(json.dumps(identity | schema), "utf-8")
    (contract / "contract.toml").write_text(manifest, "utf-8")
    return folder


def sale(**changes: Any) -> dict[str, Any]:
    return {"@StoreID": "0042", "lines": [{"qty": 1}]} | changes


def document(tree: Any, version: str | None = None, root: str = "") -> Document:
    return Document(contract=NAME, tree=tree, business_key="0042", version=version, root=root)


def violations(registry: Registry, tree: Any, root: str = "") -> tuple[Violation, ...]:
    with pytest.raises(ContractViolated) as caught:
        registry.validate(document(tree, root=root))
    return caught.value.violations


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry.load(put(tmp_path))


@pytest.mark.parametrize(
    ("wrong", "right", "finding"),
    [
        ('domain = "pos"', 'domain = "pos"\ncolour = "red"', "unknown field `colour`"),
        ('contact = "pos-platform@example.com"', "", "missing required field `contact` - at `$.owner`"),
        ('kind = "native"', 'kind = "nativ"', "at `$.kind`"),
        (
            'name = "pos-till-sale"',
            'name = "pos-till-sales"',
            "name: 'pos-till-sales' is not the name of",
        ),
        ('domain = "pos"', 'domain = "erp"', "name: a native contract of 'erp' starts with erp-"),
        ('"/Operator"', '"Operator"', "pii: 'Operator' is not a JSON Pointer"),
        ('title = "A sale', "title = A sale", "Invalid value"),
    ],
)
def test_wrong_manifest_is_refused_with_its_file_and_key(
    tmp_path: Path, wrong: str, right: str, finding: str
) -> None:
    folder = put(tmp_path, manifest=MANIFEST.replace(wrong, right))
    with pytest.raises(ContractsError) as caught:
        Registry.load(folder)
    assert f"{NAME}/contract.toml: " in str(caught.value)
    assert finding in str(caught.value)


@pytest.mark.parametrize(
    ("version", "lines", "finding"),
    [
        ("1.0.0", 'state = "publishd"\n', 'versions."1.0.0": Invalid enum value'),
        ("1.0.0", 'state = "published"\n', 'versions."1.0.0".published: '),
        ("1.0", PUBLISHED, 'versions."1.0": this is not a version of the form x.y.z'),
        ("01.0.0", PUBLISHED, 'versions."01.0.0": this is not a version'),
        (
            "1.0.0",
            'state = "sunset"\npublished = 2026-01-01\n',
            ".deprecated: a sunset version needs",
        ),
        ("1.0.0", DEPRECATED, "alternative: '2.0.0' is not a version of this"),
        (
            "1.0.0",
            DEPRECATED.replace("2027-05", "2026-05"),
            "removal: this is not after effective",
        ),
    ],
)
def test_wrong_version_in_a_manifest_is_refused_by_name(
    tmp_path: Path, version: str, lines: str, finding: str
) -> None:
    with pytest.raises(ContractsError) as caught:
        Registry.load(put(tmp_path, {version: lines}))
    assert finding in str(caught.value)


def test_versions_of_manifest_and_folder_must_agree(tmp_path: Path) -> None:
    folder = put(tmp_path, {"1.0.0": PUBLISHED, "1.1.0": PUBLISHED})
    (folder / NAME / "1.1.0").rename(folder / NAME / "1.2.0")
    with pytest.raises(ContractsError) as caught:
        Registry.load(folder)
    assert caught.value.findings == (
        f'{NAME}/contract.toml: versions."1.1.0": its folder is missing',
        f"{NAME}/contract.toml: versions: folder 1.2.0 is not listed",
    )


def test_every_finding_of_every_contract_is_told_at_once(tmp_path: Path) -> None:
    folder = put(tmp_path, schema=SCHEMA | {"not": {}, "minLength": 3})
    (folder / "erp-other-thing").mkdir()
    with pytest.raises(ContractsError) as caught:
        Registry.load(folder)
    assert [finding.split(":")[0] for finding in caught.value.findings] == [
        "erp-other-thing/contract.toml",
        f"{NAME}/1.0.0/schema.json#/minLength",
        f"{NAME}/1.0.0/schema.json#/not",
    ]


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("{", "schema.json: "),
        ("[]", "a schema is an object"),
        ('{"type": "object", "type": "string"}', "a member stands twice in {type, type}"),
        (json.dumps(SCHEMA | {"$id": "https://crossdock.example/contracts/other/1.0.0"}), "#/$id: "),
    ],
)
def test_wrong_schema_is_refused_with_its_file(tmp_path: Path, text: str, finding: str) -> None:
    folder = put(tmp_path)
    (folder / NAME / "1.0.0" / "schema.json").write_text(text, "utf-8")
    with pytest.raises(ContractsError) as caught:
        Registry.load(folder)
    assert finding in str(caught.value)


def test_reserved_member_must_not_come_back(tmp_path: Path) -> None:
    schema = SCHEMA | {"properties": {"cashier": {"type": "string"}}}
    with pytest.raises(ContractsError, match=r"'cashier' must not come back, and is a member in 1\.0\.0"):
        Registry.load(put(tmp_path, schema=schema))


def test_engine_that_does_not_assert_formats_is_refused() -> None:
    def careless(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
        return jsonschema_rs.Draft202012Validator(schema, validate_formats=False)

    with pytest.raises(ContractsError, match="format 'date-time' is not checked"):
        prove_formats(careless)
    prove_formats(compile_schema)


def test_document_that_keeps_its_contract_comes_back_with_the_version(registry: Registry) -> None:
    valid = registry.validate(document(sale(newFieldOfTheVendor={"any": 1}), root="/POSLog/Transaction"))
    assert (valid.contract, valid.version, valid.root) == (NAME, "1.0.0", "/POSLog/Transaction")
    assert valid.tree["newFieldOfTheVendor"] == {"any": 1}


def test_sender_beats_the_pin_and_the_pin_beats_the_newest(tmp_path: Path) -> None:
    registry = Registry.load(put(tmp_path, {"1.0.0": PUBLISHED, "1.9.0": PUBLISHED, "1.10.0": PUBLISHED}))
    assert registry.validate(document(sale())).version == "1.10.0"
    assert registry.validate(document(sale()), pinned="1.9.0").version == "1.9.0"
    assert registry.validate(document(sale(), version="1.0.0"), pinned="1.9.0").version == "1.0.0"


def test_major_means_its_newest_published_version(tmp_path: Path) -> None:
    registry = Registry.load(put(tmp_path, {"1.0.0": PUBLISHED, "1.1.0": PUBLISHED, "2.0.0": PUBLISHED}))
    assert registry.resolve(NAME, "1").identifier == f"{NAME}@1.1.0"
    assert registry.resolve(NAME).identifier == f"{NAME}@2.0.0"


@pytest.mark.parametrize("state", ["draft", "candidate"])
def test_draft_and_candidate_are_used_only_by_exact_version(tmp_path: Path, state: str) -> None:
    registry = Registry.load(put(tmp_path, {"1.0.0": PUBLISHED, "2.0.0": f'state = "{state}"\n'}))
    assert registry.resolve(NAME).version == "1.0.0"
    assert registry.resolve(NAME, "2.0.0").state == state
    with pytest.raises(ContractUnknown):
        registry.resolve(NAME, "2")


def test_deprecated_version_is_newest_only_where_nothing_else_is_published(tmp_path: Path) -> None:
    registry = Registry.load(put(tmp_path, {"1.0.0": DEPRECATED, "2.0.0": 'state = "draft"\n'}))
    version = registry.resolve(NAME)
    assert version.version == "1.0.0"
    assert version.deprecated is not None
    assert version.deprecated.alternative == "2.0.0"


@pytest.mark.parametrize("version", ["1.0.1", "2", "1.0", "latest", "١.0.0", "1" * 1000])
def test_version_that_is_not_there_is_unknown(registry: Registry, version: str) -> None:
    with pytest.raises(ContractUnknown, match=r"it has 1\.0\.0"):
        registry.resolve(NAME, version)


def test_contract_that_is_not_there_is_unknown(registry: Registry) -> None:
    with pytest.raises(ContractUnknown, match="there is no contract 'pos-till-return'"):
        registry.validate(Document(contract="pos-till-return", tree={}, business_key=""))


@pytest.mark.parametrize("state", ["sunset", "retired"])
def test_ended_version_takes_no_events_and_names_what_to_use(tmp_path: Path, state: str) -> None:
    ended = DEPRECATED.replace('"deprecated"', f'"{state}"')
    registry = Registry.load(put(tmp_path, {"1.0.0": ended, "2.0.0": PUBLISHED}))
    for version in ("1.0.0", "1"):
        with pytest.raises(ContractRetired):
            registry.validate(document(sale(), version=version))
    with pytest.raises(ContractRetired, match=rf"{NAME}@1\.0\.0 is {state}; use {NAME}@2\.0\.0"):
        registry.validate(document(sale()), pinned="1.0.0")


@pytest.mark.parametrize(
    ("changes", "pointer", "path", "keyword", "detail"),
    [
        (
            {"lines": [{"qty": 1}, {"qty": -2}]},
            "/lines/1/qty",
            "$.lines[1].qty",
            "minimum",
            "-2 is less than 0",
        ),
        (
            {"@StoreID": "42"},
            "/@StoreID",
            '$["@StoreID"]',
            "pattern",
            '"42" does not match ^[0-9]{4}$',
        ),
        (
            {"lines": [{"unit": "EA"}]},
            "/lines/0/qty",
            "$.lines[0].qty",
            "required",
            "it is required and missing; found unit",
        ),
        ({"lines": []}, "/lines", "$.lines", "minItems", "0 items are fewer than 1"),
        ({"lines": {"qty": 1}}, "/lines", "$.lines", "type", "an object is not an array"),
        (
            {"lines": [{"qty": 1, "unit": "box"}]},
            "/lines/0/unit",
            "$.lines[0].unit",
            "enum",
            '"box" is none of "EA", "KGM"',
        ),
        (
            {"endedAt": "2026-11-23T10:00:00"},
            "/endedAt",
            "$.endedAt",
            "format",
            '"2026-11-23T10:00:00" is not a time with an offset, such as 2026-11-23T10:00:00+01:00',
        ),
        (
            {"lines": [{"qty": 1, "a/b~c": "yes"}]},
            "/lines/0/a~1b~0c",
            '$.lines[0]["a/b~c"]',
            "type",
            '"yes" is not a boolean',
        ),
        (
            {"lines": [{"qty": 1, "tender": {"type": "card", "amount": "1"}}]},
            "/lines/0/tender/card",
            "$.lines[0].tender.card",
            "required",
            "it is required and missing; found amount, type",
        ),
        (
            {"lines": [{"qty": 1, "tender": {"type": "shells"}}]},
            "/lines/0/tender/type",
            "$.lines[0].tender.type",
            "oneOf",
            '"shells" is none of "cash", "card"',
        ),
        (
            {"lines": [{"qty": 1, "tender": {"amount": "1"}}]},
            "/lines/0/tender/type",
            "$.lines[0].tender.type",
            "required",
            "it is required and missing; found amount",
        ),
    ],
)
def test_violation_names_its_place_and_what_was_expected_and_found(
    registry: Registry, changes: dict[str, Any], pointer: str, path: str, keyword: str, detail: str
) -> None:
    assert violations(registry, sale(**changes)) == (
        Violation(pointer=pointer, path=path, keyword=keyword, detail=detail),
    )


def test_path_of_an_xml_document_is_its_element_path(registry: Registry) -> None:
    tree = sale(lines=[{"qty": 1}, {"qty": {"@unit": "EA", "#text": "2"}}])
    del tree["@StoreID"]
    found = violations(registry, tree, root="/POSLog/Transaction")
    assert [(each.pointer, each.path) for each in found] == [
        ("/@StoreID", "/POSLog/Transaction/@StoreID"),
        ("/lines/1/qty", "/POSLog/Transaction/lines[2]/qty"),
    ]


def test_message_of_the_refusal_names_the_first_place(registry: Registry) -> None:
    with pytest.raises(ContractViolated, match=r"breaks pos-till-sale@1\.0\.0 at 1 place; first \$\.lines: "):
        registry.validate(document(sale(lines=[])))


def test_integers_are_integers_whatever_their_notation(registry: Registry) -> None:
    tree = msgspec.json.decode(
        b'{"@StoreID":"0042","lines":[{"qty":1.0},{"qty":123456789012345678901234567890}]}'
    )
    assert registry.validate(document(tree)).version == "1.0.0"
    found = violations(
        registry, msgspec.json.decode(b'{"@StoreID":"0042","lines":[{"qty":1.5},{"qty":true}]}')
    )
    assert [each.detail for each in found] == ["1.5 is not an integer", "true is not an integer"]


@pytest.mark.parametrize(
    "changes",
    [
        {"Operator": "M. Mint"},
        {"Operator": ["M. Mint"]},
        {"Operator": {"Name": "M. Mint"}},
        {"lines": [{"qty": 1, "giftTo": "M. Mint"}]},
        {"lines": {"giftTo": "M. Mint"}},
        {"lines": "M. Mint"},
        {"lines": ["M. Mint"]},
    ],
)
def test_personal_data_is_never_shown_wherever_it_stands(registry: Registry, changes: dict[str, Any]) -> None:
    with pytest.raises(ContractViolated) as caught:
        registry.validate(document(sale(**changes)))
    assert "Mint" not in caught.value.detail
    assert "Mint" not in str(caught.value.violations)


def test_value_beside_personal_data_is_shown(registry: Registry) -> None:
    (found,) = violations(registry, sale(Operator="0123456789", lines=[{"qty": -7, "giftTo": "Mint"}]))
    assert found.detail == "-7 is less than 0"


def test_long_values_and_names_are_cut(registry: Registry) -> None:
    long = "y" * 1_000_000
    tree = sale(lines=[{"qty": long}, {long: 1}])
    for found in violations(registry, tree):
        assert len(found.detail) < 120
        assert len(found.pointer) <= 1000


def test_twenty_violations_are_told_in_the_order_of_the_document(registry: Registry) -> None:
    tree = sale(lines=[{"qty": -1, "unit": "box"} for _ in range(1000)])
    found = violations(registry, tree)
    assert [each.pointer for each in found] == [
        f"/lines/{index}/{name}" for index in range(10) for name in ("qty", "unit")
    ]
    with pytest.raises(ContractViolated, match="at 20 places or more"):
        registry.validate(document(tree))


def test_names_are_sorted_and_a_contract_tells_its_manifest(registry: Registry) -> None:
    assert registry.names == (NAME,)
    assert registry.contract(NAME).manifest.owner.team == "pos-platform"


def test_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractsError, match="there is no such folder of contracts"):
        Registry.load(tmp_path / "nowhere")
