"""What every command shares: `--data`, `--config`, `--json`, a connection, and how results are shown."""

import os
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import msgspec
import rich_click as click
import uvloop
from nats.aio.client import Client
from rich.console import Console
from rich.table import Table

from contracts.errors import BrokerUnavailable
from gateway.bootstrap import Installation, install, remembered_config
from gateway.data_folder import DEFAULT, DataFolder
from routing.broker.connection import connect

T = TypeVar("T")

CHECK_FAILED = 1
USAGE = 2
OUT_OF_REACH = 3
PATIENCE_SECONDS = 3.0
PIPE_WIDTH = 400
NEVER_CUT = frozenset({"id", "event_id", "source_event_id", "credentials", "contract", "owner", "source"})

data_option = click.option(
    "--data", type=click.Path(path_type=Path), default=DEFAULT, show_default=True, envvar="CROSSDOCK_DATA",
    help="The data folder.",
)  # fmt: skip
config_option = click.option(
    "--config", type=click.Path(path_type=Path, exists=True), default=None, envvar="CROSSDOCK_CONFIG",
    help="crossdock.toml or its folder; without it, what `up` used on this data folder, else the defaults.",
)  # fmt: skip
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def installation(data: Path, config: Path | None) -> Installation:
    """Read everything from disk. Raises: SettingsError, ContractsError."""
    folder = DataFolder(data)
    return install(folder, config or remembered_config(folder), os.environ)


def with_broker(
    data: Path, config: Path | None, user: str, work: Callable[[Installation, Client], Awaitable[T]]
) -> T:
    """Run `work` with a connection as `user`; exit 3 where no broker is in reach."""
    installed = installation(data, config)

    async def connected() -> T:
        try:
            credentials = installed.folder.credentials(user, installed.settings.broker)
        except OSError:
            fail(f"no broker has run on {installed.folder.path}: start `crossdock up` first", OUT_OF_REACH)
        try:
            client = await connect(credentials, user, patience_seconds=PATIENCE_SECONDS)
        except BrokerUnavailable as error:
            fail(f"{error.detail}; is `crossdock up` running on {installed.folder.path}?", OUT_OF_REACH)
        try:
            return await work(installed, client)
        finally:
            await client.close()

    return run(connected())


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end."""
    return uvloop.run(work)


def fail(sentence: str, status: int) -> NoReturn:
    """Say why on standard error and end."""
    click.echo(f"crossdock: {sentence}", err=True)
    sys.exit(status)


def show(rows: Sequence[Any], columns: Sequence[str], *, as_json: bool, title: str = "") -> None:
    """Print structs or dictionaries as a table, or as a JSON array."""
    plain = [msgspec.to_builtins(row) for row in rows]
    if as_json:
        print_json(plain)
        return
    table = Table(title=title or None, title_justify="left")
    for column in columns:
        # an id that is cut can't be used
        table.add_column(column.replace("_", " "), overflow="fold", no_wrap=column in NEVER_CUT)
    for row in plain:
        table.add_row(*(_cell(row.get(column, "")) for column in columns))
    console().print(table)


def console() -> Console:
    """Return where people read; a pipe has no width, so nothing is broken there."""
    return Console() if sys.stdout.isatty() or "COLUMNS" in os.environ else Console(width=PIPE_WIDTH)


def print_json(value: Any) -> None:
    """Print one JSON value, indented."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def _cell(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
