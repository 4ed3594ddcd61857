"""`dead-letters list|show|replay`: what could not be done, and doing it again."""

import getpass
from pathlib import Path

import rich_click as click
from nats.aio.client import Client

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
from routing.broker.api import StreamReader
from routing.dead_letters import DeadLetter, DeadLetters


@click.group("dead-letters")
def dead_letters() -> None:
    """What could not be routed or delivered."""
