"""Reads what an ONNX file would do, without running it and without the `onnx` package.

onnxruntime does not list a graph's nodes, and by the time that it has a session it has run parts of the graph
(constant folding). So this reads the protocol buffer itself, and it fails closed: what it does not know, it
refuses. Field numbers are those of onnx.proto (ONNX IR specification), versions 1.0 to 1.19.
"""

from collections.abc import Iterator, Mapping

from msgspec import Struct

IR_VERSIONS = range(7, 11)
OPSET_VERSIONS = range(13, 22)
NODES_LIMIT = 10_000
DOMAINS = frozenset({"", "ai.onnx"})

# arithmetic on tensors alone: no control flow (If, Loop, Scan), no chance (Random…, Bernoulli, Multinomial,
# Dropout), no sequences, optionals or texts, and nothing whose shape depends on values without a bound
OPERATORS = frozenset(
    [
        "Abs",
        "Add",
        "And",
        "ArgMax",
        "ArgMin",
        "Cast",
        "Clip",
        "Concat",
        "Constant",
        "ConstantOfShape",
        "Div",
        "Elu",
        "Equal",
        "Erf",
        "Exp",
        "Expand",
        "Flatten",
        "Gather",
        "GatherElements",
        "Gelu",
        "Gemm",
        "Greater",
        "GreaterOrEqual",
        "HardSigmoid",
        "Identity",
        "IsInf",
        "IsNaN",
        "LayerNormalization",
        "LeakyRelu",
        "Less",
        "LessOrEqual",
        "Log",
        "LogSoftmax",
        "MatMul",
        "Max",
        "Mean",
        "Min",
        "Mul",
        "Neg",
        "Not",
        "Or",
        "Pow",
        "Reciprocal",
        "ReduceL1",
        "ReduceL2",
        "ReduceLogSumExp",
        "ReduceMax",
        "ReduceMean",
        "ReduceMin",
        "ReduceProd",
        "ReduceSum",
        "ReduceSumSquare",
        "Relu",
        "Reshape",
        "Shape",
        "Sigmoid",
        "Sign",
        "Slice",
        "Softmax",
        "Softplus",
        "Split",
        "Sqrt",
        "Squeeze",
        "Sub",
        "Sum",
        "Tanh",
        "TopK",
        "Transpose",
        "Unsqueeze",
        "Where",
        "Xor",
    ]
)

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
EXTERNAL = 1

# number: (name, wire types); a field outside its table is refused
_Table = Mapping[int, tuple[str, frozenset[int]]]


def _table(**fields: tuple[int, int]) -> _Table:
    return {number: (name, frozenset({kind})) for name, (number, kind) in fields.items()}


def _numbers(*kinds: int) -> frozenset[int]:
    return frozenset(kinds)


_MODEL = _table(
    ir_version=(1, VARINT), producer_name=(2, BYTES), producer_version=(3, BYTES), domain=(4, BYTES),
    model_version=(5, VARINT), doc_string=(6, BYTES), graph=(7, BYTES), opset_import=(8, BYTES),
    metadata_props=(14, BYTES),
)  # fmt: skip
_OPSET = _table(domain=(1, BYTES), version=(2, VARINT))
_ENTRY = _table(key=(1, BYTES), value=(2, BYTES))
_GRAPH = _table(
    node=(1, BYTES), name=(2, BYTES), initializer=(5, BYTES), doc_string=(10, BYTES), input=(11, BYTES),
    output=(12, BYTES), value_info=(13, BYTES),
)  # fmt: skip
_NODE = _table(
    input=(1, BYTES), output=(2, BYTES), name=(3, BYTES), op_type=(4, BYTES), attribute=(5, BYTES),
    doc_string=(6, BYTES), domain=(7, BYTES),
)  # fmt: skip
# without `g` (6), `graphs` (11), `sparse_tensor` (22, 23) and `ref_attr_name` (21): no subgraphs
_ATTRIBUTE: _Table = {
    **_table(
        name=(1, BYTES), f=(2, FIXED32), i=(3, VARINT), s=(4, BYTES), t=(5, BYTES), doc_string=(13, BYTES)
    ),
    7: ("floats", _numbers(FIXED32, BYTES)),
    8: ("ints", _numbers(VARINT, BYTES)),
    9: ("strings", _numbers(BYTES)),
    10: ("tensors", _numbers(BYTES)),
    20: ("type", _numbers(VARINT)),
}
# `external_data` (13) is missing on purpose, `data_location` (14) is looked at
_TENSOR: _Table = {
    1: ("dims", _numbers(VARINT, BYTES)),
    2: ("data_type", _numbers(VARINT)),
    4: ("float_data", _numbers(FIXED32, BYTES)),
    5: ("int32_data", _numbers(VARINT, BYTES)),
    7: ("int64_data", _numbers(VARINT, BYTES)),
    8: ("name", _numbers(BYTES)),
    9: ("raw_data", _numbers(BYTES)),
    10: ("double_data", _numbers(FIXED64, BYTES)),
    11: ("uint64_data", _numbers(VARINT, BYTES)),
    12: ("doc_string", _numbers(BYTES)),
    14: ("data_location", _numbers(VARINT)),
}
_REPEATED = frozenset({
    "graph.node", "graph.initializer", "graph.input", "graph.output", "graph.value_info", "node.input",
    "node.output", "node.attribute", "model.opset_import", "model.metadata_props", "attribute.floats",
    "attribute.ints", "attribute.strings", "attribute.tensors", "tensor.dims", "tensor.float_data",
    "tensor.int32_data", "tensor.int64_data", "tensor.double_data", "tensor.uint64_data",
})  # fmt: skip


