"""Training: what is refused, what is learned, how sure it is, and the graph that comes of it."""

import json
from pathlib import Path

import msgspec
import numpy as np
import onnx
import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace
from triage_models import DEMANDS
from triage_rows import LABELS, make_rows, with_age

from gateway.cli import crossdock
from routing.triage.cases import ClosedCase, DecidedRecord
from routing.triage.feature_table import CONTRACT, NAMES
from routing.triage.model.artefact import read_files
from routing.triage.model.checks import check
from routing.triage.model.scoring import OUTPUTS, Scorer
from training.arrays import softmax
from training.calibration import conformal_quantile, level_threshold, temperature, wilson_lower
from training.graph import Calibration, build, parts
from training.network import Network, Recipe, Scale
from training.noise import noisy
from training.refusals import TrainingRefused
from training.rows import Rows, joined
from training.splits import Parts, Shares, split
from training.trainer import Plan, Trained, answered_levels, train

QUICK = Plan(recipe=Recipe(epochs=6))


@pytest.fixture(scope="module")
def given() -> Parts:
    return split(make_rows(12_000), Shares(training=0.6, calibration=0.2))


@pytest.fixture(scope="module")
def trained(given: Parts) -> Trained:
    return train(given, LABELS, QUICK)


def test_parts_share_no_place_and_no_fault_and_the_examination_is_the_latest(given: Parts) -> None:
    sets = (given.training, given.calibration, given.examination)
    assert min(map(len, sets)) > 300
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert not np.intersect1d(sets[one].place, sets[other].place).size
        assert not np.intersect1d(sets[one].fault, sets[other].fault).size
    assert given.examination.at.min() > max(given.training.at.max(), given.calibration.at.max())


def test_rows_of_a_fault_that_trained_neither_calibrate_nor_examine() -> None:
    rows = make_rows(4_000)
    shared = replace(rows, fault=np.array([f"f{number % 40}" for number in range(len(rows))]))
    found = split(shared)
    assert len(found.calibration) == len(found.examination) == 0


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (lambda g: replace(g, training=with_age(g.training, 5, "on_hand", -2.0)), "on_hand by 2.0 hours"),
        (lambda g: replace(g, calibration=with_age(g.calibration, 3, "dup_min", np.nan)), "no age.*dup_min"),
        (lambda g: replace(g, examination=g.training), "share 7[0-9]+ faults|share [0-9]+ faults"),
        (lambda g: replace(g, examination=_moved(g.examination, -90 * 86_400.0)), "later than the first"),
        (lambda g: replace(g, training=g.training.where(np.arange(500))), "500 rows to train with"),
        (lambda g: replace(g, calibration=g.calibration.where(np.arange(40))), "40 audited rows"),
        (
            lambda g: replace(
                g, calibration=replace(g.calibration, is_audited=np.arange(len(g.calibration)) % 2 == 0)
            ),
            "audited rows to calibrate with",
        ),
    ],
)  # fmt: skip
def test_leaks_overlaps_and_too_few_rows_are_refused(given: Parts, break_it: object, said: str) -> None:
    with pytest.raises(TrainingRefused, match=said):
        train(break_it(given), LABELS, QUICK)  # type: ignore[operator]


def _moved(rows: Rows, seconds: float) -> Rows:
    return replace(rows, at=rows.at + seconds)


def test_the_same_rows_and_seed_give_the_same_bytes_and_another_seed_does_not(given: Parts) -> None:
    few = replace(given, training=given.training.where(np.arange(2_500)))
    plan = Plan(recipe=Recipe(epochs=2), label_noise=0.06)
    first = train(few, LABELS, plan)
    assert train(few, LABELS, plan).graph == first.graph
    other = Plan(recipe=Recipe(epochs=2, seed=5), label_noise=0.06)
    assert train(few, LABELS, other).graph != first.graph


def test_it_learns_and_knows_how_sure_it_is(given: Parts, trained: Trained) -> None:
    rows = given.examination
    scores = Scorer(trained.graph).score(rows.x)
    hits = scores.top_i[:, 0] == rows.leaf
    assert hits.mean() > 0.5  # of 51 leaves
    assert abs(hits.mean() - scores.top_p[:, 0].mean()) < 0.05
    in_set = scores.conf_set[np.arange(len(rows)), rows.leaf].mean()
    assert 0.85 < in_set < 0.95


