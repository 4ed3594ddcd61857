"""The documents made from contracts are up to date, keep their specifications, and their examples are true.

No validator is ours: openapi-spec-validator and asyncapi3 from PyPI hold the documents against OpenAPI 3.1
and AsyncAPI 3.0; AsyncAPI's own reference parser does it once more where `make validators` has installed it.
"""

import copy
import json
import os
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import next_major
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from contracts.registry import Registry
from gateway.bootstrap import Installation, install
from gateway.data_folder import DataFolder
from gateway.documents.whole import as_text, asyncapi_document, openapi_document

with warnings.catch_warnings():
    # two members of its models are named as pydantic's own
    warnings.simplefilter("ignore", UserWarning)
    from asyncapi3.models.asyncapi import AsyncAPI3

REPOSITORY = Path(__file__).resolve().parent.parent
GENERATED = REPOSITORY / "docs" / "generated"
PARSER = Path(__file__).with_name("asyncapi_parser.js")
VALIDATORS = REPOSITORY / ".venv" / "validators" / "node_modules"
OUTDATED = "asyncapi-latest-version"  # that there is a newer AsyncAPI is no fault of the document
Document = dict[str, Any]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """What a fresh clone runs with: the default settings, and nothing from this machine's environment."""
    return install(DataFolder(tmp_path_factory.mktemp("data")), None, {})


@pytest.fixture(scope="module")
def asyncapi(installation: Installation) -> Document:
    document: Document = json.loads(as_text(asyncapi_document(installation)))
    return document


@pytest.fixture(scope="module")
def openapi(installation: Installation) -> Document:
    document: Document = json.loads(as_text(openapi_document(installation)))
    return document


@pytest.mark.parametrize("name", ["asyncapi", "openapi"])
def test_committed_document_is_what_the_contracts_say_today(
    name: str, request: pytest.FixtureRequest
) -> None:
    committed = (GENERATED / f"{name}.json").read_text("utf-8")
    assert committed == as_text(request.getfixturevalue(name)), f"run `make {name}` and commit the file"


# ---- against their specifications


def openapi_faults(document: Document) -> list[str]:
    return [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()]


