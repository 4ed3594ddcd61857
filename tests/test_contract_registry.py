"""The contract registry over HTTP: what is read, what may be kept, and that a check is bounded."""

import asyncio
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import httpx
from http_face import Face, OpenFace
from test_openapi import validator

from contracts.folder import PUBLISHED
from gateway.http.registry.comparer import Comparer
from gateway.settings import HttpSettings

NAME = "exception-inventory-variance"
SCHEMA = f"/contracts/{NAME}/1.1.0"
CHECK = f"/contracts/{NAME}/check"

# a worker that takes the task and then never ends, eats all memory, or dies
SLEEPS = "import sys, time; sys.stdin.read(); time.sleep(60)"
EATS = """
import json, resource, sys
limit = json.loads(sys.stdin.read())["memory_bytes"]
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
bytearray(limit)
"""


async def get(face: Face, path: str, **headers: str) -> httpx.Response:
    sent = {"authorization": f"Bearer {face.token()}", **{n.replace("_", "-"): t for n, t in headers.items()}}
    return await face.client.get(path, headers=sent)


def locked(name: str, version: str) -> bytes:
    return (PUBLISHED / name / version / "schema.json").read_bytes()


async def test_a_schema_is_served_in_the_bytes_that_are_locked_and_may_be_kept_for_ever(face: Face) -> None:
    answer = await get(face, SCHEMA)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/schema+json"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["contract"] == f"{NAME}@1.1.0"
    assert answer.content == locked(NAME, "1.1.0")
    digest = hashlib.sha256(answer.content).hexdigest()
    assert f"{digest}  {NAME}/1.1.0/schema.json" in (PUBLISHED / "contracts.lock").read_text()


async def test_what_is_known_already_is_not_sent_again(face: Face) -> None:
    for path in (SCHEMA, f"{SCHEMA}/reader", f"{SCHEMA}/examples", "/contracts", f"/contracts/{NAME}"):
        tag = (await get(face, path)).headers["etag"]
        assert tag.startswith('"')
        for known in (tag, f'"other", {tag}', f"W/{tag}", "*"):
            again = await get(face, path, if_none_match=known)
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag), path
        assert (await get(face, path, if_none_match='"other"')).status_code == 200


async def test_a_draft_is_kept_by_nobody(face: Face) -> None:
    answer = await get(face, "/contracts/paper-note/1.2.0")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")


async def test_writers_are_held_to_more_than_readers_may_rely_on(face: Face) -> None:
    writer, reader = (await get(face, f"{SCHEMA}/writer")), (await get(face, f"{SCHEMA}/reader"))
    assert writer.json()["additionalProperties"] is False
    assert "additionalProperties" not in reader.json()
    assert b"x-extensible-enum" not in writer.content
    assert {writer.json()["$id"].rsplit("/")[-1], reader.json()["$id"].rsplit("/")[-1]} == {
        "writer",
        "reader",
    }


async def test_examples_come_with_what_is_wrong_in_them(face: Face) -> None:
    examples = (await get(face, f"{SCHEMA}/examples")).json()
    folder = PUBLISHED / NAME / "1.1.0" / "examples"
    assert set(examples["valid"]) == {file.stem for file in (folder / "valid").glob("*.json")}
    assert examples["valid"]["least"] == json.loads((folder / "valid" / "least.json").read_text())
    assert all(each["violations"] and "document" in each for each in examples["invalid"].values())


async def test_the_list_and_the_page_say_how_things_stand_now(open_face: OpenFace) -> None:
    # before, in and after the time in which 1.0.0 is deprecated
    for at, state in ((1768000000, "deprecated"), (1790000000, "deprecated"), (1801500000, "sunset")):
        face = open_face(clock=lambda at=at: at)
        page = (await get(face, "/contracts/paper-note")).json()
        versions = {each["version"]: each for each in page["versions"]}
        assert versions["1.0.0"]["state"] == state
        assert versions["1.0.0"]["successor"] == "/contracts/paper-note/1.1.0"
        assert (page["newest"], page["owner"]["team"]) == ("1.1.0", "tests")
        listed = (await get(face, "/contracts")).json()["contracts"]
        [line] = [each for each in listed if each["name"] == "paper-note"]
        assert line["versions"] == page["versions"]


