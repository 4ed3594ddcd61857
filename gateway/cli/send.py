"""`send`: files and folders to the gateway, with a progress bar, from where the last run stopped."""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx
import msgspec
import rich_click as click
from click.exceptions import Exit
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from gateway.bootstrap import Installation
from gateway.cli.common import (
    CHECK_FAILED,
    OUT_OF_REACH,
    USAGE,
    config_option,
    data_option,
    fail,
    installation,
    json_option,
    print_json,
)
from gateway.issuer import mint
from gateway.sending.courier import Courier, GatewayUnreached, Refusal, SenderUnknown
from gateway.sending.errand import Errand, files_below
from gateway.sending.journal import Counts, FileState, Journal, JournalFailed
from gateway.sending.pieces import Piece

INTERRUPTED = 130
SHOWN_REFUSALS = 10
TOKEN_VARIABLE = "CROSSDOCK_TOKEN"  # noqa: S105 - the name of a variable


class Screen:
    """A bar over all bytes; the first refusals as they come, and all of them in a file where one is given."""

    def __init__(self, progress: Progress, total_bytes: int, refused_file: Path | None) -> None:
        self._progress = progress
        self._task: TaskID = progress.add_task("sending", total=total_bytes, items=0)
        self._items = 0
        self._refused_file = refused_file
        self.codes: Counter[str] = Counter()

    def begins(self, file: Path, state: FileState) -> None:
        if state.is_done:
            self._progress.advance(self._task, state.size)
        elif state.pieces:
            self._progress.console.print(
                f"{file}: going on behind the {state.counts.items} items that were answered before",
                highlight=False, soft_wrap=True, markup=False,
            )  # fmt: skip

    def answered(self, piece: Piece, counts: Counts) -> None:
        self._items += counts.items
        self._progress.update(self._task, advance=len(piece.body), items=self._items)

    def passed_over(self, piece: Piece) -> None:
        self._progress.advance(self._task, len(piece.body))

    def refused(self, refusals: list[Refusal]) -> None:
        if self._refused_file is not None:
            with self._refused_file.open("ab") as file:
                file.writelines(msgspec.json.encode(refusal) + b"\n" for refusal in refusals)
        for refusal in refusals:
            if self.codes.total() < SHOWN_REFUSALS:
                where = f" {refusal.pointer}" if refusal.pointer else ""
                what = escape(f"{refusal.file} item {refusal.place}{where}: {refusal.detail}")
                self._progress.console.print(
                    f"[red]{refusal.code}[/] {what}", highlight=False, soft_wrap=True
                )
            elif self.codes.total() == SHOWN_REFUSALS:
                self._progress.console.print(
                    "the others are not shown; --refused-file FILE writes all of them down", highlight=False
                )
            self.codes[refusal.code] += 1

    def waits(self, reason: str, seconds: float) -> None:
        self._progress.console.print(
            f"[yellow]waiting[/], for {seconds:.0f} s at most: {escape(reason)}",
            highlight=False,
            soft_wrap=True,
        )


@click.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option("--source", required=True, help="The source that the files are from.")
@click.option("--url", default="", help="The gateway; without it, the one that runs on the data folder.")
@click.option("--token-file", type=click.Path(path_type=Path, exists=True, dir_okay=False), default=None,
              help="A bearer token; else that in CROSSDOCK_TOKEN, else one of the local issuer.")  # fmt: skip
@click.option("--ca-file", type=click.Path(path_type=Path, exists=True, dir_okay=False), default=None,
              help="The authority behind the gateway's certificate, where it is your own.")  # fmt: skip
@click.option("--again", is_flag=True, help="Send from the start, also what an earlier run has sent.")
@click.option("--dry-run", is_flag=True, help="Ask for the verdicts; nothing is kept.")
@click.option("--patience-seconds", type=click.FloatRange(min=0), default=300.0, show_default=True,
              help="How long to try one request while the gateway is away or full.")  # fmt: skip
@click.option("--refused-file", type=click.Path(path_type=Path, dir_okay=False), default=None,
              help="Append what was refused there, one JSON object a line.")  # fmt: skip
@click.option("--only", default="*", show_default=True, metavar="PATTERN",
              help="Of a folder, the files with such names, as in `*.xml`.")  # fmt: skip
