"""A model's artefact: what is believed, and what is refused before it can decide anything."""

import io
import shutil
import zipfile
from pathlib import Path

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from onnx import TensorProto, helper, numpy_helper
from triage_models import CARD, DEMANDS, KEY, TAXONOMY, golden_rows, graph, manifest, write

from gateway.cli import crossdock
from routing.triage.feature_table import NAMES
from routing.triage.model import artefact, publishing
from routing.triage.model.artefact import ModelRefused
from routing.triage.model.checks import UNSIGNED, check
from routing.triage.model.graph_file import GraphRefused, read_graph
from routing.triage.model.manifest import read_manifest
from routing.triage.model.scoring import Scorer

PLACE = "small/1.0.0"


def checked(root: Path, place: str = PLACE, **demands):  # type: ignore[no-untyped-def]
    return check(artefact.read_files(root, place), msgspec.structs.replace(DEMANDS, **demands))


def refusal(root: Path, place: str = PLACE, **demands) -> tuple[str, str]:  # type: ignore[no-untyped-def]
    with pytest.raises(ModelRefused) as refused:
        checked(root, place, **demands)
    return refused.value.code.value, str(refused.value)


def test_a_sound_model_passes_and_says_who_signed_it(tmp_path):
    write(tmp_path)
    model = checked(tmp_path)
    assert model.identity == "small@1.0.0"
    assert model.signer in DEMANDS.trusted
    assert 0 < model.batch_seconds < 1.0


@pytest.mark.parametrize("name", ["model.onnx", "golden.npz", "card.md", "manifest.json", "manifest.sig"])
def test_one_changed_byte_in_any_file_is_refused(tmp_path, name):
    file = write(tmp_path) / name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    code, _ = refusal(tmp_path)
    assert code == ("signature" if name.startswith("manifest") else "hash")


def test_a_model_that_somebody_else_signed_or_nobody_is_refused(tmp_path):
    write(tmp_path, key=Ed25519PrivateKey.generate())
    assert "not trusted" in refusal(tmp_path)[1]
    assert checked(tmp_path, needs_signature=False).signer == UNSIGNED
    write(tmp_path, key=None)
    assert refusal(tmp_path)[0] == "signature"
    assert checked(tmp_path, needs_signature=False).signer == UNSIGNED


def test_a_signature_with_the_right_key_id_and_another_key_is_refused(tmp_path):
    folder = write(tmp_path)
    name = (folder / "manifest.sig").read_text().split()[1]
    publishing.sign_folder(folder, Ed25519PrivateKey.generate())
    forged = (folder / "manifest.sig").read_text().split()
    (folder / "manifest.sig").write_text(f"ed25519 {name} {forged[2]}\n")
    assert "does not fit" in refusal(tmp_path)[1]


def custom_domain(model):  # type: ignore[no-untyped-def]
    model.graph.node.append(helper.make_node("Inverse", ["x"], ["y"], domain="com.microsoft"))
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))


def node_of_a_domain_without_an_import(model):  # type: ignore[no-untyped-def]
    model.graph.node.append(helper.make_node("Relu", ["x"], ["y"], domain="elsewhere"))


def control_flow(model):  # type: ignore[no-untyped-def]
    branch = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "b", [], [])
    model.graph.node.append(
        helper.make_node("If", ["is_missing"], ["y"], then_branch=branch, else_branch=branch)
    )


def loop(model):  # type: ignore[no-untyped-def]
    body = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "b", [], [])
    model.graph.node.append(helper.make_node("Loop", ["", "", "x"], ["y"], body=body))


def subgraph_in_an_allowed_operator(model):  # type: ignore[no-untyped-def]
    body = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "b", [], [])
    model.graph.node.append(helper.make_node("Relu", ["x"], ["y"], body=body))


def random_numbers(model):  # type: ignore[no-untyped-def]
    model.graph.node.append(helper.make_node("RandomUniformLike", ["x"], ["y"]))


def external_data(model):  # type: ignore[no-untyped-def]
    tensor = model.graph.initializer.add()
    tensor.name, tensor.data_type, tensor.data_location = "more", TensorProto.FLOAT, TensorProto.EXTERNAL
    tensor.dims.append(1)
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "../../etc/passwd"


def external_data_in_an_attribute(model):  # type: ignore[no-untyped-def]
    tensor = numpy_helper.from_array(np.zeros(1, np.float32))
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    model.graph.node.append(helper.make_node("Constant", [], ["y"], value=tensor))


def local_function(model):  # type: ignore[no-untyped-def]
    model.functions.append(
        helper.make_function("", "Relu", ["x"], ["y"], [helper.make_node("Abs", ["x"], ["y"])], [])
    )


