"""The figures of triage, on cases small enough to be counted by hand, and the report that is made of them."""

import csv
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from msgspec.structs import replace
from triage_models import DEMANDS
from triage_rows import LABELS, make_rows

from gateway.cli import crossdock
from routing.triage.model.artefact import read_files
from routing.triage.model.checks import check
from routing.triage.model.scoring import Scorer
from simulator.worlds import WORLDS
from training import simulated
from training.artefacts import Origin, put_figures, read, thresholds_of, write
from training.calibration import Threshold
from training.evaluation import (
    Answers,
    calibration_error,
    cost_of,
    figures,
    macro_f1,
    model_answers,
    reviewed_cost,
    rule_answers,
    static_answers,
)
from training.network import Recipe
from training.report import make_report, report_json, summary
from training.simulated import world_rows
from training.splits import Shares, split
from training.trainer import Plan, train
from training.uci import FULL, PLACE, Uci, evaluate

WAYS = ("static", "rules", "model")
FIGURES = {"accuracy", "macro_f1", "ece", "cost", "coverage", "delivered_precision", "by_category"}


def test_a_case_costs_what_a_look_and_a_wrong_way_cost() -> None:
    exposure = np.array([100.0, 100.0, 100.0, 0.0])
    alone = np.array([True, True, False, False])
    right = np.array([True, False, True, True])
    # alone and right 0; alone and wrong 8 + 15; a look 2.40, and one in ten of them goes wrong all the same
    expected = (0.0 + 23.0 + (2.40 + 2.30) + (2.40 + 0.80)) / 4
    assert cost_of(alone, right, exposure) == pytest.approx(expected)


def test_the_calibration_error_is_how_far_confidence_and_hits_are_apart_bin_by_bin() -> None:
    assert calibration_error(np.full(10, 0.8), np.arange(10) < 8) == 0.0
    assert calibration_error(np.full(10, 0.8), np.arange(10) < 5) == pytest.approx(0.3)
    two_bins = np.array([0.9] * 10 + [0.3] * 10)
    assert calibration_error(two_bins, np.array([True] * 10 + [False] * 10)) == pytest.approx(0.2)


def test_macro_f1_counts_every_leaf_alike() -> None:
    assert macro_f1(np.array([0, 0, 1]), np.array([0, 0, 1])) == 1.0
    # leaf 0: 3 hits, 1 false; leaf 1 is never found
    assert macro_f1(np.array([0, 0, 0, 0]), np.array([0, 0, 0, 1])) == pytest.approx((6 / 7) / 2, abs=1e-4)


def test_static_routing_sends_each_category_to_one_team_and_nobody_looks() -> None:
    rows = make_rows(2_000)
    found = static_answers(rows, LABELS)
    for place, entry in enumerate(LABELS.taxonomy.categories.values()):
        assert {LABELS.leaves[leaf] for leaf in found.leaf[rows.category == place]} == {entry.likeliest.id}
    assert found.is_alone.all()


def test_figures_are_of_what_was_really_the_matter() -> None:
    rows = make_rows(1_000)
    perfect = Answers(
        leaf=rows.leaf,
        confidence=np.ones(len(rows)),
        is_sure=np.ones(len(rows), np.bool_),
        is_alone=np.ones(len(rows), np.bool_),
    )
    found = figures(perfect, rows, LABELS)
    assert (found.accuracy, found.macro_f1, found.ece, found.cost) == (1.0, 1.0, 0.0, 0.0)
    nobody = replace(perfect, is_sure=~perfect.is_sure, is_alone=~perfect.is_alone)
    none = figures(nobody, rows, LABELS)
    assert (none.coverage, none.delivered_precision, none.cost) == (0.0, None, reviewed_cost(rows))
    held = replace(rows, rules_review=np.ones(len(rows), np.bool_))
    assert figures(rule_answers(held), held, LABELS).routed_alone == 0.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model's folder, as `triage train` leaves it."""
    parts = split(make_rows(9_000, clarity=8.0), Shares(training=0.6, calibration=0.3))
    plan = Plan(recipe=Recipe(epochs=8))
    trained = train(parts, LABELS, plan)
    origin = Origin(name="small", version="1.0.0", source="simulated")
    return write(tmp_path_factory.mktemp("models"), trained, parts.calibration, LABELS, plan, origin)


def test_review_rules_hold_what_a_model_is_sure_of(folder: Path) -> None:
    rows = make_rows(3_000, seed=5, clarity=8.0)
    manifest, graph = read(folder)
    scores = Scorer(graph).score(rows.x)
    everything = {name: Threshold(threshold=0.0, audited=100) for name in LABELS.categories}
    found = model_answers(scores, rows, LABELS, everything)
    sure = scores.level_p[np.arange(len(rows)), LABELS.level_of_leaf[scores.top_i[:, 0]]]
    # with 100 at risk a wrong way costs 23: below 0.9 - 2.4 / 23 a person is cheaper
    assert np.array_equal(found.is_sure, sure >= 0.9 - 2.4 / 23)
    people = rows.category == LABELS.categories.index("workforce-conflict")
    assert not found.is_alone[people].any()
    wide = scores.conf_set.sum(axis=1) > 3
    assert not found.is_alone[wide].any()
    fraud = np.isin(scores.top_i[:, 0], [LABELS.leaf_index["RFD.employee_fraud"]])
    assert not found.is_alone[fraud].any()
    much = replace(rows, exposure=np.full(len(rows), 6_000.0))
    assert not model_answers(scores, much, LABELS, everything).is_alone.any()
    assert found.is_alone.any()
    nothing = model_answers(
        scores,
        rows,
        LABELS,
        thresholds_of(manifest) | {"refund-anomaly": Threshold(threshold=None, audited=0)},
    )
    assert not nothing.is_sure[rows.category == LABELS.categories.index("refund-anomaly")].any()


