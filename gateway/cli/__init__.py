"""The command line: one module a noun. Exit status 0 done, 1 the check failed, 2 usage, 3 out of reach."""

import sys

import rich_click as click
from click.exceptions import Exit

from contracts.errors import BrokerUnavailable
from contracts.manifest import ContractsError
from gateway.cli import (
    adapters,
    broker,
    check,
    contracts,
    dead_letters,
    demo,
    events,
    ledger,
    owners,
    processes,
    routes,
    sources,
    token,
)
from gateway.settings import SettingsError

click.rich_click.TEXT_MARKUP = "rich"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="crossdock")
def crossdock() -> None:
    """The integration gateway for a retailer's operational exceptions."""


for command in (
    processes.up, processes.gateway, processes.router, processes.delivery, demo.demo, check.check,
    token.token, sources.sources, owners.owners, contracts.contracts, adapters.adapters, routes.routes,
    events.events, dead_letters.dead_letters, ledger.ledger, broker.broker,
):  # fmt: skip
    crossdock.add_command(command)


def main() -> None:
    """Run a command; what a person can mend is one line on standard error."""
    try:
        crossdock(standalone_mode=False)
    except Exit as ended:
        sys.exit(ended.exit_code)
    except click.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (SettingsError, ContractsError) as error:
        click.echo(f"crossdock: {error}", err=True)
        sys.exit(2)
    except BrokerUnavailable as error:
        click.echo(f"crossdock: {error.detail}", err=True)
        sys.exit(3)
