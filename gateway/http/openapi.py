"""The OpenAPI 3.1 description of the gateway; the bare ASGI handlers are described here and nowhere else."""

from typing import Any

import msgspec

from adapters.catalogue import Catalogue
from contracts.adapter import Signature
from gateway.http import problems
from gateway.http.health import Readiness
from gateway.http.openapi_parts import (
    CONTRACT_HEADERS,
    LOCATION_HEADER,
    answer,
    body,
    operation,
    parameter,
    refusals,
)
from gateway.http.registry.openapi import CONTRACT_PATHS, CONTRACT_STRUCTS
from gateway.http.verdicts import AcceptedReply, BatchReply, KeptReply, ValidReply
from gateway.settings import HttpSettings
from gateway.timeline import Timeline

VERSION = "1"
_REFERENCE = "#/components/schemas/{name}"
_STRUCTS = (
    AcceptedReply, KeptReply, ValidReply, BatchReply, problems.Problem, Readiness, Timeline,
    *CONTRACT_STRUCTS,
)  # fmt: skip

_DRY_RUN = parameter("dry_run", "query", "`true`: the full verdict, and nothing is kept", {"type": "boolean"})
_CONTRACT = parameter("Contract", "header", "The version to be held to: `name@x.y.z`, or `name@major`")
_TRACE = parameter("traceparent", "header", "W3C trace context, carried on to the owner")
_SOURCE = parameter("source", "path", "A registered source", required=True)
_EVENT_ID = parameter("event_id", "path", "The id that the 202 gave", required=True)
_SEQUENCE = parameter(
    "sequence", "query", "The 202's sequence: makes it a few look-ups", {"type": "integer", "minimum": 1}
)
_XD_SOURCE = parameter("Xd-Source", "header", "For which source, where the client has several canonical ones")
_QUERY_SOURCE = parameter("source", "query", "The same as Xd-Source")

_ONE = {
    "202": answer(
        "Kept: the broker has it durably", "AcceptedReply", "KeptReply",
        headers=LOCATION_HEADER | CONTRACT_HEADERS,
    ),
    "200": answer(
        "A dry run's verdict; or a vendor's own success reply, where its signature proved it", "ValidReply",
        headers=CONTRACT_HEADERS,
    ),
    **refusals(400, 401, 403, 404, 413, 415, 429),
    **refusals(409, 410, 422, 503, headers=CONTRACT_HEADERS),
}  # fmt: skip
_MANY = {
    "202": answer("All items are kept", "BatchReply", headers=CONTRACT_HEADERS),
    "200": answer("A dry run, all items valid", "BatchReply", headers=CONTRACT_HEADERS),
    "207": answer("One verdict for each item, in order", "BatchReply", headers=CONTRACT_HEADERS),
    **refusals(400, 401, 403, 404, 415, schema="RefusedBatch"),
    **refusals(409, 410, 413, 422, 429, 503, schema="RefusedBatch", headers=CONTRACT_HEADERS),
}
_ANY_KEPT = answer(
    "Kept: the broker has it durably", "AcceptedReply", "KeptReply", "BatchReply", headers=CONTRACT_HEADERS
)
_ANY_VALID = answer("A dry run's verdict", "ValidReply", "BatchReply", headers=CONTRACT_HEADERS)
_TIMELINE = {"200": answer("What happened to it", "Timeline"), **refusals(401, 403, 404, 422, 503)}


def document(settings: HttpSettings, catalogue: Catalogue) -> dict[str, Any]:
    """Return the description of this installation: its limits, and the signatures that its adapters know."""
    signatures = {
        f"signature_{adapter.format}": {
            "type": "apiKey",
            "in": "header",
            "name": adapter.signature.header,
            "description": f"HMAC of the body as {adapter.title} makes it",
        }
        for adapter in catalogue.adapters
        if isinstance(adapter.signature, Signature)
    }
    description: dict[str, Any] = {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Crossdock",
            "version": VERSION,
            "description": "The integration gateway for a retailer's operational exceptions. "
            f"A message has at most {settings.body_limit_bytes} bytes, a batch {settings.batch_limit_bytes} "
            f"bytes and {settings.items_limit} items.",
        },
        "paths": _ingest_paths(tuple(signatures)) | _EVENT_PATHS | CONTRACT_PATHS | _OPERATIONS_PATHS,
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                **signatures,
            },
        },
    }
    if settings.base_url:
        description["servers"] = [{"url": settings.base_url}]
    return description


