"""The ingest endpoints, through HTTP, on a real broker."""

from http_face import Face


async def test_a_note_is_answered_with_202_once_it_is_in_the_stream(face: Face) -> None:
    answer = await face.note({"id": "n-1", "store": "7", "quantity": 3})
    assert answer.status_code == 202, answer.text
    reply = answer.json()
    assert reply == {
        "event_id": reply["event_id"],
        "source": "paper-1",
        "source_event_id": "n-1",
        "contract": "paper-note",
        "version": "1.1.0",
        "status": "accepted",
        "duplicate": False,
        "sequence": 1,
    }
    assert answer.headers["location"] == f"/v1/events/{reply['event_id']}"
    assert answer.headers["contract"] == "paper-note@1.1.0"
    [stored] = await face.kept()
    assert stored.body == b'{"id": "n-1", "store": "7", "quantity": 3}'
