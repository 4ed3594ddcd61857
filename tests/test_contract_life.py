"""A version's life at the door: deprecated, browned out, sunset, retired; and which version counts."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from http_face import PAPER_NOW, Face, OpenFace, Socket, paper_sources
from msgspec import structs

from contracts import headers
from contracts.errors import RequestInvalid
from contracts.lifecycle import brown_out_at, brown_outs_from, midnight, state_at
from contracts.manifest import BrownOut, ContractsError, Deprecation, State, read_manifest
from contracts.negotiation import negotiate

WITHOUT_STORE = {"id": "n-1"}  # fit for 1.0.0, not for 1.1.0
OLD = {"contract": "paper-note@1.0.0"}
ENDS = {
    "contract": "paper-note@1.0.0",
    "deprecation": "@1769904000",
    "sunset": "Mon, 01 Feb 2027 00:00:00 GMT",
    "link": '</contracts/paper-note/1.1.0>; rel="successor-version", '
    '<https://example.com/paper>; rel="deprecation", <https://example.com/paper>; rel="sunset"',
}
BROWN_OUTS = "2026-12-10T08:00:00Z/2026-12-10T09:00:00Z, 2027-01-10T09:00:00Z/2027-01-10T10:00:00Z"


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def told(answer: httpx.Response) -> dict[str, str]:
    return {name: answer.headers[name] for name in ENDS if name in answer.headers}


async def test_a_deprecated_version_is_taken_and_says_when_it_ends(face: Face) -> None:
    for answer in (
        await face.note(WITHOUT_STORE, "paper-pinned"),
        await face.note(WITHOUT_STORE, **OLD),
        await face.post("/v1/sources/paper-1/events?dry_run=true", WITHOUT_STORE, OLD),
    ):
        assert answer.is_success, answer.text
        assert told(answer) == ENDS
        assert answer.headers["brown-out"] == BROWN_OUTS
    newest = await face.note({"id": "n-2", "store": "7"})
    assert set(told(newest)) == {"contract"}
    assert "brown-out" not in newest.headers


async def test_the_end_is_told_in_refusals_too(face: Face) -> None:
    violated = await face.note({"store": "7"}, **OLD)
    assert (violated.status_code, violated.json()["code"]) == (422, "contract.violated")
    await face.note(WITHOUT_STORE, **OLD)
    conflict = await face.note(WITHOUT_STORE | {"quantity": 1}, **OLD)
    assert (conflict.status_code, conflict.json()["code"]) == (409, "request.conflict")
    assert told(violated) == told(conflict) == ENDS


async def test_from_its_removal_on_a_version_is_gone_for_senders_and_names_its_successor(
    open_face: OpenFace,
) -> None:
    before, after = (
        open_face(clock=lambda now=now: now) for now in (at("2027-01-31T23:59:59"), at("2027-02-01"))
    )
    assert (await before.note(WITHOUT_STORE, "paper-pinned")).status_code == 202
    for source, header in (("paper-pinned", {}), ("paper-1", OLD)):
        gone = await after.note({"id": "n-2"}, source, **header)
        assert (gone.status_code, gone.json()["code"]) == (410, "contract.retired")
        assert gone.json()["successor"] == "/contracts/paper-note/1.1.0"
        assert (gone.json()["contract"], gone.json()["version"]) == ("paper-note", "1.0.0")
        assert told(gone) == ENDS
        assert "use paper-note@1.1.0" in gone.json()["detail"]
    # what is sunset is still read
    assert (await after.get("/contracts/paper-note/1.0.0")).status_code == 200
    assert len(await after.kept()) == 1


async def test_a_brown_out_is_what_comes_later_for_an_announced_while(open_face: OpenFace) -> None:
    face = open_face(clock=lambda: at("2026-12-10T08:59:00"))
    out = await face.note(WITHOUT_STORE, "paper-pinned")
    assert (out.status_code, out.json()["code"], out.headers["retry-after"]) == (
        503,
        "contract.brown-out",
        "60",
    )
    assert out.json()["successor"] == "/contracts/paper-note/1.1.0"
    assert told(out) == ENDS
    assert out.headers["brown-out"] == BROWN_OUTS
    assert (await face.note({"id": "n-1", "store": "7"})).status_code == 202
    again = open_face(clock=lambda: at("2026-12-10T09:00:00"))
    answer = await again.note({"id": "n-2"}, "paper-pinned")
    assert (answer.status_code, answer.headers["brown-out"]) == (202, BROWN_OUTS.split(", ")[1])


async def test_a_brown_out_is_a_dead_letter_where_the_source_asked_for_it(open_face: OpenFace) -> None:
    pinned = structs.replace(paper_sources()["paper-kept"], contracts={"paper-note": "1.0.0"})
    face = open_face(clock=lambda: at("2026-12-10T08:30:00"), sources={"paper-kept": pinned})
    answer = await face.note(WITHOUT_STORE, "paper-kept")
    assert (answer.status_code, answer.json()["code"]) == (202, "contract.brown-out")
    assert told(answer) == ENDS
    [stored] = await face.kept()
    assert stored.headers[headers.REASON] == "contract.brown-out"


async def test_a_batch_of_one_version_has_its_headers_and_an_item_its_notice(face: Face) -> None:
    batch = "/v1/sources/paper-pinned/events/batch"
    taken = await face.post(batch, [{"id": "b-1"}, {"id": "b-2"}])
    mixed = await face.post(batch, [{"id": "b-3"}, {"store": "7"}])
    refused = await face.post(batch, [{"store": "7"}, {"store": "8"}])
    assert [answer.status_code for answer in (taken, mixed, refused)] == [202, 207, 422]
    assert told(taken) == told(mixed) == told(refused) == ENDS
    notice = {"effective": "2026-02-01", "removal": "2027-02-01", "successor": "/contracts/paper-note/1.1.0"}
    assert [item["deprecated"] for item in taken.json()["items"]] == [notice, notice]
    newest = await face.post("/v1/sources/paper-1/events/batch", [{"id": "b-4", "store": "7"}])
    assert "deprecated" not in newest.json()["items"][0]
    unclear = await face.post(
        "/v1/sources/paper-1/events/batch", [{"id": "b-5", "store": "7"}, {"kind": "x"}]
    )
    assert (unclear.status_code, told(unclear)) == (207, {})


async def test_a_brown_out_stops_no_batch(open_face: OpenFace) -> None:
    face = open_face(clock=lambda: at("2026-12-10T08:30:00"))
    batch = "/v1/sources/paper-pinned/events/batch"
    answer = await face.post(batch, [{"id": f"b-{n}"} for n in range(3)])
    assert (answer.status_code, len(answer.json()["items"]), answer.json()["stopped"]) == (503, 3, False)


@pytest.mark.parametrize(
    ("asked", "status", "found"),
    [
        ("paper-note@1", 202, "paper-note@1.1.0"),
        ("paper-note@1.0.0", 202, "paper-note@1.0.0"),
        ("paper-note@1.9.0", 422, "contract.version-unknown"),  # newer than known: no guess is made
        ("paper-note@2", 422, "contract.version-unknown"),
        ("paper-note@0", 410, "contract.retired"),
        ("paper-note@1.2.0", 202, "paper-note@1.2.0"),  # a draft, by its exact version alone
    ],
)
async def test_the_header_asks_for_a_version_or_a_major(
    face: Face, asked: str, status: int, found: str
) -> None:
    answer = await face.note({"id": "n-1", "store": "7"}, contract=asked)
    assert answer.status_code == status
    assert (answer.headers["contract"] if status == 202 else answer.json()["code"]) == found


async def test_who_asked_for_a_version_that_is_not_there_is_said(open_face: OpenFace) -> None:
    pinned = structs.replace(paper_sources()["paper-1"], contracts={"paper-note": "1.9.0"})
    face = open_face(sources={"paper-1": pinned})
    by_pin = await face.note({"id": "n-1", "store": "7"})
    by_header = await face.note({"id": "n-1", "store": "7"}, contract="paper-note@1.8.0")
    assert (by_pin.status_code, by_header.status_code) == (422, 422)
    assert by_pin.json()["detail"].startswith(
        "the source's pin asks for 1.9.0: paper-note has no version '1.9.0'"
    )
    assert by_header.json()["detail"].startswith("the header Contract asks for 1.8.0")
    assert "it has 1.0.0, 1.1.0" in by_pin.json()["detail"]


async def test_a_dataschema_newer_than_known_is_422(face: Face) -> None:
    event = {
        "specversion": "1.0", "id": "e-1", "source": "/s", "type": "retail.fact.stock-count.v1",
        "dataschema": "https://gateway.example/contracts/fact-stock-count/1.99.0", "data": {},
    }  # fmt: skip
    sent = {"content-type": "application/cloudevents+json"}
    answer = await face.post("/v1/events", event, sent)
    assert (answer.status_code, answer.json()["code"]) == (422, "contract.version-unknown")
    assert answer.json()["detail"].startswith("the document asks for 1.99.0")
    against = await face.post("/v1/events", event, sent | {"contract": "fact-stock-count@1.0.0"})
    assert against.json()["code"] == "request.invalid"


@pytest.mark.parametrize(
    ("header", "named", "pin", "version", "by"),
    [
        (None, None, None, None, ""),
        (None, None, "1.0.0", "1.0.0", "the source's pin"),
        (None, "1.1.0", "1.0.0", "1.1.0", "the document"),
        (None, "1", "1.0.0", "1.0.0", "the source's pin"),
        (None, "2", "1.0.0", "2", "the document"),
        ("1.2.0", None, "1.0.0", "1.2.0", "the header Contract"),
        ("1.2.0", "1", "1.0.0", "1.2.0", "the header Contract"),
        ("1", "1.1.0", "1.0.0", "1.1.0", "the document"),
        ("1", None, "1.0.0", "1.0.0", "the source's pin"),
        ("2", None, "1.0.0", "2", "the header Contract"),
        ("1", None, "10.0.0", "1", "the header Contract"),
        (None, None, "1", "1", "the source's pin"),
    ],
)
def test_the_first_that_speaks_counts_and_the_next_says_which_of_its_major(
    header: str | None, named: str | None, pin: str | None, version: str | None, by: str
) -> None:
    asked = negotiate(header, named, pin)
    assert (asked.version, asked.by) == (version, by)


@pytest.mark.parametrize(
    ("header", "named"), [("1.0.0", "1.1.0"), ("2", "1"), ("1.0.0", "10"), ("1", "10.0.0")]
)
def test_header_and_document_must_not_contradict_each_other(header: str, named: str) -> None:
    with pytest.raises(RequestInvalid, match=f"{header}, and the document names {named}"):
        negotiate(header, named, None)


def deprecation(*brown_outs: tuple[str, str]) -> Deprecation:
    return Deprecation(
        effective=datetime(2027, 1, 1, tzinfo=UTC).date(),
        removal=datetime(2027, 3, 1, tzinfo=UTC).date(),
        alternative="2.0.0",
        brown_outs=tuple(
            BrownOut(start=datetime.fromisoformat(start), end=datetime.fromisoformat(end))
            for start, end in brown_outs
        ),
    )


def test_days_act_by_themselves_but_what_an_architect_ended_stays_ended() -> None:
    announced = deprecation()
    states = [
        (State.PUBLISHED, "2026-12-31T23:59:59", State.PUBLISHED),
        (State.PUBLISHED, "2027-01-01", State.DEPRECATED),
        (State.DEPRECATED, "2026-12-31", State.DEPRECATED),
        (State.DEPRECATED, "2027-02-28T23:59:59", State.DEPRECATED),
        (State.DEPRECATED, "2027-03-01", State.SUNSET),
        (State.SUNSET, "2027-01-01", State.SUNSET),
        (State.RETIRED, "2027-01-01", State.RETIRED),
        (State.DRAFT, "2028-01-01", State.DRAFT),
    ]
    for state, moment, expected in states:
        assert state_at(state, announced, at(moment)) is expected, (state, moment)
        assert state_at(state, None, at(moment)) is state
    assert state_at(State.DEPRECATED, announced, None) is State.DEPRECATED
    assert midnight(announced.removal) == at("2027-03-01")


def test_brown_outs_are_told_in_order_until_they_are_over() -> None:
    late = ("2027-02-10T10:00:00+01:00", "2027-02-10T11:00:00+01:00")
    early = ("2027-02-01T10:00:00+00:00", "2027-02-01T11:00:00+00:00")
    announced = deprecation(late, early)
    first, second = announced.brown_outs[1], announced.brown_outs[0]
    assert brown_outs_from(announced, at("2027-01-15")) == (first, second)
    assert brown_outs_from(announced, at("2027-02-01T10:59:59")) == (first, second)
    assert brown_outs_from(announced, at("2027-02-01T11:00:00")) == (second,)
    on = {"2027-02-01T09:59:59": None, "2027-02-01T10:00:00": first, "2027-02-01T11:00:00": None}
    on |= {"2027-02-10T09:30:00": second, "2027-02-10T10:30:00": None}
    assert {moment: brown_out_at(announced, at(moment)) for moment in on} == on


@pytest.mark.parametrize(
    ("brown_out", "finding"),
    [
        ("{start = 2027-02-01T10:00:00Z, end = 2027-02-01T10:00:00Z}", "end is not after start"),
        ("{start = 2027-02-28T23:00:00Z, end = 2027-03-01T01:00:00Z}", "not between effective and removal"),
        ("{start = 2026-12-31T23:00:00Z, end = 2027-01-01T01:00:00Z}", "not between effective and removal"),
        ("{start = 2027-02-01T10:00:00, end = 2027-02-01T11:00:00Z}", "timezone"),
    ],
)
def test_a_brown_out_that_cannot_be_is_found(tmp_path: Path, brown_out: str, finding: str) -> None:
    folder = tmp_path / "pos-note"
    folder.mkdir()
    (folder / "contract.toml").write_text(
        'name = "pos-note"\ntitle = "t"\nkind = "native"\ndomain = "pos"\ndescription = "d"\n'
        'owner = {team = "t", contact = "t@example.com"}\n[versions."1.0.0"]\nstate = "deprecated"\n'
        'published = 2026-01-01\n[versions."1.0.0".deprecated]\n'
        "effective = 2027-01-01\nremoval = 2027-03-01\n"
        f'alternative = "1.0.0"\nbrown_outs = [{brown_out}]\n'
    )
    with pytest.raises(ContractsError, match=finding):
        read_manifest(folder / "contract.toml")


async def test_it_is_the_same_through_a_socket(socket: Socket) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{socket.port}", trust_env=False) as client:
        sent: dict[str, Any] = {"authorization": f"Bearer {socket.face.token()}"}
        answer = await client.post("/v1/sources/paper-pinned/events", json=WITHOUT_STORE, headers=sent)
        assert (answer.status_code, told(answer)) == (202, ENDS)
        schema = await client.get("/contracts/paper-note/1.0.0", headers=sent)
        assert told(schema) == ENDS
        sent["if-none-match"] = schema.headers["etag"]
        known = await client.get("/contracts/paper-note/1.0.0", headers=sent)
        assert (known.status_code, known.content) == (304, b"")
    assert socket.face.parts.clock() == PAPER_NOW
