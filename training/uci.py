"""A real incident log as a touchstone of the routing part: who gets an incident, is it passed on, is it late.

The log is ServiceNow's, of an IT company, 2016 to 2017 (Amaral, Fantinato, Peres; UCI Machine Learning
Repository, CC BY 4.0). It says nothing of retail and has no root causes. Only what an incident's first event
says is used, and nothing about people. What the log fills in backwards (closing code, who resolved it, when)
is left out.
"""

import csv
import io
import zipfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
from msgspec import Struct

from training.arrays import Floats, Integers, softmax
from training.calibration import level_threshold, temperature
from training.evaluation import calibration_error
from training.network import Network, Recipe, Scale, fit

PLACE = Path("datasets") / "uci_incident_event_log"
FULL = "incident_event_log_full_numeric.zip"
TRAIN, CALIBRATE = 0.7, 0.8  # shares of the incidents in order of time; the rest is examined
LEAST_OF_A_VALUE = 20
PROMISE = 0.90

_GIVEN = ("contact_type", "location", "category", "subcategory", "u_symptom", "cmdb_ci", "impact", "urgency",
          "priority")  # fmt: skip
_GROUP = "assignment_group"
_UNKNOWN = "?"


class Touchstone(Struct, frozen=True, kw_only=True):
    """One question: how often the answer is right, and how often the most frequent answer would be.

    `coverage` is the share answered at a proven precision of 90 %, `delivered_precision` what came of it.
    """

    accuracy: float
    baseline: float
    ece: float
    classes: int
    coverage: float
    delivered_precision: float | None


class Uci(Struct, frozen=True, kw_only=True):
    """What came of the log, or why it was skipped."""

    skipped: str | None = None
    incidents: int = 0
    examined: int = 0
    questions: dict[str, Touchstone] = {}


class Incident(Struct, frozen=True):
    """An incident's first event, and how it ended."""

    opened_at: datetime
    given: tuple[str, ...]
    first_group: str
    last_group: str
    was_reassigned: bool
    missed_sla: bool


def evaluate(samples: Path | None, recipe: Recipe | None = None) -> Uci:
    """Answer the three questions from the log below a folder of samples."""
    if samples is None:
        return Uci(skipped="no folder of samples was named")
    file = samples / PLACE / FULL
    if not file.is_file():
        return Uci(skipped=f"there is no {PLACE / FULL} in the folder of samples")
    incidents = read(file)
    recipe = recipe or Recipe(epochs=8, outage=0.0, decay=1e-4)
    groups = [one.last_group for one in incidents]
    givens = [one.given for one in incidents]
    with_group = [(*one.given, one.first_group) for one in incidents]
    questions = {
        # who it should go to is asked before anybody has it
        "assignment_group": _ask(incidents, givens, groups, recipe),
        "reassigned": _ask(incidents, with_group, [str(one.was_reassigned) for one in incidents], recipe),
        "missed_sla": _ask(incidents, with_group, [str(one.missed_sla) for one in incidents], recipe),
    }
    examined = len(incidents) - int(len(incidents) * CALIBRATE)
    return Uci(incidents=len(incidents), examined=examined, questions=questions)


def read(file: Path) -> list[Incident]:
    """Return the incidents in the order in which they were opened."""
    with zipfile.ZipFile(file) as archive, archive.open(archive.namelist()[0]) as opened:
        # the header names `category` twice; the second is the subcategory
        reader = csv.reader(io.TextIOWrapper(opened, "utf-8"))
        header = next(reader)
        header[header.index("category") + 1] = "subcategory"
        events: dict[str, list[dict[str, str]]] = {}
        for row in reader:
            event = dict(zip(header, row, strict=True))
            events.setdefault(event["number"], []).append(event)
    found = [_incident(several[0], several[-1]) for several in events.values()]
    return sorted((one for one in found if one.last_group != _UNKNOWN), key=lambda one: one.opened_at)


def _incident(first: dict[str, str], last: dict[str, str]) -> Incident:
    opened_at = datetime.strptime(first["opened_at"], "%d/%m/%Y %H:%M")  # noqa: DTZ007 - the log has no zone
    return Incident(
        opened_at,
        tuple(first[name] for name in _GIVEN),
        first[_GROUP],
        last[_GROUP],
        int(last["reassignment_count"]) > 0,
        last["made_sla"] == "false",
    )


def _ask(
    incidents: Sequence[Incident], given: Sequence[tuple[str, ...]], answers: Sequence[str], recipe: Recipe
) -> Touchstone:
    """Train on the earliest, calibrate on the next, examine the rest."""
    train, calibrate = int(len(incidents) * TRAIN), int(len(incidents) * CALIBRATE)
    x = _one_hots(given, [one.opened_at for one in incidents], train)
    classes = sorted(set(answers[:train]))
    place = {name: number for number, name in enumerate(classes)}
    # an answer that nobody had seen before is one that no model can give
    y = np.array([place.get(answer, -1) for answer in answers], np.int64)
    scale = Scale.of(x[:train])
    start = Network.drawn(x.shape[1], len(classes), recipe.seed)
    network = fit(start, scale, x[:train], y[:train], recipe)
    logits = network.logits(x[train:], scale)
    known = y[train:calibrate] >= 0
    t = temperature(logits[: calibrate - train][known], y[train:calibrate][known])
    p = softmax(logits / np.float32(t))
    return _touchstone(p, y[train:], calibrate - train, np.bincount(y[:train]))


def _touchstone(p: Floats, y: Integers, begin: int, count: Integers) -> Touchstone:
    sure, is_right = p.max(axis=1).astype(np.float64), p.argmax(axis=1) == y
    threshold = level_threshold(sure[:begin], is_right[:begin], PROMISE).threshold
    sure, is_right = sure[begin:], is_right[begin:]
    alone = sure >= (np.inf if threshold is None else threshold)
    return Touchstone(
        accuracy=round(float(is_right.mean()), 4),
        baseline=round(float((y[begin:] == int(count.argmax())).mean()), 4),
        ece=calibration_error(sure, is_right),
        classes=len(count),
        coverage=round(float(alone.mean()), 4),
        delivered_precision=round(float(is_right[alone].mean()), 4) if alone.any() else None,
    )


def _one_hots(given: Sequence[tuple[str, ...]], opened: Sequence[datetime], train: int) -> Floats:
    """Return a column for each value that is frequent among the first `train`, and the hour and weekday."""
    columns = []
    for values in map(np.array, zip(*given, strict=True)):
        names, counts = np.unique(values[:train], return_counts=True)
        frequent = [name for name, count in zip(names, counts, strict=True) if count >= LEAST_OF_A_VALUE]
        columns += [values == name for name in frequent if name != _UNKNOWN]
    hours = np.array([one.hour for one in opened])
    days = np.array([one.weekday() for one in opened])
    columns += [np.sin(hours * np.pi / 12), np.cos(hours * np.pi / 12), *(days == day for day in range(7))]
    return np.stack(columns, axis=1).astype(np.float32)
