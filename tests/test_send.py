"""`crossdock send`: what a file is cut into, and a run that is interrupted, refused or kept waiting."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from rich.console import Console
from rich.progress import Progress

from adapters.conformance import samples
from gateway.bootstrap import install, remember_config
from gateway.cli.send import Screen
from gateway.data_folder import DataFolder
from gateway.sending import courier as courier_module
from gateway.sending import pieces as pieces_module
from gateway.sending.courier import Courier, GatewayUnreached, Refusal, SenderUnknown
from gateway.sending.errand import Errand, files_below
from gateway.sending.journal import Counts, FileState, Journal, JournalFailed
from gateway.sending.pieces import FileTooLarge, Piece, pieces
from gateway.up import running

REPOSITORY = Path(__file__).parent.parent


def change(number: int) -> dict[str, Any]:
    """A stock movement as ShipHero tells it."""
    return {
        "webhook_type": "Inventory Change", "warehouse_id": "7", "sku": f"SKU-{number}",
        "quantity": 5, "old_quantity": 7, "reason": "order picked", "timestamp": "2026-11-25 01:00:00",
    }  # fmt: skip


class Gateway:
    """A gateway on paper: answers as it is told, and remembers what came."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.bodies: list[bytes] = []
        self.tokens: list[str] = []
        self._answers = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.bodies.append(request.content)
        self.tokens.append(request.headers["authorization"])
        answer = self._answers.pop(0) if self._answers else accepted(request.content)
        if isinstance(answer, Exception):
            raise answer
        return answer


def accepted(body: bytes) -> httpx.Response:
    items = [{"status": "accepted", "item": place} for place, _ in enumerate(body.splitlines(), 1)]
    return httpx.Response(202, json={"items": items, "accepted": len(items), "duplicate": 0})


def problem(status: int, code: str, **more: Any) -> httpx.Response:
    return httpx.Response(status, json={"status": status, "code": code, "detail": "because", **more})


class Silence:
    """Hears everything and says nothing."""

    def begins(self, file: Path, state: FileState) -> None: ...

    def answered(self, piece: Piece, counts: Counts) -> None: ...

    def passed_over(self, piece: Piece) -> None: ...

    def refused(self, refusals: list[Any]) -> None: ...


def courier(gateway: Gateway, patience_seconds: float = 5.0) -> Courier:
    client = httpx.Client(transport=httpx.MockTransport(gateway), base_url="http://gateway")
    tokens = iter(f"token-{number}" for number in range(100))
    return Courier(client, "dock", lambda: next(tokens), patience_seconds=patience_seconds)


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier_module, "FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(courier_module, "LONGEST_PAUSE_SECONDS", 0.01)


