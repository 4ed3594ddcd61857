"""The ingest endpoints, through HTTP, on a real broker: what is kept, what is a repeat, what is refused."""

import asyncio
import json
import zlib
from typing import Any

import msgspec
import pytest
from http_face import Face, OpenFace, paper_sources, signed
from msgspec import structs
from nats.aio.client import Client

from adapters.conformance import samples
from contracts import headers, ids, subjects
from gateway.http.acceptance import Acceptance
from gateway.http.verdicts import BatchReply
from gateway.settings import HttpSettings
from routing.broker import publisher as publisher_module
from routing.broker.api import StreamReader
from routing.broker.publisher import Publisher
from routing.broker.streams import StreamSettings

NOTE = {"id": "n-1", "store": "7", "quantity": 3}
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def notes(count: int, start: int = 0) -> list[dict[str, Any]]:
    return [{"id": f"b-{number}", "store": "7"} for number in range(start, start + count)]


async def test_a_note_is_answered_with_202_once_it_is_in_the_stream(face: Face) -> None:
    body = b'{"id": "n-1",  "store": "7", "quantity": 3}'
    answer = await face.note(body, traceparent=TRACE)
    assert answer.status_code == 202, answer.text
    event = ids.event_id("paper-1", "n-1")
    assert answer.json() == {
        "event_id": event,
        "source": "paper-1",
        "source_event_id": "n-1",
        "contract": "paper-note",
        "version": "1.1.0",
        "status": "accepted",
        "duplicate": False,
        "sequence": 1,
    }
    assert answer.headers["location"] == f"/v1/events/{event}"
    assert answer.headers["contract"] == "paper-note@1.1.0"
    [stored] = await face.kept()
    key = ids.order_key("store:7")
    assert (stored.subject, stored.body) == ("in.0.paper-1.paper-note", body)
    ours = {
        name: text for name, text in stored.headers.items() if not name.startswith("Nats-") or text == event
    }
    assert ours == {
        headers.MESSAGE_ID: event,
        headers.EVENT: event,
        headers.SOURCE: "paper-1",
        headers.CONTRACT: "paper-note@1.1.0",
        headers.DIGEST: ids.body_digest(b'{"id":"n-1","quantity":3,"store":"7"}'),
        headers.KEY: key,
        headers.FILE: ids.body_digest(body),
        headers.MEDIA_TYPE: "application/json",
        headers.TRACE: TRACE,
    }


async def test_the_partition_follows_the_business_key_alone(open_face: OpenFace) -> None:
    face = open_face(partitions=8)
    batch = [{"id": f"n-{number}", "store": str(number % 5)} for number in range(40)]
    assert (await face.post("/v1/sources/paper-1/events/batch", batch)).status_code == 202
    for stored in await face.kept():
        partition = zlib.crc32(stored.headers[headers.KEY].encode()) % 8
        assert stored.subject == f"in.{partition}.paper-1.paper-note"
    assert len({stored.subject for stored in await face.kept()}) > 1


async def test_a_repeat_is_a_duplicate_and_another_document_a_conflict(open_face: OpenFace) -> None:
    first_process, second_process = open_face(), open_face()
    assert (await first_process.note(NOTE)).json()["duplicate"] is False
    for face in (first_process, second_process, second_process):
        # the same document in other bytes: what was decoded counts
        repeat = await face.note(b'{"quantity":3,\n"store":"7","id":"n-1"}')
        assert (repeat.status_code, repeat.json()["duplicate"], repeat.json()["sequence"]) == (202, True, 1)
        conflict = await face.note(NOTE | {"quantity": 4})
        assert (conflict.status_code, conflict.json()["code"]) == (409, "request.conflict")
    assert len(await first_process.kept()) == 1


