"""Looking for an event: its timeline, and its bytes as they came."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from contracts import headers, ids
from contracts.errors import NotAuthorised, NotFound, RequestInvalid
from gateway.http.acceptance import Acceptance
from gateway.http.auth import Authenticator
from gateway.http.sources import Sender
from gateway.timeline import Timeline
from routing.broker.api import StoredMessage

READ_SCOPE = "events:read"
PAYLOADS_SCOPE = "payloads:read"

FindTimeline = Callable[[str, int | None], Awaitable[Timeline | None]]
FindOriginal = Callable[[str, int | None], Awaitable[StoredMessage | None]]
AuditRead = Callable[[str, str], Awaitable[None]]

Asked = Request[Any, Any, Any]


class Events:
    """Finds events for those whose sources they are from; for all others they don't exist."""

    def __init__(
        self,
        authenticator: Authenticator,
        acceptance: Acceptance,
        *,
        timeline: FindTimeline,
        original: FindOriginal,
        audit_read: AuditRead,
    ) -> None:
        self._authenticator = authenticator
        self._acceptance = acceptance
        self._timeline = timeline
        self._original = original
        self._audit_read = audit_read

    async def show(self, request: Asked, event_id: str) -> Response[bytes]:
        """Return the timeline of an event. Raises: NotFound; what `Authenticator.authenticate` raises."""
        sender = await self._sender(request, READ_SCOPE)
        return await self._timeline_of(request, sender, _checked(event_id))

    async def show_by_source_event_id(self, request: Asked) -> Response[bytes]:
        """Return the timeline of the event that a source calls by its own id.

        Raises: RequestInvalid, NotAuthorised, NotFound; what `Authenticator.authenticate` raises.
        """
        sender = await self._sender(request, READ_SCOPE)
        source = request.query_params.get("source")
        source_event_id = request.query_params.get("source_event_id")
        if not source or not source_event_id:
            raise RequestInvalid("source and source_event_id are expected in the query")
        if not sender.may_speak_for(source):
            raise NotAuthorised(f"the source {source[:64]!r} is not one of this client's")
        return await self._timeline_of(request, sender, ids.event_id(source, source_event_id))

    async def show_original(self, request: Asked, event_id: str) -> Response[bytes]:
        """Return an event's bytes as they came; who read them is written down first.

        Raises: NotFound; what `Authenticator.authenticate` raises.
        """
        sender = await self._sender(request, PAYLOADS_SCOPE)
        found = await self._original(_checked(event_id), self._hint(request, event_id))
        if found is None or not sender.may_speak_for(found.headers.get(headers.SOURCE, "")):
            raise _unknown()
        await self._audit_read(event_id, sender.client)
        # whatever a sender made of it, a browser must not run it
        safe = {
            "x-content-type-options": "nosniff",
            "content-disposition": "attachment",
            "content-security-policy": "sandbox",
            "cache-control": "no-store",
        }
        media_type = found.headers.get(headers.MEDIA_TYPE) or "application/octet-stream"
        return Response(found.body, media_type=media_type, headers=safe)

    async def _timeline_of(self, request: Asked, sender: Sender, event_id: str) -> Response[bytes]:
        found = await self._timeline(event_id, self._hint(request, event_id))
        if found is None or not sender.may_speak_for(found.source):
            raise _unknown()
        return Response(msgspec.json.encode(found), media_type="application/json")

    async def _sender(self, request: Asked, scope: str) -> Sender:
        sender = await self._authenticator.authenticate(request.headers.get("authorization"))
        sender.require(scope)
        return sender

    def _hint(self, request: Asked, event_id: str) -> int | None:
        text = request.query_params.get("sequence")
        if text is None:
            return self._acceptance.sequence_of(event_id)
        if not (text.isascii() and text.isdecimal() and 0 < len(text) <= 18 and int(text)):
            raise RequestInvalid("sequence: a number from 1 on is expected")
        return int(text)


def event_handlers(events: Events) -> list[HTTPRouteHandler]:
    """Return the handlers."""

    @get("/v1/events")
    async def find(request: Asked) -> Response[bytes]:
        return await events.show_by_source_event_id(request)

    @get("/v1/events/{event_id:str}")
    async def show(request: Asked, event_id: FromPath[str]) -> Response[bytes]:
        return await events.show(request, event_id)

    @get("/v1/events/{event_id:str}/original")
    async def show_original(request: Asked, event_id: FromPath[str]) -> Response[bytes]:
        return await events.show_original(request, event_id)

    return [find, show, show_original]


def _checked(event_id: str) -> str:
    if not ids.is_id(event_id):
        raise _unknown()
    return event_id


def _unknown() -> NotFound:
    return NotFound("there is no such event, or it is not yours")
