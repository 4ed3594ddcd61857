"""The pieces that an OpenAPI description repeats: parameters, answers, operations."""

from http import HTTPStatus
from typing import Any

_SCHEMAS = "#/components/schemas/"
_TEXT = {"type": "string"}

LOCATION_HEADER = {"Location": {"description": "Where its timeline is", "schema": _TEXT}}
CONTRACT_HEADERS = {
    "Contract": {"description": "The version that it was held to, `name@x.y.z`", "schema": _TEXT},
    "Deprecation": {"description": "Since when that version is deprecated (RFC 9745)", "schema": _TEXT},
    "Sunset": {"description": "When that version ends (RFC 8594)", "schema": _TEXT},
    "Link": {
        "description": "rel=successor-version: the version to use instead; deprecation, sunset: to read",
        "schema": _TEXT,
    },
    "Brown-Out": {
        "description": "When that version will take no events for a while: intervals of ISO 8601",
        "schema": _TEXT,
    },
}
_RETRY_HEADERS = {"Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer"}}}
_CHALLENGE_HEADERS = {"WWW-Authenticate": {"description": "What is missing (RFC 6750)", "schema": _TEXT}}
_REFUSAL_HEADERS: dict[int, dict[str, Any]] = {
    401: _CHALLENGE_HEADERS,
    403: _CHALLENGE_HEADERS,
    429: _RETRY_HEADERS,
    503: _RETRY_HEADERS,
}


def parameter(
    name: str, place: str, description: str, schema: dict[str, Any] | None = None, *, required: bool = False
) -> dict[str, Any]:
    """Return a parameter in `place`: path, query or header."""
    return {
        "name": name,
        "in": place,
        "description": description,
        "required": required,
        "schema": schema or _TEXT,
    }


def body(*media_types: str) -> dict[str, Any]:
    """Return a request body that is taken as it is: what it must be, its contract says."""
    return {"required": True, "content": {media_type: {} for media_type in media_types}}


def answer(
    description: str,
    *schemas: str,
    headers: dict[str, Any] | None = None,
    media_type: str = "application/json",
) -> dict[str, Any]:
    """Return a response whose body is one of `schemas`."""
    references = [{"$ref": _SCHEMAS + name} for name in schemas]
    schema: dict[str, Any] = references[0] if len(references) == 1 else {"anyOf": references}
    content = {media_type: {"schema": schema} if references else {}}
    return {"description": description, "content": content} | ({"headers": headers} if headers else {})


def refusals(
    *statuses: int, schema: str = "Problem", headers: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return the problem details (RFC 9457) that an operation may answer with, and further `headers`."""
    return {
        str(status): answer(
            HTTPStatus(status).phrase,
            *sorted({"Problem", schema}),
            headers=_REFUSAL_HEADERS.get(status, {}) | (headers or {}),
            media_type="application/problem+json",
        )
        for status in statuses
    }


def operation(
    name: str,
    summary: str,
    responses: dict[str, Any],
    *,
    scope: str | None = None,
    signatures: tuple[str, ...] = (),
    parameters: list[dict[str, Any]] | None = None,
    body: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return an operation. Without `scope` it is open; an empty one stands for any valid token."""
    security: list[dict[str, list[str]]] = [{signature: []} for signature in signatures]
    if scope is not None:
        security.insert(0, {"bearer": [scope] if scope else []})
    found: dict[str, Any] = {"operationId": name, "summary": summary, "security": security}
    if parameters:
        found["parameters"] = parameters
    if body:
        found["requestBody"] = body
    return found | {"responses": responses}


def shared(name: str, responses: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    """Put responses among the `components`, as `<name>-<status>`, and return references to them."""
    components |= {f"{name}-{status}": response for status, response in responses.items()}
    return {status: {"$ref": f"#/components/responses/{name}-{status}"} for status in responses}
