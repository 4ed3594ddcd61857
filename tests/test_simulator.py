"""The simulated retailer: production code takes what it sends, and finds what is really the matter."""

import hashlib
import json
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from msgspec.structs import replace
from simulated import Outcome, received

from gateway.bootstrap import install
from gateway.cli.simulate import simulate_command
from gateway.data_folder import DataFolder
from routing.triage.taxonomy import Taxonomy
from simulator import WorldSettings, simulate
from simulator.circumstances import FEEDS
from simulator.sources import SENDERS
from simulator.times import Calendar
from simulator.traces import TRACES
from simulator.worlds import WORLDS

REPOSITORY = Path(__file__).resolve().parent.parent
SMALL = replace(WORLDS["training"], seed=6, days=3, stores=50)  # a seed with every root cause
TINY = {"days": 2, "stores": 8}


@pytest.fixture(scope="module")
def small() -> Outcome:
    return received(simulate(SMALL))


def context_of(outcome: Outcome) -> list[int]:
    """How many circumstances each canonical exception has."""
    return [
        len(found.exception.exception.context)
        for found in outcome.found
        if found.exception.system == "canonical"
    ]


def test_production_code_takes_every_message(small):
    assert small.messages > 2_400
    assert small.refused == []


def test_what_production_code_finds_is_what_is_the_matter(small):
    untold = [found.exception.exception for found in small.found if found.truth is None]
    known = [found for found in small.found if found.truth is not None]
    assert len(known) > 800
    assert len(untold) <= 0.005 * len(known)
    assert len(small.missed) <= 0.005 * len(known)


def test_every_root_cause_leaves_traces_with_its_team_as_owner(small):
    taxonomy = Taxonomy.load()
    truths = [found.truth for found in small.found if found.truth]
    assert {truth.root_cause for truth in truths} == set(taxonomy.leaves) == set(TRACES)
    for truth in truths:
        leaf = taxonomy.leaves[truth.root_cause]
        assert (truth.owner, truth.category) == (leaf.team, leaf.category.value)


def test_the_table_says_what_each_root_cause_is_found_with(small):
    by_leaf: dict[str, set[str]] = {}
    for found in small.found:
        if found.truth:
            contract = found.exception.contract.partition("@")[0]
            where = found.message.source if contract.startswith("exception-") else contract
            by_leaf.setdefault(found.truth.root_cause, set()).add(where)
    for leaf, trace in TRACES.items():
        declared = {document.contract for document in trace.native} | {trace.canonical}
        assert by_leaf[leaf] <= declared, leaf
    every = {document.contract for trace in TRACES.values() for document in trace.native}
    # in so few days a rare one may not come
    assert len(every - set().union(*by_leaf.values())) <= 1


def test_a_row_of_the_table_is_of_the_first_kind_where_it_names_a_document():
    assert TRACES["INV.shrink"].kind == "native and canonical"
    assert TRACES["WFC.absence"].kind == "canonical"


def test_one_fault_has_several_exceptions_where_its_kind_spreads(small):
    of_fault = Counter(found.truth.fault for found in small.found if found.truth)
    storms = {
        found.truth.root_cause for found in small.found if found.truth and of_fault[found.truth.fault] > 3
    }
    assert {"FPU.store_offline", "FPU.schema_reject", "CNC.pick_backlog"} <= storms
    assert max(of_fault.values()) > 8


def test_ordinary_documents_flow_beside_those_with_exceptions(small):
    telling = {found.message.name for found in small.found}
    assert small.messages > 2 * len(telling)
    assert {"erp-sap-orders05", "wms-shiphero-shipment-update", "pos-dropfile-movement"} <= small.contracts


def test_messages_come_in_order_of_time_under_names_of_their_own():
    messages = list(simulate(replace(SMALL, **TINY)))
    assert [message.at for message in messages] == sorted(message.at for message in messages)
    assert len({(message.source, message.name) for message in messages}) == len(messages)
    assert {message.source for message in messages} <= {sender.name for sender in SENDERS}