@data_option
@config_option
@json_option
def send(
    path: Path,
    source: str,
    url: str,
    token_file: Path | None,
    ca_file: Path | None,
    again: bool,
    dry_run: bool,
    patience_seconds: float,
    refused_file: Path | None,
    only: str,
    data: Path,
    config: Path | None,
    as_json: bool,
) -> None:
    """Send a file, or every file below a folder, to a source's batch endpoint.

    Lines and arrays are cut into requests. The same command after an interruption goes on where it stopped;
    files that were sent are left out. What is sent twice is kept once.
    """
    found = installation(data, config)
    address = url or _running_at(found)
    if not address.startswith(("http://", "https://")):
        fail(f"--url: http://… or https://… is expected, not {address!r}", USAGE)
    files = list(files_below(path, only))
    if not files:
        fail(f"there is no such file below {path}", USAGE)
    journal = None if dry_run else Journal(found.folder.sending, address, source)
    if journal is not None and again:
        for file in files:
            journal.forget(file)
    columns = (
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(),
        TextColumn("{task.fields[items]} items"), TransferSpeedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with (
        Progress(*columns, console=Console(stderr=True), transient=True) as progress,
        httpx.Client(base_url=address, trust_env=False, verify=_verify(ca_file)) as client,
    ):
        screen = Screen(progress, sum(file.stat().st_size for file in files), refused_file)
        courier = Courier(
            client, source, _token(found, source, token_file),
            patience_seconds=patience_seconds, dry_run=dry_run, on_wait=screen.waits,
        )  # fmt: skip
        try:
            root = path if path.is_dir() else path.parent
            now, before = Errand(courier, journal, screen).run(files, root)
        except GatewayUnreached as error:
            fail(f"{address}: {error}; the same command goes on from here", OUT_OF_REACH)
        except SenderUnknown as error:
            fail(str(error), USAGE)
        except JournalFailed as error:
            fail(f"{error}; what was sent last may be sent again, and counts once", CHECK_FAILED)
        except KeyboardInterrupt:
            fail("interrupted; the same command goes on from here", INTERRUPTED)
    _report(now, before, screen.codes, len(files), taken="valid" if dry_run else "accepted", as_json=as_json)


def _running_at(found: Installation) -> str:
    try:
        return found.folder.gateway_url.read_text().strip()
    except OSError:
        fail(f"no Crossdock runs on {found.folder.path}: start `crossdock up`, or give --url", OUT_OF_REACH)


def _verify(ca_file: Path | None) -> bool | str:
    return True if ca_file is None else str(ca_file)


def _token(found: Installation, source: str, token_file: Path | None) -> Callable[[], str]:
    """Return what gives a token: the file's, the environment's, or one of the local issuer."""
    if token_file is not None:
        return lambda: token_file.read_text().strip()
    given = os.environ.get(TOKEN_VARIABLE)
    if given:
        return lambda: given
    settings = found.settings
    if settings.auth.issuer:
        fail(f"tokens come from {settings.auth.issuer}: give --token-file or {TOKEN_VARIABLE}", USAGE)
    may_send = [
        name
        for name, client in settings.clients.items()
        if {source, "*"} & set(client.sources) and "events:write" in client.scopes
    ]
    if not may_send:
        fail(f"no client of the settings may send for {source!r}", USAGE)
    client = source if source in may_send else may_send[0]
    scopes, audience = settings.clients[client].scopes, settings.auth.audience
    return lambda: mint(found.folder, client, scopes, audience=audience)


def _report(
    now: Counts, before: Counts, codes: Counter[str], files: int, *, taken: str, as_json: bool
) -> None:
    if as_json:
        print_json(
            msgspec.structs.asdict(now)
            | {"files": files, "codes": dict(codes), "before": msgspec.structs.asdict(before)}
        )
    else:
        click.echo(
            f"{now.items} items of {files} file{'s' if files > 1 else ''}: {now.accepted} {taken},"
            f" {now.duplicate} were there already, {now.dead_letter} kept as dead letters,"
            f" {now.refused} refused"
        )
        for code, count in codes.most_common():
            click.echo(f"  {code}: {count}")
        if before.items:
            refused = f" ({before.refused} of them refused)" if before.refused else ""
            click.echo(f"{before.items} items were answered by earlier runs{refused}; --again sends them too")
    if now.refused or before.refused:
        raise Exit(CHECK_FAILED)