@pytest.fixture
def lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ten lines that are cut into pieces of three."""
    monkeypatch.setattr(pieces_module, "ITEMS_LIMIT", 3)
    file = tmp_path / "lines.ndjson"
    file.write_text("\n".join(json.dumps({"n": number}) for number in range(10)) + "\n\n")
    return file


# pieces


def test_lines_are_cut_into_pieces_that_know_where_they_begin(lines: Path) -> None:
    found = list(pieces(lines))
    assert [piece.first for piece in found] == [1, 4, 7, 10]
    assert [len(piece.body.splitlines()) for piece in found] == [3, 3, 3, 1]
    assert b"\n".join(piece.body for piece in found) == lines.read_bytes().strip()
    assert {piece.media_type for piece in found} == {"application/x-ndjson"}


def test_an_array_of_any_size_is_cut_into_arrays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces_module, "BYTES_LIMIT", 100)
    values = [{"n": number, "text": "x" * 20} for number in range(10)]
    file = tmp_path / "values.json"
    file.write_text(json.dumps(values, indent=2))
    found = list(pieces(file))
    assert len(found) > 3
    assert [value for piece in found for value in json.loads(piece.body)] == values


def test_any_other_file_is_one_piece_and_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.xml"
    file.write_bytes(b"<a/>")
    assert [(piece.body, piece.media_type) for piece in pieces(file)] == [(b"<a/>", "application/xml")]
    monkeypatch.setattr(pieces_module, "FILE_LIMIT_BYTES", 3)
    with pytest.raises(FileTooLarge):
        list(pieces(file))


def test_files_of_a_folder_come_by_name_and_hidden_ones_do_not(tmp_path: Path) -> None:
    for name in ("b/2.json", "a/1.json", ".git/x", "b/.hidden"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    found = [str(file.relative_to(tmp_path)) for file in files_below(tmp_path)]
    assert found == ["a/1.json", "b/2.json"]
    assert [file.name for file in files_below(tmp_path, "1.*")] == ["1.json"]


# bringing


def test_what_passes_is_tried_again_and_a_token_that_expired_is_renewed(lines: Path) -> None:
    gateway = Gateway(
        httpx.ConnectError("refused"),
        problem(503, "broker.full"),
        problem(429, "request.too-many"),
        httpx.Response(
            207, json={"items": [{"item": 1, "status": "refused", "problem": {"status": 503}}], "accepted": 0}
        ),
        problem(401, "auth.expired"),
    )
    first = next(pieces(lines))
    counts, refusals = courier(gateway).bring(first, "lines.ndjson")
    assert (counts.accepted, refusals) == (3, [])
    assert gateway.bodies == [first.body] * 6
    assert gateway.tokens[-2:] == ["Bearer token-0", "Bearer token-1"]


def test_what_an_answer_had_accepted_is_no_repeat_when_the_rest_is_tried_again(lines: Path) -> None:
    full = {"status": "refused", "problem": {"status": 503, "code": "broker.full", "detail": "no room"}}
    kept, known = {"status": "accepted"}, {"status": "accepted", "duplicate": True}
    gateway = Gateway(
        httpx.Response(207, json={"items": [kept, known, full], "accepted": 1, "duplicate": 1, "refused": 1}),
        httpx.Response(202, json={"items": [known, known, kept], "accepted": 1, "duplicate": 2}),
    )
    counts, refusals = courier(gateway).bring(next(pieces(lines)), "lines.ndjson")
    assert (counts.accepted, counts.duplicate, refusals) == (2, 1, [])


def test_a_page_of_something_before_the_gateway_is_no_verdict(lines: Path) -> None:
    page, moved = httpx.Response(200, html="<p>Log in</p>"), httpx.Response(301, headers={"location": "/"})
    counts, refusals = courier(Gateway(page, moved)).bring(next(pieces(lines)), "lines.ndjson")
    assert (counts.accepted, refusals) == (3, [])


def test_what_a_sender_wrote_is_shown_as_it_is_and_written_down(tmp_path: Path, capsys) -> None:
    file = tmp_path / "refused.ndjson"
    with Progress(console=Console(stderr=True)) as progress:
        screen = Screen(progress, 1, file)
        screen.refused(
            [Refusal(file="a.json", place=1, code="contract.violated", detail="one of [ean, [/x]")]
        )
    assert "one of [ean, [/x]" in capsys.readouterr().err
    assert b"[ean, [/x]" in file.read_bytes()


def test_a_name_that_is_no_utf8_is_sent_and_remembered(lines: Path, tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.ndjson"))
    lines.rename(odd)
    assert run(Gateway(), odd, tmp_path)[0].accepted == 10
    now, before = run(Gateway(), odd, tmp_path)
    assert (now.items, before.accepted) == (0, 10)


def test_patience_ends(lines: Path) -> None:
    gateway = Gateway(*[problem(503, "broker.unavailable")] * 1000)
    with pytest.raises(GatewayUnreached, match=r"503 broker\.unavailable"):
        courier(gateway, patience_seconds=0.05).bring(next(pieces(lines)), "")


@pytest.mark.parametrize(("status", "times"), [(401, 2), (403, 1), (404, 1)])
def test_a_sender_that_is_not_known_hears_so_at_once(lines: Path, status: int, times: int) -> None:
    gateway = Gateway(*[problem(status, "auth.forbidden")] * 5)
    with pytest.raises(SenderUnknown):
        courier(gateway).bring(next(pieces(lines)), "")
    assert len(gateway.bodies) == times


def test_a_piece_over_a_lower_limit_is_halved(lines: Path) -> None:
    gateway = Gateway(problem(413, "request.too-large"))
    counts, _ = courier(gateway).bring(next(pieces(lines)), "")
    assert counts.accepted == 3
    assert [len(body.splitlines()) for body in gateway.bodies] == [3, 1, 2]


def test_a_refusal_names_the_place_in_the_file(lines: Path) -> None:
    refused = {"status": "refused", "item": 2, "code": "contract.violated", "problem": {
        "status": 422, "code": "contract.violated", "detail": "no", "errors": [{"pointer": "/n"}],
    }}  # fmt: skip
    kept = {"status": "dead_letter", "item": 3, "code": "request.unreadable", "detail": "no JSON"}
    gateway = Gateway(
        httpx.Response(
            207,
            json={
                "items": [{"status": "accepted", "item": 1}, refused, kept],
                "accepted": 2,
                "refused": 1,
                "dead_letter": 1,
            },
        )
    )
    counts, refusals = courier(gateway).bring(list(pieces(lines))[1], "lines.ndjson")
    assert (counts.accepted, counts.dead_letter, counts.refused) == (1, 1, 1)
    assert [(each.place, each.code, each.pointer) for each in refusals] == [
        (5, "contract.violated", "/n"),
        (6, "request.unreadable", ""),
    ]


def test_what_the_gateway_did_not_come_to_is_refused_and_not_forgotten(tmp_path: Path) -> None:
    file = tmp_path / "receipts.csv"
    file.write_text("1\n2\n3\n")
    items = [{"status": "accepted", "item": place} for place in (1, 2)]
    stopped = problem(413, "request.too-large", stopped=True, items=items, accepted=2, refused=0)
    (counts, refusals) = courier(Gateway(stopped)).bring(next(pieces(file)), "receipts.csv")
    assert (counts.accepted, counts.refused) == (2, 1)
    assert [(each.place, each.code) for each in refusals] == [(3, "request.too-large")]


def test_a_piece_that_is_refused_whole_counts_all_its_items(lines: Path) -> None:
    counts, refusals = courier(Gateway(problem(415, "contract.unknown"))).bring(next(pieces(lines)), "")
    assert (counts.refused, len(refusals)) == (3, 1)


def test_a_dead_letter_of_an_earlier_run_is_a_duplicate_and_no_refusal(lines: Path) -> None:
    item = {"status": "dead_letter", "item": 1, "code": "contract.violated", "duplicate": True}
    answer = httpx.Response(202, json={"items": [item] * 3, "accepted": 0, "duplicate": 3, "refused": 0})
    counts, refusals = courier(Gateway(answer)).bring(next(pieces(lines)), "")
    assert (counts.duplicate, counts.refused, refusals) == (3, 0, [])


# the journal


def test_a_run_that_was_interrupted_goes_on_behind_the_last_answer(lines: Path, tmp_path: Path) -> None:
    broken = Gateway(accepted(b"1\n2\n3"), accepted(b"4\n5\n6"), *[httpx.ConnectError("gone")] * 1000)
    with pytest.raises(GatewayUnreached):
        run(broken, lines, tmp_path, patience_seconds=0.01)
    again = Gateway()
    now, before = run(again, lines, tmp_path)
    assert (now.accepted, before.accepted) == (4, 6)
    assert again.bodies == [piece.body for piece in list(pieces(lines))[2:]]
    now, before = run(Gateway(), lines, tmp_path)
    assert (now.items, before.accepted) == (0, 10)


def test_a_file_that_changed_is_another_file(lines: Path, tmp_path: Path) -> None:
    run(Gateway(), lines, tmp_path)
    with lines.open("a") as file:
        file.write('{"n": 10}\n')
    now, before = run(Gateway(), lines, tmp_path)
    assert (now.accepted, before.items) == (11, 0)


def test_a_journal_that_can_not_be_read_costs_no_more_than_sending_again(lines: Path, tmp_path: Path) -> None:
    run(Gateway(), lines, tmp_path)
    journal = Journal(tmp_path / "sending", "http://gateway", "dock")
    journal.path.write_bytes(b'{"cutting\nnonsense')
    assert run(Gateway(), lines, tmp_path)[0].accepted == 10


def test_a_journal_that_can_not_be_written_is_no_fault_of_the_file(lines: Path, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "sending", "http://gateway", "dock")
    journal.path.unlink()
    journal.path.mkdir()
    with pytest.raises(JournalFailed, match=f"{journal.path.name}: "):
        Errand(courier(Gateway()), journal, Silence()).run([lines], tmp_path)


def test_a_file_that_vanished_is_a_refusal_and_not_the_end(lines: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone.json"
    gone.symlink_to(tmp_path / "nowhere")
    journal = Journal(tmp_path / "sending", "http://gateway", "dock")
    now, _ = Errand(courier(Gateway()), journal, Silence()).run([gone, lines], tmp_path)
    assert (now.accepted, now.refused) == (10, 1)


def run(gateway: Gateway, file: Path, folder: Path, patience_seconds: float = 5.0) -> tuple[Counts, Counts]:
    journal = Journal(folder / "sending", "http://gateway", "dock")
    return Errand(courier(gateway, patience_seconds), journal, Silence()).run([file], file.parent)


# the whole system


@pytest.fixture
async def system(tmp_path: Path) -> AsyncIterator[Path]:
    """A Crossdock on a data folder; its gateway's address stands there."""
    folder = DataFolder(tmp_path / "data")
    installation = install(folder, None, {})
    remember_config(folder, None)
    async with running(installation, None, 0, log_to_files=True):
        yield folder.path