async def test_a_repeat_of_what_is_gone_is_a_duplicate(
    face: Face, open_face: OpenFace, connect_as: Any
) -> None:
    await open_face().note(NOTE)
    provisioner: Client = await connect_as("provisioner")
    await provisioner.request(f"$JS.API.STREAM.PURGE.{subjects.INTAKE_STREAM}", b"", timeout=2)
    repeat = await open_face().note(NOTE | {"quantity": 4})
    assert (repeat.status_code, repeat.json()["duplicate"]) == (202, True)


async def test_of_concurrent_repeats_one_is_kept_and_the_others_wait_for_it(face: Face) -> None:
    answers = await asyncio.gather(*(face.note(NOTE) for _ in range(30)))
    others = await asyncio.gather(*(face.note({"id": "n-2", "store": str(n)}) for n in range(30)))
    assert {answer.status_code for answer in answers} == {202}
    assert [answer.json()["duplicate"] for answer in answers].count(False) == 1
    assert sorted(answer.status_code for answer in others) == [202] + [409] * 29
    assert len(await face.kept()) == 2


async def test_a_sender_that_leaves_takes_no_repeat_with_it(face: Face) -> None:
    leaving = asyncio.create_task(face.note(NOTE))
    staying = asyncio.create_task(face.note(NOTE))
    while not face.parts.acceptance._under_way:  # noqa: ASYNC110 - it is under way for a millisecond
        await asyncio.sleep(0)
    leaving.cancel()
    assert (await staying).status_code == 202
    assert len(await face.kept()) == 1


async def test_only_the_last_events_are_remembered_and_the_broker_knows_the_rest(
    open_face: OpenFace, connect_as: Any
) -> None:
    publisher = Publisher(await connect_as("gateway"))
    publisher.start()
    face = open_face()
    small = open_face(acceptance=Acceptance(publisher, face.reader, recent_limit=2))
    for note in notes(5):
        assert (await small.note(note)).json()["duplicate"] is False
    for note in notes(5):
        assert (await small.note(note)).json()["duplicate"] is True
    assert len(small.parts.acceptance._recent) == 2
    assert small.parts.acceptance.sequence_of(ids.event_id("paper-1", "b-4")) == 5
    await publisher.stop()


async def test_a_body_with_several_items_is_sent_to_the_batch_endpoint(face: Face) -> None:
    answer = await face.note(notes(2))
    assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")
    assert "/v1/sources/paper-1/events/batch" in answer.json()["detail"]
    assert await face.kept() == []


async def test_a_batch_has_one_verdict_for_each_item_in_order(face: Face) -> None:
    await face.note(NOTE)
    batch = [NOTE, {"id": "n-2"}, *notes(1), NOTE | {"quantity": 9}, *notes(1), {"kind": "x"}]
    answer = await face.post("/v1/sources/paper-1/events/batch", batch)
    reply = answer.json()
    assert answer.status_code == 207
    counted = {name: reply[name] for name in ("accepted", "duplicate", "refused", "dead_letter", "valid")}
    assert counted == {"accepted": 1, "duplicate": 2, "refused": 3, "dead_letter": 0, "valid": 0}
    assert [item["item"] for item in reply["items"]] == [1, 2, 3, 4, 5, 6]
    assert [item["status"] for item in reply["items"]] == [
        "accepted", "refused", "accepted", "refused", "accepted", "refused",
    ]  # fmt: skip
    assert [item.get("duplicate") for item in reply["items"]] == [True, None, False, None, True, None]
    codes = [item["code"] for item in reply["items"] if item["status"] == "refused"]
    assert codes == ["contract.violated", "request.conflict", "contract.unknown"]
    assert msgspec.json.decode(answer.content, type=BatchReply).refused == 3
    missing = reply["items"][1]["problem"]
    assert (missing["status"], missing["contract"], missing["version"]) == (422, "paper-note", "1.1.0")
    assert missing["errors"][0]["pointer"] == "/store"
    assert missing["instance"] == "/v1/sources/paper-1/events/batch#2"
    assert [stored.headers.get(headers.ITEM) for stored in await face.kept()] == [None, None]


