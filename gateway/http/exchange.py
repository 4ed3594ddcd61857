"""One request and its response on bare ASGI: read within limits, answer, close what can't go on."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import parse_qsl

from litestar.types import HTTPScope, Receive, Send
from msgspec import Struct

from contracts.errors import EventError, RequestInvalid, RequestStalled, RequestTooLarge
from gateway.http import problems
from gateway.http.limits import Share

GRACE_SECONDS = 20.0
LEAST_BYTES_PER_SECOND = 32 << 10
LINGER_SECONDS = 2.0
SMALL_BYTES = 64 << 10
QUERY_FIELDS_LIMIT = 20


class ClientGone(Exception):
    """The sender closed the connection before its request was whole."""


class Response(Struct, frozen=True, kw_only=True):
    """What is sent back."""

    status: int
    body: bytes
    media_type: str = "application/json"
    headers: Sequence[tuple[str, str]] = ()


class Exchange:
    """One HTTP request, and the way to answer it."""

    def __init__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._is_read = False
        self._received_bytes = 0
        self._waited_seconds = 0.0
        self.path = path_of(scope)
        self.headers = _headers(scope["headers"])
        self._query_string: bytes = scope["query_string"]
        self._query: dict[str, str] | None = None

    def query(self, name: str) -> str | None:
        """Return a field of the query. Raises: RequestInvalid where it stands there twice."""
        if not self._query_string:
            return None
        if self._query is None:
            self._query = _fields(self._query_string)
        return self._query.get(name)

    def flag(self, name: str) -> bool:
        """Return a field that is `true` or `false`, false where it is missing. Raises: RequestInvalid."""
        text = self.query(name)
        if text in {None, "false"}:
            return False
        if text == "true":
            return True
        raise RequestInvalid(f"{name}: `true` or `false` is expected, not {(text or '')[:40]!r}")

    async def read(self, limit_bytes: int, share: Share) -> bytes:
        """Return the body. Raises: TooManyRequests; what `chunks` raises."""
        read: list[bytes] = []
        async for chunk in self.chunks(limit_bytes):
            share.take(len(chunk))
            read.append(chunk)
        return read[0] if len(read) == 1 else b"".join(read)

    async def chunks(self, limit_bytes: int) -> AsyncIterator[bytes]:
        """Yield the body as it comes, or what a caller that stopped has left of it.

        We may wait for a body for 20 seconds and one more for each 32 KiB that came; a body that waits for us
        is held back in its socket.

        Raises: RequestTooLarge, at once where Content-Length says so; RequestStalled; ClientGone.
        """
        self._check_declared(limit_bytes)
        now = asyncio.get_running_loop().time
        while not self._is_read:
            patience = GRACE_SECONDS + self._received_bytes / LEAST_BYTES_PER_SECOND - self._waited_seconds
            begun = now()
            try:
                async with asyncio.timeout(patience):
                    chunk = await self._next_chunk()
            except TimeoutError:
                raise RequestStalled(f"the body stalled after {self._received_bytes} bytes") from None
            self._waited_seconds += now() - begun
            self._received_bytes += len(chunk)
            if self._received_bytes > limit_bytes:
                raise RequestTooLarge(f"the body is larger than {limit_bytes} bytes")
            yield chunk

    async def respond(self, response: Response) -> None:
        """Send the response. Where much of the body is unread, close after it, and give it time to arrive."""
        closes = not self._is_read and self._rest_is_large()
        sent = [("content-type", response.media_type), ("content-length", str(len(response.body)))]
        sent += response.headers
        if closes:
            sent.append(("connection", "close"))
        await self._send(
            {
                "type": "http.response.start",
                "status": response.status,
                "headers": [(name.encode("ascii"), value.encode("latin-1")) for name, value in sent],
            }
        )
        await self._send({"type": "http.response.body", "body": response.body, "more_body": closes})
        if closes:
            # to close on unread bytes resets the connection, and the sender would never see the answer
            await self._drain()
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def refuse(self, error: EventError, *, status: int | None = None) -> int:
        """Send the problem that `error` is; return its status."""
        problem = problems.problem_of(error, self.path, status=status)
        await self.respond(problem_response(problem, problems.headers_of(error)))
        return problem.status

    @property
    def declared_bytes(self) -> int | None:
        """The size that Content-Length declares, if it does."""
        declared = self.headers.get("content-length", "")
        return int(declared) if declared.isdecimal() else None

    def _check_declared(self, limit_bytes: int) -> None:
        declared = self.declared_bytes
        if declared is not None and declared > limit_bytes:
            raise RequestTooLarge(f"{declared} bytes are more than {limit_bytes}, the most that is taken")

    def _rest_is_large(self) -> bool:
        declared = self.declared_bytes
        if declared is not None:
            return declared > SMALL_BYTES or "expect" in self.headers
        return "transfer-encoding" in self.headers

    async def _next_chunk(self) -> bytes:
        message: Any = await self._receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        self._is_read = not message.get("more_body", False)
        body: bytes = message.get("body", b"")
        return body

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                while not self._is_read:
                    await self._next_chunk()
        except (TimeoutError, ClientGone):
            return


def path_of(scope: Any) -> str:
    """Return the path as it was sent; the framework changes `path` below a mount."""
    raw: bytes = scope.get("raw_path") or b""
    return raw.decode("ascii", "replace") or str(scope["path"])


def problem_response(problem: problems.Problem, headers: Sequence[tuple[str, str]] = ()) -> Response:
    """Return the response that a problem is."""
    return Response(
        status=problem.status,
        body=problems.encoded(problem),
        media_type=problems.MEDIA_TYPE,
        headers=headers,
    )


def _headers(raw: Any) -> dict[str, str]:
    """Return the headers by lower-case name; one that comes twice is joined by a comma (RFC 9110, 5.3)."""
    found: dict[str, str] = {}
    for name_octets, value_octets in raw:
        name, value = name_octets.decode("latin-1"), value_octets.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _fields(query: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, max_num_fields=QUERY_FIELDS_LIMIT)
    except ValueError:
        raise RequestInvalid("the query can't be read") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise RequestInvalid("a field stands in the query twice")
    return fields
