"""`ledger check`: is everything that was accepted somewhere?"""

from pathlib import Path

import msgspec
import rich_click as click
from nats.aio.client import Client

from gateway.balance import read_balance
from gateway.bootstrap import Installation
from gateway.cli.common import (
    CHECK_FAILED,
    config_option,
    data_option,
    fail,
    json_option,
    print_json,
    with_broker,
)
from ledger.conservation import Balance


@click.group()
def ledger() -> None:
    """Conservation of events and deliveries."""


@ledger.command("check")
@data_option
@config_option
@json_option
def check_ledger(data: Path, config: Path | None, as_json: bool) -> None:
    """Count every accepted item and every delivery; fail where one is missing or there twice."""

    async def count(installation: Installation, client: Client) -> Balance:
        return await read_balance(client, installation.consumer_names)

    found = with_broker(data, config, "operator", count)
    if as_json:
        print_json({**msgspec.to_builtins(found), "balanced": found.is_balanced})
    else:
        for line in lines(found):
            click.echo(line)
    if not found.is_balanced:
        fail("; ".join(found.faults), CHECK_FAILED)


def lines(found: Balance) -> list[str]:
    """Return the conservation lines for people."""
    items = found.items
    said = [
        f"items accepted {items.accepted} (+ {items.redone} redone) = observed {items.observed}"
        f" + with exceptions {items.with_exceptions} + duplicate {items.duplicate} + dead {items.dead}"
        f" + in progress {items.in_progress} + missing {items.missing}{_doubled(items.doubled)}"
    ]
    said += [
        f"deliveries to {owner} {line.deliveries} = done {line.done} + acked {line.acked}"
        f" + open {line.open} + dead {line.dead} + missing {line.missing}{_doubled(line.doubled)}"
        for owner, line in sorted(found.by_owner.items())
    ]
    return said


def _doubled(count: int) -> str:
    return f"; {count} doubled" if count else ""