def _schemas() -> dict[str, Any]:
    _, schemas = msgspec.json.schema_components(_STRUCTS, ref_template=_REFERENCE)
    for schema in schemas.values():
        schema["description"] = " ".join(schema.get("description", "").split())
    refused = {"allOf": [{"$ref": _REFERENCE.format(name=name)} for name in ("Problem", "BatchReply")]}
    return {**schemas, "RefusedBatch": refused}


def _ingest_paths(signatures: tuple[str, ...]) -> dict[str, Any]:
    return {
        "/v1/sources/{source}/events": {
            "post": operation(
                "sendEvent", "Send one message in the source's own format", _ONE,
                scope="events:write", signatures=signatures,
                parameters=[_SOURCE, _DRY_RUN, _CONTRACT, _TRACE],
                body=body("application/xml", "application/json", "*/*"),
            )
        },
        "/v1/sources/{source}/events/batch": {
            "post": operation(
                "sendEvents", "Send a file, an array or lines with many items", _MANY,
                scope="events:write", signatures=signatures,
                parameters=[_SOURCE, _DRY_RUN, _CONTRACT, _TRACE],
                body=body("application/xml", "application/json", "application/x-ndjson", "*/*"),
            )
        },
    }  # fmt: skip


_EVENT_PATHS = {
    "/v1/events": {
        "post": operation(
            "sendCloudEvents", "Send CloudEvents 1.0: structured, binary, or a batch",
            {**_ONE, **_MANY, "202": _ANY_KEPT, "200": _ANY_VALID},
            scope="events:write", parameters=[_XD_SOURCE, _QUERY_SOURCE, _DRY_RUN, _CONTRACT, _TRACE],
            body=body(
                "application/cloudevents+json", "application/cloudevents-batch+json", "application/json",
                "application/x-ndjson",
            ),
        ),
        "get": operation(
            "findEvent", "The timeline of an event by the sender's own id", _TIMELINE,
            scope="events:read",
            parameters=[
                parameter("source", "query", "A registered source", required=True),
                parameter("source_event_id", "query", "The sender's id", required=True),
                _SEQUENCE,
            ],
        ),
    },
    "/v1/events/{event_id}": {
        "get": operation(
            "showEvent", "The timeline of an event", _TIMELINE,
            scope="events:read", parameters=[_EVENT_ID, _SEQUENCE],
        )
    },
    "/v1/events/{event_id}/original": {
        "get": operation(
            "showOriginal", "The bytes of an event as they came; reading them is written down",
            {"200": answer("The bytes", media_type="*/*"), **refusals(401, 403, 404, 422, 503)},
            scope="payloads:read", parameters=[_EVENT_ID, _SEQUENCE],
        )
    },
}  # fmt: skip

_OPERATIONS_PATHS = {
    "/health/live": {"get": operation("live", "Whether the process lives", {"200": answer("It does")})},
    "/health/ready": {
        "get": operation(
            "ready", "Whether events can be kept, and how durably",
            {"200": answer("They can", "Readiness"), "503": answer("They can't", "Readiness")},
        )
    },
    "/metrics": {
        "get": operation(
            "metrics", "Metrics in Prometheus' text format",
            {"200": answer("Metrics", media_type="text/plain"), **refusals(401, 403)}, scope="admin",
        )
    },
    "/openapi.json": {
        "get": operation("openapi", "This description", {"200": answer("It"), **refusals(401, 403)}, scope="")
    },
}  # fmt: skip
