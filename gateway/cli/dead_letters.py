"""`dead-letters list|show|replay`: what could not be done, and doing it again."""

import getpass
from pathlib import Path

import rich_click as click
from nats.aio.client import Client

from contracts import headers
from gateway.bootstrap import Installation, rerenderer
from gateway.cli.common import (
    CHECK_FAILED,
    config_option,
    data_option,
    fail,
    json_option,
    print_json,
    show,
    with_broker,
)
from routing.broker.api import StreamReader
from routing.dead_letters import DeadLetters, DeadLetterUnknown, KeptDeadLetter
from routing.replays import Replayed, ReplayRefused, Replays


@click.group("dead-letters")
def dead_letters() -> None:
    """What could not be routed or delivered."""


@dead_letters.command("list")
@click.option("--lane", default="", help="A stage of the router, or an owner.")
@click.option("--code", default="", help="Such as owner.rejected.")
@click.option("--state", type=click.Choice(["open", "replayed"]), default=None)
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@data_option
@config_option
@json_option
def list_dead_letters(
    lane: str, code: str, state: str | None, limit: int, data: Path, config: Path | None, as_json: bool
) -> None:
    """List dead letters, the newest first."""

    async def find(installation: Installation, client: Client) -> list[KeptDeadLetter]:
        dead = DeadLetters(StreamReader(client))
        return await dead.list(lane=lane, code=code, state=state or "", limit=limit)

    found = with_broker(data, config, "operator", find)
    show(
        [_row(kept) for kept in found], ("id", "lane", "code", "detail", "kept_at", "source", "state"),
        as_json=as_json,
    )  # fmt: skip


@dead_letters.command("show")
@click.argument("dead_letter_id")
@data_option
@config_option
def show_dead_letter(dead_letter_id: str, data: Path, config: Path | None) -> None:
    """Show one, by ID (its newest cycle) or ID.CYCLE. The payload stays out: it may hold personal data."""

    async def find(installation: Installation, client: Client) -> KeptDeadLetter:
        return await DeadLetters(StreamReader(client)).show(dead_letter_id)

    try:
        kept = with_broker(data, config, "operator", find)
    except DeadLetterUnknown as error:
        fail(str(error), CHECK_FAILED)
    letter = kept.letter
    print_json(
        {
            **_row(kept), "cycle": letter.cycle, "origin": letter.origin, "subject": letter.subject,
            "size_bytes": len(letter.body), "headers": letter.carried, "replay": kept.replay,
        }
    )  # fmt: skip


@dead_letters.command("replay")
@click.argument("dead_letter_id")
@click.option("--actor", default=getpass.getuser, help="Who does this, for the audit trail.")
@data_option
@config_option
def replay_dead_letter(dead_letter_id: str, actor: str, data: Path, config: Path | None) -> None:
    """Send one again as its next cycle, once, in the major that its owner reads today."""

    async def again(installation: Installation, client: Client) -> Replayed:
        replays = Replays(client, rerender=rerenderer(installation).rerender)
        return await replays.replay(dead_letter_id, actor)

    try:
        replayed = with_broker(data, config, "operator", again)
    except (DeadLetterUnknown, ReplayRefused) as error:
        fail(str(error), CHECK_FAILED)
    click.echo(f"{replayed.letter.id} goes out again as cycle {replayed.cycle} on {replayed.subject}")


def _row(kept: KeptDeadLetter) -> dict[str, object]:
    letter = kept.letter
    return {
        "id": letter.id,
        "lane": letter.lane,
        "code": letter.code,
        "detail": letter.detail,
        "kept_at": kept.kept_at,
        "source": letter.carried.get(headers.SOURCE, ""),
        "state": kept.state,
    }
