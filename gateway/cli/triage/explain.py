"""`triage explain`: what was decided on an exception, and what that stood on."""

import math
import struct
from pathlib import Path
from typing import Any

import msgspec
import rich_click as click
from msgspec import Struct
from nats.aio.client import Client
from rich.tree import Tree

from gateway.bootstrap import Installation
from gateway.cli.common import (
    CHECK_FAILED,
    config_option,
    console,
    data_option,
    fail,
    json_option,
    print_json,
    with_broker,
)
from gateway.decisions import Decisions, StoredDecision
from routing.broker.api import StreamReader
from routing.decision_record import FeatureRecord, ModelRecord
from routing.items import TriageDecision
from routing.triage.feature_table import CONTRACT, FEATURES
from routing.triage.model.reasons import natural


class FeatureLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One feature that was there, in its unit; `age_hours` is None where it has none."""

    name: str
    meaning: str
    value: float
    unit: str
    age_hours: float | None = None


@click.command()
@click.argument("exception_id")
@data_option
@config_option
@json_option
def explain(exception_id: str, data: Path, config: Path | None, as_json: bool) -> None:
    """Explain the decision on an exception: by whom, why, on which features, and which limits were binding.

    What a reviewer of an audit was not shown is here: look after the verdict, not before.
    """

    async def find(installation: Installation, client: Client) -> list[StoredDecision]:
        return await Decisions(StreamReader(client)).find(exception_id)

    found = with_broker(data, config, "operator", find)
    if not found:
        fail(f"no stream holds a decision on an exception {exception_id}", CHECK_FAILED)
    if as_json:
        print_json([_plain(stored) for stored in found])
        return
    for stored in found:
        console().print(_tree(stored), soft_wrap=True, highlight=False)


def feature_lines(features: FeatureRecord | None) -> list[FeatureLine]:
    """Return the features that were there; none where the record is of another contract."""
    if features is None or features.contract != CONTRACT:
        return []
    count = len(FEATURES)
    values = struct.unpack(f"<{count}f", features.vector)
    ages = struct.unpack(f"<{count}f", features.ages) if features.ages else (math.nan,) * count
    return [
        FeatureLine(
            name=feature.name,
            meaning=feature.meaning,
            value=float(f"{natural(feature, value):.6g}"),
            unit=feature.unit,
            age_hours=None if math.isnan(age) else round(age, 3),
        )
        for feature, value, age in zip(FEATURES, values, ages, strict=True)
        if not math.isnan(value)
    ]


def _plain(stored: StoredDecision) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(stored)
    plain["features"] = msgspec.to_builtins(feature_lines(stored.decision.features))
    return plain


def _tree(stored: StoredDecision) -> Tree:
    decision = stored.decision
    tree = Tree(
        f"[bold]{stored.exception_id}[/] {decision.category.value}, {decision.severity},"
        f" decided {stored.decided_at} for {', '.join(stored.owners)}"
    )
    who = tree.add(f"decided by [bold]{decision.decided_by}[/], taxonomy {decision.taxonomy}")
    if decision.decided_because:
        who.add(decision.decided_because)
    if stored.was_sealed:
        who.add("sealed: its receiver was shown less than this")
    cause = tree.add(
        f"root cause [bold]{decision.root_cause}[/] ({decision.confidence:.0%}),"
        f" level {decision.level}, team {decision.team}"
    )
    for reason in decision.reasons:
        cause.add(reason)
    for name, probability in decision.alternatives.items():
        cause.add(f"or {name} ({probability:.0%})")
    _add_review(tree, decision)
    if decision.model is not None:
        _add_model(tree, decision.model)
    if decision.shadow is not None:
        shadow = decision.shadow
        tree.add(f"challenger {shadow.model}: {shadow.root_cause} ({shadow.confidence:.0%})")
    if decision.checks:
        tree.add(f"check first: {', '.join(decision.checks)}; tasks: {', '.join(decision.tasks)}")
    lines = feature_lines(decision.features)
    features = tree.add(f"features: {len(lines)} of {len(FEATURES)} were there")
    for line in lines:
        age = "" if line.age_hours is None else f", {line.age_hours:g} h old"
        features.add(f"{line.name} = {line.value:g} {line.unit}{age}  [dim]{line.meaning}[/]")
    return tree


def _add_review(tree: Tree, decision: TriageDecision) -> None:
    branch = tree.add("a person must look" if decision.review else "nobody need look")
    for reason in decision.review_reasons:
        branch.add(reason)
    autonomy = decision.autonomy
    if autonomy is not None:
        caps = ", ".join(f"{name} {cap}" for name, cap in autonomy.caps.items())
        branch.add(f"autonomy {autonomy.level}, bound by {autonomy.bound_by} ({caps})")


def _add_model(tree: Tree, model: ModelRecord) -> None:
    branch = tree.add(f"model {model.model} ({model.sha256}): {model.root_cause} ({model.confidence:.0%})")
    needed = (
        "nothing was proven for this category" if model.threshold is None else f"{model.threshold:.2f} needed"
    )
    branch.add(f"its level {model.level}: {model.level_p:.2f}; {needed}")
    rest = f", {model.set_size - len(model.set)} more" if model.set_size > len(model.set) else ""
    branch.add(f"not ruled out: {', '.join(model.set)}{rest}")
    for reason in model.reasons:
        branch.add(reason)
    if model.would_help:
        branch.add(f"would help: {', '.join(model.would_help)}")
