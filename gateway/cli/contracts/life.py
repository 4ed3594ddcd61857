"""`contracts deprecate|sunset|retire`: the end of a version, as changes of its manifest."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import rich_click as click
from nats.aio.client import Client

from contracts.governance import transitions
from contracts.governance.retirement import hindrances
from contracts.manifest import MANIFEST_FILE, BrownOut, ContractsError, Deprecation, VersionEntry
from contracts.usage import VersionUsage
from gateway.balance import LedgerReader
from gateway.bootstrap import Installation
from gateway.cli.common import (
    OUT_OF_REACH,
    USAGE,
    config_option,
    data_option,
    fail,
    with_broker,
)
from gateway.cli.contracts.check import today
from gateway.cli.contracts.targets import contract_in, folder_option, named_version
from gateway.cli.contracts.working_tree import all_or_nothing, put_entry, require_sound
from ledger.contract_usage import RetainedEvents, read_usage

_DAY = click.DateTime(["%Y-%m-%d"])
_identifier = click.argument("identifier", metavar="NAME@VERSION")


@click.command("deprecate")
@_identifier
@click.option("--removal", type=_DAY, required=True, help="The first day on which it takes no more events.")
@click.option("--alternative", required=True, help="The version to use instead.")
@click.option(
    "--effective", type=_DAY, default=None, help="The day from which it is deprecated; today without it."
)
@click.option("--documentation", default="", help="Where it is told how to come over: an address.")
@click.option(
    "--brown-out", "brown_outs", multiple=True, metavar="START/END",
    help="A while in which it is refused, for its senders to notice: two RFC 3339 times. May be said again.",
)  # fmt: skip
@folder_option
def deprecate_contract(
    identifier: str,
    removal: datetime,
    alternative: str,
    effective: datetime | None,
    documentation: str,
    brown_outs: tuple[str, ...],
    folder: Path,
) -> None:
    """Announce the end of a version: it works on, and each answer says until when and what to use instead."""
    name, version = named_version(identifier)
    manifest, now = contract_in(folder, name).manifest, today()
    with all_or_nothing(folder / name / MANIFEST_FILE):
        known = transitions.entry_of(manifest, version).deprecated
        begin = effective.date() if effective else known.effective if known else now
        notice = Deprecation(
            effective=begin,
            removal=removal.date(),
            alternative=alternative,
            documentation=documentation or (known.documentation if known else ""),
            brown_outs=tuple(_brown_out(each) for each in brown_outs) or (known.brown_outs if known else ()),
        )
        _put(folder, name, version, transitions.deprecate(manifest, version, notice, now))
    click.echo(f"{identifier} is deprecated from {begin} on and takes events until {removal.date()}")
    _say_who_reads(folder, name, version)


@click.command("sunset")
@_identifier
@folder_option
def sunset_contract(identifier: str, folder: Path) -> None:
    """End a version: it takes no more events, and those that it took are still read and replayed."""
    name, version = named_version(identifier)
    manifest = contract_in(folder, name).manifest
    with all_or_nothing(folder / name / MANIFEST_FILE):
        _put(folder, name, version, transitions.end(manifest, version, today()))
    click.echo(f"{identifier} takes no more events; `crossdock contracts retire` when nobody reads it")


@click.command("retire")
@_identifier
@click.option("--offline", is_flag=True, help="Look at the declared consumers only, not at a broker.")
@click.option(
    "--quiet-days", type=click.IntRange(0), default=30, show_default=True,
    help="Who was seen in the last so many days still uses it.",
)  # fmt: skip
@folder_option
@data_option
@config_option
def retire_contract(
    identifier: str, offline: bool, quiet_days: int, folder: Path, data: Path, config: Path | None
) -> None:
    """Take a version away. Refused while a declared consumer, one that was seen, or kept events need it."""
    name, version = named_version(identifier)
    manifest = contract_in(folder, name).manifest
    with all_or_nothing(folder / name / MANIFEST_FILE):
        entry = transitions.retire(manifest, version)
        usage = None if offline else _observed(data, config, name, version)
        found = hindrances(manifest, version, usage, now=datetime.now(UTC), quiet=timedelta(days=quiet_days))
        if found:
            raise ContractsError([f"{identifier} is still used", *found])
        _put(folder, name, version, entry)
    seen = "only declared consumers were looked at" if offline else "nobody declares, sends or keeps it"
    click.echo(f"{identifier} is retired: {seen}")


def _put(folder: Path, name: str, version: str, entry: VersionEntry) -> None:
    put_entry(folder / name, version, entry)
    require_sound(folder)


def _brown_out(text: str) -> BrownOut:
    start, _, end = text.partition("/")
    try:
        return msgspec.convert({"start": start, "end": end}, BrownOut)
    except msgspec.ValidationError:
        fail(f"{text!r} is not two RFC 3339 times with an offset, joined by a slash", USAGE)


def _say_who_reads(folder: Path, name: str, version: str) -> None:
    manifest = contract_in(folder, name).manifest
    major = version.partition(".")[0]
    for consumer in manifest.consumers:
        if str(consumer.major) == major:
            click.echo(f"tell {consumer.name}: {consumer.contact}")


def _observed(data: Path, config: Path | None, name: str, version: str) -> VersionUsage:
    """Ask the broker who uses a version; ends with 3 where none is in reach."""

    async def read(installation: Installation, client: Client) -> VersionUsage:
        reader, partitions = LedgerReader(client), installation.settings.broker.streams.partitions
        retained = await RetainedEvents(reader, partitions).counts()
        (usage,) = await read_usage(reader, name, [version], retained)
        return usage

    try:
        return with_broker(data, config, "operator", read)
    except SystemExit as ended:
        if ended.code == OUT_OF_REACH:
            click.echo("nothing was changed; --offline looks at declared consumers only", err=True)
        raise
