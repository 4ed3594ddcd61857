"""Limits over a real socket: sizes that lie, bodies that stall, too much at once."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from http_face import Face, OpenFace, Socket, answer_of

from gateway.http import exchange
from gateway.http.limits import InFlight
from gateway.settings import HttpSettings

NOTE = json.dumps({"id": "n-1", "store": "7"}).encode()
MIB = 1 << 20


async def test_a_declared_size_over_the_limit_is_refused_before_the_body_is_read(socket: Socket) -> None:
    reader, writer = await socket.open()
    writer.write(socket.head(f"Content-Length: {100 * MIB}"))
    status, headers, body = await answer_of(reader)
    assert (status, headers["connection"]) == (413, "close")
    assert json.loads(body)["code"] == "request.too-large"
    writer.close()


@pytest.mark.parametrize("is_chunked", [False, True])
async def test_100_mb_get_an_answer_whoever_sends_on(socket: Socket, is_chunked: bool) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * MIB

    body: Any = chunks() if is_chunked else b" " * (100 * MIB)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{socket.port}") as client:
        answer = await client.post(
            "/v1/sources/paper-1/events",
            content=body,
            headers={"authorization": f"Bearer {socket.face.token()}", "content-type": "application/json"},
        )
        again = await client.get("/health/live")
    assert (answer.status_code, answer.json()["code"]) == (413, "request.too-large")
    assert again.status_code == 200
    assert await socket.face.kept() == []


async def test_expect_100_continue_is_honoured_and_refused_before_the_body(socket: Socket) -> None:
    reader, writer = await socket.open()
    writer.write(socket.head("Expect: 100-continue", f"Content-Length: {len(NOTE)}"))
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
    writer.write(NOTE)
    assert (await answer_of(reader))[0] == 202
    writer.write(socket.head("Expect: 100-continue", f"Content-Length: {100 * MIB}"))
    status, headers, _ = await answer_of(reader)
    assert (status, headers["connection"]) == (413, "close")
    writer.close()


async def test_a_connection_stays_usable_after_a_small_refused_request(socket: Socket) -> None:
    reader, writer = await socket.open()
    for body, wanted in ((b"{broken", 400), (NOTE, 202), (b"", 400), (NOTE, 202)):
        writer.write(socket.head(f"Content-Length: {len(body)}") + body)
        assert (await answer_of(reader))[0] == wanted
    writer.write(socket.head(f"Content-Length: {len(NOTE)}", "Content-Encoding: gzip") + NOTE)
    assert (await answer_of(reader))[0] == 415
    writer.write(socket.head(f"Content-Length: {len(NOTE)}") + NOTE)
    assert (await answer_of(reader))[0] == 202
    writer.close()


async def test_a_body_that_stalls_is_given_up_and_one_that_is_slow_is_not(
    socket: Socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "GRACE_SECONDS", 0.3)
    monkeypatch.setattr(exchange, "LEAST_BYTES_PER_SECOND", 10)
    slow_reader, slow_writer = await socket.open()
    slow_writer.write(socket.head(f"Content-Length: {len(NOTE)}"))
    stalled_reader, stalled_writer = await socket.open()
    stalled_writer.write(socket.head("Content-Length: 1000"))
    for octet in NOTE:  # 25 octets in 0.5 s, five times what is asked for
        slow_writer.write(bytes([octet]))
        await asyncio.sleep(0.02)
    assert (await answer_of(slow_reader))[0] == 202
    status, _, body = await answer_of(stalled_reader)
    assert (status, json.loads(body)["code"]) == (408, "request.stalled")
    slow_writer.close()
    stalled_writer.close()


async def test_a_size_that_lies_leaves_nothing_half_kept(socket: Socket, eventually: Any) -> None:
    reader, writer = await socket.open()
    writer.write(socket.head(f"Content-Length: {len(NOTE) + 10}") + NOTE)
    writer.write_eof()
    writer.close()
    await eventually(lambda: not socket.server.server_state.connections)
    reader, writer = await socket.open()
    writer.write(socket.head("Content-Length: 5") + NOTE)
    assert (await answer_of(reader))[0] == 400
    writer.close()
    reader, writer = await socket.open()
    writer.write(socket.head("Content-Length: 5", "Transfer-Encoding: chunked") + NOTE)
    assert (await answer_of(reader))[0] == 400
    writer.close()
    assert await socket.face.kept() == []


async def test_a_sender_without_a_token_costs_no_body(socket: Socket) -> None:
    reader, writer = await socket.open()
    head = socket.head(f"Content-Length: {3 * MIB}").replace(b"Authorization", b"X-Nothing")
    writer.write(head + b"x")
    status, headers, _ = await answer_of(reader)
    assert (status, headers["www-authenticate"]) == (401, 'bearer realm="crossdock"')
    writer.close()


class Stream:
    """A body that begins and then waits to be told to end."""

    def __init__(self, begin: bytes = NOTE[:5], end: bytes = NOTE[5:]) -> None:
        self._begin, self._end = begin, end
        self.has_begun = asyncio.Event()
        self.may_end = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._begin
        self.has_begun.set()
        await self.may_end.wait()
        yield self._end


async def test_more_requests_than_the_limit_are_429_until_one_ends(open_face: OpenFace) -> None:
    face = open_face(HttpSettings(requests_in_flight_limit=1))
    stream = Stream()
    first = asyncio.create_task(face.note(stream))
    await stream.has_begun.wait()
    refused = await face.note(NOTE)
    assert (refused.status_code, refused.json()["code"]) == (429, "request.too-many")
    assert refused.headers["retry-after"] == "1"
    stream.may_end.set()
    assert (await first).status_code == 202
    assert (await face.note(NOTE)).status_code == 202


async def test_more_bytes_than_the_limit_are_429_until_they_are_given_back(open_face: OpenFace) -> None:
    face = open_face(HttpSettings(bytes_in_flight_limit=1000))
    stream = Stream(NOTE[:-1] + b" " * 950, b"}")
    first = asyncio.create_task(face.note(stream))
    await stream.has_begun.wait()
    refused = await face.note(json.dumps({"id": "n-2", "store": "x" * 100}))
    assert (refused.status_code, refused.json()["code"]) == (429, "request.too-many")
    stream.may_end.set()
    assert (await first).status_code == 202
    assert (await face.note({"id": "n-2", "store": "x" * 100})).status_code == 202
    assert (await face.note({"id": "n-3", "store": "x" * 2000})).status_code == 429
    for sequence in range(20):  # what was refused gave its place back
        assert (await face.note({"id": f"n-{sequence}", "store": "x" * 900})).status_code in {202, 409}


async def test_the_limits_are_exact(open_face: OpenFace) -> None:
    face = open_face(HttpSettings(body_limit_bytes=100, items_limit=2))
    exactly = NOTE[:-1] + b" " * (100 - len(NOTE)) + b"}"
    assert (await face.note(exactly)).status_code == 202
    assert (await face.note(exactly[:-1] + b" }")).status_code == 413
    batch = [{"id": "a", "store": "7"}, {"id": "b", "store": "7"}]
    assert (await face.post("/v1/sources/paper-1/events/batch", batch)).status_code == 202
    assert (await face.post("/v1/sources/paper-1/events/batch", [*batch, batch[0]])).status_code == 413


async def test_load_balancers_may_ask_with_head(face: Face) -> None:
    for path in ("/health/live", "/health/ready"):
        answer = await face.client.head(path)
        assert answer.status_code in {200, 503}
        assert answer.content == b""


async def test_files_that_come_slowly_leave_room_for_single_messages() -> None:
    in_flight = InFlight(requests_limit=10, bytes_limit=128)
    with in_flight.request() as file, in_flight.request() as message:
        await file.room_for_file(64)
        file.hold(64)
        assert not in_flight.has_room_for_file(64)
        message.take(16)
