"""Writing a model's folder, whole or not at all; who trains hands in bytes and facts."""

import io
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from numpy.typing import NDArray

from routing.triage.feature_table import CONTRACT, NAMES
from routing.triage.model import signatures
from routing.triage.model.artefact import require_place
from routing.triage.model.graph_file import read_graph
from routing.triage.model.manifest import (
    CARD,
    FORMAT,
    GOLDEN,
    GRAPH,
    MANIFEST,
    SIGNATURE,
    CategoryReference,
    FeatureReference,
    Manifest,
    file_sha256,
    list_sha256,
    write_manifest,
)
from routing.triage.model.scoring import OUTPUTS, Rows, Scores
from routing.triage.taxonomy import Taxonomy

BINS = 10
FLAGS = (0.5,)


def make_manifest(taxonomy: Taxonomy, graph: bytes, golden: bytes, card: bytes, **facts: Any) -> Manifest:
    """Return the manifest of these files; `facts` are the members that files can't tell.

    Raises: GraphRefused; TypeError for a missing or unknown member.
    """
    found = read_graph(graph)
    return Manifest(
        format=FORMAT,
        contract=CONTRACT,
        taxonomy_version=taxonomy.version,
        taxonomy_sha256=taxonomy.sha256,
        features_sha256=list_sha256(NAMES),
        leaves_sha256=list_sha256(taxonomy.leaves),
        onnx_sha256=file_sha256(graph),
        golden_sha256=file_sha256(golden),
        card_sha256=file_sha256(card),
        opset=found.opset,
        ir=found.ir,
        **facts,
    )


def write_model(
    root: Path, manifest: Manifest, graph: bytes, golden: bytes, card: bytes, key: Ed25519PrivateKey | None
) -> Path:
    """Write `<root>/<name>/<version>/`, signed where there is a key, and return it; one that is there is
    replaced.
    """
    folder = root / require_place(f"{manifest.name}/{manifest.version}")
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=folder.parent))
    try:
        content = write_manifest(manifest)
        files = {MANIFEST: content, GRAPH: graph, GOLDEN: golden, CARD: card}
        if key is not None:
            files[SIGNATURE] = signatures.sign(key, content)
        for name, written in files.items():
            (draft / name).write_bytes(written)
        draft.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        draft.replace(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def sign_folder(folder: Path, key: Ed25519PrivateKey) -> None:
    """Sign a model's folder anew. Raises: OSError where it has no manifest."""
    _write_whole(folder / SIGNATURE, signatures.sign(key, (folder / MANIFEST).read_bytes()))


def point(root: Path, role: str, place: str) -> None:
    """Write the pointer file `current` or `challenger`, whole or not at all. Raises: ModelRefused,
    OSError.
    """
    _write_whole(root / role, f"{require_place(place)}\n".encode())


def golden_bytes(rows: Rows, scores: Scores) -> bytes:
    """Return `golden.npz`: rows in, and every output."""
    file = io.BytesIO()
    arrays: dict[str, NDArray[np.generic]] = {"x": rows, **{name: getattr(scores, name) for name in OUTPUTS}}
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]  # its stubs take no mapping of arrays
    return file.getvalue()


def reference(
    rows: Rows, categories: NDArray[np.int64], scores: Scores, names: tuple[str, ...]
) -> Mapping[str, CategoryReference]:
    """Return how features and answers are spread in each category, from rows that nobody trained on.

    `categories` is each row's place in `names`. A feature that a category never has is left out.
    """
    found = {}
    for place, name in enumerate(names):
        own = categories == place
        if not own.any():
            continue
        confidence, sizes = scores.top_p[own, 0], scores.conf_set[own].sum(axis=1)
        found[name] = CategoryReference(
            rows=int(own.sum()),
            features=_spreads(rows[own]),
            confidence_mean=round(float(confidence.mean()), 6),
            confidence_sd=round(float(confidence.std()), 6),
            set_size_mean=round(float(sizes.mean()), 6),
            set_size_sd=round(float(sizes.std()), 6),
        )
    return found


def _spreads(rows: Rows) -> dict[str, FeatureReference]:
    found = {}
    for column, name in enumerate(NAMES):
        values = rows[:, column][~np.isnan(rows[:, column])].astype(np.float64)
        if not len(values):
            continue
        kinds = np.unique(values)
        edges = (
            FLAGS
            if set(kinds) <= {0.0, 1.0}
            else tuple(
                float(f"{edge:.6g}")
                for edge in np.unique(np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1]))
            )
        )
        above = np.array([len(values), *((values >= edge).sum() for edge in edges), 0])
        shares = [*(above[:-1] - above[1:]) / len(rows), 1 - len(values) / len(rows)]
        found[name] = FeatureReference(edges=edges, shares=tuple(round(float(share), 6) for share in shares))
    return found


def _write_whole(file: Path, content: bytes) -> None:
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_bytes(content)
    draft.replace(file)
