"""`demo`: live progress, then a table by source and the conservation lines."""

import asyncio
from pathlib import Path

import msgspec
import rich_click as click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from gateway.cli.common import CHECK_FAILED, fail
from gateway.cli.ledger import lines
from gateway.demo.account import Account, SourceLine
from gateway.demo.run import Teller, run_demo
from gateway.demo.sender import Answer
from ledger.conservation import Balance
from routing.dead_letters import DeadLetter

SOURCES_SIDE_BY_SIDE = 4
MARKS = {"accepted": "[green]accepted[/]", "unsupported": "[yellow]unsupported[/]"}


class Screen(Teller):
    """Shows progress bars, and a line for what a person should see."""

    def __init__(self, console: Console, progress: Progress) -> None:
        self._console = console
        self._progress = progress
        self._sending = progress.add_task("sent", total=None)
        self._routed = progress.add_task("routed", total=None)
        self._delivered = progress.add_task("settled", total=None)

    def step(self, sentence: str) -> None:
        self._console.print(f"[bold]•[/] {sentence}", soft_wrap=True)

    def answered(self, answer: Answer, done: int, total: int) -> None:
        self._progress.update(self._sending, completed=done, total=total)
        if answer.status != "accepted":
            mark = MARKS.get(answer.status, f"[red]{answer.status}[/]")
            self._console.print(f"  {mark} {answer.path}: {answer.code} {answer.pointer}")

    def drained(self, balance: Balance) -> None:
        items = balance.items
        total = items.accepted + items.redone
        self._progress.update(self._routed, completed=total - items.in_progress, total=total)
        deliveries = sum(line.deliveries for line in balance.by_owner.values())
        still_open = sum(line.open for line in balance.by_owner.values())
        self._progress.update(self._delivered, completed=deliveries - still_open, total=deliveries)

    def dead_letter(self, letter: DeadLetter) -> None:
        self.step(f"a delivery was broken on purpose; its dead letter: [red]{letter.code}[/] {letter.detail}")
        self.step("replaying it")


@click.command()
@click.option("--samples", type=click.Path(path_type=Path, exists=True, file_okay=False), default=None,
              help="A folder of real payloads with one folder a system.")  # fmt: skip
@click.option("--json-file", type=click.Path(path_type=Path, dir_okay=False), default=None,
              help="Write the result there as JSON.")  # fmt: skip
def demo(samples: Path | None, json_file: Path | None) -> None:
    """Start everything, send messages of all systems, let owners work, and account for every number."""
    console = Console(stderr=False)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    try:
        with Progress(*columns, console=console, transient=True) as progress:
            account = asyncio.run(run_demo(samples, Screen(console, progress)))
    except FileNotFoundError as error:
        fail(str(error), 2)
    if json_file is not None:
        json_file.write_bytes(_encoded(account))
    console.print(_table(account))
    for line in lines(account.balance):
        console.print(line, highlight=False, soft_wrap=True)
    if not account.is_balanced:
        fail("; ".join(account.faults), CHECK_FAILED)
    console.print("[bold green]balanced[/]: everything accepted is accounted for, and open = 0")


def _table(account: Account) -> Table:
    """A row for each count, or for each source where there are many; counts of nothing are left out then."""
    names = sorted(account.sources)
    counts = SourceLine.__struct_fields__
    is_wide = len(names) <= SOURCES_SIDE_BY_SIDE
    if not is_wide:
        counts = tuple(
            count for count in counts if any(getattr(line, count) for line in account.sources.values())
        )
    rows, columns = (counts, names) if is_wide else (names, counts)
    table = Table("", title="by source", title_justify="left")
    for column in columns:
        table.add_column(column.replace("_", " "), justify="right")
    for row in rows:
        pairs = [(column, row) if is_wide else (row, column) for column in columns]
        numbers = [str(getattr(account.sources[name], count)) for name, count in pairs]
        table.add_row(row.replace("_", " "), *numbers)
    return table


def _encoded(account: Account) -> bytes:
    content = {
        "sources": account.sources,
        "files": account.files,
        "balanced": account.is_balanced,
        "faults": account.faults,
    }
    return msgspec.json.format(msgspec.json.encode(content), indent=2)