async def test_a_batch_whose_items_agree_has_their_status(face: Face) -> None:
    path = "/v1/sources/paper-1/events/batch"
    lines = b"\n".join(json.dumps(note).encode() for note in notes(300))
    accepted = await face.post(path, lines, {"content-type": "application/x-ndjson"})
    assert (accepted.status_code, accepted.json()["accepted"]) == (202, 300)
    assert accepted.headers["contract"] == "paper-note@1.1.0"
    sequences = [item["sequence"] for item in accepted.json()["items"]]
    assert [stored.sequence for stored in await face.kept()] == sequences
    refused = await face.post(path, [{"id": "x"}, {"id": "y"}])
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
    assert (refused.json()["code"], refused.json()["refused"]) == ("contract.violated", 2)
    assert [item["code"] for item in refused.json()["items"]] == ["contract.violated"] * 2


async def test_a_large_batch_is_read_beside_the_loop_and_kept_whole(face: Face) -> None:
    batch = [{"id": f"l-{number}", "store": "7", "text": "x" * 100} for number in range(3000)]
    answer = await face.post("/v1/sources/paper-1/events/batch", batch)
    assert (answer.status_code, answer.json()["accepted"]) == (202, 3000)
    assert len(await face.kept()) == 3000


async def test_what_is_over_a_limit_is_refused(open_face: OpenFace) -> None:
    face = open_face(HttpSettings(items_limit=10, body_limit_bytes=200, batch_limit_bytes=2000))
    path = "/v1/sources/paper-1/events/batch"
    empty = await face.post(path, [])
    item_too_large = await face.post(path, [{"id": "n", "store": "x" * 300}])
    body_too_large = await face.post(path, [{"id": "n", "store": "x" * 3000}])
    codes = [answer.json()["code"] for answer in (empty, item_too_large, body_too_large)]
    assert codes == ["request.invalid", "request.too-large", "request.too-large"]
    assert [empty.status_code, item_too_large.status_code, body_too_large.status_code] == [422, 413, 413]
    assert await face.kept() == []


async def test_a_file_with_too_many_items_is_refused_whole(open_face: OpenFace) -> None:
    face = open_face(HttpSettings(items_limit=10))
    file = b"<POSLog>" + b"<Transaction/>" * 11 + b"</POSLog>"
    answer = await face.post("/v1/sources/till/events/batch", file, {"content-type": "application/xml"})
    assert (answer.status_code, answer.json()["code"], answer.json()["refused"]) == (
        413, "request.too-large", 1,
    )  # fmt: skip


@pytest.mark.parametrize("is_array", [True, False])
async def test_of_too_many_messages_those_before_the_limit_have_their_verdicts(
    open_face: OpenFace, is_array: bool
) -> None:
    face = open_face(HttpSettings(items_limit=10))
    body = json.dumps(notes(11)) if is_array else "\n".join(map(json.dumps, notes(11)))
    media_type = "application/json" if is_array else "application/x-ndjson"
    answer = await face.post("/v1/sources/paper-1/events/batch", body, {"content-type": media_type})
    reply = answer.json()
    assert (answer.status_code, reply["code"], reply["accepted"]) == (413, "request.too-large", 10)
    assert answer.headers["content-type"] == "application/problem+json"
    assert [item["status"] for item in reply["items"]] == ["accepted"] * 10
    assert "the 10 items before it have their verdicts here" in reply["detail"]
    assert len(await face.kept()) == 10


async def test_items_that_repeat_a_long_head_are_not_multiplied(open_face: OpenFace) -> None:
    face = open_face(HttpSettings(batch_limit_bytes=100_000))
    file = b"<POSLog " + b'a="' + b"x" * 5000 + b'">' + b"<Transaction/>" * 1000 + b"</POSLog>"
    answer = await face.post("/v1/sources/till/events/batch", file, {"content-type": "application/xml"})
    items = answer.json()["items"]
    assert len(file) < 20_000
    assert (items[-1]["code"], len(items) * 5000 < 200_000) == ("request.too-large", True)


