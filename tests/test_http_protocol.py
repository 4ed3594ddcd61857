"""The head of a request is bounded in bytes and in time, whoever sends it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import uvicorn

from gateway.http import protocol
from gateway.supervisor import bind


async def answer_with_length(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
    received, more = 0, True
    while more:
        message = await receive()
        received += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = str(received).encode()
    length = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def port() -> AsyncIterator[int]:
    listener = bind("127.0.0.1", 0)
    config = uvicorn.Config(
        answer_with_length, http=protocol.BoundedHttpProtocol, loop="none", lifespan="off", log_config=None
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    yield listener.getsockname()[1]
    server.should_exit = True
    await task
    listener.close()


async def sent(port: int, *chunks: bytes) -> bytes:
    """Send, and return all that comes back until the other side closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for chunk in chunks:
            writer.write(chunk)
            await writer.drain()
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionError:
        return b"reset"
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def test_headers_without_end_are_refused(port):
    answer = await sent(port, b"POST / HTTP/1.1\r\nhost: x\r\n", b"x: y\r\n" * 20_000)
    assert answer.startswith((b"HTTP/1.1 431 ", b"reset"))


async def test_one_endless_header_is_refused(port):
    answer = await sent(port, b"POST / HTTP/1.1\r\nhost: x\r\nx: " + b"y" * 200_000)
    assert answer.startswith((b"HTTP/1.1 431 ", b"reset"))


async def test_headers_that_never_end_are_timed_out(port, monkeypatch):
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    answer = await sent(port, b"POST / HTTP/1.1\r\nhost: x\r\n")
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"request.stalled"' in answer


async def test_a_large_body_behind_a_small_head_passes_and_the_connection_stays(port):
    head = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n"
    last = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    answer = await sent(port, head + b"z" * 1_000_000, last)
    assert answer.count(b"HTTP/1.1 200 ") == 2
    assert b"1000000" in answer