def test_the_report_says_first_where_a_promise_fails_and_goes_into_the_card(folder: Path) -> None:
    manifest, graph = read(folder)
    worlds = {
        "training": make_rows(3_000, seed=5, clarity=8.0, name="later"),
        "other-retailer": make_rows(3_000, seed=6, clarity=8.0, name="other", twist=1.5),
    }
    report = make_report(
        manifest.identity, graph, thresholds_of(manifest), 0.90, worlds, Uci(skipped="no folder was named")
    )
    assert report.remarks
    assert any(remark.startswith("other-retailer: the promise of 90% fails") for remark in report.remarks)
    held = json.loads(report_json(report))
    assert next(iter(held)) == "remarks"
    assert held["promised_precision"] == 0.90
    for world in worlds:
        assert set(held["worlds"][world]) == set(WAYS)
        for way in WAYS:
            assert set(held["worlds"][world][way]) >= FIGURES
            assert set(held["worlds"][world][way]["by_category"]) == set(LABELS.categories)
    assert "skipped" in "".join(summary(report))
    put_figures(folder, report)
    card = (folder / "card.md").read_text()
    assert "Trained on simulated data only" in card
    assert report.remarks[0] in card
    again, _ = read(folder)
    assert again.metrics["worlds"]["training"]["model"]["rows"] == 3_000


def test_production_code_finds_what_the_simulator_says_is_wrong() -> None:
    world = replace(WORLDS["training"], stores=12, days=4)
    rows = world_rows(world)
    assert len(rows) > 150
    assert np.isnan(rows.ages).sum() == np.isnan(rows.x).sum()
    assert np.nanmin(rows.ages) >= 0.0
    assert (LABELS.category_of_leaf[rows.leaf] == rows.category).mean() > 0.9
    assert np.array_equal(world_rows(world).x, rows.x, equal_nan=True)


COLUMNS = (
    "number", "reassignment_count", "made_sla", "opened_at", "contact_type", "location", "category",
    "category", "u_symptom", "cmdb_ci", "impact", "urgency", "priority", "assignment_group", "closed_code",
)  # fmt: skip


def incident_log(folder: Path, count: int) -> None:
    """Write a log in the shape of UCI's: who gets an incident follows from its category, but for some."""
    draw, text = np.random.default_rng(1), io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for number in range(count):
        group = int(draw.integers(0, 5))
        given = group if draw.random() < 0.9 else int(draw.integers(0, 5))
        opened = f"{1 + number * 27 // count}/3/2016 0{number % 10}:16"
        row = [
            f"{number:07}",
            0,
            "true",
            opened,
            "Phone",
            1,
            f"Category {given}",
            7,
            "?",
            "?",
            2,
            2,
            3,
            group,
            1,
        ]
        writer.writerow(row)
        writer.writerow([*row[:1], int(given != group), str(number % 4 != 0).lower(), *row[3:]])
    (folder / PLACE).mkdir(parents=True)
    with zipfile.ZipFile(folder / PLACE / FULL, "w") as archive:
        archive.writestr("incident_event_log/incident_event_log.csv", text.getvalue())


def test_the_incident_log_is_asked_from_first_events_alone_and_split_by_time(tmp_path: Path) -> None:
    incident_log(tmp_path, 2_500)
    found = evaluate(tmp_path, Recipe(epochs=4, outage=0.0))
    assert (found.skipped, found.incidents, found.examined) == (None, 2_500, 500)
    groups = found.questions["assignment_group"]
    assert groups.accuracy > 0.85 > groups.baseline
    assert set(found.questions) == {"assignment_group", "reassigned", "missed_sla"}


def test_without_the_incident_log_its_part_is_skipped_with_the_reason(tmp_path: Path) -> None:
    assert evaluate(tmp_path).skipped == f"there is no {PLACE / FULL} in the folder of samples"
    assert evaluate(None).skipped == "no folder of samples was named"


def test_from_nothing_to_a_model_its_card_and_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = {
        name: replace(WORLDS[name], stores=60, days=9 if name == "training" else 2)
        for name in ("training", "feeds-down")
    }
    monkeypatch.setattr(simulated, "WORLDS", small)
    monkeypatch.setattr(simulated, "LESSONS", ((11, "2025-11-03"),))
    models, report, first = (
        tmp_path / "models",
        tmp_path / "generated" / "report.json",
        tmp_path / "first.json",
    )
    folder = models / "synthetic-prior" / "1.0.0"
    for command in (
        [
            "train",
            "--simulate",
            "--examine",
            "--out",
            str(models),
            "--processes",
            "1",
            "--report",
            str(first),
        ],
        ["evaluate", str(folder), "--into-card", "--report", str(report), "--processes", "1"],
    ):
        ran = CliRunner().invoke(crossdock, ["triage", *command])
        assert ran.exit_code == 0, ran.output
    found = json.loads(report.read_bytes())
    assert json.loads(first.read_bytes()) == found
    assert set(found["worlds"]) == set(small)
    for world in found["worlds"].values():
        assert world["model"]["accuracy"] > max(world["static"]["accuracy"], world["rules"]["accuracy"])
    assert "no folder of samples" in found["uci"]["skipped"]
    assert "| training | model |" in (folder / "card.md").read_text()
    check(read_files(models, "synthetic-prior/1.0.0"), replace(DEMANDS, needs_signature=False))
