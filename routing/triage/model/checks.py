"""What a model must pass before it decides anything. The first check that fails refuses it."""

import io
import statistics
import zipfile
from collections.abc import Mapping, Sequence
from time import perf_counter

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from contracts.canonical import Category
from routing.triage.feature_table import CONTRACT, NAMES
from routing.triage.model.artefact import ModelFiles, ModelRefused, Refusal
from routing.triage.model.graph_file import GraphFile, GraphRefused, read_graph
from routing.triage.model.manifest import Manifest, file_sha256, list_sha256, read_manifest
from routing.triage.model.scoring import BATCH_LIMIT, OUTPUTS, Rows, Scorer, Scores
from routing.triage.model.signatures import SignatureRefused, TrustedKeys, verify
from routing.triage.taxonomy import Taxonomy

TOLERANCE = 1e-5
GOLDEN_ROWS = 256
GOLDEN_LIMIT_BYTES = 16 << 20  # unpacked
TRIALS = 7
RUN_LIMIT_SECONDS = 2.0
UNSIGNED = "unsigned"


class Demands(Struct, frozen=True, kw_only=True):
    """What a model is held against. `batch_limit_seconds` is for the median run of 256 rows."""

    taxonomy: Taxonomy
    trusted: TrustedKeys
    needs_signature: bool = True
    batch_limit_seconds: float = 0.010


class CheckedModel(Struct, frozen=True, kw_only=True):
    """A model that passed. `signer` is the id of the key that vouches for it, or `unsigned`."""

    place: str
    manifest: Manifest
    scorer: Scorer
    signer: str
    batch_seconds: float

    @property
    def identity(self) -> str:
        """What records and metrics call it."""
        return self.manifest.identity


def check(files: ModelFiles, demands: Demands) -> CheckedModel:
    """Return the model that these files are. Raises: ModelRefused, with the check that failed."""
    # the signature first: nothing that nobody vouches for is read further
    signer = _signer(files, demands)
    manifest = _manifest(files)
    graph = _graph(files, manifest)
    _names(graph, manifest, demands.taxonomy)
    scorer = _scorer(files)
    golden = _golden(files)
    _compare(scorer, golden, demands.taxonomy)
    return CheckedModel(
        place=files.place,
        manifest=manifest,
        scorer=scorer,
        signer=signer,
        batch_seconds=_speed(scorer, golden["x"], demands.batch_limit_seconds),
    )


def _signer(files: ModelFiles, demands: Demands) -> str:
    if not files.signature and not demands.needs_signature:
        return UNSIGNED
    if not files.signature:
        raise ModelRefused(Refusal.SIGNATURE, "there is no manifest.sig, and the settings ask for one")
    try:
        return verify(files.manifest, files.signature, demands.trusted)
    except SignatureRefused as error:
        if not demands.needs_signature:
            return UNSIGNED
        raise ModelRefused(Refusal.SIGNATURE, str(error)) from None


