"""The ingest endpoints as bare ASGI handlers: authenticate ▸ split ▸ decode ▸ validate ▸ accept."""

from collections.abc import AsyncIterator, Awaitable, Callable
from time import perf_counter

from litestar.enums import ScopeType
from litestar.types import Receive, Scope, Send

from adapters.framing import cutter_for
from contracts.adapter import Reply as VendorReply
from contracts.errors import (
    BrokerFull,
    BrokerUnavailable,
    EventError,
    InternalFault,
    RequestUnreadable,
    TryLater,
)
from gateway.http import media
from gateway.http.admission import Admission, Admitted
from gateway.http.exchange import ClientGone, Exchange, Response
from gateway.http.intake import Intake
from gateway.http.limits import InFlight, Share
from gateway.http.observer import Observer
from gateway.http.replies import BatchAnswer, Replies
from gateway.settings import HttpSettings
from routing.stages import Failed

SENDER_LEFT = 499

Work = Callable[[Exchange, Share], Awaitable[Response]]


class Ingest:
    """Serves requests. Whatever happens, the sender gets an answer, and none is a 500."""

    def __init__(
        self,
        admission: Admission,
        intake: Intake,
        replies: Replies,
        in_flight: InFlight,
        settings: HttpSettings,
        observer: Observer,
    ) -> None:
        self._admission = admission
        self._intake = intake
        self._replies = replies
        self._in_flight = in_flight
        self._settings = settings
        self._observer = observer

    async def one(self, scope: Scope, receive: Receive, send: Send, source: str) -> None:
        """`POST /v1/sources/{source}/events`: one message in the source's own format."""

        async def work(exchange: Exchange, share: Share) -> Response:
            return await self._one(exchange, share, source)

        await self._serve(scope, receive, send, work)

    async def many(self, scope: Scope, receive: Receive, send: Send, source: str) -> None:
        """`POST /v1/sources/{source}/events/batch`: a file, an array or lines with many items."""

        async def work(exchange: Exchange, share: Share) -> Response:
            return await self._many(exchange, share, source)

        await self._serve(scope, receive, send, work)

    async def cloud_events(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`POST /v1/events`: CloudEvents 1.0, one or, by the media type, a batch."""

        async def work(exchange: Exchange, share: Share) -> Response:
            is_batch = media.is_batch(exchange.headers.get("content-type", ""))
            return await (self._many if is_batch else self._one)(exchange, share, None)

        await self._serve(scope, receive, send, work)

    async def _one(self, exchange: Exchange, share: Share, source: str | None) -> Response:
        admitted = await self._admit(exchange, source)
        body = await exchange.read(admitted.within(self._settings.body_limit_bytes), share)
        submission = self._admission.submit(admitted, body)
        verdict = await self._intake.take_one(submission)
        return self._replies.single(verdict, exchange.path, submission.vendor_reply)

    async def _many(self, exchange: Exchange, share: Share, source: str | None) -> Response:
        admitted = await self._admit(exchange, source)
        answer = self._replies.batch(exchange.path)
        try:
            vendor_reply = await self._take_many(admitted, share, answer)
        except EventError as error:
            if not answer:
                raise
            if not isinstance(error, BrokerFull | BrokerUnavailable):  # the stage `accept` told of these
                self._observer.stage_failed(Failed("split", error))
            return answer.response(None, stopped=error)
        return answer.response(vendor_reply)

    async def _take_many(self, admitted: Admitted, share: Share, answer: BatchAnswer) -> VendorReply | None:
        """Take lines and arrays while they come, and anything else once it is there."""
        limit_bytes = admitted.within(self._settings.batch_limit_bytes)
        chunks = admitted.exchange.chunks(limit_bytes)
        submission = self._admission.stream(admitted)
        if submission is None:  # nobody is proven yet for whom room could be kept
            body = await admitted.exchange.read(limit_bytes, share)
        else:
            head = await anext(chunks, b"")
            if not head:
                raise RequestUnreadable("the body is empty")
            cutter = cutter_for(admitted.media_type, head, self._settings.body_limit_bytes)
            if cutter is not None:
                await self._intake.take_stream(submission, _chain(head, chunks), cutter, share, answer.add)
                return None
            body = await _whole(admitted.exchange, _chain(head, chunks), share, limit_bytes)
        submission = self._admission.submit(admitted, body)
        await self._intake.take_many(submission, answer.add)
        return submission.vendor_reply

    async def _admit(self, exchange: Exchange, source: str | None) -> Admitted:
        started = perf_counter()
        admitted = await self._admission.admit(exchange, source)
        self._observer.stage_ran("authenticate", 1, perf_counter() - started)
        return admitted

    async def _serve(self, scope: Scope, receive: Receive, send: Send, work: Work) -> None:
        if scope["type"] != ScopeType.HTTP:
            return
        started = perf_counter()
        exchange = Exchange(scope, receive, send)
        try:
            with self._in_flight.request() as share:
                response = await work(exchange, share)
            await exchange.respond(response)
            status = response.status
        except ClientGone:
            status = SENDER_LEFT
        except EventError as error:
            status = await self._refuse(exchange, error, None)
        except Exception as error:  # noqa: BLE001 - nothing is kept, so the sender must send again
            status = await self._refuse(exchange, InternalFault(f"{type(error).__name__}"), error)
        self._observer.request_ended(status, perf_counter() - started)

    async def _refuse(self, exchange: Exchange, error: EventError, cause: Exception | None) -> int:
        """Answer a request that ended before it had items."""
        self._observer.stage_failed(Failed("authenticate", error, cause))
        is_ours = isinstance(error, InternalFault)
        self._observer.item_ended(
            source="",
            verdict="try_later" if is_ours or isinstance(error, TryLater) else "rejected",
            code=error.code,
            stage="authenticate",
            event_id="",
            contract="",
            detail=error.detail,
            traceparent=exchange.headers.get("traceparent", ""),
        )
        return await exchange.refuse(error, status=503 if is_ours else None)


async def _whole(exchange: Exchange, chunks: AsyncIterator[bytes], share: Share, limit_bytes: int) -> bytes:
    """Return a body for which there is room before it comes: two halves must not wait for each other."""
    declared = exchange.declared_bytes
    expected = limit_bytes if declared is None else min(declared, limit_bytes)
    await share.room_for_file(expected)
    share.hold(expected)
    body = b"".join([chunk async for chunk in chunks])
    share.hold(len(body))
    return body


async def _chain(head: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield head
    async for chunk in rest:
        yield chunk
