"""`events show`: an event's way from door to door."""

from pathlib import Path

import msgspec
import rich_click as click
from nats.aio.client import Client
from rich.tree import Tree

from contracts import ids
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
from gateway.timeline import DeadLetterStep, DeliveryStep, Run, Timeline, Timelines
from routing.broker.api import StreamReader


@click.group()
def events() -> None:
    """Accepted events."""


@events.command("show")
@click.argument("event_id", required=False)
@click.option("--sequence", type=int, default=None, help="The sequence of the 202: saves a search.")
@click.option("--source", default=None, help="With --source-event-id, instead of EVENT_ID.")
@click.option("--source-event-id", default=None)
@data_option
@config_option
@json_option
def show_event(
    event_id: str | None,
    sequence: int | None,
    source: str | None,
    source_event_id: str | None,
    data: Path,
    config: Path | None,
    as_json: bool,
) -> None:
    """Show what happened to an event, up to its owners' verdicts."""
    if source and source_event_id and not event_id:
        event_id = ids.event_id(source, source_event_id)
    if not event_id:
        raise click.UsageError("give an EVENT_ID, or --source and --source-event-id")
    wanted = event_id

    async def find(installation: Installation, client: Client) -> Timeline | None:
        partitions = installation.settings.broker.streams.partitions
        return await Timelines(StreamReader(client), partitions).find(wanted, sequence)

    timeline = with_broker(data, config, "operator", find)
    if timeline is None:
        fail(f"no stream holds an event {event_id}", CHECK_FAILED)
    if as_json:
        print_json(msgspec.to_builtins(timeline))
    else:
        console().print(_tree(timeline), soft_wrap=True)


def _tree(timeline: Timeline) -> Tree:
    tree = Tree(f"[bold]{timeline.event_id}[/] from {timeline.source}, {timeline.contract}")
    for run in timeline.runs:
        _add_run(tree, run)
    return tree


def _add_run(tree: Tree, run: Run) -> None:
    tree.add(f"{run.accepted_at}  accepted, sequence {run.sequence}, cycle {run.cycle}")
    facts = f", facts: {', '.join(run.facts)}" if run.facts else ""
    line = f"{run.routed_at or '…'}  {run.outcome.replace('_', ' ')}{facts}"
    if run.code:
        line += f" in {run.stage}: [red]{run.code}[/] {run.detail}"
    branch = tree.add(line)
    for delivery in run.deliveries:
        _add_delivery(branch, delivery)
    for letter in run.dead_letters:
        branch.add(_dead_letter(letter))


def _add_delivery(branch: Tree, delivery: DeliveryStep) -> None:
    colour = {"done": "green", "dead": "red"}.get(delivery.state, "yellow")
    leaf = branch.add(
        f"{delivery.category} {delivery.priority} → [bold]{delivery.owner}[/]:"
        f" [{colour}]{delivery.state}[/]  (delivery {delivery.delivery_id})"
    )
    steps = [(verdict.at, _verdict(verdict)) for verdict in delivery.verdicts]
    steps += [(letter.at, _dead_letter(letter)) for letter in delivery.dead_letters]
    for _, line in sorted(steps):
        leaf.add(line)


def _verdict(verdict: object) -> str:
    step = msgspec.to_builtins(verdict)
    reason = f": {step['reason']}" if step.get("reason") else ""
    return f"{step['at']}  {step['verdict']}{reason} (attempt {step['attempt']}, cycle {step['cycle']})"


def _dead_letter(letter: DeadLetterStep) -> str:
    replayed = f"; replayed {letter.replayed_at} by {letter.replayed_by}" if letter.replayed_at else ""
    return f"{letter.at}  dead letter [red]{letter.code}[/] {letter.detail} (cycle {letter.cycle}){replayed}"
