"""Looking for an event: by our id, by the sender's, and its bytes; for whom it isn't, it doesn't exist."""

from typing import Any

from http_face import Face, OpenFace

from contracts import ids
from gateway.timeline import Timelines

NOTE = {"id": "order 12.3/a", "store": "7"}
EVENT = ids.event_id("paper-1", NOTE["id"])


async def test_an_events_timeline_is_found_by_our_id_and_by_the_senders(face: Face) -> None:
    location = (await face.note(NOTE)).headers["location"]
    by_id = await face.get(location)
    assert by_id.status_code == 200, by_id.text
    timeline = by_id.json()
    assert (timeline["event_id"], timeline["source"]) == (EVENT, "paper-1")
    assert [run["outcome"] for run in timeline["runs"]] == ["in_progress"]
    query = {"source": "paper-1", "source_event_id": NOTE["id"]}
    token = {"authorization": f"Bearer {face.token()}"}
    by_sender = await face.client.get("/v1/events", params=query, headers=token)
    assert by_sender.json() == timeline
    hinted = await face.get(f"{location}?sequence=1")
    wrongly_hinted = await face.get(f"{location}?sequence=99")
    assert hinted.json() == wrongly_hinted.json() == timeline


async def test_the_gateway_hints_where_its_own_recent_events_are(open_face: OpenFace) -> None:
    hints: list[int | None] = []
    face = open_face()
    timelines = Timelines(face.reader, 1)

    async def find(event_id: str, sequence: int | None) -> Any:
        hints.append(sequence)
        return await timelines.find(event_id, sequence)

    watched, other_process = open_face(timeline=find), open_face(timeline=find)
    await watched.note(NOTE)
    assert (await watched.get(f"/v1/events/{EVENT}")).status_code == 200
    assert (await other_process.get(f"/v1/events/{EVENT}")).status_code == 200
    assert hints == [1, None]


async def test_an_event_of_another_client_does_not_exist(face: Face) -> None:
    await face.note(NOTE)
    for path in (f"/v1/events/{EVENT}", f"/v1/events/{EVENT}/original"):
        unknown = await face.get(path.replace(EVENT, "a" * 26), "admin")
        assert unknown.status_code == 404
    foreign = await face.get(f"/v1/events/{EVENT}", "stranger")
    assert (foreign.status_code, foreign.json()["code"]) == (404, "request.not-found")
    assert foreign.json()["detail"] == unknown.json()["detail"]
    by_name = await face.get("/v1/events?source=paper-1&source_event_id=x", "stranger")
    assert (by_name.status_code, by_name.json()["code"]) == (403, "auth.forbidden")


async def test_an_id_that_is_none_of_ours_is_404_and_a_bad_question_422(face: Face) -> None:
    for event_id in ("x", "A" * 26, "a" * 27, "a.b", "%2e%2e", "a" * 25 + "1", "é" * 26):
        for path in (f"/v1/events/{event_id}", f"/v1/events/{event_id}/original"):
            assert (await face.get(path, "admin")).status_code == 404, path
    for query in ("", "?source=paper-1", "?source_event_id=x"):
        answer = await face.get(f"/v1/events{query}")
        assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")
    for sequence in ("-1", "x", "1.5", "9" * 30, "²"):
        assert (await face.get(f"/v1/events/{EVENT}?sequence={sequence}")).status_code == 422


async def test_the_bytes_are_shown_as_they_came_to_who_may_and_it_is_written_down(
    open_face: OpenFace,
) -> None:
    read: list[tuple[str, str]] = []

    async def note_read(event_id: str, client: str) -> None:
        read.append((event_id, client))

    face = open_face(audit_read=note_read)
    body = b'{"id": "order 12.3/a",  "store": "7", "x": "<script>"}'
    await face.note(body)
    answer = await face.get(f"/v1/events/{EVENT}/original", "admin")
    assert (answer.status_code, answer.content) == (200, body)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"] == "attachment"
    refused = await face.get(f"/v1/events/{EVENT}/original")
    assert (refused.status_code, refused.json()["code"]) == (403, "auth.forbidden")
    assert read == [(EVENT, "admin")]


async def test_bytes_whose_reading_cannot_be_written_down_are_not_shown(open_face: OpenFace) -> None:
    async def broken(_event_id: str, _client: str) -> None:
        raise OSError("no audit")

    face = open_face(audit_read=broken)
    await face.note(NOTE)
    answer = await face.get(f"/v1/events/{EVENT}/original", "admin")
    assert answer.status_code == 500
    assert "order" not in answer.text
