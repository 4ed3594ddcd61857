"""`contracts dry-run`: a candidate against what came in the last hours."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import rich_click as click
from click.exceptions import Exit
from nats.aio.client import Client
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from gateway.bootstrap import Installation, sources
from gateway.cli.common import (
    CHECK_FAILED,
    config_option,
    data_option,
    installation,
    json_option,
    print_json,
    show,
    with_broker,
)
from gateway.dry_run.candidate import Candidate, read_candidate
from gateway.dry_run.run import read_events
from gateway.dry_run.tally import Tally
from gateway.dry_run.trial import Trial
from routing.broker.api import StreamReader

ROWS_SHOWN = 20


@click.command("dry-run")
@click.argument("candidate", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--hours", type=click.FloatRange(0, min_open=True), default=24, show_default=True,
    help="How far back in XD_INTAKE.",
)  # fmt: skip
@data_option
@config_option
@json_option
def dry_run(candidate: Path, hours: float, data: Path, config: Path | None, as_json: bool) -> None:
    """Hold CANDIDATE (a schema, or a version's folder) against the events of the last hours.

    Says what share would be refused, of which sources and stores, and at which places. A canonical candidate
    is held against what adapters make of every event, too. Nothing is kept or changed. Exit status 1 where
    something would be refused.
    """
    tried = read_candidate(candidate, installation(data, config).registry)
    since = datetime.now(UTC) - timedelta(hours=hours)

    async def run(installed: Installation, client: Client) -> Tally:
        return await _run(tried, installed, client, since)

    tally = with_broker(data, config, "operator", run)
    if as_json:
        print_json(_plain(tried, tally, since))
    else:
        _say(tried, tally, hours)
    if tally.refused:
        raise Exit(CHECK_FAILED)


async def _run(tried: Candidate, installed: Installation, client: Client, since: datetime) -> Tally:
    trial = Trial(tried, installed.registry, installed.catalogue.for_contract, sources(installed))
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn(),
        console=Console(stderr=True), transient=True,
    )  # fmt: skip
    with bar:
        task = bar.add_task("reading", total=None)
        await read_events(
            StreamReader(client), trial, since,
            lambda done, total: bar.update(task, completed=done, total=total),
        )  # fmt: skip
    return trial.tally


def _plain(tried: Candidate, tally: Tally, since: datetime) -> dict[str, Any]:
    return {
        "candidate": tried.identifier,
        "since": since.isoformat(timespec="seconds"),
        "events": tally.events,
        "unread": tally.unread,
        "held": tally.held,
        "refused": tally.refused,
        "share": tally.share,
        "sources": msgspec.to_builtins(tally.by_source()),
        "places": msgspec.to_builtins(tally.by_fault()),
    }


def _say(tried: Candidate, tally: Tally, hours: float) -> None:
    click.echo(
        f"{tried.identifier}: of {tally.held} documents in {tally.events} events of the last {hours:g} hours"
        f" {tally.refused} would be refused ({tally.share:.2%})"
    )
    if not tally.held:
        click.echo("nothing that came in this time speaks of it, so nothing is shown by this")
    if tally.unread:
        click.echo(f"{tally.unread} events could not be read or understood, with the contracts of today")
    refused = [row for row in tally.by_source() if row.refused]
    if not refused:
        return
    rows = [{**msgspec.to_builtins(row), "share": f"{row.refused / row.held:.2%}"} for row in refused]
    show(rows[:ROWS_SHOWN], ("source", "place", "held", "refused", "share"), as_json=False, title="by source")
    faults = [
        {"pointer": fault.pointer or "(the whole)", "keyword": fault.keyword, "documents": fault.count,
         "samples": "\n".join(f"{each.event} {each.path}: {each.detail}" for each in fault.samples)}
        for fault in tally.by_fault()[:ROWS_SHOWN]
    ]  # fmt: skip
    show(faults, ("pointer", "keyword", "documents", "samples"), as_json=False, title="by place")
    for name, count in (("sources", len(rows)), ("places", len(tally.faults))):
        if count > ROWS_SHOWN:
            click.echo(f"{count - ROWS_SHOWN} further {name}: --json has all")
