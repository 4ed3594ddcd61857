"""The registry's part of the OpenAPI description."""

from typing import Any

from gateway.http.openapi_parts import CONTRACT_HEADERS, answer, body, operation, parameter, refusals
from gateway.http.registry import pages
from gateway.http.registry.contracts import SCHEMA_MEDIA_TYPE, SCOPE

CONTRACT_STRUCTS = (
    pages.ContractList, pages.ContractPage, pages.Examples, pages.Diff, pages.CheckReply,
    pages.ValidationReply, pages.UsageReply,
)  # fmt: skip

_TEXT = {"type": "string"}
_VERSION_TEXT = {"type": "string", "pattern": r"^[0-9]+\.[0-9]+\.[0-9]+$"}
_NAME = parameter("name", "path", "A contract", required=True)
_VERSION = parameter("version", "path", "An exact version, x.y.z", _VERSION_TEXT, required=True)
_IF_NONE_MATCH = parameter("If-None-Match", "header", "The entity tag of what you have")
_CACHE_HEADERS = {
    "ETag": {"description": "A strong entity tag", "schema": _TEXT},
    "Cache-Control": {"description": "A locked version never changes", "schema": _TEXT},
}
_KEPT = {"304": {"description": "You have it", "headers": _CACHE_HEADERS}}
_KEPT_OF_VERSION = {"304": {"description": "You have it", "headers": _CACHE_HEADERS | CONTRACT_HEADERS}}
_SCHEMA = {"type": ["object", "boolean"]}


def _page(description: str, schema: str) -> dict[str, Any]:
    return {
        "200": answer(description, schema, headers=_CACHE_HEADERS), **_KEPT, **refusals(401, 403, 404),
    }  # fmt: skip


def _of_version(description: str, *schemas: str) -> dict[str, Any]:
    media_type = "application/json" if schemas else SCHEMA_MEDIA_TYPE
    found = answer(description, *schemas, headers=_CACHE_HEADERS | CONTRACT_HEADERS, media_type=media_type)
    return {
        "200": found, **_KEPT_OF_VERSION,
        **refusals(401, 403, 404), **refusals(410, headers=CONTRACT_HEADERS),
    }  # fmt: skip


def _get(
    name: str, summary: str, responses: dict[str, Any], parameters: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "get": operation(
            name, summary, responses, scope=SCOPE, parameters=[*parameters, _IF_NONE_MATCH]
        )
    }  # fmt: skip


CONTRACT_PATHS: dict[str, Any] = {
    "/contracts": _get("listContracts", "All contracts", _page("They", "ContractList"), []),
    "/contracts/{name}": _get(
        "showContract", "One contract: owner, versions, readers", _page("It", "ContractPage"), [_NAME]
    ),
    "/contracts/{name}/{version}": _get(
        "showSchema", "The schema of a version, in the bytes that are locked", _of_version("The schema"),
        [_NAME, _VERSION],
    ),
    "/contracts/{name}/{version}/writer": _get(
        "showWriterView", "What a sender is held to", _of_version("The schema"), [_NAME, _VERSION]
    ),
    "/contracts/{name}/{version}/reader": _get(
        "showReaderView", "What a reader may rely on", _of_version("The schema"), [_NAME, _VERSION]
    ),
    "/contracts/{name}/{version}/examples": _get(
        "showExamples", "Documents that keep a version, and such that don't",
        _of_version("They", "Examples"), [_NAME, _VERSION],
    ),
    "/contracts/{name}/diff": _get(
        "diffVersions", "What changed between two versions, and what follows from it",
        {**_page("The comparison", "Diff"), **refusals(422, 429, 503)},
        [
            _NAME,
            parameter("from", "query", "The older version", _VERSION_TEXT, required=True),
            parameter("to", "query", "The newer version", _VERSION_TEXT, required=True),
        ],
    ),
    "/contracts/{name}/usage": {
        "get": operation(
            "showUsage", "Who sent and who was sent which version, when last, and what was refused",
            {
                "200": answer("The use of each version", "UsageReply", headers=_CACHE_HEADERS),
                **refusals(401, 403, 404, 503),
            },
            scope=SCOPE, parameters=[_NAME],
        )
    },
    "/contracts/{name}/check": {
        "post": operation(
            "checkCandidate", "Compare a candidate schema with every version that lives; nothing is kept",
            {
                "200": answer("The comparisons", "CheckReply"),
                **refusals(400, 401, 403, 404, 413, 422, 429, 503),
            },
            scope=SCOPE, parameters=[_NAME],
            body={"required": True, "content": {SCHEMA_MEDIA_TYPE: {"schema": _SCHEMA}}},
        )
    },
    "/contracts/{name}/{version}/validate": {
        "post": operation(
            "validateDocument", "Whether a decoded document keeps a version; nothing is kept",
            {
                "200": answer("The verdict", "ValidationReply", headers=CONTRACT_HEADERS),
                **refusals(400, 401, 403, 404, 413), **refusals(410, headers=CONTRACT_HEADERS),
            },
            scope=SCOPE, parameters=[_NAME, _VERSION], body=body("application/json"),
        )
    },
}  # fmt: skip
