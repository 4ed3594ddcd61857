"""The report: static routing, rules and model side by side in every world, and the real incident log."""

from collections.abc import Iterator, Mapping

import msgspec
from msgspec import Struct

from routing.triage.model.scoring import Scorer
from training.calibration import Threshold
from training.evaluation import (
    Figures,
    figures,
    model_answers,
    reviewed_cost,
    rule_answers,
    static_answers,
)
from training.labels import Labels
from training.rows import Rows
from training.simulated import TRAINING
from training.uci import Uci

LARGEST_CALIBRATION_ERROR = 0.02


class World(Struct, frozen=True, kw_only=True):
    """The three ways in one world."""

    static: Figures
    rules: Figures
    model: Figures


class Report(Struct, frozen=True, kw_only=True):
    """`remarks` come first: where a promise or a target is missed.

    `everything_reviewed` is the mean cost of a case where a person looks at each one, by world.
    """

    remarks: tuple[str, ...]
    model: str
    promised_precision: float
    worlds: dict[str, World]
    everything_reviewed: dict[str, float]
    uci: Uci


def make_report(
    name: str,
    graph: bytes,
    thresholds: Mapping[str, Threshold],
    promise: float,
    worlds: Mapping[str, Rows],
    uci: Uci,
) -> Report:
    """Examine a model in each world. `worlds` holds rows that it was neither trained nor calibrated with."""
    labels, scorer = Labels.load(), Scorer(graph)
    found = {}
    for world, rows in worlds.items():
        scores = scorer.score(rows.x)
        answers = model_answers(scores, rows, labels, thresholds)
        found[world] = World(
            static=figures(static_answers(rows, labels), rows, labels),
            rules=figures(rule_answers(rows), rows, labels),
            model=figures(answers, rows, labels),
        )
    return Report(
        remarks=tuple(_remarks(found, promise)),
        model=name,
        promised_precision=promise,
        worlds=found,
        everything_reviewed={world: reviewed_cost(rows) for world, rows in worlds.items()},
        uci=uci,
    )


def _remarks(worlds: Mapping[str, World], promise: float) -> Iterator[str]:
    for name, world in worlds.items():
        delivered = world.model.delivered_precision
        if delivered is not None and delivered < promise:
            yield (
                f"{name}: the promise of {promise:.0%} fails: {delivered:.1%} of what reaches the model's"
                f" thresholds goes to the right level"
            )
        below = [
            f"{category} {own.delivered_precision:.1%}"
            for category, own in world.model.by_category.items()
            if own.delivered_precision is not None and own.delivered_precision < promise
        ]
        if below:
            yield f"{name}: below {promise:.0%} in {', '.join(below)}"
        for other, figures_ in (("the rules", world.rules), ("static routing", world.static)):
            if world.model.cost >= figures_.cost:
                yield f"{name}: the model costs {world.model.cost:.2f} a case, {other} {figures_.cost:.2f}"
    own = worlds.get(TRAINING)
    if own is not None and own.model.ece > LARGEST_CALIBRATION_ERROR:
        yield f"{TRAINING}: the calibration error is {own.model.ece:.3f}, above {LARGEST_CALIBRATION_ERROR}"


def report_json(report: Report) -> bytes:
    """Return the report's file."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def summary(report: Report) -> Iterator[str]:
    """Yield what stands in no table."""
    costs = ", ".join(f"{world} {cost:.2f}" for world, cost in report.everything_reviewed.items())
    yield f"cost where a person looks at every case: {costs}"
    log = report.uci
    if log.skipped:
        yield f"UCI incident log: skipped, {log.skipped}"
        return
    answers = ", ".join(
        f"{question.replace('_', ' ')} {own.accuracy:.3f} (most frequent answer {own.baseline:.3f})"
        for question, own in log.questions.items()
    )
    yield f"UCI incident log, {log.examined} of {log.incidents} incidents examined: {answers}"


COLUMNS = (
    "world", "way", "accuracy", "macro_f1", "ece", "level_accuracy", "team_accuracy", "coverage",
    "delivered_precision", "routed_alone", "cost",
)  # fmt: skip


def table(report: Report) -> list[dict[str, str]]:
    """Return the figures as rows for people."""
    return [
        {"world": name, "way": way, **{column: _shown(getattr(own, column)) for column in COLUMNS[2:]}}
        for name, world in report.worlds.items()
        for way, own in (("static", world.static), ("rules", world.rules), ("model", world.model))
    ]


def category_table(report: Report) -> list[dict[str, str]]:
    """Return what the model would route alone, by world and category: its share, and the precision of it."""
    categories = next(iter(report.worlds.values())).model.by_category
    return [
        {"category": category}
        | {
            name: f"{_shown(own.coverage)} / {_shown(own.delivered_precision)}"
            for name, world in report.worlds.items()
            for own in [world.model.by_category[category]]
        }
        for category in categories
    ]


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
