"""Problem details: every error has its row, and no answer tells more than it should."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from http_face import Face, OpenFace

from contracts import errors
from contracts.errors import ContractViolated, Disposition, EventError, InternalFault, Violation
from gateway.http import problems
from gateway.http.health import Readiness
from gateway.http.problems import TABLE, headers_of, problem_of


def with_code(base: type[EventError] = EventError) -> Iterator[type[EventError]]:
    for found in base.__subclasses__():
        if found.__module__ == errors.__name__ and "code" in vars(found):
            yield found
        yield from with_code(found)


def test_every_error_code_has_its_row_and_every_row_its_code() -> None:
    codes = {found.code for found in with_code()}
    assert len(codes) > 20
    assert codes == set(TABLE)


def test_the_page_of_errors_names_every_code() -> None:
    page = (Path(__file__).parent.parent / "docs" / "errors.md").read_text("utf-8")
    assert [code for code in TABLE if f"`{code}`" not in page] == []


def test_a_row_fits_what_becomes_of_the_event() -> None:
    for found in with_code():
        status = TABLE[found.code].status
        if found.disposition is Disposition.REJECT:
            assert 400 <= status < 500, found.code
        elif found.disposition is Disposition.TRY_LATER:
            assert status in {429, 503}, found.code
            assert "retry-after" in dict(headers_of(found("busy")))
        assert ("www-authenticate" in dict(headers_of(found("no")))) == (status in {401, 403}), found.code


def test_a_violation_carries_the_exact_version_and_its_places() -> None:
    places = (Violation(pointer="/a", path="$.a", keyword="type", detail="an integer is expected"),)
    problem = problem_of(ContractViolated("it breaks", places, "pos-x@1.2.3"), "/v1/sources/till/events")
    assert (problem.contract, problem.version, problem.errors) == ("pos-x", "1.2.3", places)
    assert problem.type == "https://crossdock.example/problems/contract.violated"


def test_a_fault_of_ours_tells_nothing_but_that_it_is_one() -> None:
    problem = problem_of(InternalFault("decode: KeyError: 'Mrs Miller'"), "/x")
    assert b"Miller" not in problems.encoded(problem)
    assert problem.status == 500


def test_text_that_has_no_encoding_is_still_told() -> None:
    problem = problem_of(errors.RequestInvalid("half a \ud800 surrogate"), "/a\udfff")
    assert b"half a ? surrogate" in problems.encoded(problem)


def test_a_header_never_carries_a_line_break_or_a_quote() -> None:
    error = errors.NotAuthenticated('a "quoted"\r\nSet-Cookie: x \\ é')
    [(_, text)] = headers_of(error)
    assert text.count('"') == 6
    assert text.isascii()
    assert text.isprintable()


async def test_what_ours_raises_outside_ingest_is_a_500_without_details(open_face: OpenFace) -> None:
    async def broken(*_arguments: Any) -> Any:
        raise KeyError("Mrs Miller")

    face = open_face(timeline=broken, readiness=broken)
    for path in ("/v1/events/" + "a" * 26, "/health/ready"):
        answer = await face.get(path)
        assert answer.status_code == 500
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "internal.fault"
        assert "Miller" not in answer.text
        assert "Traceback" not in answer.text


async def test_what_ours_raises_before_an_item_can_be_kept_is_503(open_face: OpenFace) -> None:
    class Broken:
        async def authenticate(self, _authorization: str | None) -> Any:
            raise KeyError("Mrs Miller")

    answer = await open_face(authenticator=Broken()).note({"id": "n-1", "store": "7"})
    assert (answer.status_code, answer.json()["code"]) == (503, "internal.fault")
    assert answer.headers["retry-after"] == "5"
    assert "Miller" not in answer.text


async def test_what_the_framework_refuses_is_a_problem_too(face: Face) -> None:
    expected = {
        ("GET", "/nothing"): (404, "request.not-found"),
        ("POST", "/health/live"): (405, "request.invalid"),
        ("PATCH", "/v1/events"): (405, "request.invalid"),
    }
    for (method, path), wanted in expected.items():
        answer = await face.client.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == wanted
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["instance"] == path
    answer = await face.client.get("/health/live", headers={"host": "not a host"})
    assert (answer.status_code, answer.json()["code"]) == (400, "request.invalid")


async def test_health_says_how_durable_it_is_and_what_is_stuck(open_face: OpenFace) -> None:
    async def stuck() -> Readiness:
        return Readiness(
            ready=False, broker_connected=True, durability="unverified", stuck=("XD_DLQ is full",)
        )

    ready, unready = open_face(), open_face(readiness=stuck)
    assert (await ready.client.get("/health/ready")).json()["durability"] == "fsync"
    answer = await unready.client.get("/health/ready")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["stuck"] == ["XD_DLQ is full"]
    assert (await unready.client.get("/health/live")).json() == {"alive": True}
    metrics = await ready.get("/metrics", "admin")
    assert (metrics.status_code, metrics.text) == (200, "crossdock_up 1\n")
    assert (await ready.get("/metrics", "reader")).status_code == 403
