"""`openapi` and `asyncapi`: what the gateway takes and what owners are sent, described for machines."""

from pathlib import Path

import rich_click as click

from gateway.cli.common import config_option, data_option, installation
from gateway.documents.whole import Document, as_text, asyncapi_document, openapi_document, write

_out = click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), default=None,
    help="The file to write; without it the document is printed.",
)  # fmt: skip


@click.command()
@data_option
@config_option
@_out
def openapi(data: Path, config: Path | None, out: Path | None) -> None:
    """Describe the HTTP calls of this installation, its sources and contracts (OpenAPI 3.1)."""
    _give(openapi_document(installation(data, config)), out)


@click.command()
@data_option
@config_option
@_out
def asyncapi(data: Path, config: Path | None, out: Path | None) -> None:
    """Describe what the owners of this installation receive and answer over NATS (AsyncAPI 3.0)."""
    _give(asyncapi_document(installation(data, config)), out)


def _give(document: Document, out: Path | None) -> None:
    if out is None:
        click.echo(as_text(document), nl=False)
    else:
        write(document, out)