class GraphRefused(ValueError):
    """The file is no ONNX file, or does what it may not; the message says where."""


class GraphFile(Struct, frozen=True, kw_only=True):
    """What the file declares: versions, the operators that it uses, and its metadata."""

    ir: int
    opset: int
    operators: frozenset[str]
    metadata: Mapping[str, str]


def read_graph(content: bytes) -> GraphFile:
    """Read and judge an ONNX file. Raises: GraphRefused."""
    try:
        return _model(memoryview(content))
    except UnicodeDecodeError as error:
        raise GraphRefused(f"a text is no UTF-8: {error.reason}") from None


def _model(content: memoryview) -> GraphFile:
    model = _message(content, "model", _MODEL)
    ir = _int(model, "ir_version")
    if ir not in IR_VERSIONS:
        raise GraphRefused(f"IR version {ir}, expected {IR_VERSIONS.start}..{IR_VERSIONS.stop - 1}")
    opset = 0
    for part in _parts(model, "opset_import"):
        fields = _message(part, "opset_import", _OPSET)
        domain, version = _text(fields, "domain"), _int(fields, "version")
        if domain not in DOMAINS:
            raise GraphRefused(f"it needs operators of the domain {domain!r}")
        if version not in OPSET_VERSIONS or opset:
            raise GraphRefused(
                f"opset {version}, expected one of {OPSET_VERSIONS.start}..{OPSET_VERSIONS.stop - 1}"
            )
        opset = version
    if not opset:
        raise GraphRefused("it names no opset")
    entries = [_message(part, "metadata_props", _ENTRY) for part in _parts(model, "metadata_props")]
    metadata = {_text(entry, "key"): _text(entry, "value") for entry in entries}
    if len(metadata) != len(entries):
        raise GraphRefused("a key stands twice in its metadata")
    (graph,) = _parts(model, "graph") or (memoryview(b""),)
    return GraphFile(ir=ir, opset=opset, operators=_operators(graph), metadata=metadata)


def _operators(content: memoryview) -> frozenset[str]:
    graph = _message(content, "graph", _GRAPH)
    nodes = _parts(graph, "node")
    if not 0 < len(nodes) <= NODES_LIMIT:
        raise GraphRefused(f"{len(nodes)} nodes, expected 1..{NODES_LIMIT}")
    for part in _parts(graph, "initializer"):
        _check_tensor(part)
    return frozenset(map(_operator, nodes))


def _operator(content: memoryview) -> str:
    node = _message(content, "node", _NODE)
    name, domain = _text(node, "op_type"), _text(node, "domain")
    if domain not in DOMAINS:
        raise GraphRefused(f"operator {domain}.{name} is of a foreign domain")
    if name not in OPERATORS:
        raise GraphRefused(f"operator {name!r} is not allowed")
    for part in _parts(node, "attribute"):
        attribute = _message(part, "attribute", _ATTRIBUTE)
        for tensor in (*_parts(attribute, "t"), *_parts(attribute, "tensors")):
            _check_tensor(tensor)
    return name


def _check_tensor(content: memoryview) -> None:
    tensor = _message(content, "tensor", _TENSOR)
    if _int(tensor, "data_location") == EXTERNAL:
        raise GraphRefused(f"tensor {_text(tensor, 'name')!r} has its data in another file")


_Fields = dict[str, list[memoryview | int]]


def _message(content: memoryview, place: str, table: _Table) -> _Fields:
    """Return the fields of a message by name. Raises: GraphRefused for one that `table` lacks."""
    found: _Fields = {}
    for number, kind, value in _walk(content):
        name, kinds = table.get(number, ("", frozenset()))
        if kind not in kinds:
            raise GraphRefused(f"{place}: field {number} of wire type {kind} is not one that we know")
        values = found.setdefault(name, [])
        if values and f"{place}.{name}" not in _REPEATED:
            raise GraphRefused(f"{place}: `{name}` stands twice")
        values.append(value)
    return found


def _walk(content: memoryview) -> Iterator[tuple[int, int, memoryview | int]]:
    """Yield number, wire type and value of each field (protocol buffers' wire format)."""
    place, end = 0, len(content)
    while place < end:
        key, place = _varint(content, place)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, place = _varint(content, place)
            yield number, kind, value
            continue
        if kind == BYTES:
            length, place = _varint(content, place)
        elif kind in (FIXED32, FIXED64):
            length = 4 if kind == FIXED32 else 8
        else:
            raise GraphRefused(f"wire type {kind} is not one that ONNX uses")
        if length > end - place:
            raise GraphRefused("the file breaks off")
        yield number, kind, content[place : place + length]
        place += length


def _varint(content: memoryview, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(content):
            raise GraphRefused("the file breaks off")
        octet = content[place]
        place += 1
        value |= (octet & 0x7F) << shift
        if octet < 0x80:
            return value, place
    raise GraphRefused("a number has more than 64 bits")


def _parts(fields: _Fields, name: str) -> list[memoryview]:
    return [value for value in fields.get(name, ()) if isinstance(value, memoryview)]


def _text(fields: _Fields, name: str) -> str:
    parts = _parts(fields, name)
    return str(parts[-1], "utf-8") if parts else ""


def _int(fields: _Fields, name: str) -> int:
    values = [value for value in fields.get(name, ()) if isinstance(value, int)]
    return values[-1] if values else 0
