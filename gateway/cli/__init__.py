"""The command line: one module a noun. Exit status 0 done, 1 the check failed, 2 usage, 3 out of reach."""

import sys

import rich_click as click

from contracts.errors import BrokerUnavailable
from contracts.manifest import ContractsError
from gateway.broker_binary import BinaryNotFound
from gateway.cli import (
    adapters,
    broker,
    check,
    contracts,
    dead_letters,
    demo,
    documents,
    events,
    ledger,
    owners,
    processes,
    routes,
    send,
    simulate,
    sources,
    token,
    triage,
)
from gateway.cli.common import OUT_OF_REACH, fail
from gateway.data_folder import FolderInUse
from gateway.embedded_broker import BrokerFailed
from gateway.settings import SettingsError
from gateway.supervisor import HOPELESS_STATUS, AddressRefused, ChildHopeless
from gateway.up import NotReady
from observability import log
from routing.broker.api import ApiError
from routing.broker.streams import OutdatedBroker, PartitionsLowered

USAGE = (
    SettingsError,
    ContractsError,
    FolderInUse,
    AddressRefused,
    BinaryNotFound,
    ChildHopeless,
    PartitionsLowered,
)
UNREACHED = (BrokerUnavailable, BrokerFailed, NotReady, OutdatedBroker, ApiError)

click.rich_click.TEXT_MARKUP = "rich"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="crossdock")
def crossdock() -> None:
    """The integration gateway for a retailer's operational exceptions."""


for command in (
    processes.up, processes.gateway, processes.router, processes.delivery, demo.demo, check.check, send.send,
    simulate.simulate_command, token.token, sources.sources, owners.owners, contracts.contracts,
    adapters.adapters, routes.routes,
    events.events, dead_letters.dead_letters, ledger.ledger, broker.broker,
    documents.openapi, documents.asyncapi,
    triage.triage,
):  # fmt: skip
    crossdock.add_command(command)


def main() -> None:
    """Run a command; what a person can mend is one line on standard error."""
    # commands speak by themselves; a process that runs for long sets up its own log
    log.configure(log.LogSettings(level="error", format="console"), "cli")
    try:
        ended = crossdock(standalone_mode=False)
        sys.exit(ended if isinstance(ended, int) else 0)  # click returns the status of an Exit
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(HOPELESS_STATUS)
    except USAGE as error:
        fail(str(error), HOPELESS_STATUS)
    except UNREACHED as error:
        fail(str(error), OUT_OF_REACH)