async def test_a_dry_run_gives_the_whole_verdict_and_keeps_nothing(face: Face) -> None:
    answer = await face.post("/v1/sources/paper-1/events?dry_run=true", NOTE)
    assert answer.status_code == 200
    assert answer.json() == {
        "event_id": ids.event_id("paper-1", "n-1"),
        "source": "paper-1",
        "source_event_id": "n-1",
        "contract": "paper-note",
        "version": "1.1.0",
        "status": "valid",
        "facts": {"stock-count": 1},
        "exceptions": {"inventory-variance": 1},
    }
    unmapped = await face.post("/v1/sources/paper-1/events?dry_run=true", NOTE | {"bug": "normalise"})
    assert (unmapped.status_code, unmapped.json()["would_be"]) == (200, "adapter.unmapped")
    violated = await face.post("/v1/sources/paper-kept/events?dry_run=true", {"id": "n"})
    assert (violated.status_code, violated.json()["code"]) == (422, "contract.violated")
    batch = await face.post("/v1/sources/paper-1/events/batch?dry_run=true", [NOTE, {"id": "x"}])
    assert (batch.status_code, batch.json()["valid"], batch.json()["refused"]) == (207, 1, 1)
    fault = await face.post("/v1/sources/paper-1/events?dry_run=true", b'{"id":"n-9","bug":"decode"}')
    assert (fault.status_code, fault.json()["code"]) == (200, "internal.fault")
    assert (fault.json()["status"], fault.json()["sequence"]) == ("dead_letter", None)
    unclear = await face.post("/v1/sources/paper-1/events?dry_run=yes", NOTE)
    twice = await face.post("/v1/sources/paper-1/events?dry_run=false&dry_run=true", NOTE)
    assert (unclear.status_code, twice.status_code) == (422, 422)
    assert await face.kept() == []
    assert (await face.post("/v1/sources/paper-1/events?dry_run=false", NOTE)).status_code == 202


async def test_the_request_then_the_source_then_the_registry_choose_the_version(face: Face) -> None:
    def answered(answer: Any) -> tuple[int, str]:
        return answer.status_code, answer.json().get("code") or answer.headers["contract"]

    without_store = {"id": "n-1"}
    assert answered(await face.note(without_store)) == (422, "contract.violated")
    assert answered(await face.note(without_store, "paper-pinned")) == (202, "paper-note@1.0.0")
    asked = {"contract": "paper-note@1.1.0"}
    assert answered(await face.note(NOTE, "paper-pinned", **asked)) == (409, "request.conflict")
    assert answered(await face.note(NOTE | {"id": "n-2"}, "paper-pinned", **asked)) == (
        202,
        "paper-note@1.1.0",
    )
    wrong = {
        "paper-note@0.9.0": (410, "contract.retired"),
        "paper-note@3.0.0": (422, "contract.version-unknown"),
        "paper-card@1.0.0": (422, "request.invalid"),
        "paper-note": (422, "request.invalid"),
        "paper-note@1.1": (422, "request.invalid"),
        "paper-note@2": (422, "contract.version-unknown"),
    }
    found = {name: answered(await face.note(NOTE, contract=name)) for name in wrong}
    assert found == wrong


async def test_a_source_sends_only_the_contracts_that_it_lists(open_face: OpenFace) -> None:
    listed = structs.replace(paper_sources()["paper-1"], contracts={"paper-card": ""})
    face = open_face(sources={"paper-1": listed})
    answer = await face.note(NOTE)
    assert (answer.status_code, answer.json()["code"]) == (415, "contract.unknown")
    assert "paper-1 does not send paper-note; it sends: paper-card" in answer.json()["detail"]