def test_what_is_above_a_threshold_is_as_right_as_promised(given: Parts, trained: Trained) -> None:
    rows = joined([make_rows(6_000, seed=9, name="new")])
    scores = Scorer(trained.graph).score(rows.x)
    level, sure = answered_levels(scores, LABELS)
    is_right = level == LABELS.level_of_leaf[rows.leaf]
    proven = {name: own for name, own in trained.thresholds.items() if own.threshold is not None}
    assert proven
    for name, own in proven.items():
        assert own.threshold is not None
        assert own.bound is not None
        assert own.bound >= 0.90
        alone = (rows.category == LABELS.categories.index(name)) & (sure >= own.threshold)
        assert is_right[alone].mean() > 0.87, name


def test_the_graph_answers_bit_by_bit_the_same_alone_and_in_a_batch(given: Parts, trained: Trained) -> None:
    scorer, x = Scorer(trained.graph), given.examination.x[:256]
    whole = scorer.score(x)
    for size in (1, 7):
        for start in range(0, len(x), size):
            some = scorer.score(np.ascontiguousarray(x[start : start + size]))
            for name in OUTPUTS:
                assert np.array_equal(getattr(some, name), getattr(whole, name)[start : start + size]), name


def test_the_graph_says_what_the_network_says(given: Parts, trained: Trained) -> None:
    x = given.examination.x[:200]
    network, scale = parts(trained.graph)
    p = softmax(network.logits(x, scale))
    scores = Scorer(trained.graph).score(x)
    assert np.abs(scores.leaf_p - p).max() < 1e-5
    assert np.abs(scores.category_p - p @ LABELS.to_category).max() < 1e-5
    assert np.abs(scores.level_p - p @ LABELS.to_level).max() < 1e-5
    least = np.minimum(1 - trained.calibration.qhat, p.max(axis=1, keepdims=True))
    assert (scores.conf_set == (scores.leaf_p >= least - 1e-6)).mean() > 0.999
    assert scores.conf_set.any(axis=1).all()


def test_reasons_are_the_slope_of_the_first_answer_times_the_value(given: Parts, trained: Trained) -> None:
    network, scale = parts(trained.graph)
    x = given.examination.x[:40]
    scores = Scorer(trained.graph).score(x)
    z = np.clip(np.where(np.isnan(x), 0, (x - scale.mean) / scale.deviation), -8, 8)
    step = np.float32(1e-2)
    for row in range(len(x)):
        top = scores.top_i[row, 0]
        for column, weight in zip(scores.reason_i[row], scores.reason_v[row], strict=True):
            if weight < 0.2 or np.isnan(x[row, column]):
                continue
            assert LABELS.speaking[top, column] == 1.0
            low, high = x[row].copy(), x[row].copy()
            low[column] -= step * scale.deviation[column]
            high[column] += step * scale.deviation[column]
            p = softmax(network.logits(np.stack([low, high]), scale))[:, top].astype(np.float64)
            slope = (np.log(p[1]) - np.log(p[0])) / (2 * step)
            assert weight == pytest.approx(slope * z[row, column], rel=0.25, abs=0.1)


def test_the_graph_names_its_features_leaves_and_taxonomy(trained: Trained) -> None:
    model = onnx.load_from_string(trained.graph)
    found = {entry.key: entry.value for entry in model.metadata_props}
    assert found["contract"] == CONTRACT
    assert tuple(json.loads(found["features"])) == NAMES
    assert tuple(json.loads(found["leaves"])) == LABELS.leaves
    assert found["taxonomy"] == LABELS.digest
    assert float(found["temperature"]) == trained.calibration.temperature


def test_leaves_with_less_than_30_rows_stay_at_their_priors(given: Parts) -> None:
    rare = LABELS.leaf_index["WFC.skill_gap"]
    is_other = given.training.leaf != rare
    some = np.flatnonzero(~is_other)[:20]
    few = given.training.where(np.sort(np.concatenate([np.flatnonzero(is_other), some])))
    found = train(replace(given, training=few), LABELS, Plan(recipe=Recipe(epochs=2)))
    assert found.at_prior == ("WFC.skill_gap",)
    network, _ = parts(found.graph)
    assert not network.weights[2][:, rare].any()
    expected = np.log(LABELS.priors[rare]) / found.calibration.temperature
    assert network.biases[2][rare] == pytest.approx(expected, rel=1e-5)