def reference_parser_faults(document: Document) -> list[str]:
    """What AsyncAPI's own parser finds; skips where it isn't installed."""
    if shutil.which("node") is None or not (VALIDATORS / "@asyncapi" / "parser").is_dir():
        pytest.skip("AsyncAPI's reference parser is not installed: run `make validators` (it needs npm)")
    run = subprocess.run(
        ["node", str(PARSER)],
        input=json.dumps(document),
        env={**os.environ, "NODE_PATH": str(VALIDATORS)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    return [
        f"{'/'.join(map(str, each['path']))}: {each['message']}" for each in found if each["code"] != OUTDATED
    ]


def test_openapi_document_keeps_openapi_3_1(openapi: Document) -> None:
    assert openapi_faults(openapi) == []


def test_asyncapi_document_keeps_asyncapi_3_0(asyncapi: Document) -> None:
    AsyncAPI3.model_validate(asyncapi)


def test_asyncapi_document_passes_the_reference_parser(asyncapi: Document) -> None:
    assert reference_parser_faults(asyncapi) == []


def test_validators_notice_a_fault(asyncapi: Document, openapi: Document) -> None:
    wrong = copy.deepcopy(openapi)
    del wrong["paths"]["/v1/events"]["get"]["responses"]["422"]["description"]
    assert openapi_faults(wrong) != []
    misspelt = copy.deepcopy(asyncapi)
    misspelt["channels"]["deliveries-finance"]["adress"] = "out.finance"
    with pytest.raises(ValueError, match="adress"):
        AsyncAPI3.model_validate(misspelt)


def test_reference_parser_notices_a_fault(asyncapi: Document) -> None:
    dangling = copy.deepcopy(asyncapi)
    dangling["operations"]["deliver-to-finance"]["channel"]["$ref"] = "#/channels/nowhere"
    assert reference_parser_faults(dangling) != []


@pytest.mark.parametrize("name", ["asyncapi", "openapi"])
def test_every_reference_leads_somewhere(name: str, request: pytest.FixtureRequest) -> None:
    document = request.getfixturevalue(name)
    references = {node["$ref"] for node in nodes(document) if isinstance(node.get("$ref"), str)}
    assert len(references) > 30
    for reference in references:
        found(document, reference)


# ---- and true


def test_each_owner_is_told_of_its_own_subjects_alone(installation: Installation, asyncapi: Document) -> None:
    for owner in installation.owners:
        deliveries = asyncapi["channels"][f"deliveries-{owner}"]
        assert deliveries["address"] == f"out.{owner}.{{category}}.{{priority}}"
        assert deliveries["x-consumer"]["filter_subject"] == f"out.{owner}.*.*"
        assert asyncapi["channels"][f"verdicts-{owner}"]["address"] == f"result.{owner}.{{delivery}}"
        told = {reference["$ref"].rpartition("/")[2] for reference in deliveries["messages"].values()}
        assert told == {f"{category}-v1" for category in deliveries["parameters"]["category"]["enum"]}


def test_categories_of_an_owner_are_those_that_the_routes_can_send_it(asyncapi: Document) -> None:
    enums = {
        name: set(channel["parameters"]["category"]["enum"])
        for name, channel in asyncapi["channels"].items()
        if name.startswith("deliveries-")
    }
    assert len(enums["deliveries-review"]) == 8
    assert enums["deliveries-finance"] == {
        "price-discrepancy", "failed-price-update", "invoice-mismatch", "supplier-short-shipment",
    }  # fmt: skip
    assert "invoice-mismatch" not in enums["deliveries-store-ops"]


def test_examples_of_every_message_keep_its_headers_and_its_payload(asyncapi: Document) -> None:
    messages = asyncapi["components"]["messages"]
    assert len(messages) == 9
    for name, message in messages.items():
        assert message["examples"], name
        for example in message["examples"]:
            validator(asyncapi, message["payload"]).validate(example["payload"])
            validator(asyncapi, message["headers"]).validate(example.get("headers", {}))


def test_payload_of_another_category_or_without_triage_is_refused(asyncapi: Document) -> None:
    message = asyncapi["components"]["messages"]["invoice-mismatch-v1"]
    payload = validator(asyncapi, message["payload"])
    right = message["examples"][0]["payload"]
    assert payload.is_valid(right)
    assert not payload.is_valid({**right, "type": "retail.exception.refund-anomaly.v1"})
    assert not payload.is_valid({**right, "data": {**right["data"], "triage": {}}})
    assert not payload.is_valid({**right, "data": {**right["data"], "exception": {}}})
    headers = message["examples"][0]["headers"]
    assert not validator(asyncapi, message["headers"]).is_valid({**headers, "Xd-Attempt": "0"})


def test_reader_is_told_to_expect_members_and_values_that_are_not_there_yet(asyncapi: Document) -> None:
    message = asyncapi["components"]["messages"]["inventory-variance-v1"]
    payload = copy.deepcopy(message["examples"][0]["payload"])
    payload["data"]["exception"]["a-member-to-come"] = 1
    payload["data"]["exception"]["place"] = {"kind": "van", "id": "7"}
    validator(asyncapi, message["payload"]).validate(payload)


def test_each_owner_is_told_of_the_major_that_it_reads(installation: Installation, tmp_path: Path) -> None:
    subscribed = msgspec.structs.replace(installation.owners["store-ops"], subscriptions={next_major.NAME: 1})
    changed = msgspec.structs.replace(
        installation,
        registry=Registry.load(next_major.published(tmp_path / "published")),
        owners={**installation.owners, "store-ops": subscribed},
    )
    document: Document = json.loads(as_text(asyncapi_document(changed)))
    AsyncAPI3.model_validate(document)
    for owner, told, other in (("store-ops", "v1", "v2"), ("inventory-control", "v2", "v1")):
        messages = document["channels"][f"deliveries-{owner}"]["messages"]
        assert f"inventory-variance-{told}" in messages
        assert f"inventory-variance-{other}" not in messages
    for major, member in (("1", "money_at_risk"), ("2", "exposure")):
        message = document["components"]["messages"][f"inventory-variance-v{major}"]
        assert message["examples"]
        for example in message["examples"]:
            validator(document, message["payload"]).validate(example["payload"])
        exceptions = [example["payload"]["data"]["exception"] for example in message["examples"]]
        assert any(member in exception for exception in exceptions)


def test_document_is_made_also_where_no_cast_leads_to_what_an_owner_reads(
    installation: Installation, tmp_path: Path
) -> None:
    registry = Registry.load(next_major.published(tmp_path / "published", None))
    asks = {next_major.NAME: 2}
    owners = {
        name: msgspec.structs.replace(owner, subscriptions=asks)
        for name, owner in installation.owners.items()
    }
    changed = msgspec.structs.replace(installation, registry=registry, owners=owners)
    document: Document = json.loads(as_text(asyncapi_document(changed)))
    AsyncAPI3.model_validate(document)
    assert document["components"]["messages"]["inventory-variance-v2"]["examples"] == []


def test_documents_are_made_also_where_every_version_of_a_contract_has_ended(
    installation: Installation, tmp_path: Path
) -> None:
    published = next_major.published(tmp_path / "published")
    manifest = published / next_major.NAME / "contract.toml"
    manifest.write_text(manifest.read_text().replace('state = "published"', 'state = "retired"'))
    changed = msgspec.structs.replace(installation, registry=Registry.load(published))
    assert "inventory-variance-v1" not in asyncapi_document(changed)["components"]["messages"]
    openapi = json.loads(as_text(openapi_document(changed)))
    assert openapi_faults(openapi) == []
    assert f"event-{next_major.NAME}" not in openapi["components"]["schemas"]


def test_each_source_has_its_contracts_and_an_example_of_each(openapi: Document) -> None:
    tags = {tag["name"] for tag in openapi["tags"]}
    assert tags == {"pos-demo", "wms-demo", "erp-demo", "canonical-demo"}
    for source in tags:
        single = openapi["paths"][f"/v1/sources/{source}/events"]["post"]
        batch = openapi["paths"][f"/v1/sources/{source}/events/batch"]["post"]
        named = {each["contract"].partition("@")[0] for each in single["x-contracts"]}
        # a file of many rows is an example of the batch call alone
        files = {name for name in named if name.startswith("pos-dropfile-")}
        assert shown(batch) == named
        assert shown(single) == named - files
        for each in single["x-contracts"]:
            assert found(openapi, each["schema"]["$ref"])["description"]


def shown(call: Document) -> set[str]:
    """The contracts that a call has examples of."""
    return {name for media in call["requestBody"]["content"].values() for name in media.get("examples", {})}


def nodes(value: Any) -> Iterator[Document]:
    if isinstance(value, dict):
        yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(child)


def found(document: Document, reference: str) -> Any:
    """What a reference leads to. Raises: KeyError, IndexError."""
    place: Any = document
    for part in reference.removeprefix("#/").split("/"):
        place = place[part.replace("~1", "/").replace("~0", "~")]
    return place


def validator(document: Document, schema: Document) -> jsonschema.protocols.Validator:
    """A validator of one schema of the document, formats asserted."""
    whole = {"components": document["components"], **schema}
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    return jsonschema.Draft202012Validator(whole, format_checker=checker)