async def test_a_source_that_asked_for_it_has_its_refused_items_kept_as_dead_letters(face: Face) -> None:
    sent = {
        "request.unreadable": b'{"id": "n-1", ',
        "contract.violated": b'{"id": "n-2"}',
        "contract.unknown": b'{"id": "n-3", "kind": "x"}',
    }
    for sequence, (code, body) in enumerate(sent.items(), 1):
        answer = await face.note(body, "paper-kept")
        reply = answer.json()
        assert (answer.status_code, reply["status"], reply["code"]) == (202, "dead_letter", code)
        assert (reply["sequence"], reply["duplicate"]) == (sequence, False)
        assert reply["detail"]
        assert (await face.note(body, "paper-kept")).json()["duplicate"] is True
    unreadable, violated, unknown = await face.kept()
    assert [stored.body for stored in (unreadable, violated, unknown)] == list(sent.values())
    assert unreadable.subject == unknown.subject == "in.0.paper-kept.unreadable"
    assert violated.subject == "in.0.paper-kept.paper-note"
    assert [stored.headers[headers.REASON] for stored in (unreadable, violated, unknown)] == list(sent)
    assert all(stored.headers[headers.DETAIL] for stored in (unreadable, violated, unknown))
    assert violated.headers[headers.EVENT] == ids.event_id("paper-kept", "n-2")


async def test_a_file_that_cannot_be_cut_is_one_dead_letter_where_the_source_asked_for_it(
    open_face: OpenFace,
) -> None:
    file = b"<POSLog><Transaction>"
    kept = structs.replace(paper_sources()["till"], on_violation="dead_letter")
    face = open_face(sources={"till": kept})
    answer = await face.post("/v1/sources/till/events/batch", file, {"content-type": "application/xml"})
    assert (answer.status_code, answer.json()["dead_letter"], answer.json()["accepted"]) == (202, 1, 1)
    assert [stored.body for stored in await face.kept()] == [file]


@pytest.mark.parametrize("stage", ["split", "decode"])
async def test_a_fault_of_ours_keeps_the_bytes_and_blames_nobody(face: Face, stage: str) -> None:
    body = json.dumps({"id": "n-1", "store": "7", "bug": stage}, separators=(",", ":")).encode()
    answer = await face.note(body)
    reply = answer.json()
    assert (answer.status_code, reply["status"], reply["code"]) == (202, "dead_letter", "internal.fault")
    assert "KeyError" not in answer.text
    [stored] = await face.kept()
    assert (stored.body, stored.headers[headers.REASON]) == (body, "internal.fault")
    assert stored.subject == "in.0.paper-1.unreadable"


async def test_a_signed_webhook_gets_its_vendors_own_reply_and_a_token_ours(face: Face) -> None:
    path = "/v1/sources/paper-kept/events"
    for body in (b'{"id":"n-1","store":"7"}', b'{"id":"n-1","store":"7"}', b"{broken"):
        answer = await face.post(path, body, signed(body))
        assert (answer.status_code, answer.content) == (200, b'{"thanks":true}')
    assert (await face.post(path, {"id": "n-1", "store": "7"})).json()["duplicate"] is True
    assert len(await face.kept()) == 2


async def test_an_id_in_the_transport_comes_before_the_documents(face: Face) -> None:
    answer = await face.note(NOTE, x_paper_id="from-the-header")
    assert answer.json()["source_event_id"] == "from-the-header"


async def test_any_printable_text_of_256_characters_is_an_id_and_stands_in_no_subject(face: Face) -> None:
    for name in ("a.b > * c", "ż" * 256, "'; drop table events", "x" * 256):
        answer = await face.note({"id": name, "store": "7"})
        assert (answer.status_code, answer.json()["source_event_id"]) == (202, name)
    assert {stored.subject for stored in await face.kept()} == {"in.0.paper-1.paper-note"}


