"""The application: every endpoint, joined from parts that the bootstrap made."""

import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec
import structlog
from litestar import Litestar, Request, Response, asgi, get, post
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException
from litestar.handlers import ASGIRouteHandler, HTTPRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send
from msgspec import Struct

from adapters.catalogue import Catalogue
from contracts.errors import EventError
from contracts.folder import PUBLISHED
from contracts.registry import Registry
from gateway.http import problems
from gateway.http.acceptance import Acceptance
from gateway.http.admission import Admission
from gateway.http.auth import Authenticator
from gateway.http.events import AuditRead, Events, FindOriginal, FindTimeline, event_handlers
from gateway.http.exchange import path_of
from gateway.http.handshakes import Handshakes
from gateway.http.health import Metrics, Probe, health_handlers
from gateway.http.ingest import Ingest
from gateway.http.intake import Intake
from gateway.http.keeping import Keeper
from gateway.http.limits import InFlight
from gateway.http.observer import Observer, SilentObserver
from gateway.http.openapi import Description, document
from gateway.http.openapi_sources import DescribedSource
from gateway.http.registry.comparer import Comparer
from gateway.http.registry.contracts import Contracts, UsageOf
from gateway.http.registry.handlers import contract_handlers
from gateway.http.replies import Replies
from gateway.http.sources import RegisteredSource, Sources
from gateway.http.stages import IngestStages
from gateway.http.usage import UsageRecorder
from gateway.settings import HttpSettings
from routing.contract_usage import UsageCounts

log = structlog.get_logger()


class GatewayParts(Struct, frozen=True, kw_only=True):
    """What the application is made of.

    `partitions` is that of the streams, `clock` says Unix seconds, `contracts_folder` is the registry's own,
    `usage_of` says who uses the versions of a contract, `asyncapi` describes what owners receive and answer.
    """

    settings: HttpSettings
    registry: Registry
    catalogue: Catalogue
    sources: Mapping[str, RegisteredSource]
    authenticator: Authenticator
    acceptance: Acceptance
    partitions: int
    timeline: FindTimeline
    original: FindOriginal
    audit_read: AuditRead
    readiness: Probe
    metrics: Metrics
    asyncapi: bytes
    usage_of: UsageOf
    observer: Observer = SilentObserver()
    contracts_folder: Path = PUBLISHED
    comparer: Comparer | None = None
    usage: UsageCounts = msgspec.field(default_factory=UsageCounts)
    clock: Callable[[], float] = time.time


def create_app(parts: GatewayParts) -> Litestar:
    """Return the ASGI application; it connects to nothing by itself."""
    events = Events(
        parts.authenticator,
        parts.acceptance,
        timeline=parts.timeline,
        original=parts.original,
        audit_read=parts.audit_read,
    )
    replies = Replies(parts.registry, clock=parts.clock)
    return Litestar(
        route_handlers=[
            *_ingest_handlers(
                _ingest(parts, replies), Handshakes(Sources(parts.sources), parts.catalogue, parts.observer)
            ),
            *event_handlers(events),
            *health_handlers(parts.readiness, parts.metrics, parts.authenticator),
            *contract_handlers(_contracts(parts), parts.settings),
            *_description_handlers(parts),
        ],
        exception_handlers={
            EventError: _event_error(replies),
            HTTPException: _http_error,
            Exception: _unexpected,
        },
        openapi_config=None,
        logging_config=None,
        debug=False,
    )


def _ingest(parts: GatewayParts, replies: Replies) -> Ingest:
    settings, observer = parts.settings, parts.observer
    stages = IngestStages(parts.catalogue, parts.registry, settings, clock=parts.clock)
    keeper = Keeper(
        parts.acceptance,
        observer,
        UsageRecorder(parts.registry, parts.usage),
        partitions=parts.partitions,
        body_limit_bytes=settings.body_limit_bytes,
    )
    in_flight = InFlight(
        requests_limit=settings.requests_in_flight_limit, bytes_limit=settings.bytes_in_flight_limit
    )
    return Ingest(
        Admission(parts.authenticator, Sources(parts.sources), parts.catalogue),
        Intake(stages, keeper, observer, items_limit=settings.items_limit),
        replies,
        in_flight,
        settings,
        observer,
    )


def _ingest_handlers(ingest: Ingest, handshakes: Handshakes) -> list[ASGIRouteHandler | HTTPRouteHandler]:
    # bare ASGI: the framework's own request and response would cost as much again as all our stages;
    # a mount, because a bare handler with path parameters is not routed (litestar 2.25)
    @asgi("/v1/sources", is_mount=True, copy_scope=False)
    async def of_source(scope: Scope, receive: Receive, send: Send) -> None:
        source, is_batch = _source_and_endpoint(scope["path"])
        if await handshakes.answer(scope, receive, send, source):
            return
        if scope.get("method") != "POST":
            raise MethodNotAllowedException(headers={"allow": "POST"})
        await (ingest.many if is_batch else ingest.one)(scope, receive, send, source)

    # the framework takes no bare handler beside a GET on the same path
    @post("/v1/events")
    async def cloud_events() -> ASGIApp:
        return ingest.cloud_events

    return [of_source, cloud_events]


def _source_and_endpoint(path: str) -> tuple[str, bool]:
    """Return the source, and whether it is the batch endpoint, from the path below the mount."""
    match path.strip("/").split("/"):
        case [source, "events"]:
            return source, False
        case [source, "events", "batch"]:
            return source, True
        case _:
            raise NotFoundException


def _description_handlers(parts: GatewayParts) -> list[HTTPRouteHandler]:
    described = [DescribedSource.of(source) for source in parts.sources.values()]
    whole = document(parts.settings, parts.catalogue, parts.registry, described)
    description = Description(whole, parts.sources)

    @get("/openapi.json")
    async def openapi(request: Request[Any, Any, Any]) -> Response[bytes]:
        sender = await parts.authenticator.authenticate(request.headers.get("authorization"))
        return Response(description.of(sender.sources), media_type="application/json")

    @get("/asyncapi.json")
    async def asyncapi(request: Request[Any, Any, Any]) -> Response[bytes]:
        await parts.authenticator.authenticate(request.headers.get("authorization"))
        return Response(parts.asyncapi, media_type="application/json")

    return [openapi, asyncapi]


def _contracts(parts: GatewayParts) -> Contracts:
    comparer = parts.comparer or Comparer(parts.settings)
    return Contracts(
        parts.registry, parts.contracts_folder, parts.authenticator, comparer, parts.usage_of, parts.clock
    )


def _event_error(replies: Replies) -> Callable[[Request[Any, Any, Any], EventError], Response[bytes]]:
    def answer(request: Request[Any, Any, Any], error: EventError) -> Response[bytes]:
        problem = problems.problem_of(error, path_of(request.scope))
        return _response(problem, dict([*problems.headers_of(error), *replies.headers(error.contract)]))

    return answer


def _http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    problem = problems.problem_of_status(HTTPStatus(error.status_code), error.detail, path_of(request.scope))
    return _response(problem, error.headers or {})


def _unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    log.error("a request met what it never should", path=path_of(request.scope), exc_info=error)
    problem = problems.problem_of_status(
        HTTPStatus.INTERNAL_SERVER_ERROR, "this is ours to mend", path_of(request.scope)
    )
    return _response(problem, {})


def _response(problem: problems.Problem, headers: Mapping[str, str]) -> Response[bytes]:
    return Response(
        problems.encoded(problem),
        status_code=problem.status,
        media_type=problems.MEDIA_TYPE,
        headers=dict(headers),
    )