def crossdock(*arguments: str | Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "gateway", *map(str, arguments)]
    return subprocess.Popen(
        command,
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


async def test_a_file_is_sent_interrupted_and_sent_on_and_each_line_is_kept_once(
    system: Path, tmp_path: Path, eventually: Callable[..., Any]
) -> None:
    file = tmp_path / "drop" / "changes.ndjson"
    file.parent.mkdir()
    file.write_text("".join(json.dumps(change(number)) + "\n" for number in range(20_000)))
    sample = samples("wms", "shiphero")[0]
    (file.parent / "one.json").write_bytes(sample.message.body)

    first = crossdock("send", file.parent, "--source", "wms-demo", "--data", system)

    def has_begun() -> bool:
        return any(b'"pieces":' in path.read_bytes() for path in (system / "sending").glob("*.ndjson"))

    await eventually(has_begun, 30)
    os.killpg(first.pid, signal.SIGINT)
    _, said = first.communicate(timeout=30)
    assert (first.returncode, "the same command goes on from here" in said) == (130, True), said

    second = crossdock("send", file.parent, "--source", "wms-demo", "--data", system, "--json")
    out, said = second.communicate(timeout=60)
    assert second.returncode == 0, said
    answer = msgspec.json.decode(out)
    assert answer["accepted"] + answer["duplicate"] + answer["before"]["accepted"] == 20_001
    assert answer["before"]["accepted"] >= 5000
    kept = crossdock("ledger", "check", "--data", system, "--json")
    out, said = kept.communicate(timeout=60)
    assert msgspec.json.decode(out)["items"]["accepted"] == 20_001, said


async def test_refused_items_are_told_and_written_down(system: Path, tmp_path: Path) -> None:
    file, refused = tmp_path / "some.ndjson", tmp_path / "refused.ndjson"
    file.write_text(f'{json.dumps(change(1))}\n{{"broken\n{json.dumps(change(2) | {"quantity": None})}\n')
    sent = crossdock("send", file, "--source", "wms-demo", "--data", system, "--refused-file", refused)
    out, said = sent.communicate(timeout=60)
    assert sent.returncode == 1, said
    assert "1 accepted" in out
    found = [msgspec.json.decode(line) for line in refused.read_bytes().splitlines()]
    assert [(each["place"], each["code"]) for each in found] == [
        (2, "request.unreadable"),
        (3, "contract.violated"),
    ]


async def test_what_can_not_be_meant_is_said_in_a_sentence(system: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text("{}")
    for arguments, status, sentence in (
        (("--source", "nobody"), 2, "there is no source"),
        (("--source", "wms-demo", "--url", "http://127.0.0.1:9", "--patience-seconds", "0"), 3, "Connect"),
    ):
        sent = crossdock("send", file, *arguments, "--data", system)
        _, said = sent.communicate(timeout=60)
        assert (sent.returncode, sentence in said) == (status, True), said