async def test_cloud_events_go_to_the_only_canonical_source_or_the_one_named(face: Face) -> None:
    [event] = [sample.message for sample in samples("canonical") if sample.case == "exception"]

    async def post(client: str, query: str = "", **extra: str) -> Any:
        sent = {"content-type": event.media_type, "authorization": f"Bearer {face.token(client)}"}
        return await face.post(
            f"/v1/events{query}", event.body, sent | {"xd-source": extra.get("source", "")}
        )

    only = await post("paper")
    assert (only.status_code, only.json()["source"]) == (202, "card-1"), only.text
    assert (await post("admin")).status_code == 422
    assert (await post("admin", source="card-2")).json()["source"] == "card-2"
    assert (await post("admin", "?source=card-2")).json()["duplicate"] is True
    assert (await post("admin", "?source=card-1", source="card-2")).status_code == 422
    assert (await post("paper", source="card-2")).json()["code"] == "auth.forbidden"
    assert (await post("paper", source="paper-1")).json()["code"] == "request.invalid"
    assert (await post("stranger")).json()["code"] == "auth.forbidden"


async def test_batched_cloud_events_have_a_verdict_each(face: Face) -> None:
    [batch] = [sample for sample in samples("canonical") if sample.case == "short-shipments"]
    media_type = "application/cloudevents-batch+json"
    answer = await face.post("/v1/events", batch.message.body, {"content-type": media_type})
    assert (answer.status_code, answer.json()["accepted"]) == (202, len(batch.expected.items)), answer.text


@pytest.mark.parametrize("system", ["pos", "wms"])
async def test_the_samples_of_a_system_are_accepted_under_their_own_ids(face: Face, system: str) -> None:
    source = {"pos": "till", "wms": "dock"}[system]
    for sample in samples(system):
        path = f"/v1/sources/{source}/events/batch"
        sent = {"content-type": sample.message.media_type, **sample.message.headers}
        answer = await face.post(path, sample.message.body, sent)
        assert answer.status_code == 202, (sample.case, answer.text)
        found = [item["source_event_id"] for item in answer.json()["items"]]
        expected = [item.source_event_id for item in sample.expected.items]
        for ours, own in zip(found, expected, strict=True):
            assert own in {ours, None}, sample.case


class TestFullStream:
    """XD_INTAKE with room for little."""

    @pytest.fixture
    def stream_settings(self, stream_settings: StreamSettings) -> StreamSettings:
        return structs.replace(stream_settings, intake_limit_bytes=100_000)

    async def test_a_full_stream_is_503_with_a_time_to_wait_and_nothing_half_kept(self, face: Face) -> None:
        large = {"store": "7", "text": "x" * 20_000}
        answers = [await face.note(large | {"id": f"n-{number}"}) for number in range(8)]
        full = answers[-1]
        assert (full.status_code, full.json()["code"]) == (503, "broker.full")
        assert int(full.headers["retry-after"]) > 0
        kept = sum(answer.status_code == 202 for answer in answers)
        batch = await face.post(
            "/v1/sources/paper-1/events/batch", [large | {"id": "b-1"}, large | {"id": "b-2"}]
        )
        assert (batch.status_code, batch.json()["refused"]) == (503, 2)
        assert int(batch.headers["retry-after"]) > 0
        assert len(await face.kept()) == kept < 8


async def test_a_broker_that_is_away_or_behind_is_503(
    open_face: OpenFace, connect_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher_module, "GIVE_UP_SECONDS", 0.1)
    client: Client = await connect_as("gateway")
    publisher = Publisher(client)
    publisher.start()
    reader = StreamReader(client)
    behind = open_face(acceptance=Acceptance(publisher, reader, backlog_limit=0))
    away = open_face(acceptance=Acceptance(publisher, reader))
    await client.close()
    for face in (behind, away):
        answer = await face.note(NOTE)
        assert (answer.status_code, answer.json()["code"]) == (503, "broker.unavailable")
        assert answer.headers["retry-after"] == "1"
        assert face.parts.acceptance._under_way == {}
    await publisher.stop()