def test_the_same_seed_gives_the_same_bytes_and_another_does_not():
    def digest(settings: WorldSettings) -> str:
        encoded = (msgspec.json.encode(message) for message in simulate(settings))
        return hashlib.sha256(b"\n".join(encoded)).hexdigest()

    settings = replace(SMALL, **TINY)
    assert digest(settings) == digest(settings)
    assert digest(settings) != digest(replace(settings, seed=2))


def test_bad_data_is_refused_where_it_was_spoiled_and_nowhere_else():
    settings = replace(WORLDS["bad-data"], **TINY, damaged=0.05)
    outcome = received(simulate(settings))
    assert len(outcome.refused) > 5
    assert all(message.is_damaged for message in outcome.refused)
    assert sum(message.is_damaged for message in simulate(settings)) == len(outcome.refused)


def test_feeds_that_are_down_say_nothing():
    there = received(simulate(replace(WORLDS["training"], **TINY)))
    down = received(simulate(replace(WORLDS["training"], **TINY, feed_outage=1.0)))
    assert down.messages < 0.8 * there.messages
    assert sum(context_of(down)) < 0.5 * sum(context_of(there))
    told = {one.name for found in down.found for one in found.exception.exception.context}
    assert not told & {name for names in FEEDS.values() for name in names}


@pytest.mark.parametrize("name", ["peak", "other-retailer", "feeds-down"])
def test_every_shifted_world_is_taken_and_differs(name):
    settings = replace(WORLDS[name], **TINY)
    outcome = received(simulate(settings))
    assert outcome.refused == []
    assert len(outcome.missed) <= 2
    assert len(outcome.found) > 40
    plain = replace(WORLDS["training"], **TINY, seed=settings.seed)
    assert [m.body for m in simulate(settings)] != [m.body for m in simulate(plain)]


def test_senders_name_what_they_know_in_the_contracts_own_words_and_say_how_old_it_is(small):
    told = [one for found in small.found for one in found.exception.exception.context]
    assert len({one.name for one in told}) > 50
    assert all(one.as_of for one in told)


def test_a_calendar_writes_moments_before_its_first_day():
    calendar = Calendar("2026-03-01")
    assert calendar.moment(-1) == "2026-02-28T23:59:59Z"
    assert (calendar.plain_day(86_400), calendar.plain_time(3_661)) == ("20260302", "010101")


def test_the_command_writes_documents_truth_and_settings(tmp_path):
    folder = tmp_path / "retailer"
    asked = ["--days", "2", "--stores", "5", "--seed", "7", "--out", str(folder), "--json"]
    ran = CliRunner().invoke(simulate_command, asked)
    assert ran.exit_code == 0, ran.output
    said = json.loads(ran.stdout)
    faults = [json.loads(line) for line in (folder / "truth.ndjson").read_text().splitlines()]
    assert len(faults) == said["faults"] > 20
    assert sum(len(fault["exceptions"]) for fault in faults) == said["exceptions"]
    for fault in faults:
        assert fault["root_cause"] in TRACES
        assert {each["document"] for each in fault["exceptions"]} == set(fault["documents"])
        assert all((folder / document).is_file() for document in fault["documents"])
    installed = install(DataFolder(tmp_path / "data"), folder / "settings", {})
    assert set(installed.settings.sources) == {sender.name for sender in SENDERS}
    again = CliRunner().invoke(simulate_command, asked)
    assert again.exit_code == 2
    assert "not empty" in again.output


def test_the_command_wants_to_know_where_to(tmp_path):
    ran = CliRunner().invoke(simulate_command, ["--days", "1", "--stores", "1"])
    assert ran.exit_code == 2
    assert "--out" in ran.output


def test_the_docs_show_the_table_and_every_world():
    text = (REPOSITORY / "docs/simulator.md").read_text()
    rows = [
        f"| `{leaf}` | {trace.kind} | {'; '.join(document.name for document in trace.native) or 'none'}"
        f" | `{trace.canonical}` |"
        for leaf, trace in TRACES.items()
    ]
    assert [row for row in rows if row not in text] == []
    assert [name for name in WORLDS if f"| `{name}` |" not in text] == []
