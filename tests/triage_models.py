"""Small models for tests: honest graphs whose answer is known beforehand, written as artefacts."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from onnx import ModelProto, TensorProto, helper, numpy_helper

from contracts.canonical import Category
from routing.triage.feature_table import CONTRACT, INDEX, NAMES
from routing.triage.model import publishing, signatures
from routing.triage.model.checks import Demands
from routing.triage.model.manifest import CategoryThreshold, Manifest, Training
from routing.triage.model.scoring import BATCH_LIMIT, Rows, Scorer
from routing.triage.taxonomy import Taxonomy

TAXONOMY = Taxonomy.load()
LEAVES = list(TAXONOMY.leaves)
KEY = Ed25519PrivateKey.generate()
TRUSTED = {signatures.key_id(KEY.public_key()): KEY.public_key()}
DEMANDS = Demands(taxonomy=TAXONOMY, trusted=TRUSTED, batch_limit_seconds=1.0)
SURE, QHAT = 8.0, 0.9

Weights = Mapping[str, Mapping[str, float]]
Change = Callable[[ModelProto], None]


def graph(favoured: Mapping[str, float] | None = None, weights: Weights | None = None) -> ModelProto:
    """A softmax over leaves: `favoured` are added to a leaf's logit when the exception is of its category,
    `weights` to a leaf's by feature. Without either, all leaves of the category are equally likely."""
    table = np.zeros((len(NAMES), len(LEAVES)), np.float32)
    for place, leaf in enumerate(LEAVES):
        own = INDEX[f"rt_{leaf.partition('.')[0]}"]
        table[own, place] = SURE + (favoured or {}).get(leaf, 0.0)
        for feature, weight in (weights or {}).get(leaf, {}).items():
            table[INDEX[feature], place] = weight
    leaves = TAXONOMY.leaves.values()
    constants = {
        "zero": np.float32(0.0), "table": table, "top": np.array([5], np.int64),
        "row": np.array([1], np.int64),
        "enough": np.float32(1.0 - QHAT), "first": np.int64(0), "by_leaf": np.ascontiguousarray(table.T),
        "to_category": _matrix([leaf.category for leaf in leaves], list(TAXONOMY.categories)),
        "to_level": _matrix([leaf.level for leaf in leaves], list(TAXONOMY.file.levels)),
    }  # fmt: skip
    node = helper.make_node
    nodes = [
        node("IsNaN", ["x"], ["is_missing"]), node("Where", ["is_missing", "zero", "x"], ["filled"]),
        node("MatMul", ["filled", "table"], ["logits"]), node("Softmax", ["logits"], ["leaf_p"], axis=1),
        node("MatMul", ["leaf_p", "to_category"], ["category_p"]),
        node("MatMul", ["leaf_p", "to_level"], ["level_p"]),
        node("TopK", ["leaf_p", "top"], ["top_p", "top_i"], axis=1),
        node("ReduceMax", ["leaf_p", "row"], ["best"], keepdims=1),
        node("Min", ["best", "enough"], ["least"]),
        node("GreaterOrEqual", ["leaf_p", "least"], ["conf_set"]),
        node("Gather", ["top_i", "first"], ["chosen"], axis=1),
        node("Gather", ["by_leaf", "chosen"], ["of_chosen"]),
        node("Mul", ["of_chosen", "filled"], ["reasons"]),
        node("TopK", ["reasons", "top"], ["reason_v", "reason_i"], axis=1),
    ]  # fmt: skip
    widths = {"leaf_p": len(LEAVES), "category_p": 8, "level_p": 6, "top_p": 5, "reason_v": 5}
    outputs = {name: (TensorProto.FLOAT, ["N", width]) for name, width in widths.items()}
    outputs |= {name: (TensorProto.INT64, ["N", 5]) for name in ("top_i", "reason_i")}
    outputs["conf_set"] = (TensorProto.BOOL, ["N", len(LEAVES)])
    made = helper.make_model(
        helper.make_graph(
            nodes, "triage", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", len(NAMES)])],
            [helper.make_tensor_value_info(name, *kind) for name, kind in outputs.items()],
            [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
        ),
        opset_imports=[helper.make_opsetid("", 18)], ir_version=9,
    )  # fmt: skip
    helper.set_model_props(
        made,
        {
            "contract": CONTRACT, "features": _json(NAMES), "leaves": _json(LEAVES),
            "levels": _json(TAXONOMY.file.levels), "categories": _json(TAXONOMY.file.label_order),
            "taxonomy": TAXONOMY.sha256, "temperature": "1.0", "conformal_alpha": "0.1",
        },
    )  # fmt: skip
    return made


def golden_rows(seed: int = 7) -> Rows:
    """256 rows as exceptions have them: one category each, half of the rest missing."""
    draw = np.random.default_rng(seed)
    rows = draw.normal(0.0, 1.0, (BATCH_LIMIT, len(NAMES))).astype(np.float32)
    rows[draw.random(rows.shape) < 0.5] = np.nan
    rows[:, :16] = 0.0
    rows[np.arange(BATCH_LIMIT), draw.integers(0, 8, BATCH_LIMIT)] = 1.0
    return rows


def write(
    root: Path,
    version: str = "1.0.0",
    *,
    name: str = "small",
    favoured: Mapping[str, float] | None = None,
    weights: Weights | None = None,
    change: Change | None = None,
    key: Ed25519PrivateKey | None = KEY,
    is_current: bool = True,
    **facts: Any,
) -> Path:
    """Write a model that passes; `change` is made to the graph after its golden rows were computed."""
    model = graph(favoured, weights)
    rows = golden_rows()
    golden = publishing.golden_bytes(rows, Scorer(model.SerializeToString()).score(rows))
    if change:
        change(model)
    folder = publishing.write_model(
        root, manifest(model.SerializeToString(), golden, name=name, version=version, **facts),
        model.SerializeToString(), golden, CARD, key,
    )  # fmt: skip
    if is_current:
        publishing.point(root, "current", f"{name}/{version}")
    return folder


CARD = b"# a model of the tests\n"


def manifest(content: bytes, golden: bytes, **facts: Any) -> Manifest:
    """A manifest that fits; its thresholds hold for every category."""
    given: dict[str, Any] = {
        "training": Training(source="test", fingerprint="0" * 64, rows=1, audited_rows=1, seed=1),
        "temperature": 1.0, "conformal_alpha": 0.1, "qhat": QHAT, "promised_precision": 0.9,
        "thresholds": {one.value: CategoryThreshold(threshold=0.6, audited=100) for one in Category},
        "autonomy": "L4", "intended_use": "tests", "limits": (), "licence": "Apache-2.0", **facts,
    }  # fmt: skip
    try:
        return publishing.make_manifest(TAXONOMY, content, golden, CARD, **given)
    except ValueError:
        # the graph is refused on purpose: the manifest must fit all the same
        sound = graph().SerializeToString()
        made = publishing.make_manifest(TAXONOMY, sound, golden, CARD, **given)
        return msgspec.structs.replace(made, onnx_sha256=publishing.file_sha256(content))


def _matrix(found: list[Any], known: list[Any]) -> Any:
    return np.eye(len(known), dtype=np.float32)[[known.index(one) for one in found]]


def _json(names: Any) -> str:
    return msgspec.json.encode(list(names)).decode()