async def test_what_is_not_there_is_404_and_what_is_retired_410_with_its_successor(face: Face) -> None:
    for path in ("/contracts/paper-card", "/contracts/paper-note/3.0.0", "/contracts/../paper-note"):
        assert (await get(face, path)).status_code == 404, path
    retired = await get(face, "/contracts/paper-note/0.9.0")
    assert (retired.status_code, retired.json()["code"]) == (410, "contract.retired")
    assert retired.json()["successor"] == "/contracts/paper-note/1.1.0"
    assert retired.headers["contract"] == "paper-note@0.9.0"


async def test_the_registry_is_for_those_who_may_read_it(face: Face) -> None:
    for path in ("/contracts", f"/contracts/{NAME}", SCHEMA, f"/contracts/{NAME}/usage"):
        assert (await face.client.get(path)).status_code == 401
        assert (await face.get(path, "stranger")).status_code == 403


async def test_the_dataschema_of_a_delivery_leads_to_its_schema(face: Face) -> None:
    # as `routing.rendering` writes it, below the base URL
    assert (await get(face, f"{face.client.base_url}/contracts/{NAME}/1.1.0")).content == locked(
        NAME, "1.1.0"
    )


async def test_a_document_is_judged_and_nothing_is_kept(face: Face) -> None:
    path = "/contracts/paper-note/1.1.0/validate"
    good = await face.post(path, {"id": "n-1", "store": "7"})
    assert (good.status_code, good.json()["valid"], good.json()["errors"]) == (200, True, [])
    bad = (await face.post(path, {"id": "n-1", "quantity": -1})).json()
    assert [(each["pointer"], each["keyword"]) for each in bad["errors"]] == [
        ("/quantity", "minimum"), ("/store", "required"),
    ]  # fmt: skip
    assert bad["valid"] is False
    large = {"id": "x" * 100_000, "store": "7"}
    assert (await face.post(path, large)).json()["valid"] is True
    assert (await face.post(path, b"{")).status_code == 400
    assert (await face.post("/contracts/paper-note/0.9.0/validate", {})).status_code == 410
    assert await face.kept() == []


async def test_a_document_may_be_as_large_as_a_message_and_no_larger(open_face: OpenFace) -> None:
    face = open_face(HttpSettings(body_limit_bytes=1000))
    answer = await face.post("/contracts/paper-note/1.1.0/validate", {"id": "x" * 1000})
    assert (answer.status_code, answer.json()["code"]) == (413, "request.too-large")


async def test_a_candidate_is_compared_with_every_version_that_lives(face: Face) -> None:
    candidate = json.loads(locked(NAME, "1.1.0"))
    candidate["properties"]["shelf"] = {"type": "string", "maxLength": 20, "description": "Where it lies."}
    reply = (await face.post(CHECK, candidate)).json()
    assert [each["version"] for each in reply["against"]] == ["1.1.0", "1.0.0"]
    assert reply["floor"] == "minor"
    assert reply["profile"] == []
    views = reply["against"][0]["comparison"]["two_view"]
    assert views == {"backward": "compatible", "forward": "compatible"}

    candidate["required"].append("shelf")
    candidate["properties"]["shelf"]["contentEncoding"] = "base64"  # outside the profile, and no rule
    reply = (await face.post(CHECK, candidate)).json()
    assert reply["floor"] == "major"
    assert any(each["pointer"].startswith("/properties/shelf") for each in reply["profile"])
    assert {each["comparison"]["two_view"]["backward"] for each in reply["against"]} == {"breaking"}


async def test_what_is_no_schema_is_a_problem(face: Face) -> None:
    for body, code in {
        b"{": "request.unreadable",
        b"\xff\xfe": "request.unreadable",
        b"[" * 100_000: "request.unreadable",
        b"[1]": "request.invalid",
        b'{"type": "strong"}': "request.invalid",
    }.items():
        assert (await face.post(CHECK, body)).json()["code"] == code, body[:10]
    assert (await face.post("/contracts/paper-card/check", {})).status_code == 404


