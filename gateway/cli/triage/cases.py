"""`triage cases`: closed cases out of the streams, as training reads them."""

from pathlib import Path

import msgspec
import rich_click as click
from nats.aio.client import Client

from gateway.bootstrap import Installation
from gateway.case_export import CaseExport
from gateway.cli.common import config_option, data_option, with_broker
from routing.broker.api import StreamReader
from routing.triage.cases import ClosedCase


@click.command()
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="One case a line."
)
@data_option
@config_option
def cases(out: Path, data: Path, config: Path | None) -> None:
    """Export each exception whose owner named the root cause, or took it over from another one."""

    async def read(installation: Installation, client: Client) -> tuple[list[ClosedCase], CaseExport]:
        systems = {name: source.system for name, source in installation.settings.sources.items()}
        export = CaseExport(StreamReader(client), installation.taxonomy, installation.routes, systems)
        return await export.cases(), export

    found, export = with_broker(data, config, "operator", read)
    encoder = msgspec.json.Encoder()
    draft = out.with_name(f".{out.name}.part")
    draft.write_bytes(encoder.encode_lines(found))
    draft.replace(out)
    audited = sum(case.audited for case in found)
    skipped = ", ".join(f"{count} ({why})" for why, count in sorted(export.skipped.items())) or "none"
    click.echo(f"{len(found)} cases, {audited} of them audited, in {out}; left out: {skipped}")
