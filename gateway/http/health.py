"""Whether the gateway lives, whether it may be sent events, and its metrics."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from litestar import HttpMethod, Request, Response, get, route
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct

from gateway.http.auth import Authenticator

METRICS_MEDIA_TYPE = "text/plain; version=0.0.4"  # the framework adds the charset


class Readiness(Struct, frozen=True, kw_only=True):
    """Whether events can be kept now.

    `durability` is what was verified: `fsync` (one node), `quorum` (a cluster) or `unverified`.
    `missing_streams` are those that the broker doesn't hold, `stuck` the reasons why something can't go on.
    `triage` is who decides: a model as `name@version`, `rules`, or empty where the router runs elsewhere.
    """

    ready: bool
    broker_connected: bool
    durability: str
    missing_streams: tuple[str, ...] = ()
    stuck: tuple[str, ...] = ()
    triage: str = ""


PROBED_BY = [HttpMethod.GET, HttpMethod.HEAD]  # load balancers ask with HEAD

Probe = Callable[[], Awaitable[Readiness]]
Metrics = Callable[[], bytes]


def health_handlers(
    readiness: Probe, metrics: Metrics, authenticator: Authenticator
) -> list[HTTPRouteHandler]:
    """Return the handlers; liveness and readiness are the only calls that are open to everybody."""

    @route("/health/live", http_method=PROBED_BY)
    async def live() -> Response[bytes]:
        return Response(b'{"alive":true}', media_type="application/json")

    @route("/health/ready", http_method=PROBED_BY)
    async def ready() -> Response[bytes]:
        found = await readiness()
        status = 200 if found.ready else 503
        headers = {} if found.ready else {"retry-after": "1"}
        return Response(
            msgspec.json.encode(found), media_type="application/json", status_code=status, headers=headers
        )

    @get("/metrics")
    async def show_metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
        (await authenticator.authenticate(request.headers.get("authorization"))).require("admin")
        return Response(metrics(), media_type=METRICS_MEDIA_TYPE)

    return [live, ready, show_metrics]
