"""`contracts usage`: who sends and who reads which version."""

from collections.abc import Sequence
from pathlib import Path

import rich_click as click
from nats.aio.client import Client

from contracts.errors import ContractUnknown
from contracts.usage import Refusals, Used, VersionUsage
from gateway.balance import LedgerReader
from gateway.bootstrap import Installation
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
from ledger.contract_usage import RetainedEvents, read_usage

COLUMNS = ("contract", "version", "state", "senders", "readers", "refused", "refused_for", "retained")
REFUSALS_SHOWN = 5


@click.command("usage")
@click.argument("name", required=False)
@data_option
@config_option
@json_option
def show_usage(name: str | None, data: Path, config: Path | None, as_json: bool) -> None:
    """Show who sent and who was sent which version of a contract (without NAME: of all), and when last.

    What processes counted in their last five seconds is not in it yet.
    """

    async def read(installation: Installation, client: Client) -> list[tuple[str, VersionUsage]]:
        registry, reader = installation.registry, LedgerReader(client)
        partitions = installation.settings.broker.streams.partitions
        try:
            contracts = [registry.contract(each) for each in ([name] if name else registry.names)]
        except ContractUnknown as error:
            fail(error.detail, CHECK_FAILED)
        retained = await RetainedEvents(reader, partitions).counts()
        return [
            (str(contract.versions[usage.version].state), usage)
            for contract in contracts
            for usage in await read_usage(reader, contract.manifest.name, contract.versions, retained)
        ]

    found = with_broker(data, config, "operator", read)
    if as_json:
        print_json([usage for _, usage in found])
        return
    used = [(state, usage) for state, usage in found if name or _is_used(usage)]
    if not used:
        click.echo("nobody has sent or read anything yet")
        return
    show([_row(state, usage) for state, usage in used], COLUMNS, as_json=False)


def _is_used(usage: VersionUsage) -> bool:
    return bool(usage.senders or usage.readers or usage.refused or usage.retained)


def _row(state: str, usage: VersionUsage) -> dict[str, object]:
    most = sorted(usage.refusals, key=lambda each: -each.count)
    return {
        "contract": usage.contract,
        "version": usage.version,
        "state": state,
        "senders": _names(usage.senders),
        "readers": _names(usage.readers),
        "refused": _names(usage.refused),
        "refused_for": [_place(each) for each in most[:REFUSALS_SHOWN]]
        + ["…"] * (len(most) > REFUSALS_SHOWN),
        "retained": usage.retained,
    }


def _names(used: Sequence[Used]) -> list[str]:
    return [f"{each.name} {each.count} (last {each.last})" for each in used]


def _place(refusals: Refusals) -> str:
    return f"{refusals.source} {refusals.keyword} {refusals.pointer} {refusals.count}".replace("  ", " ")
