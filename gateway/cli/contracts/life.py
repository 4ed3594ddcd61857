"""`contracts deprecate|sunset|retire`: the end of a version, as changes of its manifest."""

from datetime import date, datetime
from pathlib import Path

import rich_click as click

from contracts.governance import transitions
from contracts.governance.retirement import hindrances
from contracts.governance.transitions import TransitionRefused
from contracts.manifest import MANIFEST_FILE, BrownOut, Deprecation, VersionEntry
from gateway.cli.common import CHECK_FAILED, config_option, data_option, fail
from gateway.cli.contracts.check import today
from gateway.cli.contracts.targets import contract_in, folder_option, named_version
from gateway.cli.contracts.usage_seen import observed
from gateway.cli.contracts.working_tree import all_or_nothing, put_entry, require_sound

_DAY = click.DateTime(["%Y-%m-%d"])
identifier_argument = click.argument("identifier", metavar="NAME@VERSION")
