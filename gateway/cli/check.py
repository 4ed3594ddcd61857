"""`check`: everything that can be known before the first event."""

import time
from pathlib import Path

import rich_click as click
from nats.aio.client import Client

from contracts.errors import BrokerUnavailable
from contracts.lock import verify
from contracts.pins import pin_findings
from gateway.bootstrap import PUBLISHED, Installation, model_watch
from gateway.cli.common import CHECK_FAILED, OUT_OF_REACH, config_option, data_option, fail, installation, run
from routing.broker.connection import connect
from routing.broker.streams import OutdatedBroker, require_server
from routing.triage.model.observer import SilentModelObserver


@click.command()
@data_option
@config_option
def check(data: Path, config: Path | None) -> None:
    """Check settings, contracts, routes and, where one is configured, the broker."""
    found = installation(data, config)
    counts = (len(found.settings.sources), len(found.settings.clients), len(found.owners))
    click.echo("settings: {} sources, {} clients, {} owners".format(*counts))
    systems = found.catalogue.systems
    unread = [name for name, source in found.settings.sources.items() if source.system not in systems]
    for name in unread:
        system = found.settings.sources[name].system
        known = ", ".join(systems)
        click.echo(f"$.sources.{name}.system: no adapter is for {system!r}; there are: {known}", err=True)
    if unread:
        fail("what these sources send can't be read", CHECK_FAILED)
    _check_pins(found)
    click.echo(f"layouts: {len(found.layouts.names)} are sound")
    problems = verify(PUBLISHED)
    for problem in problems:
        click.echo(f"contracts: {problem}", err=True)
    if problems:
        fail("the contracts do not fit their lock", CHECK_FAILED)
    click.echo(f"contracts: {len(found.registry.names)} are sound")
    click.echo(f"routes: {len(found.routes.rows)} rows are sound, {len(found.routes.tests)} tests pass")
    _check_model(found)
    if found.settings.broker.url:
        run(_check_broker(found))


def _check_pins(found: Installation) -> None:
    """Name what sources may send, or are pinned to, and is not there or ends; fail where it is gone."""
    sources = {name: source.contracts for name, source in found.settings.sources.items()}
    findings = pin_findings(sources, found.registry, time.time())
    for finding in findings:
        click.echo(f"sources.toml: {finding.sentence} - at `$.sources.{finding.place}`", err=True)
    if any(finding.is_fault for finding in findings):
        fail("what these sources send would be refused", CHECK_FAILED)


def _check_model(found: Installation) -> None:
    if not found.settings.triage.model.enabled:
        click.echo("triage: the rules decide, as the settings say")
        return
    watch = model_watch(found, SilentModelObserver())
    watch.look()
    if watch.champion is None:
        fail(f"triage: the rules would decide: {watch.why_rules}", CHECK_FAILED)
    model = watch.champion.sheet.model
    most = min(model.manifest.autonomy, found.settings.triage.model.autonomy)
    click.echo(f"triage: {model.identity} decides, signed by {model.signer}, at most {most}")


async def _check_broker(found: Installation) -> None:
    try:
        client: Client = await connect(
            found.folder.credentials("provisioner", found.settings.broker), "check", patience_seconds=3
        )
    except BrokerUnavailable as error:
        fail(error.detail, OUT_OF_REACH)
    try:
        require_server(client)
        click.echo(f"broker: nats-server {client.connected_server_version}")
    except OutdatedBroker as error:
        fail(str(error), CHECK_FAILED)
    finally:
        await client.close()