@pytest.mark.parametrize(
    "change",
    [
        custom_domain, node_of_a_domain_without_an_import, control_flow, loop,
        subgraph_in_an_allowed_operator,
        random_numbers, external_data, external_data_in_an_attribute, local_function,
    ],
)  # fmt: skip
def test_a_graph_that_may_do_more_than_arithmetic_is_refused(tmp_path, change):
    write(tmp_path, change=change)
    code, detail = refusal(tmp_path)
    assert code == "graph", detail


def test_our_reader_sees_what_the_onnx_package_sees():
    model = graph()
    found = read_graph(model.SerializeToString())
    assert found.operators == {node.op_type for node in model.graph.node}
    assert (found.ir, found.opset) == (model.ir_version, model.opset_import[0].version)
    assert found.metadata == {entry.key: entry.value for entry in model.metadata_props}


def test_bytes_that_are_no_onnx_file_are_refused_and_never_crash():
    sound = graph().SerializeToString()
    draw = np.random.default_rng(3)
    refused = 0
    for _ in range(300):
        broken = bytearray(sound)
        for place in draw.integers(0, 2_000, 3):
            broken[place] = draw.integers(0, 256)
        try:
            read_graph(bytes(broken))
        except GraphRefused:
            refused += 1
    assert refused > 100  # the others changed a number or a name that nothing depends on
    for cut in range(0, len(sound) - 1, 997):
        with pytest.raises(GraphRefused):
            read_graph(sound[:cut])
    for nonsense in (b"", b"\xff" * 40, b"PK\x03\x04", b"\x3a\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"):
        with pytest.raises(GraphRefused):
            read_graph(nonsense)


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("contract", "triage.features/2", "features"),
        ("features", msgspec.json.encode(NAMES[::-1]).decode(), "features"),
        ("features", msgspec.json.encode(NAMES[:-1]).decode(), "features"),
        ("leaves", msgspec.json.encode(list(TAXONOMY.leaves)[::-1]).decode(), "leaves"),
        ("levels", msgspec.json.encode(TAXONOMY.file.levels[::-1]).decode(), "leaves"),
        ("categories", msgspec.json.encode(TAXONOMY.file.label_order[::-1]).decode(), "leaves"),
        ("leaves", "[", "graph"),
    ],
)
def test_another_contract_other_names_or_another_order_are_refused(tmp_path, key, value, code):
    def rename(model):  # type: ignore[no-untyped-def]
        next(entry for entry in model.metadata_props if entry.key == key).value = value

    write(tmp_path, change=rename)
    assert refusal(tmp_path)[0] == code


def test_golden_rows_that_the_graph_does_not_reproduce_are_refused(tmp_path):
    def nudge(model):  # type: ignore[no-untyped-def]
        table = next(one for one in model.graph.initializer if one.name == "table")
        weights = numpy_helper.to_array(table).copy()
        weights[0, 3] += 0.01
        table.CopyFrom(numpy_helper.from_array(weights, "table"))

    write(tmp_path, change=nudge)
    assert refusal(tmp_path)[0] == "golden"


def test_a_level_that_is_not_the_sum_of_the_taxonomys_leaves_is_refused(tmp_path):
    model = graph()
    matrix = next(one for one in model.graph.initializer if one.name == "to_level")
    matrix.CopyFrom(numpy_helper.from_array(np.roll(numpy_helper.to_array(matrix), 1, axis=1), "to_level"))
    rows, content = golden_rows(), model.SerializeToString()
    golden = publishing.golden_bytes(rows, Scorer(content).score(rows))
    made = manifest(content, golden, name="small", version="1.0.0")
    publishing.write_model(tmp_path, made, content, golden, CARD, KEY)
    assert "not the sum" in refusal(tmp_path)[1]


def test_a_slow_graph_is_refused(tmp_path):
    write(tmp_path)
    code, detail = refusal(tmp_path, batch_limit_seconds=1e-6)
    assert code == "slow"
    assert "256 rows take" in detail


def test_a_graph_that_would_not_end_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr("routing.triage.model.checks.RUN_LIMIT_SECONDS", 0.0)
    monkeypatch.setattr("threading.Timer.start", lambda timer: timer.function())
    write(tmp_path)
    assert refusal(tmp_path)[0] == "slow"


def test_a_file_beyond_its_size_is_refused_before_it_is_read(tmp_path):
    folder = write(tmp_path)
    with (folder / "model.onnx").open("r+b") as file:
        file.truncate((16 << 20) + 1)
    assert refusal(tmp_path)[0] == "size"