def test_going_on_from_a_model_needs_few_rows_of_ones_own(trained: Trained) -> None:
    rows = make_rows(3_000, seed=3, twist=0.7, name="own")
    own = split(rows, Shares(training=0.5, calibration=0.3, cut=0.7))
    later = make_rows(3_000, seed=4, twist=0.7, name="later")
    before = _accuracy(trained.graph, later)
    after = _accuracy(train(own, LABELS, QUICK, trained.graph).graph, later)
    with pytest.raises(TrainingRefused, match="from nothing; --base takes less"):
        train(own, LABELS, QUICK)
    assert after > before + 0.05


def _accuracy(graph: bytes, rows: Rows) -> float:
    return float((Scorer(graph).score(rows.x).top_i[:, 0] == rows.leaf).mean())


def test_wrong_close_codes_stay_mostly_within_the_category() -> None:
    leaf = make_rows(20_000).leaf
    found = noisy(leaf, LABELS, 0.10, seed=1)
    changed = found != leaf
    assert 0.07 < changed.mean() < 0.10
    within = LABELS.category_of_leaf[found[changed]] == LABELS.category_of_leaf[leaf[changed]]
    assert 0.7 < within.mean() < 0.9
    assert np.array_equal(noisy(leaf, LABELS, 0.0, seed=1), leaf)


def test_temperature_undoes_what_logits_were_scaled_by() -> None:
    draw = np.random.default_rng(1)
    logits = draw.normal(0, 2, (20_000, 10)).astype(np.float32)
    p = softmax(logits).astype(np.float64)
    leaf = (p.cumsum(axis=1) > draw.random((len(p), 1)) * p.sum(axis=1, keepdims=True)).argmax(axis=1)
    assert temperature(logits * 3, leaf) == pytest.approx(3.0, rel=0.05)
    qhat = conformal_quantile(softmax(logits), leaf, 0.10)
    assert (softmax(logits)[np.arange(len(leaf)), leaf] >= 1 - qhat).mean() == pytest.approx(0.9, abs=0.01)


def test_a_threshold_needs_sixty_audited_cases_and_a_bound_above_the_promise() -> None:
    assert float(wilson_lower(90, 100)) == pytest.approx(0.8396, abs=1e-3)
    sure = np.linspace(1.0, 0.5, 2_000)
    is_right = np.arange(2_000) < 1_000  # the surer half
    found = level_threshold(sure, is_right, 0.90)
    assert found.threshold is not None
    assert found.bound is not None
    alone = sure >= found.threshold
    assert 0.90 <= found.bound < is_right[alone].mean()
    assert found.coverage == pytest.approx(alone.mean(), abs=1e-3)
    assert level_threshold(sure[:59], np.ones(59, np.bool_), 0.90).threshold is None
    assert level_threshold(sure[:60], np.ones(60, np.bool_), 0.90).threshold is not None
    assert level_threshold(sure, np.arange(2_000) % 5 != 0, 0.90).threshold is None
    # equal confidences are taken together: a right answer cannot be told from a wrong one
    assert level_threshold(np.full(200, 0.9), np.arange(200) < 170, 0.90).threshold is None


def test_standardising_ignores_missing_values_and_constant_features() -> None:
    x = np.array([[1.0, 5.0, np.nan], [3.0, 5.0, np.nan]], np.float32)
    found = Scale.of(x).apply(x)
    assert found.tolist() == [[-1.0, 0.0, 0.0, 0.0, 0.0, 1.0], [1.0, 0.0, 0.0, 0.0, 0.0, 1.0]]


def test_building_twice_gives_the_same_bytes() -> None:
    network = Network.drawn(len(NAMES), len(LABELS.leaves), seed=1)
    scale = Scale(mean=np.zeros(97, np.float32), deviation=np.ones(97, np.float32))
    calibration = Calibration(temperature=1.0, qhat=0.9, alpha=0.1)
    assert build(network, scale, LABELS, calibration) == build(network, scale, LABELS, calibration)


