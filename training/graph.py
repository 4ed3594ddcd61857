"""The network as one ONNX graph: features in; leaves, categories, levels, set and reasons out."""

from typing import Any

import msgspec
import numpy as np
from msgspec import Struct
from onnx import ModelProto, TensorProto, checker, helper, load_from_string, numpy_helper

from routing.triage.feature_table import CONTRACT, NAMES
from training.labels import Labels
from training.network import CLIP, Network, Scale

OPSET, IR_VERSION = 18, 9
TOP = 5


class Calibration(Struct, frozen=True, kw_only=True):
    """What audited rows say: `temperature` divides the logits, `qhat` makes sets that hold the true leaf with
    probability 1 - `alpha`."""

    temperature: float
    qhat: float
    alpha: float


class _Graph:
    """Nodes and constants while they are put together."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, name: str, value: Any) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(self, kind: str, inputs: list[str], *outputs: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, list(outputs), **attributes))
        return outputs[0]


def build(network: Network, scale: Scale, labels: Labels, calibration: Calibration) -> bytes:
    """Return the model file. The same arguments give the same bytes."""
    graph = _Graph()
    z = _standardise(graph, scale)
    first, second = _network(graph, network, calibration.temperature)
    _answers(graph, labels, calibration)
    _reasons(graph, network, labels, calibration.temperature, z, (first, second))
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "triage",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", len(NAMES)])],
            _outputs(labels),
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="crossdock",
    )
    _describe(model, labels, calibration)
    checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def _standardise(graph: _Graph, scale: Scale) -> str:
    missing = graph.node("IsNaN", ["x"], "is_missing")
    graph.node("Cast", [missing], "missing", to=TensorProto.FLOAT)
    graph.node("Sub", ["x", graph.constant("mean", scale.mean)], "centred")
    inverse = graph.constant("inverse_deviation", np.float32(1.0) / scale.deviation)
    graph.node("Mul", ["centred", inverse], "scaled")
    graph.node("Where", [missing, graph.constant("zero", np.float32(0.0)), "scaled"], "filled")
    lowest, highest = graph.constant("lowest", -CLIP), graph.constant("highest", CLIP)
    z = graph.node("Clip", ["filled", lowest, highest], "z")
    graph.node("Concat", [z, "missing"], "a", axis=1)
    return z


def _network(graph: _Graph, network: Network, temperature: float) -> tuple[str, str]:
    w1, w2, w3 = network.weights
    b1, b2, b3 = network.biases
    t = np.float32(temperature)
    graph.node("Gemm", ["a", graph.constant("w1", w1), graph.constant("b1", b1)], "before_first")
    first = graph.node("Relu", ["before_first"], "first")
    graph.node("Gemm", [first, graph.constant("w2", w2), graph.constant("b2", b2)], "before_second")
    second = graph.node("Relu", ["before_second"], "second")
    graph.node("Gemm", [second, graph.constant("w3", w3 / t), graph.constant("b3", b3 / t)], "logits")
    graph.node("Softmax", ["logits"], "leaf_p", axis=1)
    return first, second


def _answers(graph: _Graph, labels: Labels, calibration: Calibration) -> None:
    graph.node("MatMul", ["leaf_p", graph.constant("to_category", labels.to_category)], "category_p")
    graph.node("MatMul", ["leaf_p", graph.constant("to_level", labels.to_level)], "level_p")
    graph.node("TopK", ["leaf_p", graph.constant("top", np.array([TOP], np.int64))], "top_p", "top_i", axis=1)
    graph.node("ReduceMax", ["leaf_p", graph.constant("by_row", np.array([1], np.int64))], "best", keepdims=1)
    # a set is never empty: the top leaf is always in it
    graph.node("Min", ["best", graph.constant("enough", np.float32(1.0 - calibration.qhat))], "least")
    graph.node("GreaterOrEqual", ["leaf_p", "least"], "conf_set")


def _reasons(
    graph: _Graph, network: Network, labels: Labels, temperature: float, z: str, hidden: tuple[str, str]
) -> None:
    """Add (d log p_top / dx) * x, standardised: what each feature that may speak adds to the top leaf."""
    first, second = hidden
    w1, w2, w3 = network.weights
    features = len(NAMES)
    graph.node("Gather", ["top_i", graph.constant("first_column", np.int64(0))], "chosen", axis=1)
    w3t = graph.constant("w3t", np.ascontiguousarray(w3.T) / np.float32(temperature))
    graph.node("Gather", [w3t, "chosen"], "of_chosen", axis=0)
    graph.node("MatMul", ["leaf_p", w3t], "of_all")
    graph.node("Sub", ["of_chosen", "of_all"], "at_second")
    graph.node("Sign", [second], "second_is_on")
    graph.node("Mul", ["at_second", "second_is_on"], "through_second")
    graph.node("MatMul", ["through_second", graph.constant("w2t", np.ascontiguousarray(w2.T))], "at_first")
    graph.node("Sign", [first], "first_is_on")
    graph.node("Mul", ["at_first", "first_is_on"], "through_first")
    # only what is there speaks: the missing indicators' half of the weights is left out
    w1t = graph.constant("w1t", np.ascontiguousarray(w1[:features].T))
    graph.node("MatMul", ["through_first", w1t], "slope")
    graph.node("Mul", ["slope", z], "all_reasons")
    graph.node("Gather", [graph.constant("speaking", labels.speaking), "chosen"], "may_speak", axis=0)
    graph.node("Mul", ["all_reasons", "may_speak"], "reasons")
    graph.node("TopK", ["reasons", "top"], "reason_v", "reason_i", axis=1)


def _outputs(labels: Labels) -> list[Any]:
    leaves, categories, levels = len(labels.leaves), len(labels.categories), len(labels.levels)
    shapes = (
        ("leaf_p", TensorProto.FLOAT, leaves),
        ("category_p", TensorProto.FLOAT, categories),
        ("level_p", TensorProto.FLOAT, levels),
        ("top_p", TensorProto.FLOAT, TOP),
        ("top_i", TensorProto.INT64, TOP),
        ("conf_set", TensorProto.BOOL, leaves),
        ("reason_v", TensorProto.FLOAT, TOP),
        ("reason_i", TensorProto.INT64, TOP),
    )
    return [helper.make_tensor_value_info(name, kind, ["N", width]) for name, kind, width in shapes]


def _describe(model: ModelProto, labels: Labels, calibration: Calibration) -> None:
    described = {
        "contract": CONTRACT,
        "features": _json(NAMES),
        "leaves": _json(labels.leaves),
        "levels": _json(labels.levels),
        "categories": _json(labels.categories),
        "taxonomy": labels.digest,
        "temperature": repr(calibration.temperature),
        "conformal_alpha": repr(calibration.alpha),
    }
    for name, value in described.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = name, value


def _json(names: tuple[str, ...]) -> str:
    return msgspec.json.encode(names).decode()


def parts(model: bytes) -> tuple[Network, Scale]:
    """Return the network and scale of a model file that `build` made, its temperature folded in.

    Raises: KeyError, naming the constant, for a graph of another make.
    """
    held = {one.name: numpy_helper.to_array(one) for one in load_from_string(model).graph.initializer}
    network = Network(
        weights=(held["w1"].copy(), held["w2"].copy(), held["w3"].copy()),
        biases=(held["b1"].copy(), held["b2"].copy(), held["b3"].copy()),
    )
    return network, Scale(
        mean=held["mean"].copy(), deviation=np.float32(1) / held["inverse_deviation"].astype(np.float32)
    )
