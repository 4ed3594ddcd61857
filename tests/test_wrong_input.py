"""What a wrong input gets: a clear problem and nothing kept, never a 5xx."""

import gzip
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
from http_face import Face, signed

XML = {"content-type": "application/xml"}
LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><POSLog>&c;</POSLog>"""
OUTSIDE = (
    b'<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]><POSLog><Transaction>&x;</Transaction></POSLog>'
)


class Wrong(NamedTuple):
    """A request, and what it gets."""

    body: bytes
    status: int
    code: str
    headers: Mapping[str, str] = MappingProxyType({})
    source: str = "paper-1"


def note(**members: Any) -> bytes:
    return json.dumps({"id": "n-1", "store": "7"} | members).encode()


BODIES = {
    "nothing": Wrong(b"", 400, "request.unreadable"),
    "noise": Wrong(bytes(range(256)), 400, "request.unreadable"),
    "half a document": Wrong(b'{"id": "n-1"', 400, "request.unreadable"),
    "text after the document": Wrong(note() + b"x", 400, "request.unreadable"),
    "JSON in UTF-16": Wrong(note().decode().encode("utf-16-le"), 400, "request.unreadable"),
    "JSON in Latin-1": Wrong(b'{"id": "n\xe9", "store": "7"}', 400, "request.unreadable"),
    "NaN": Wrong(b'{"id": "n-1", "store": "7", "quantity": NaN}', 400, "request.unreadable"),
    "infinity": Wrong(b'{"id": "n-1", "store": "7", "quantity": 1e999}', 400, "request.unreadable"),
    "half a surrogate": Wrong(b'{"id": "n-1", "store": "\\ud800"}', 400, "request.unreadable"),
    "10,000 levels": Wrong(
        b'{"id":"n-1","store":' + b"[" * 10_000 + b"]" * 10_000 + b"}", 400, "request.unreadable"
    ),
    "100 levels": Wrong(b'{"id":"n-1","a":' + b"[" * 100 + b"]" * 100 + b"}", 400, "request.unreadable"),
    "an id with a line break": Wrong(note(id="a\nb"), 422, "request.invalid"),
    "an id with a NUL": Wrong(note(id="a\0b"), 422, "request.invalid"),
    "an id of 257 characters": Wrong(note(id="x" * 257), 422, "request.invalid"),
    "an id of 64 kB": Wrong(note(id="x" * 65_536), 422, "request.invalid"),
    "an id that is a number": Wrong(note(id=5), 422, "contract.violated"),
    "another kind of document": Wrong(note(kind="x"), 415, "contract.unknown"),
    "a broken contract": Wrong(note(quantity=-1), 422, "contract.violated"),
    "billion laughs": Wrong(LAUGHS, 400, "request.unreadable", XML, "till"),
    "an external entity": Wrong(OUTSIDE, 400, "request.unreadable", XML, "till"),
    "10,000 elements deep": Wrong(
        b"<POSLog>" + b"<a>" * 10_000 + b"</a>" * 10_000 + b"</POSLog>",
        400, "request.unreadable", XML, "till",
    ),
    "XML that says UTF-8 and isn't": Wrong(
        b'<?xml version="1.0" encoding="utf-8"?><POSLog><Transaction>\xff\xfe</Transaction></POSLog>',
        400, "request.unreadable", XML, "till",
    ),
    "XML in an encoding that nobody knows": Wrong(
        b'<?xml version="1.0" encoding="klingon"?><POSLog/>', 415, "contract.unknown", XML, "till"
    ),
    "XML against the charset of its media type": Wrong(
        '<?xml version="1.0" encoding="iso-8859-1"?><POSLog>é</POSLog>'.encode("latin-1"),
        400, "request.unreadable", {"content-type": "text/xml; charset=utf-8"}, "till",
    ),
    "other XML": Wrong(b"<html><body>hello</body></html>", 415, "contract.unknown", XML, "till"),
    "compressed and said so": Wrong(
        gzip.compress(note()), 415, "request.media-type", {"content-encoding": "gzip"}
    ),
    "plain and said to be compressed": Wrong(note(), 415, "request.media-type", {"content-encoding": "br"}),
    "compressed and not said so": Wrong(gzip.compress(note()), 400, "request.unreadable"),
    "JSON said to be Latin-1": Wrong(
        note(), 415, "request.media-type", {"content-type": "application/json; charset=iso-8859-1"}
    ),
    "a charset that nobody knows": Wrong(
        note(), 415, "request.media-type", {"content-type": "application/json; charset=klingon"}
    ),
    "a form": Wrong(
        b"--x\r\n\r\n1\r\n--x--",
        415, "request.media-type", {"content-type": "multipart/form-data; boundary=x"},
    ),
    "an unreadable Contract": Wrong(note(), 422, "request.invalid", {"contract": "paper-note@latest"}),
}  # fmt: skip


KEPT = {"request.unreadable", "contract.unknown", "contract.violated"}


def told(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", answer.text)


async def test_wrong_bodies_get_a_clear_problem_and_nothing_is_kept(face: Face) -> None:
    found, expected = {}, {}
    for name, wrong in BODIES.items():
        answer = await face.post(f"/v1/sources/{wrong.source}/events", wrong.body, wrong.headers)
        found[name], expected[name] = told(answer), (wrong.status, wrong.code)
        assert answer.headers["content-type"] == "application/problem+json", name
        problem = answer.json()
        assert problem["type"].endswith(wrong.code), name
        assert problem["instance"] == f"/v1/sources/{wrong.source}/events", name
        assert problem["status"] == wrong.status, name
        assert problem["title"], name
        assert problem["detail"], name
        assert "Traceback" not in answer.text, name
    assert found == expected
    assert await face.kept() == []


async def test_wrong_bodies_get_the_same_in_a_batch(face: Face) -> None:
    found, expected = {}, {}
    for name, wrong in BODIES.items():
        answer = await face.post(f"/v1/sources/{wrong.source}/events/batch", wrong.body, wrong.headers)
        found[name], expected[name] = told(answer), (wrong.status, wrong.code)
    assert found == expected
    assert await face.kept() == []


async def test_what_a_violation_says_leads_to_its_place(face: Face) -> None:
    answer = await face.note(note(quantity=-1))
    problem = answer.json()
    assert (problem["contract"], problem["version"]) == ("paper-note", "1.1.0")
    [error] = problem["errors"]
    assert (error["pointer"], error["path"], error["keyword"]) == ("/quantity", "$.quantity", "minimum")
    assert error["detail"]


async def test_a_path_that_is_none_is_a_problem_too(face: Face) -> None:
    wrong = {
        "/v1/sources/paper-1": 404,
        "/v1/sources/paper-1/events/": 202,
        "/v1/sources/paper-1/events/x": 404,
        "/v1/sources//events": 404,
        "/v1/sources/a/b/events": 404,
        "/v1/sources/..%2Fpaper-1/events": 404,
        "/v1/sources/nobody/events": 403,
        "/v1/sources/%F0%9F%92%A9%0A/events": 403,
        "/nothing": 404,
    }
    found = {}
    for path in wrong:
        answer = await face.post(path, note())
        found[path] = answer.status_code
        assert answer.status_code == 202 or answer.headers["content-type"] == "application/problem+json"
    assert found == wrong
    as_admin = {"authorization": f"Bearer {face.token('admin')}"}
    assert told(await face.post("/v1/sources/nobody/events", note(), as_admin)) == (404, "request.not-found")


@pytest.mark.parametrize("path", ["/v1/sources/paper-1/events", "/v1/sources/paper-1/events/batch"])
async def test_another_method_is_405_and_says_which_is_taken(face: Face, path: str) -> None:
    for method in ("GET", "PUT", "DELETE"):
        answer = await face.client.request(method, path)
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
        assert answer.json()["status"] == 405
    answer = await face.client.delete("/v1/events")
    assert answer.status_code == 405
    assert {"GET", "POST"} <= set(answer.headers["allow"].split(", "))


async def test_where_a_source_asked_for_dead_letters_the_unreadable_is_kept_and_the_rest_refused(
    face: Face,
) -> None:
    kept = 0
    for name, wrong in BODIES.items():
        if wrong.source != "paper-1":
            continue
        headers = {**wrong.headers, **signed(wrong.body)}
        answer = await face.post("/v1/sources/paper-kept/events", wrong.body, headers)
        is_kept = wrong.body and (wrong.code in KEPT or name.startswith("an id"))
        assert answer.status_code == (200 if is_kept else wrong.status), (name, answer.text)
        kept += bool(is_kept)
    assert len(await face.kept()) == kept > 10
