"""A model's folder: written after training, read for evaluation, its card and figures put in afterwards."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
from msgspec import Struct

from routing.triage.model import publishing
from routing.triage.model.artefact import read_files
from routing.triage.model.checks import GOLDEN_ROWS
from routing.triage.model.manifest import (
    CategoryThreshold,
    Manifest,
    Training,
    file_sha256,
    read_manifest,
)
from routing.triage.model.scoring import Scorer
from training.calibration import Threshold
from training.card import INTENDED_USE, LICENCE, LIMITS, card
from training.labels import Labels
from training.report import Report
from training.rows import Rows
from training.trainer import Plan, Trained

SIMULATED = "simulated"


class Origin(Struct, frozen=True, kw_only=True):
    """Where a model comes from. `source` is `simulated` or a file's name, `base` the model before it."""

    name: str
    version: str
    source: str
    base: str = ""
    settings: dict[str, str] = {}


def write(out: Path, trained: Trained, audited: Rows, labels: Labels, plan: Plan, origin: Origin) -> Path:
    """Write `<out>/<name>/<version>/`, unsigned, and return it. `audited` are the rows of its calibration."""
    chosen = np.linspace(0, len(audited) - 1, GOLDEN_ROWS).astype(np.int64)
    examples = np.ascontiguousarray(audited.x[chosen])
    golden = publishing.golden_bytes(examples, Scorer(trained.graph).score(examples))
    settings = origin.settings | {"base": origin.base, "leaves_at_prior": ", ".join(trained.at_prior)}
    training = Training(
        source=origin.source,
        fingerprint=trained.fingerprint,
        rows=trained.rows,
        audited_rows=len(audited),
        seed=plan.recipe.seed,
        settings={name: value for name, value in settings.items() if value},
    )
    facts = {
        "name": origin.name,
        "version": origin.version,
        "training": training,
        "temperature": trained.calibration.temperature,
        "conformal_alpha": trained.calibration.alpha,
        "qhat": trained.calibration.qhat,
        "promised_precision": plan.promise,
        "thresholds": {name: _as_manifest(own) for name, own in trained.thresholds.items()},
        "autonomy": "L1",  # it recommends; only a retailer's own audits raise that
        "intended_use": INTENDED_USE,
        "limits": LIMITS,
        "licence": LICENCE,
        "reference": publishing.reference(audited.x, audited.category, trained.scores, labels.categories),
    }
    text = _card(f"{origin.name}@{origin.version}", training, trained.thresholds, plan.promise, None)
    manifest = publishing.make_manifest(labels.taxonomy, trained.graph, golden, text, **facts)
    return publishing.write_model(out, manifest, trained.graph, golden, text, None)


def read(folder: Path) -> tuple[Manifest, bytes]:
    """Return manifest and graph of a model's folder. Raises: ModelRefused, msgspec.DecodeError."""
    files = read_files(folder.parent.parent, f"{folder.parent.name}/{folder.name}")
    return read_manifest(files.manifest), files.graph


def put_figures(folder: Path, report: Report) -> None:
    """Write a report into a model's card and manifest, and remove its signature: it fits no more."""
    files = read_files(folder.parent.parent, f"{folder.parent.name}/{folder.name}")
    manifest = read_manifest(files.manifest)
    text = _card(
        manifest.identity, manifest.training, thresholds_of(manifest), manifest.promised_precision, report
    )
    metrics = msgspec.to_builtins({"worlds": report.worlds, "uci": report.uci})
    changed = msgspec.structs.replace(manifest, card_sha256=file_sha256(text), metrics=metrics)
    publishing.write_model(folder.parent.parent, changed, files.graph, files.golden, text, None)


def thresholds_of(manifest: Manifest) -> dict[str, Threshold]:
    """Return the thresholds that a manifest holds."""
    return {
        name: Threshold(threshold=own.threshold, audited=own.audited, bound=own.bound, coverage=own.coverage)
        for name, own in manifest.thresholds.items()
    }


def _as_manifest(own: Threshold) -> CategoryThreshold:
    return CategoryThreshold(
        threshold=own.threshold, audited=own.audited, bound=own.bound, coverage=own.coverage
    )


def _card(
    name: str, training: Training, thresholds: dict[str, Threshold], promise: float, report: Report | None
) -> bytes:
    return card(
        name,
        thresholds,
        promise,
        list(_made_from(training)),
        report,
        is_simulated=training.source == SIMULATED,
    )


def _made_from(training: Training) -> Sequence[str]:
    sentences = [
        f"{training.rows} rows to train with, {training.audited_rows} audited rows to calibrate with; source:"
        f" {training.source}; seed {training.seed}.",
        f"SHA-256 of the rows: `{training.fingerprint}`.",
    ]
    return sentences + [f"{name}: {value}" for name, value in training.settings.items()]
