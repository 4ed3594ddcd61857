"""A candidate against what came: a real broker's intake, the adapters, and the command line."""

import asyncio
import copy
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from next_major import CAST, SECOND, second_schema

from adapters.framing import CLOUD_EVENT
from contracts import headers, ids, subjects
from contracts.errors import Violation
from contracts.folder import PUBLISHED
from gateway.bootstrap import install
from gateway.cli import crossdock
from gateway.dry_run.run import first_since
from gateway.dry_run.tally import FAULTS_LIMIT, FURTHER, ROWS_LIMIT, Tally
from routing.broker.api import StreamReader
from routing.broker.commit import Outgoing, publish

POSLOG = "pos-poslog-transaction"
VARIANCE = "exception-inventory-variance"
DISCREPANCY = "exception-price-discrepancy"
REPOSITORY = Path(__file__).resolve().parent.parent
SALE = (REPOSITORY / "adapters/pos/poslog/samples/price-difference.xml").read_bytes()
VARIANCE_EXAMPLE = min((PUBLISHED / VARIANCE / "1.1.0" / "examples" / "valid").iterdir())


class Intake:
    """What the gateway would have kept, and the command that reads it."""

    def __init__(self, client: Any, folder: Path) -> None:
        self._client = client
        self.folder = folder
        self.reader = StreamReader(client)

    async def keep(
        self, number: int, source: str, contract: str, version: str, body: bytes, media: str
    ) -> None:
        sent = {
            headers.EVENT: ids.event_id(source, str(number)), headers.SOURCE: source,
            headers.CONTRACT: f"{contract}@{version}", headers.MEDIA_TYPE: media,
        }  # fmt: skip
        await publish(
            self._client, Outgoing(subject=subjects.intake(0, source, contract), body=body, headers=sent)
        )

    async def sale(self, number: int, store: str = "417", body: bytes = SALE) -> None:
        changed = body.replace(b"<RetailStoreID>417<", b"<RetailStoreID>%s<" % store.encode())
        await self.keep(number, "pos-demo", POSLOG, "1.1.0", changed, "application/xml")

    async def variance(self, number: int, version: str = "1.1.0", **members: Any) -> None:
        data = json.loads(VARIANCE_EXAMPLE.read_text()) | members
        event = {
            "specversion": "1.0", "id": str(number), "source": "/hub", "data": data,
            "type": f"retail.exception.inventory-variance.v{version[0]}",
        }  # fmt: skip
        await self.keep(number, "canonical-demo", VARIANCE, version, json.dumps(event).encode(), CLOUD_EVENT)

    async def command(self, candidate: Path, *more: str) -> Result:
        arguments = ["contracts", "dry-run", str(candidate), "--data", str(self.folder), *more]
        return await asyncio.to_thread(CliRunner().invoke, crossdock, arguments)

    async def found(self, candidate: Path, *more: str) -> tuple[int, dict[str, Any]]:
        told = await self.command(candidate, "--json", *more)
        return told.exit_code, msgspec.json.decode(told.stdout)


@pytest.fixture
async def intake(connect_as, data_folder) -> Intake:
    return Intake(await connect_as("gateway"), data_folder.path)


def candidate(folder: Path, name: str, version: str, change: Any = None, base: str = "1.1.0") -> Path:
    """A version folder below a copy of the contract's manifest; `change` edits the schema of `base`."""
    schema = json.loads((PUBLISHED / name / base / "schema.json").read_text())
    schema["$id"] = schema["$id"].replace(base, version)
    if change is not None:
        change(schema)
    place = folder / "candidates" / name / version
    place.mkdir(parents=True)
    (place / "schema.json").write_text(json.dumps(schema))
    return place


async def test_a_candidate_that_everything_keeps_is_0_and_says_of_how_much(intake, tmp_path):
    await intake.sale(1)
    await intake.variance(2)
    told = await intake.command(candidate(tmp_path, POSLOG, "1.2.0"))
    assert told.exit_code == 0, told.output
    assert "of 1 documents in 1 events of the last 24 hours 0 would be refused (0.00%)" in told.output


async def test_what_a_tightened_native_contract_refuses_is_told_by_source_store_and_pointer(intake, tmp_path):
    def tightened(schema: dict[str, Any]) -> None:
        schema["properties"]["RetailStoreID"] = {"type": "string", "minLength": 4}

    await intake.sale(1)
    await intake.sale(2, store="0042")
    await intake.sale(3, store="0042")
    await intake.variance(4)
    await intake.sale(5, body=b"<POSLog")
    status, found = await intake.found(candidate(tmp_path, POSLOG, "1.2.0", tightened))
    assert status == 1
    assert (found["events"], found["unread"], found["held"], found["refused"]) == (4, 1, 3, 1)
    assert found["share"] == pytest.approx(1 / 3)
    assert found["sources"] == [
        {"source": "pos-demo", "place": "store/417", "held": 1, "refused": 1},
        {"source": "pos-demo", "place": "store/0042", "held": 2, "refused": 0},
    ]
    (place,) = found["places"]
    assert (place["pointer"], place["keyword"], place["count"]) == ("/RetailStoreID", "minLength", 1)
    (sample,) = place["samples"]
    assert sample["event"] == ids.event_id("pos-demo", "1")
    assert sample["path"] == "/POSLog/Transaction/RetailStoreID"
    assert '"417" has 3 characters' in sample["detail"]