def test_a_golden_file_that_unpacks_beyond_its_size_is_refused(tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", b"\0" * (17 << 20))
    content = graph().SerializeToString()
    made = manifest(content, packed.getvalue(), name="small", version="1.0.0")
    publishing.write_model(tmp_path, made, content, packed.getvalue(), CARD, KEY)
    assert refusal(tmp_path)[0] == "size"


def test_what_leads_out_of_the_folder_of_models_is_refused(tmp_path):
    outside = write(tmp_path / "outside")
    root = tmp_path / "models"
    (root / "small").mkdir(parents=True)
    (root / "small" / "1.0.0").symlink_to(outside, target_is_directory=True)
    assert "leads out" in refusal(root)[1]
    for place in ("../outside/small/1.0.0", "small/../1.0.0", "small", "/etc/1.0.0", "small/1.0.0/x"):
        assert refusal(root, place)[0] == "folder"
    (root / "small" / "1.0.0").unlink()
    shutil.copytree(outside, root / "small" / "1.0.0")
    (root / "small" / "1.0.0" / "model.onnx").unlink()
    (root / "small" / "1.0.0" / "model.onnx").symlink_to(outside / "model.onnx")
    assert refusal(root)[0] == "folder"


def test_a_pointer_holds_one_place_and_nothing_else(tmp_path):
    assert artefact.pointer(tmp_path, "current") == ""
    (tmp_path / "current").write_text("../../etc\n")
    with pytest.raises(ModelRefused, match="is not <name>"):
        artefact.pointer(tmp_path, "current")


def test_a_model_in_the_folder_of_another_is_refused(tmp_path):
    folder = write(tmp_path)
    folder.rename(folder.parent / "2.0.0")
    assert "calls itself" in refusal(tmp_path, "small/2.0.0")[1]


def test_a_manifest_is_written_so_that_it_reads_back_the_same(tmp_path):
    content = (write(tmp_path) / "manifest.json").read_bytes()
    assert publishing.write_manifest(read_manifest(content)) == content


def test_the_commands_sign_verify_list_and_point_to_models(tmp_path):
    root, key = tmp_path / "models", tmp_path / "model-key.pem"
    for version in ("1.0.0", "1.1.0"):
        write(root, version, name="own", key=None, is_current=False)
    settings = {
        "CROSSDOCK_DATA": str(tmp_path / "data"),
        "CROSSDOCK__TRIAGE__MODEL__MODELS_FOLDER": str(root),
        "CROSSDOCK__TRIAGE__MODEL__BATCH_LIMIT_MS": "500",
        "COLUMNS": "200",  # else a table breaks what is looked for
    }

    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(crossdock, ["triage", *arguments], env=settings)
        return done.exit_code, done.output

    assert run("verify", str(root / "own" / "1.0.0"))[0] == 1
    assert run("sign", str(root / "own" / "1.0.0"), "--key", str(key))[0] == 0
    assert run("sign", str(root / "own" / "1.1.0"), "--key", str(key))[0] == 0  # the same key, now read
    assert key.stat().st_mode & 0o077 == 0
    assert "not trusted" in run("use", "own/1.0.0")[1]
    settings["CROSSDOCK__TRIAGE__MODEL__TRUSTED_KEY_FILES"] = f'["{tmp_path / "model-key.pub.pem"}"]'
    assert "own@1.0.0 passes" in run("verify", str(root / "own" / "1.0.0"))[1]
    for place in ("own/1.1.0", "own/1.0.0"):
        assert run("use", place) == (0, f"current: {place.replace('/', '@')}\n")
        assert artefact.pointer(root, "current") == place
    status, told = run("models", "--json")
    assert status == 0
    assert [(one["model"], one["role"]) for one in msgspec.json.decode(told)] == [
        ("own/1.0.0", "current"),
        ("own/1.1.0", ""),
    ]
    (root / "own" / "1.0.0" / "card.md").write_text("another")
    assert "hash: card.md" in run("models")[1]
    assert run("models")[0] == 1
    thrown = tmp_path / "public.pem"
    assert run("sign", str(root / "own" / "1.1.0"), "--throw-away", str(thrown))[0] == 0
    assert set(tmp_path.glob("*key*")) == {key, tmp_path / "model-key.pub.pem"}
    assert run("sign", str(root / "own" / "1.1.0"))[0] == 2


def test_scores_do_not_depend_on_the_size_of_the_batch():
    scorer, rows = Scorer(graph(weights={"INV.shrink": {"delta_sl": 1.0}}).SerializeToString()), golden_rows()
    many = scorer.score(np.concatenate([rows, rows, rows[:1]]))  # 513: over several runs
    assert len(many.leaf_p) == 513
    for place in (0, 255, 256, 512):
        one = scorer.score(rows[place % 256 : place % 256 + 1])
        assert np.array_equal(one.leaf_p[0], many.leaf_p[place])