REVIEWED = DecidedRecord(
    by="rules@1.0.0", root_cause=LABELS.leaves[0], level="store", confidence=0.5, review=True, taxonomy="t"
)
ALONE = replace(REVIEWED, by="m@1.0.0", model="m@1.0.0", review=False)


def case_lines(rows: Rows) -> bytes:
    """Return rows as `triage cases` would write them."""
    leaves, categories = LABELS.leaves, LABELS.categories
    cases = [
        ClosedCase(
            exception=f"x{row}", event=str(rows.fault[row]), category=categories[rows.category[row]],
            source="pos-demo", system="pos", store=str(rows.place[row]), occurred_at=_time(rows.at[row] - 60),
            decided_at=_time(rows.at[row]), closed_at=_time(rows.at[row] + 3600), contract=CONTRACT,
            vector=rows.x[row].astype("<f4").tobytes(), ages=rows.ages[row].astype("<f4").tobytes(),
            decided=REVIEWED, truth=leaves[rows.leaf[row]], truth_from="verdict", owner="store-ops",
            audited=bool(rows.is_audited[row]),
        )
        for row in range(len(rows))
    ]  # fmt: skip
    return msgspec.json.Encoder().encode_lines(cases)


def _time(seconds: float) -> str:
    return f"{np.datetime64(int(seconds), 's')}Z"


def run_train(cases: Path, out: Path, *more: str) -> Result:
    return CliRunner().invoke(crossdock, ["triage", "train", "--cases", str(cases), "--out", str(out), *more])


def test_closed_cases_become_a_model_that_passes_every_check(tmp_path: Path) -> None:
    file = tmp_path / "closed.ndjson"
    file.write_bytes(case_lines(make_rows(8_000, audited=0.5)))
    ran = run_train(file, tmp_path / "models", "--version", "2.0.0")
    assert ran.exit_code == 0, ran.output
    files = read_files(tmp_path / "models", "own-cases/2.0.0")
    model = check(files, replace(DEMANDS, needs_signature=False))
    assert model.manifest.training.source == "closed.ndjson"
    assert model.manifest.training.rows > 2_000
    assert model.manifest.autonomy == "L1"
    assert set(model.manifest.reference) == set(LABELS.categories)
    assert "retailer's own closed cases" in files.card.decode()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda case: replace(case, contract="triage.features/0"), "line 1: features of 'triage.features/0'"),
        (lambda case: replace(case, vector=case.vector[:-4]), "line 1: a vector of 384 bytes, expected 388"),
        (lambda case: replace(case, truth="INV.gremlins"), "line 1: the taxonomy has no root cause"),
        (lambda case: replace(case, closed_at="2001-01-01T00:00:00Z"), "after it was closed"),
        (lambda case: replace(case, ages=np.full(97, -3.0, "<f4").tobytes()), "after their exception"),
        (lambda case: case, "400 cases teach, 0 don't"),
    ],
)  # fmt: skip
def test_cases_that_know_the_future_are_no_cases_or_too_few_are_refused(
    tmp_path: Path, spoil: object, said: str
) -> None:
    lines = case_lines(make_rows(400)).splitlines()
    first = msgspec.json.decode(lines[0], type=ClosedCase)
    file = tmp_path / "closed.ndjson"
    file.write_bytes(b"\n".join([msgspec.json.encode(spoil(first)), *lines[1:]]))  # type: ignore[operator]
    ran = run_train(file, tmp_path / "m")
    assert ran.exit_code == 1
    assert said.replace("after their", "from after their") in ran.output
    assert "nothing was trained" in ran.output
    assert not (tmp_path / "m").exists()


def test_what_a_model_routed_alone_does_not_teach(tmp_path: Path) -> None:
    lines = case_lines(make_rows(400, audited=0.0)).splitlines()
    cases = [replace(msgspec.json.decode(line, type=ClosedCase), decided=ALONE) for line in lines]
    file = tmp_path / "closed.ndjson"
    file.write_bytes(msgspec.json.Encoder().encode_lines(cases))
    ran = run_train(file, tmp_path / "m")
    assert "0 cases teach, 400 don't" in ran.output