async def test_a_schema_file_alone_is_enough_and_the_published_manifest_masks_personal_data(intake, tmp_path):
    def tightened(schema: dict[str, Any]) -> None:
        schema["properties"]["OperatorID"] = {"type": "string"}

    file = candidate(tmp_path, POSLOG, "1.2.0", tightened) / "schema.json"
    body = SALE.replace(b'<OperatorID OperatorName="Till 5">95', b'<OperatorID OperatorName="Ada Byron">95')
    assert body != SALE
    await intake.sale(1, body=body)
    told = await intake.command(file)
    assert told.exit_code == 1, told.output
    assert "OperatorID" in told.output
    assert "Ada" not in told.output


async def test_a_canonical_candidate_is_held_against_what_adapters_yield_and_what_is_sent(intake, tmp_path):
    def tightened(schema: dict[str, Any]) -> None:
        schema["properties"]["key"]["maxLength"] = 5

    await intake.sale(1)
    await intake.variance(2)
    status, found = await intake.found(candidate(tmp_path, DISCREPANCY, "1.2.0", tightened))
    assert status == 1
    assert (found["events"], found["held"], found["refused"]) == (2, 1, 1)
    assert [(row["source"], row["place"]) for row in found["sources"]] == [("pos-demo", "store/417")]
    status, found = await intake.found(candidate(tmp_path, VARIANCE, "1.2.0", tightened))
    assert (status, found["held"], found["refused"]) == (0, 1, 0)
    await intake.variance(3, key="longer than five")
    status, found = await intake.found(tmp_path / "candidates" / VARIANCE / "1.2.0")
    assert (status, found["held"], found["refused"]) == (1, 2, 1)
    assert found["places"][0]["pointer"] == "/key"


async def test_a_new_major_is_reached_by_its_own_cast_or_everything_is_refused(intake, tmp_path):
    place = candidate(tmp_path, VARIANCE, SECOND, lambda schema: schema.update(second_schema()))
    await intake.variance(1, money_at_risk={"amount": "1", "currency": "EUR"})
    status, found = await intake.found(place)
    assert (status, found["refused"]) == (1, 1)
    assert found["places"][0]["pointer"] == "/money_at_risk"
    (place / "cast.toml").write_text(CAST)
    assert (await intake.found(place))[0] == 0
    losses = 'losses = ["/missing"]\n'
    before_the_move = '[[up.operations]]\nop = "set"\nat = "/exposure"\nvalue = 1\n'
    (place / "cast.toml").write_text(CAST.replace(losses, losses + before_the_move, 1))
    status, found = await intake.found(place)
    assert status == 1
    assert [(each["pointer"], each["keyword"]) for each in found["places"]] == [("", "cast")]
    assert "operation 2: /exposure: there is something already" in found["places"][0]["samples"][0]["detail"]


async def test_only_the_last_hours_count(intake, tmp_path):
    for number in range(7):
        await intake.sale(number)
    times = []
    async for stored in intake.reader.scan(subjects.INTAKE_STREAM, "in.>"):
        times.append(datetime.fromisoformat(stored.stored_at))
    for place, time in enumerate(times, 1):
        assert await first_since(intake.reader, time, 1, 7) <= place
        assert await first_since(intake.reader, time + timedelta(microseconds=1), 1, 7) >= place
    assert await first_since(intake.reader, datetime.now(UTC) + timedelta(hours=1), 1, 7) == 8
    assert await first_since(intake.reader, datetime(2020, 1, 1, tzinfo=UTC), 1, 7) == 1
    told = await intake.command(candidate(tmp_path, POSLOG, "1.2.0"), "--hours", "0.0000001")
    assert told.exit_code == 0
    assert "of 0 documents in 0 events" in told.output
    assert "nothing is shown by this" in told.output


async def test_an_empty_intake_is_read_to_its_end(intake, tmp_path):
    status, found = await intake.found(candidate(tmp_path, VARIANCE, "1.2.0"))
    assert (status, found["held"], found["events"]) == (0, 0, 0)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(crossdock, ["contracts", "dry-run", *arguments])


def test_without_a_broker_it_is_status_3(tmp_path):
    told = run(str(PUBLISHED / VARIANCE / "1.1.0"), "--data", str(tmp_path / "nothing"))
    assert told.exit_code == 3
    assert "start `crossdock up` first" in told.output


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda schema: schema.update({"$id": "x"}), "#/$id: expected https://crossdock.example/contracts/"),
        (lambda schema: schema.update({"not": {}}), "#/not: not is outside the profile"),
    ],
)
def test_a_candidate_that_is_no_contract_is_refused_before_anything_is_read(tmp_path, change, said):
    told = run(str(candidate(tmp_path, VARIANCE, "1.2.0", change)), "--data", str(tmp_path))
    assert said in str(told.exception)


def test_what_is_counted_is_bounded():
    tally = Tally()
    for number in range(ROWS_LIMIT + 100):
        fault = Violation(pointer=f"/m{number}", path="$", keyword="type", detail="no")
        tally.take("e", "till", f"store/{number}", [fault, copy.copy(fault)])
    assert (tally.held, tally.refused) == (ROWS_LIMIT + 100, ROWS_LIMIT + 100)
    assert len(tally.rows) == ROWS_LIMIT + 1
    assert len(tally.faults) == FAULTS_LIMIT + 1
    assert tally.by_fault()[0].pointer == FURTHER
    assert sum(row.refused for row in tally.rows.values()) == tally.refused
    assert sum(fault.count for fault in tally.faults.values()) == tally.refused


def test_the_demo_sources_are_those_of_this_test(data_folder):
    assert {"pos-demo", "canonical-demo"} <= install(data_folder, None, {}).settings.sources.keys()
