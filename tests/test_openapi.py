"""The OpenAPI description: well-formed, complete, and true of real answers."""

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from http_face import Face, PaperAdapter, paper_sources
from litestar.routes import ASGIRoute, HTTPRoute
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from adapters.catalogue import Catalogue
from contracts.registry import Registry as Contracts
from gateway import bootstrap
from gateway.http.openapi import document
from gateway.http.openapi_sources import DescribedSource
from gateway.settings import HttpSettings

METHODS = {"get", "post", "put", "patch", "delete"}
NOTE = {"id": "n-1", "store": "7"}
SOURCES = [DescribedSource.of(source) for source in paper_sources().values()]


@pytest.fixture
def description(paper_registry: Contracts) -> dict[str, Any]:
    catalogue = Catalogue((PaperAdapter(), *bootstrap.catalogue().adapters))
    settings = HttpSettings(base_url="https://gateway.example")
    encoded = json.dumps(document(settings, catalogue, paper_registry, SOURCES))
    described: dict[str, Any] = json.loads(encoded)
    return described


def operations(description: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in description["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(child)


def resolved(description: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """The node, or what it refers to."""
    place: Any = description
    for part in node["$ref"].removeprefix("#/").split("/") if "$ref" in node else ():
        place = place[part]
    return place if "$ref" in node else node


def validator(description: dict[str, Any], schema: dict[str, Any]) -> jsonschema.Draft202012Validator:
    whole = DRAFT202012.create_resource(description)
    registry: Registry[Any] = Registry().with_resource("urn:openapi", whole)
    text = json.dumps(schema).replace('"#/', '"urn:openapi#/')
    return jsonschema.Draft202012Validator(json.loads(text), registry=registry)


def test_every_reference_leads_somewhere(description: dict[str, Any]) -> None:
    references = [node["$ref"] for node in nodes(description) if "$ref" in node]
    assert len(references) > 20
    for reference in references:
        place: Any = description
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]


def test_every_schema_is_a_json_schema_and_every_operation_whole(description: dict[str, Any]) -> None:
    assert description["openapi"] == "3.1.0"
    assert {"title", "version"} <= set(description["info"])
    for schema in description["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    names = []
    for path, method, operation in operations(description):
        names.append(operation["operationId"])
        assert method in METHODS
        assert operation["summary"]
        in_path = {each["name"] for each in operation.get("parameters", []) if each["in"] == "path"}
        assert in_path == set(re.findall(r"\{(\w+)\}", path))
        for parameter in operation.get("parameters", []):
            assert set(parameter) == {"name", "in", "description", "required", "schema"}
        for status, response in operation["responses"].items():
            assert re.fullmatch(r"[1-5][0-9]{2}", status)
            assert resolved(description, response)["description"]
        for requirement in operation["security"]:
            assert set(requirement) <= set(description["components"]["securitySchemes"])
    assert len(names) == len(set(names))
    assert "signature_shiphero" in description["components"]["securitySchemes"]


def test_every_endpoint_is_described_and_nothing_else(face: Face, description: dict[str, Any]) -> None:
    served = set()
    for route in face.app.routes:
        if isinstance(route, HTTPRoute):
            served |= {(route.path_format, method.lower()) for method in route.methods - {"OPTIONS", "HEAD"}}
        elif isinstance(route, ASGIRoute):
            paths = [f"{route.path}/{{source}}/events{rest}" for rest in ("", "/batch")]
            served |= {(path, method) for path in paths for method in ("post", "get")}
    described = {(path, method) for path, method, _ in operations(description)}
    names = "|".join(source.name for source in SOURCES)
    of_any = {
        (re.sub(rf"^/v1/sources/({names})/", "/v1/sources/{source}/", path), m) for path, m in described
    }
    assert of_any == served
    assert {f"/v1/sources/{source.name}/events" for source in SOURCES} < {path for path, _ in described}


def test_open_is_what_the_description_says_is_open(description: dict[str, Any]) -> None:
    open_calls = {(path, method) for path, method, call in operations(description) if not call["security"]}
    assert open_calls == {
        ("/health/live", "get"), ("/health/ready", "get"),
        ("/v1/sources/{source}/events", "get"), ("/v1/sources/{source}/events/batch", "get"),
    }  # fmt: skip


async def test_client_learns_of_no_source_but_its_own(face: Face) -> None:
    def sources(answer: Any) -> set[str]:
        paths = (path.split("/") for path in answer.json()["paths"] if path.startswith("/v1/sources/"))
        return {path[3] for path in paths} - {"{source}"}

    assert sources(await face.get("/openapi.json", "stranger")) == {"paper-2"}
    assert sources(await face.get("/openapi.json", "reader")) == {"paper-1"}
    whole = await face.get("/openapi.json", "admin")
    assert sources(whole) == set(paper_sources())
    tags = (await face.get("/openapi.json", "stranger")).json()["tags"]
    assert [tag["name"] for tag in tags] == ["paper-2"]


async def test_asyncapi_is_served_to_who_has_a_token(face: Face) -> None:
    assert (await face.client.get("/asyncapi.json")).status_code == 401
    assert (await face.get("/asyncapi.json", "reader")).json() == {"asyncapi": "3.0.0"}


async def test_real_answers_are_as_described(face: Face) -> None:
    description = (await face.get("/openapi.json")).json()
    path, batch = "/v1/sources/{source}/events", "/v1/sources/{source}/events/batch"
    kept = "/v1/sources/paper-kept/events"
    answers = [
        (path, await face.note(NOTE)),
        (path, await face.note(NOTE | {"store": "8"})),
        (path, await face.note({"id": "n-2"})),
        (path, await face.note(b"{")),
        (path, await face.note(b"")),
        (path, await face.note(NOTE, authorization="Bearer x")),
        (path, await face.note(NOTE, "paper-2")),
        (path, await face.note(NOTE, contract="paper-note@0.9.0")),
        (path, await face.note({"kind": "x"})),
        (path, await face.post(kept, b"{")),
        (path, await face.post(kept, {"id": "n-3"})),
        (path, await face.post("/v1/sources/paper-1/events?dry_run=true", NOTE)),
        (path, await face.post("/v1/sources/paper-1/events?dry_run=true", NOTE | {"bug": "normalise"})),
        (batch, await face.post("/v1/sources/paper-1/events/batch", [NOTE, {"id": "n-4", "store": "7"}])),
        (batch, await face.post("/v1/sources/paper-1/events/batch", [NOTE, {"id": "n-5"}])),
        (batch, await face.post("/v1/sources/paper-1/events/batch", [{"id": "n-5"}, {"id": "n-6"}])),
        (batch, await face.post("/v1/sources/paper-1/events/batch?dry_run=true", [NOTE])),
        (
            "/v1/events",
            await face.post("/v1/events", b"{}", {"content-type": "application/cloudevents+json"}),
        ),
    ]
    seen = set()
    for described, answer in answers:
        operation = description["paths"][described]["post"]
        response = resolved(description, operation["responses"][str(answer.status_code)])
        media_type = answer.headers["content-type"]
        schema = response["content"][media_type]["schema"]
        validator(description, schema).validate(answer.json())
        documented = {name.lower() for name in response.get("headers", {})}
        assert set(answer.headers) - {"content-type", "content-length"} <= documented, answer.headers
        seen.add(answer.status_code)
    assert seen == {200, 202, 207, 400, 401, 403, 409, 410, 415, 422}


async def test_health_and_timelines_are_as_described(face: Face) -> None:
    description = (await face.get("/openapi.json")).json()
    location = (await face.note(NOTE)).headers["location"]
    for described, answer in (
        ("/health/ready", await face.client.get("/health/ready")),
        ("/v1/events/{event_id}", await face.get(location)),
    ):
        content = description["paths"][described]["get"]["responses"]["200"]["content"]
        validator(description, content["application/json"]["schema"]).validate(answer.json())