def _manifest(files: ModelFiles) -> Manifest:
    try:
        manifest = read_manifest(files.manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ModelRefused(Refusal.MANIFEST, str(error)) from None
    if files.place != f"{manifest.name}/{manifest.version}":
        raise ModelRefused(Refusal.MANIFEST, f"{files.place} calls itself {manifest.name}/{manifest.version}")
    known = {category.value for category in Category}
    for member, names in (("thresholds", manifest.thresholds), ("reference", manifest.reference)):
        if unknown := set(names) - known:
            raise ModelRefused(Refusal.MANIFEST, f"{member}: unknown category {min(unknown)!r}")
    for name, content, expected in (
        ("model.onnx", files.graph, manifest.onnx_sha256),
        ("golden.npz", files.golden, manifest.golden_sha256),
        ("card.md", files.card, manifest.card_sha256),
    ):
        found = file_sha256(content)
        if found != expected:
            raise ModelRefused(
                Refusal.HASH, f"{name} has SHA-256 {found[:12]}…, its manifest says {expected[:12]}…"
            )
    return manifest


def _graph(files: ModelFiles, manifest: Manifest) -> GraphFile:
    try:
        graph = read_graph(files.graph)
    except GraphRefused as error:
        raise ModelRefused(Refusal.GRAPH, str(error)) from None
    if (graph.ir, graph.opset) != (manifest.ir, manifest.opset):
        raise ModelRefused(
            Refusal.GRAPH, f"IR {graph.ir} and opset {graph.opset} are not what its manifest says"
        )
    return graph


def _names(graph: GraphFile, manifest: Manifest, taxonomy: Taxonomy) -> None:
    for place, contract in (("manifest", manifest.contract), ("graph", graph.metadata.get("contract"))):
        if contract != CONTRACT:
            raise ModelRefused(
                Refusal.FEATURES, f"{place}: feature contract {contract!r}, expected {CONTRACT!r}"
            )
    _same_list(Refusal.FEATURES, "features", _list(graph, "features"), NAMES, manifest.features_sha256)
    leaves = tuple(taxonomy.leaves)
    _same_list(Refusal.LEAVES, "leaves", _list(graph, "leaves"), leaves, manifest.leaves_sha256)
    _same_list(Refusal.LEAVES, "levels", _list(graph, "levels"), taxonomy.file.levels)
    codes = taxonomy.file.label_order
    categories = _list(graph, "categories")
    if categories != codes:
        _same_list(
            Refusal.LEAVES, "categories", categories, [taxonomy.file.categories[c].name for c in codes]
        )


def _list(graph: GraphFile, key: str) -> tuple[str, ...]:
    try:
        return msgspec.json.decode(graph.metadata.get(key, ""), type=tuple[str, ...])
    except msgspec.DecodeError:
        raise ModelRefused(Refusal.GRAPH, f"its metadata has no list of {key}") from None


def _same_list(
    code: Refusal, what: str, found: Sequence[str], expected: Sequence[str], digest: str | None = None
) -> None:
    if digest not in (None, list_sha256(found)):
        raise ModelRefused(code, f"the manifest's hash of the {what} is not that of the graph's")
    if tuple(found) == tuple(expected):
        return
    if len(found) != len(expected):
        raise ModelRefused(code, f"{len(found)} {what}, expected {len(expected)}")
    place = next(i for i, pair in enumerate(zip(found, expected, strict=True)) if pair[0] != pair[1])
    raise ModelRefused(code, f"{what}[{place}] is {found[place]!r}, expected {expected[place]!r}")


def _scorer(files: ModelFiles) -> Scorer:
    try:
        scorer = Scorer(files.graph)
    except Exception as error:  # noqa: BLE001 - onnxruntime's errors have no common class; a model that it can't load is refused
        raise ModelRefused(Refusal.RUNTIME, f"onnxruntime can't load it: {_first_line(error)}") from None
    kind, shape = scorer.inputs.get("x", ("", []))
    if len(scorer.inputs) != 1 or kind != "tensor(float)" or shape[1:] != [len(NAMES)]:
        raise ModelRefused(Refusal.FEATURES, f"its input is not `x`, float32 [N, {len(NAMES)}]")
    if missing := [name for name in OUTPUTS if name not in scorer.outputs]:
        raise ModelRefused(Refusal.GRAPH, f"it has no output {missing[0]!r}")
    return scorer


def _golden(files: ModelFiles) -> Mapping[str, NDArray[np.generic]]:
    try:
        with zipfile.ZipFile(io.BytesIO(files.golden)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > GOLDEN_LIMIT_BYTES:
                raise ModelRefused(
                    Refusal.SIZE, f"golden.npz unpacks to more than {GOLDEN_LIMIT_BYTES} bytes"
                )
        with np.load(io.BytesIO(files.golden), allow_pickle=False) as found:
            golden = {name: found[name] for name in ("x", *OUTPUTS)}
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ModelRefused(Refusal.GOLDEN, f"golden.npz can't be read: {_first_line(error)}") from None
    if golden["x"].dtype != np.float32 or golden["x"].shape != (GOLDEN_ROWS, len(NAMES)):
        raise ModelRefused(Refusal.GOLDEN, f"`x` is not float32 [{GOLDEN_ROWS}, {len(NAMES)}]")
    return golden


def _compare(scorer: Scorer, golden: Mapping[str, NDArray[np.generic]], taxonomy: Taxonomy) -> None:
    rows = golden["x"].astype(np.float32)
    whole, single = _run(scorer, rows), _run(scorer, rows[:1])
    for name in OUTPUTS:
        found, expected = getattr(whole, name), golden[name]
        if found.shape != expected.shape:
            raise ModelRefused(
                Refusal.GOLDEN, f"{name} has shape {found.shape}, its golden rows {expected.shape}"
            )
        if found.dtype.kind == "f":
            _near(name, found, expected)
            _near(f"{name} of a single row", getattr(single, name), found[:1])
    _near_indices("top_i", whole.top_i, golden["top_i"], whole.top_p)
    _near_indices("reason_i", whole.reason_i, golden["reason_i"], whole.reason_v)
    _near_sets(whole, golden["conf_set"])
    _sums(whole, taxonomy)


def _run(scorer: Scorer, rows: Rows) -> Scores:
    try:
        return scorer.score_within(rows, RUN_LIMIT_SECONDS)
    except Exception as error:  # noqa: BLE001 - onnxruntime's errors have no common class
        slow = "terminate" in str(error).lower()
        code = Refusal.SLOW if slow else Refusal.RUNTIME
        raise ModelRefused(code, f"a run of {len(rows)} rows failed: {_first_line(error)}") from None


def _near(what: str, found: NDArray[np.generic], expected: NDArray[np.generic]) -> None:
    distance = np.abs(found.astype(np.float64) - expected.astype(np.float64))
    allowed = TOLERANCE * np.maximum(1.0, np.abs(expected.astype(np.float64)))
    if not bool((distance <= allowed).all()):  # NaN is not near either
        raise ModelRefused(
            Refusal.GOLDEN, f"{what} differs from the golden rows by {float(np.nanmax(distance)):.2g}"
        )


def _near_indices(
    what: str, found: NDArray[np.int64], expected: NDArray[np.generic], values: NDArray[np.float32]
) -> None:
    """Indices must be equal where no neighbour has nearly the same value: another machine may order those
    anew.
    """
    gaps = np.abs(np.diff(values, axis=1)) <= 10 * TOLERANCE
    tied = np.zeros(found.shape, dtype=bool)
    tied[:, 1:] |= gaps
    tied[:, :-1] |= gaps
    tied[:, -1] = True  # its neighbour below is not shown
    if not bool(((found == expected) | tied).all()):
        raise ModelRefused(Refusal.GOLDEN, f"{what} differs from the golden rows")


def _near_sets(found: Scores, expected: NDArray[np.generic]) -> None:
    """A leaf may leave the set, or come in, only at the set's own edge."""
    inside = np.where(found.conf_set, found.leaf_p, np.inf).min()
    differs = found.conf_set != expected
    if bool((np.abs(found.leaf_p[differs] - inside) > 10 * TOLERANCE).any()):
        raise ModelRefused(Refusal.GOLDEN, "conf_set differs from the golden rows")


def _sums(found: Scores, taxonomy: Taxonomy) -> None:
    """Hold category and level against the taxonomy: each is the sum of its leaves."""
    _near("the sum of leaf_p", found.leaf_p.sum(axis=1), np.ones(len(found.leaf_p)))
    leaves = list(taxonomy.leaves.values())
    categories, levels = list(taxonomy.categories), list(taxonomy.file.levels)
    for name, places, count in (
        ("category_p", [categories.index(leaf.category) for leaf in leaves], len(categories)),
        ("level_p", [levels.index(leaf.level) for leaf in leaves], len(levels)),
    ):
        matrix = np.zeros((len(leaves), count))
        matrix[np.arange(len(leaves)), places] = 1
        try:
            _near(name, getattr(found, name), found.leaf_p @ matrix)
        except ModelRefused:
            raise ModelRefused(Refusal.LEAVES, f"{name} is not the sum of the taxonomy's leaves") from None


def _speed(scorer: Scorer, golden: NDArray[np.generic], limit_seconds: float) -> float:
    rows, took = golden.astype(np.float32), []
    for _ in range(TRIALS):
        started = perf_counter()
        _run(scorer, rows)
        took.append(perf_counter() - started)
    median = statistics.median(took)
    if median > limit_seconds:
        raise ModelRefused(
            Refusal.SLOW,
            f"{BATCH_LIMIT} rows take {median * 1e3:.1f} ms, at most {limit_seconds * 1e3:.1f} are allowed",
        )
    return median


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
