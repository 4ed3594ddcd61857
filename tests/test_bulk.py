"""Much at once: bodies that are taken while they come, and what a sender that lost its connection sees."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from http_face import Face, OpenFace, Socket, answer_of
from msgspec import structs

from gateway.http import limits
from gateway.settings import HttpSettings
from routing.broker.streams import StreamSettings

PATH = "/v1/sources/paper-1/events/batch"
LINES = {"content-type": "application/x-ndjson"}


def line(number: int, **more: Any) -> bytes:
    return json.dumps({"id": f"n-{number}", "store": "7", **more}).encode() + b"\n"


def chunk(body: bytes) -> bytes:
    """One chunk of a chunked body; an empty one ends it."""
    return f"{len(body):x}\r\n".encode() + body + b"\r\n"


def streaming(socket: Socket) -> bytes:
    head = socket.head("Transfer-Encoding: chunked", path=PATH)
    return head.replace(b"application/json", b"application/x-ndjson")


async def test_lines_are_kept_while_the_others_are_still_on_their_way(
    socket: Socket, eventually: Any
) -> None:
    reader, writer = await socket.open()
    writer.write(streaming(socket) + chunk(line(1) + line(2) + line(3)[:9]))

    async def are_kept() -> bool:
        return len(await socket.face.kept()) == 2

    await eventually(are_kept)
    writer.write(chunk(line(3)[9:]) + chunk(b""))
    status, _, body = await answer_of(reader)
    assert (status, json.loads(body)["accepted"]) == (202, 3)
    writer.close()


async def test_a_lost_connection_is_repeated_whole_and_each_line_is_kept_once(
    socket: Socket, eventually: Any
) -> None:
    lines = [line(number) for number in range(600)]

    async def are_kept() -> bool:
        return len(await socket.face.kept()) == 400

    _, writer = await socket.open()
    writer.write(streaming(socket) + chunk(b"".join(lines[:400]) + lines[400][:5]))
    await eventually(are_kept)
    writer.transport.abort()
    await eventually(lambda: not socket.server.server_state.connections)

    answer = (await socket.face.post(PATH, b"".join(lines), LINES)).json()
    assert (answer["accepted"], answer["duplicate"], answer["refused"]) == (200, 400, 0)
    kept = [stored.body for stored in await socket.face.kept()]
    assert sorted(kept) == sorted(each.strip() for each in lines)


async def test_lines_without_an_id_of_their_own_are_kept_once_wherever_they_stand(face: Face) -> None:
    lines = [
        json.dumps({"webhook_type": "Inventory Change", "warehouse_id": 1, "sku": f"S-{n}", "quantity": n})
        for n in range(4)
    ]
    path = "/v1/sources/dock/events/batch"
    first = await face.post(path, "\n".join(lines[:3]), LINES)
    moved = await face.post(path, "\n".join(reversed(lines)), LINES)
    array = await face.post(path, f"[{','.join(lines)}]")
    assert (first.json()["accepted"], first.json()["duplicate"]) == (3, 0)
    assert (moved.json()["accepted"], moved.json()["duplicate"]) == (1, 3)
    assert (array.json()["accepted"], array.json()["duplicate"]) == (0, 4)
    assert len(await face.kept()) == 4


async def test_a_broken_line_in_the_middle_costs_only_itself(face: Face) -> None:
    body = line(1) + b'{"id": "n-2", "store"\n' + b"\xff\xfe\n" + line(3, quantity=-1) + line(4)
    answer = await face.post(PATH, body, LINES)
    assert answer.status_code == 207
    items = answer.json()["items"]
    assert [item.get("code", "") for item in items] == [
        "", "request.unreadable", "request.unreadable", "contract.violated", "",
    ]  # fmt: skip
    assert items[3]["problem"]["errors"][0]["pointer"] == "/quantity"
    assert len(await face.kept()) == 2


async def test_a_line_over_the_limit_costs_only_itself(open_face: OpenFace) -> None:
    face = open_face(HttpSettings(body_limit_bytes=100))
    body = line(1) + line(2, text="x" * 100_000) + line(3)
    answer = await face.post(PATH, body, LINES)
    assert [item.get("code", "") for item in answer.json()["items"]] == ["", "request.too-large", ""]


async def test_an_array_that_is_cut_off_keeps_what_came_and_says_so(face: Face) -> None:
    body = b"[" + line(1) + b"," + line(2)
    answer = await face.post(PATH, body)
    items = answer.json()["items"]
    assert (answer.status_code, [item.get("code", "") for item in items]) == (
        207, ["", "", "request.unreadable"],
    )  # fmt: skip


async def test_a_stream_over_the_limit_answers_for_what_it_took(socket: Socket) -> None:
    limit = socket.face.parts.settings.batch_limit_bytes
    reader, writer = await socket.open()
    writer.write(streaming(socket) + chunk(line(1)))
    blanks = chunk(b" " * 999_999 + b"\n")
    for _ in range(limit // 1_000_000 + 1):
        writer.write(blanks)
        await writer.drain()
    status, headers, body = await answer_of(reader)
    reply = json.loads(body)
    assert (status, reply["code"], reply["accepted"]) == (413, "request.too-large", 1)
    assert headers["connection"] == "close"
    writer.close()


async def test_a_large_body_waits_for_room_instead_of_failing(open_face: OpenFace) -> None:
    face = open_face(HttpSettings(bytes_in_flight_limit=20_000))
    bodies = [
        b"<POSLog><!--" + b"x" * 12_000 + f"--><Transaction n='{number}'/></POSLog>".encode()
        for number in range(5)
    ]
    answers = await asyncio.gather(
        *(
            face.post("/v1/sources/till/events/batch", body, {"content-type": "application/xml"})
            for body in bodies
        )
    )
    assert {answer.json()["code"] for answer in answers} == {
        "contract.violated"
    }  # and none is request.too-many


async def test_streams_give_back_what_they_hold_before_they_wait_for_each_other(
    open_face: OpenFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ROOM_SECONDS", 5.0)
    face = open_face(HttpSettings(bytes_in_flight_limit=300_000))

    async def stream(first: int) -> AsyncIterator[bytes]:
        for number in range(first, first + 100, 10):
            yield b"".join(line(each, text="x" * 8000) for each in range(number, number + 10))

    answers = await asyncio.gather(*(face.post(PATH, stream(first), LINES) for first in range(0, 500, 100)))
    assert [(answer.status_code, answer.json().get("accepted")) for answer in answers] == [(202, 100)] * 5


async def test_a_body_for_which_there_is_never_room_is_told_to_come_later(
    open_face: OpenFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ROOM_SECONDS", 0.05)
    face = open_face(HttpSettings(bytes_in_flight_limit=1000))
    file = b"<POSLog><!--" + b"x" * 2000 + b"--></POSLog>"
    answer = await face.post("/v1/sources/till/events/batch", file, {"content-type": "application/xml"})
    assert (answer.status_code, answer.json()["code"]) == (429, "request.too-many")
    assert (await face.post(PATH, line(1), LINES)).status_code == 202


class TestFullStream:
    """XD_INTAKE with room for little."""

    @pytest.fixture
    def stream_settings(self, stream_settings: StreamSettings) -> StreamSettings:
        return structs.replace(stream_settings, intake_limit_bytes=300_000)

    async def test_a_stream_that_can_not_be_kept_stops_and_says_how_far_it_came(self, face: Face) -> None:
        body = b"".join(line(number, text="x" * 300) for number in range(5000))
        answer = await face.post(PATH, body, LINES)
        reply = answer.json()
        assert (answer.status_code, reply["code"]) == (503, "broker.full")
        assert answer.headers["retry-after"]
        assert 0 < reply["accepted"] < len(reply["items"]) < 5000
        assert len(await face.kept()) == reply["accepted"]
        assert reply["accepted"] + reply["refused"] == len(reply["items"])
