"""The OpenAPI 3.1 description of the gateway; the bare ASGI handlers are described here and nowhere else."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from adapters.catalogue import Catalogue
from contracts.adapter import Signature
from contracts.ids import ID_LENGTH
from contracts.registry import Registry
from gateway.http import problems
from gateway.http.health import Readiness
from gateway.http.openapi_ingest import SOURCE_NAME, IngestCalls
from gateway.http.openapi_parts import answer, operation, parameter, refusals
from gateway.http.openapi_sources import DescribedSource, SourcePaths
from gateway.http.registry.openapi import CONTRACT_PATHS, CONTRACT_STRUCTS
from gateway.http.sources import ANY
from gateway.http.verdicts import AcceptedReply, BatchReply, KeptReply, ValidReply
from gateway.settings import HttpSettings
from gateway.timeline import Timeline

VERSION = "1"
_REFERENCE = "#/components/schemas/{name}"
_STRUCTS = (
    AcceptedReply, KeptReply, ValidReply, BatchReply, problems.Problem, Readiness, Timeline,
    *CONTRACT_STRUCTS,
)  # fmt: skip

_EVENT_ID = parameter(
    "event_id", "path", "The id that the 202 gave",
    {"type": "string", "pattern": f"^[a-z2-7]{{{ID_LENGTH}}}$"}, required=True,
)  # fmt: skip
_SEQUENCE = parameter(
    "sequence", "query", "The 202's sequence: makes it a few look-ups",
    {"type": "integer", "minimum": 1, "maximum": 10**18 - 1},
)  # fmt: skip
_SENT_ID = {"type": "string", "minLength": 1}
_TIMELINE = {"200": answer("What happened to it", "Timeline"), **refusals(401, 403, 404, 422, 503)}


def document(
    settings: HttpSettings, catalogue: Catalogue, registry: Registry, sources: Iterable[DescribedSource]
) -> dict[str, Any]:
    """Return the description of this installation: its limits, signatures, sources and contracts."""
    described = sorted(sources, key=lambda source: source.name)
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
    answers: dict[str, Any] = {}
    of_sources = SourcePaths(catalogue, registry)
    calls = IngestCalls(tuple(signatures), answers)
    paths = calls.of_any_source(catalogue)
    for source in described:
        paths |= of_sources.of(source, calls.one, calls.many)
    events = {"post": calls.cloud_events(of_sources.cloud_events()), **_EVENT_PATHS["/v1/events"]}
    paths |= {**_EVENT_PATHS, "/v1/events": events, **CONTRACT_PATHS, **_OPERATIONS_PATHS}
    description: dict[str, Any] = {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Crossdock",
            "version": VERSION,
            "description": "The integration gateway for a retailer's operational exceptions. "
            f"A message has at most {settings.body_limit_bytes} bytes, a batch {settings.batch_limit_bytes} "
            f"bytes and {settings.items_limit} items. A contract's schema speaks about the document as it is "
            "decoded, also where it came as XML or as rows.",
        },
        "tags": [{"name": source.name, "description": source.title} for source in described],
        "paths": paths,
        "components": {
            "schemas": of_sources.components.schemas | _schemas(),
            "responses": answers,
            "examples": dict(sorted(of_sources.examples.items())),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                **signatures,
            },
        },
    }
    if settings.base_url:
        description["servers"] = [{"url": settings.base_url}]
    return description


class Description:
    """The document as each client may see it: of the sources only its own, for nobody learns of others."""

    def __init__(self, whole: Mapping[str, Any], sources: Iterable[str]) -> None:
        self._whole = whole
        self._sources = frozenset(sources)
        self._encoded: dict[frozenset[str], bytes] = {}

    def of(self, sources: frozenset[str]) -> bytes:
        """Return the document for a client that may speak for `sources`, encoded once for each such set."""
        visible = self._sources if ANY in sources else self._sources & sources
        if visible not in self._encoded:
            hidden = self._sources - visible
            self._encoded[visible] = msgspec.json.encode(
                {
                    **self._whole,
                    "tags": [tag for tag in self._whole["tags"] if tag["name"] not in hidden],
                    "paths": {
                        path: item
                        for path, item in self._whole["paths"].items()
                        if not any(path.startswith(f"/v1/sources/{name}/") for name in hidden)
                    },
                }
            )
        return self._encoded[visible]


def _schemas() -> dict[str, Any]:
    _, schemas = msgspec.json.schema_components(_STRUCTS, ref_template=_REFERENCE)
    for schema in schemas.values():
        schema["description"] = " ".join(schema.get("description", "").split())
    refused = {"allOf": [{"$ref": _REFERENCE.format(name=name)} for name in ("Problem", "BatchReply")]}
    return {**schemas, "RefusedBatch": refused}


_EVENT_PATHS: dict[str, dict[str, Any]] = {
    "/v1/events": {
        "get": operation(
            "findEvent", "The timeline of an event by the sender's own id", _TIMELINE,
            scope="events:read",
            parameters=[
                parameter("source", "query", "A registered source", SOURCE_NAME, required=True),
                parameter("source_event_id", "query", "The sender's id", _SENT_ID, required=True),
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
        "get": operation(
            "openapi", "This description, with those sources that are the client's",
            {"200": answer("It"), **refusals(401, 403)}, scope="",
        )
    },
    "/asyncapi.json": {
        "get": operation(
            "asyncapi", "What owners receive and answer over NATS, as AsyncAPI 3.0",
            {"200": answer("It"), **refusals(401, 403)}, scope="",
        )
    },
}  # fmt: skip