async def test_a_check_is_bounded_in_size_time_memory_and_number(
    open_face: OpenFace, eventually: Any
) -> None:
    settings = HttpSettings(check_limit_bytes=1000, check_seconds=1, checks_in_flight_limit=1)
    face = open_face(settings, comparer=Comparer(settings, command=(sys.executable, "-c", EATS)))
    too_large = await face.post(CHECK, {"description": "x" * 1000})
    assert (too_large.status_code, too_large.json()["code"]) == (413, "request.too-large")
    eaten = await face.post(CHECK, {})
    assert (eaten.status_code, eaten.json()["code"]) == (503, "contract.not-compared")
    assert int(eaten.headers["retry-after"]) > 0

    sleeping = Comparer(settings, command=(sys.executable, "-c", SLEEPS), start_seconds=0)
    slow = open_face(settings, comparer=sleeping)
    first = asyncio.create_task(slow.post(CHECK, {}))
    await eventually(lambda: _children("time.sleep(60)"))
    second = await slow.post(CHECK, {})
    assert (second.status_code, second.json()["code"]) == (429, "request.too-many")
    # the loop goes on meanwhile
    assert (await slow.note({"id": "n-1", "store": "7"})).status_code == 202
    answer = await first
    assert (answer.status_code, answer.json()["code"]) == (503, "contract.not-compared")
    assert not _children("time.sleep(60)")


async def test_one_who_leaves_takes_the_comparison_along(open_face: OpenFace, eventually: Any) -> None:
    face = open_face(comparer=Comparer(HttpSettings(), command=(sys.executable, "-c", SLEEPS)))
    asked = asyncio.create_task(face.post(CHECK, {}))
    await eventually(lambda: _children("time.sleep(60)"))
    asked.cancel()
    await eventually(lambda: not _children("time.sleep(60)"))


async def test_two_versions_are_compared_once(face: Face) -> None:
    path = f"/contracts/{NAME}/diff?from=1.0.0&to=1.1.0"
    first = await get(face, path)
    described = (await face.get("/openapi.json")).json()
    validator(described, {"$ref": "#/components/schemas/Diff"}).validate(first.json())
    assert first.json()["comparison"]["two_view"]["backward"] == "compatible"
    assert first.json()["comparison"]["floor"] == "minor"
    again = await get(face, path, if_none_match=first.headers["etag"])
    assert again.status_code == 304
    assert (await get(face, f"/contracts/{NAME}/diff?from=1.0.0")).status_code == 422
    assert (await get(face, f"/contracts/{NAME}/diff?from=1.0.0&to=9.0.0")).status_code == 404


async def test_the_registrys_answers_are_as_described(face: Face) -> None:
    description = (await face.get("/openapi.json")).json()
    answers = [
        ("/contracts", "get", await get(face, "/contracts")),
        ("/contracts/{name}", "get", await get(face, f"/contracts/{NAME}")),
        ("/contracts/{name}", "get", await get(face, "/contracts/paper-note")),
        ("/contracts/{name}/{version}", "get", await get(face, "/contracts/paper-note/1.0.0")),
        ("/contracts/{name}/{version}", "get", await get(face, "/contracts/paper-note/0.9.0")),
        ("/contracts/{name}/{version}/examples", "get", await get(face, f"{SCHEMA}/examples")),
        ("/contracts/{name}/usage", "get", await get(face, f"/contracts/{NAME}/usage")),
        ("/contracts/{name}/check", "post", await face.post(CHECK, {})),
        ("/contracts/{name}/check", "post", await face.post(CHECK, b"{")),
        (
            "/contracts/{name}/{version}/validate", "post",
            await face.post("/contracts/paper-note/1.0.0/validate", {"id": 1}),
        ),
    ]  # fmt: skip
    for path, method, answer in answers:
        response = description["paths"][path][method]["responses"][str(answer.status_code)]
        content = response["content"][answer.headers["content-type"]]
        if content:
            validator(description, content["schema"]).validate(answer.json())
        documented = {name.lower() for name in response.get("headers", {})}
        assert set(answer.headers) - {"content-type", "content-length"} <= documented, (path, answer.headers)


def _children(command: str) -> list[int]:
    """Return the processes of this test process whose command line holds `command`."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            line = (folder / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if int(parent) == os.getpid() and command in line:
            found.append(int(folder.name))
    return found
